//! How things are put into words (layer 4).

use crate::table::Cell;
use crate::terminal::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, styled};
use anstyle::Style;
use telecoder_api::pull::{FailingLog, Mergeable, Pull, PullCheckState, ReviewState};
use telecoder_api::session::{ResultKind, Session, Status};

/// A status in its colour.
pub(crate) fn status(status: Status) -> String {
    styled(status_style(status), status.as_str())
}

/// A status in its colour, for a table.
pub(crate) fn status_cell(status: Status) -> Cell {
    Cell::new(status_style(status), status.as_str())
}

fn status_style(status: Status) -> Style {
    match status {
        Status::Complete => GREEN,
        Status::Error => RED,
        Status::Stopped | Status::Waiting => YELLOW,
        Status::Preparing | Status::Running => CYAN,
        Status::Pending | Status::Idle | Status::Hibernated => DIM,
    }
}

/// A commit's name, shortened for people.
pub(crate) fn short_commit(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// A repository by its last name, for tables.
pub(crate) fn short_repo(repo: &str) -> &str {
    repo.rsplit('/').next().unwrap_or(repo)
}

/// A number of things: `1 file`, `3 files`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// Seconds and minutes: `4.2 s`, `3 min 5 s`.
pub(crate) fn duration(millis: u64) -> String {
    let seconds = millis / 1000;
    if seconds >= 60 {
        return format!("{} min {} s", seconds / 60, seconds % 60);
    }
    format!("{seconds}.{} s", (millis % 1000) / 100)
}

/// Bytes: `275 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, (bytes % 1_000_000_000) / 100_000_000),
    }
}

/// The answer of a session whose result is words.
pub(crate) fn answer(session: &Session) -> Option<String> {
    let text = session.result_text.as_deref().filter(|_| session.result == ResultKind::Text)?;
    Some(clean(text.trim_end()))
}

/// The outcome of a session, for its end and for `status`.
pub(crate) fn outcome(session: &Session) -> String {
    let mut lines = Vec::new();
    let headline = session.outcome.as_ref().map_or("", |outcome| outcome.headline.as_str());
    let head = if headline.is_empty() { &session.title } else { headline };
    lines.push(format!("{}  {}", status(session.status), styled(BOLD, &clean(head))));
    if let Some(error) = &session.error {
        lines.push(format!(
            "  {} {}",
            styled(RED, session.failure_kind.map_or("error", |kind| kind.as_str())),
            clean(error)
        ));
        if let Some(hint) = &session.hint {
            lines.push(format!("  hint: {}", clean(hint)));
        }
    }
    if let Some(outcome) = &session.outcome {
        for (name, items) in [
            ("Changed", &outcome.changed),
            ("Verified", &outcome.verified),
            ("Uncertain", &outcome.uncertain),
            ("Next", &outcome.next),
        ] {
            section(&mut lines, name, items);
        }
        section(&mut lines, "The agent says that it verified", &outcome.claims.verified);
    }
    if let (Some(number), Some(url)) = (session.pr_number, &session.pr_url) {
        let state = session.pr_state.map_or("", |state| state.as_str());
        lines.push(format!("\n  Pull request #{number} ({state})  {}", styled(CYAN, &clean(url))));
        lines.extend(pull_news(session));
    }
    lines.join("\n")
}

/// What following a session's pull request has found out: conflicts, checks, reviews.
pub(crate) fn pull_news(session: &Session) -> Vec<String> {
    let mut lines = Vec::new();
    if session.pr_mergeable == Some(Mergeable::Conflicts) {
        lines.push(format!("    {}", styled(RED, "conflicts with its base")));
    }
    for check in &session.pr_checks {
        let style = match check.state {
            PullCheckState::Passed => GREEN,
            PullCheckState::Failed => RED,
            PullCheckState::Queued | PullCheckState::Running => CYAN,
            PullCheckState::Cancelled | PullCheckState::Skipped | PullCheckState::Neutral => DIM,
        };
        let summary = check.summary.as_deref().and_then(|text| text.lines().next()).unwrap_or("");
        let line = format!(
            "    check {} {}  {}",
            styled(style, check.state.as_str()),
            clean(&check.name),
            clean(summary)
        );
        lines.push(line.trim_end().to_owned());
    }
    for review in &session.pr_reviews {
        let style = match review.state {
            ReviewState::Approved => GREEN,
            ReviewState::ChangesRequested => RED,
            ReviewState::Commented | ReviewState::Dismissed => DIM,
        };
        let words = review.body.lines().next().unwrap_or("");
        let state = review.state.as_str().replace('_', " ");
        let line =
            format!("    review {} by {}  {}", styled(style, &state), clean(&review.author), clean(words));
        lines.push(line.trim_end().to_owned());
    }
    lines
}

