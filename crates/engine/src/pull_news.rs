//! What a look at a pull request has found out that its session did not know (layer 1). Pure: a report goes in, the session's
//! knowledge and the events that tell of it come out. Everything in a report was written by others: bounded, made harmless.

use telecoder_model::event::EventBody;
use telecoder_model::port::forge::{
    ForgeCheck, ForgeCheckState, ForgeReview, Mergeable, PullReport, ReviewComment, ReviewState,
};
use telecoder_model::pull::PullState;
use telecoder_model::session::SessionPull;
use telecoder_model::text::{cut, harmless};
use telecoder_model::time::Timestamp;

/// Checks, reviews and comments that are kept.
const MAX_KEPT: usize = 100;
/// The longest text of others in an event, in graphemes.
const MAX_TEXT: usize = 2_000;
/// The longest name of others, in graphemes.
const MAX_NAME: usize = 120;

/// What is to be told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    /// The events, in order.
    pub(crate) events: Vec<EventBody>,
    /// Whether nothing more is to come: it is merged. One that is closed may be reopened.
    pub(crate) ended: bool,
    /// Whether checks are at work.
    pub(crate) busy: bool,
}

/// Takes a report in.
pub(crate) fn take(pull: &mut SessionPull, report: &PullReport, now: Timestamp) -> Told {
    let mut events = Vec::new();
    let event = |action: &str, subject: Option<&str>, state: Option<&str>, detail: Option<String>| {
        EventBody::PullRequest {
            number: pull.number,
            url: pull.url.clone(),
            action: action.to_owned(),
            subject: subject.map(name),
            state: state.map(str::to_owned),
            detail,
        }
    };
    let checks: Vec<ForgeCheck> = report.checks.iter().take(MAX_KEPT).map(kept_check).collect();
    for check in checks.iter().filter(|check| is_over(check.state) && !pull.news.checks.contains(check)) {
        events.push(event("check", Some(&check.name), Some(check_word(check.state)), check.summary.clone()));
    }
    let reviews: Vec<ForgeReview> = last(&report.reviews).map(kept_review).collect();
    for review in reviews.iter().filter(|review| !pull.news.reviews.contains(review)) {
        let detail = Some(review.body.clone()).filter(|body| !body.is_empty());
        events.push(event("review", Some(&review.author), Some(review_word(review.state)), detail));
    }
    for comment in last(&report.comments).filter(|comment| !pull.news.comments.contains(&comment.id)) {
        events.push(event("comment", Some(&comment.author), None, Some(comment_words(comment))));
    }
    match (pull.news.mergeable, report.mergeable) {
        (Mergeable::Clean | Mergeable::Unknown, Mergeable::Conflicts) => {
            events.push(event("conflicts", None, None, None));
        }
        (Mergeable::Conflicts, Mergeable::Clean) => events.push(event("mergeable", None, None, None)),
        (Mergeable::Clean | Mergeable::Unknown, Mergeable::Clean | Mergeable::Unknown)
        | (Mergeable::Conflicts, Mergeable::Conflicts | Mergeable::Unknown) => {}
    }
    if let Some(action) = turn(pull.state, report.state) {
        events.push(event(action, None, None, None));
    }
    let busy = checks.iter().any(|check| !is_over(check.state));
    pull.state = report.state;
    if report.mergeable != Mergeable::Unknown {
        pull.news.mergeable = report.mergeable;
    }
    pull.news.head = Some(report.head.clone());
    pull.news.checks = checks;
    pull.news.reviews = reviews;
    pull.news.comments = last(&report.comments).map(|comment| comment.id).collect();
    pull.news.looked_at = Some(now);
    Told { events, ended: report.state == PullState::Merged, busy }
}

/// The newest ones of a list that begins with the oldest.
fn last<T>(all: &[T]) -> impl Iterator<Item = &T> {
    all.iter().skip(all.len().saturating_sub(MAX_KEPT))
}

fn turn(before: PullState, after: PullState) -> Option<&'static str> {
    use PullState::{Closed, Draft, Merged, Open};
    match (before, after) {
        (Draft, Draft) | (Open, Open) | (Merged, Merged) | (Closed, Closed) => None,
        (_, Merged) => Some("merged"),
        (_, Closed) => Some("closed"),
        (Closed | Merged, Open | Draft) => Some("reopened"),
        (Draft, Open) => Some("ready"),
        (Open, Draft) => Some("draft"),
    }
}

fn is_over(state: ForgeCheckState) -> bool {
    match state {
        ForgeCheckState::Queued | ForgeCheckState::Running => false,
        ForgeCheckState::Passed
        | ForgeCheckState::Failed
        | ForgeCheckState::Cancelled
        | ForgeCheckState::Skipped
        | ForgeCheckState::Neutral => true,
    }
}

fn check_word(state: ForgeCheckState) -> &'static str {
    match state {
        ForgeCheckState::Queued => "queued",
        ForgeCheckState::Running => "running",
        ForgeCheckState::Passed => "passed",
        ForgeCheckState::Failed => "failed",
        ForgeCheckState::Cancelled => "cancelled",
        ForgeCheckState::Skipped => "skipped",
        ForgeCheckState::Neutral => "neutral",
    }
}

fn review_word(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Approved => "approved",
        ReviewState::ChangesRequested => "changes_requested",
        ReviewState::Commented => "commented",
        ReviewState::Dismissed => "dismissed",
    }
}

fn comment_words(comment: &ReviewComment) -> String {
    let line = comment.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("{}{line}: {}", name(&comment.path), words(&comment.body))
}

fn kept_check(check: &ForgeCheck) -> ForgeCheck {
    ForgeCheck {
        name: name(&check.name),
        state: check.state,
        url: check.url.clone(),
        summary: check.summary.as_deref().map(words).filter(|summary| !summary.is_empty()),
    }
}

fn kept_review(review: &ForgeReview) -> ForgeReview {
    ForgeReview {
        author: name(&review.author),
        state: review.state,
        body: words(&review.body),
        at: review.at,
    }
}

fn name(text: &str) -> String {
    cut(&harmless(text).replace('\n', " "), MAX_NAME)
}

fn words(text: &str) -> String {
    cut(harmless(text).trim(), MAX_TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use telecoder_model::pull::PullNews;

    fn pull() -> SessionPull {
        SessionPull {
            number: 7,
            url: "https://forge/7".to_owned(),
            state: PullState::Open,
            head: "a".repeat(40).parse().unwrap(),
            pushed: None,
            base: None,
            order: None,
            body_given: false,
            news: PullNews::default(),
        }
    }

    fn report() -> PullReport {
        PullReport {
            state: PullState::Open,
            head: "a".repeat(40).parse().unwrap(),
            mergeable: Mergeable::Unknown,
            checks: Vec::new(),
            reviews: Vec::new(),
            comments: Vec::new(),
            seen: "1".to_owned(),
        }
    }

    fn check(name: &str, state: ForgeCheckState) -> ForgeCheck {
        ForgeCheck { name: name.to_owned(), state, url: None, summary: Some("2 failed\u{1b}[2J".to_owned()) }
    }

    fn lines(told: &Told) -> String {
        let mut text = String::new();
        for event in &told.events {
            let EventBody::PullRequest { action, subject, state, detail, .. } = event else {
                panic!("{event:?}")
            };
            let all = [Some(action), subject.as_ref(), state.as_ref(), detail.as_ref()];
            text.push_str(&all.into_iter().flatten().cloned().collect::<Vec<_>>().join(" | "));
            text.push('\n');
        }
        text
    }

    #[test]
    fn each_change_is_told_once() {
        let now = Timestamp::from_micros(1);
        let mut pull = pull();
        let mut report = report();
        report.checks = vec![check("test", ForgeCheckState::Running), check("lint", ForgeCheckState::Passed)];
        let told = take(&mut pull, &report, now);
        assert_eq!(
            (lines(&told).as_str(), told.busy, told.ended),
            ("check | lint | passed | 2 failed\u{fffd}[2J\n", true, false)
        );
        assert_eq!(take(&mut pull, &report, now).events, []);
        report.checks = vec![check("test", ForgeCheckState::Failed), check("lint", ForgeCheckState::Passed)];
        report.reviews = vec![ForgeReview {
            author: "alice".to_owned(),
            state: ReviewState::ChangesRequested,
            body: "Not yet.".to_owned(),
            at: now,
        }];
        report.comments = vec![ReviewComment {
            id: 5,
            author: "bob".to_owned(),
            body: "Why?".to_owned(),
            path: "src/a.rs".to_owned(),
            line: Some(3),
            url: String::new(),
        }];
        report.mergeable = Mergeable::Conflicts;
        let told = take(&mut pull, &report, now);
        expect_test::expect![[r#"
            check | test | failed | 2 failed�[2J
            review | alice | changes_requested | Not yet.
            comment | bob | src/a.rs:3: Why?
            conflicts
        "#]]
        .assert_eq(&lines(&told));
        assert!(!told.busy && take(&mut pull, &report, now).events.is_empty());
        // What the forge does not know at the moment changes nothing.
        report.mergeable = Mergeable::Unknown;
        assert!(take(&mut pull, &report, now).events.is_empty());
        report.mergeable = Mergeable::Clean;
        report.state = PullState::Merged;
        let told = take(&mut pull, &report, now);
        assert_eq!((lines(&told).as_str(), told.ended), ("mergeable\nmerged\n", true));
        assert_eq!(pull.state, PullState::Merged);
    }

    #[test]
    fn states_turn_into_words() {
        use PullState::{Closed, Draft, Merged, Open};
        let mut table = String::new();
        for before in [Draft, Open, Merged, Closed] {
            for after in [Draft, Open, Merged, Closed] {
                table.push_str(&format!("{} ", turn(before, after).unwrap_or("-")));
            }
            table.push('\n');
        }
        expect_test::expect![[r"
            - ready merged closed 
            draft - merged closed 
            reopened reopened - closed 
            reopened reopened merged - 
        "]]
        .assert_eq(&table);
    }

    #[test]
    fn what_others_wrote_is_bounded() {
        let mut pull = pull();
        let mut report = report();
        report.checks = (0..500).map(|n| check(&format!("{n}"), ForgeCheckState::Passed)).collect();
        report.comments = (0..500)
            .map(|id| ReviewComment {
                id,
                author: "x".repeat(9_000),
                body: "y".repeat(90_000),
                path: "p".to_owned(),
                line: None,
                url: String::new(),
            })
            .collect();
        let told = take(&mut pull, &report, Timestamp::from_micros(1));
        assert_eq!((told.events.len(), pull.news.checks.len(), pull.news.comments.len()), (200, 100, 100));
        assert!(serde_json::to_string(&told.events[150]).unwrap().len() < 4_000);
    }
}