fn section(lines: &mut Vec<String>, name: &str, items: &[String]) {
    for (number, item) in items.iter().enumerate() {
        let label = if number == 0 { name } else { "" };
        if name.len() > 10 {
            if number == 0 {
                lines.push(format!("  {}", styled(DIM, name)));
            }
            lines.push(format!("  {:<10} {}", "", clean(item)));
        } else {
            lines.push(format!("  {} {}", styled(DIM, &format!("{label:<10}")), clean(item)));
        }
    }
}

/// A pull request, whole.
pub(crate) fn pull(pull: &Pull) -> String {
    let mut lines = vec![
        format!("{}  {}", styled(BOLD, &format!("#{}", pull.number)), styled(BOLD, &clean(&pull.title))),
        format!("  {:<10} {}", "State", pull.state),
        format!("  {:<10} {}", "Repository", clean(&pull.repo)),
        format!("  {:<10} {} ← {}", "Branches", clean(&pull.base), clean(&pull.head)),
        format!("  {:<10} {}", "Commit", pull.head_sha),
        format!("  {:<10} {}", "Session", pull.session_id),
    ];
    if let Some(merge) = &pull.merge_sha {
        lines.push(format!("  {:<10} {merge}", "Merged as"));
    }
    lines.push(String::new());
    lines.push(clean(pull.body.trim_end()));
    lines.join("\n")
}

/// The pull request of a session on a forge, as far as it is known here.
pub(crate) fn forge_pull(session: &Session, number: u64) -> String {
    let repo = session.pr_repo.as_deref().unwrap_or_default();
    let base = session.pr_base.as_deref().or(session.base.as_deref()).unwrap_or_default();
    let mut lines = vec![
        format!("{}  {}", styled(BOLD, &format!("#{number}")), styled(BOLD, &clean(&session.title))),
        format!("  {:<10} {}", "State", session.pr_state.map_or("", |state| state.as_str())),
        format!("  {:<10} {}", "Repository", clean(repo)),
        format!("  {:<10} {} ← {}", "Branches", clean(base), clean(&session.branch)),
        format!("  {:<10} {}", "Commit", session.pr_head_sha.as_deref().unwrap_or_default()),
        format!("  {:<10} {}", "Session", session.id),
        format!("  {:<10} {}", "At", clean(session.pr_url.as_deref().unwrap_or_default())),
    ];
    lines.extend(pull_news(session));
    lines.join("\n")
}

/// The end of a failed check's log, at most so many lines of it.
pub(crate) fn failing_log(log: &FailingLog, most: usize) -> String {
    let all: Vec<&str> = log.tail.lines().collect();
    let shown = all.get(all.len().saturating_sub(most)..).unwrap_or_default();
    let mut text = format!("\n  {} {}", styled(RED, "failed"), styled(BOLD, &clean(&log.job)));
    text.push_str(&format!("  {}", styled(DIM, &clean(&log.url))));
    for line in shown {
        text.push_str(&format!("\n    {}", clean(line)));
    }
    text
}

/// Foreign text for a terminal.
pub(crate) fn clean(text: &str) -> String {
    telecoder::harmless(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times() {
        assert_eq!(bytes(275_400_000), "275 MB");
        assert_eq!(bytes(1_480_000_000), "1.4 GB");
        assert_eq!(duration(4_280), "4.2 s");
        assert_eq!(duration(185_000), "3 min 5 s");
    }
}
