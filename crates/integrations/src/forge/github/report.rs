//! Layer 1: what became of a pull request: its state, checks, reviews and comments. Invariant: an unchanged pull request
//! costs conditional requests only, and the same report is never given twice.

use super::client::Client;
use super::issues::text;
use super::refusal::Failure;
use super::slug::Slug;
use super::wire::{WireCheck, WireCombined, WireComment, WireReview, login};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use telecoder_model::PortError;
use telecoder_model::port::forge::{
    ForgeCheck, ForgeCheckState, ForgeReview, Mergeable, PullReport, ReviewComment, ReviewState,
};
use telecoder_model::text::{cut, harmless};

/// The most checks, reviews and comments of each that a report holds.
const MOST: usize = 200;

fn line(text: &str) -> String {
    cut(harmless(text).replace('\n', " ").trim(), 200)
}

fn check(found: WireCheck) -> ForgeCheck {
    use ForgeCheckState::{Cancelled, Failed, Neutral, Passed, Queued, Running, Skipped};
    let state = match (found.status.as_str(), found.conclusion.as_deref().unwrap_or("")) {
        ("completed", "success") => Passed,
        ("completed", "cancelled" | "stale") => Cancelled,
        ("completed", "skipped") => Skipped,
        ("completed", "neutral") => Neutral,
        ("completed", _) => Failed,
        ("in_progress", _) => Running,
        _ => Queued,
    };
    let summary = found.output.title.or(found.output.summary).filter(|text| !text.is_empty());
    ForgeCheck {
        name: line(&found.name),
        state,
        url: found.html_url,
        summary: summary.map(|text| line(&text)),
    }
}

fn review_state(text: &str) -> Option<ReviewState> {
    match text {
        "APPROVED" => Some(ReviewState::Approved),
        "CHANGES_REQUESTED" => Some(ReviewState::ChangesRequested),
        "COMMENTED" => Some(ReviewState::Commented),
        "DISMISSED" => Some(ReviewState::Dismissed),
        // A review that is not handed in yet.
        _ => None,
    }
}

fn mark(report: &PullReport) -> String {
    let bytes = serde_json::to_vec(report).unwrap_or_default();
    let mut text = String::new();
    for byte in Sha256::digest(&bytes).iter().take(16) {
        let _written = write!(text, "{byte:02x}");
    }
    text
}

impl Client {
    /// A list that the credentials may not be allowed to see; then it is empty.
    async fn allowed<T: DeserializeOwned>(&self, list: Result<Vec<T>, Failure>) -> Result<Vec<T>, PortError> {
        match list {
            Err(Failure::Refused(refusal)) if matches!(refusal.status, 403 | 404) => Ok(Vec::new()),
            other => Ok(other?),
        }
    }

    /// The checks of a commit: check runs, and the older statuses.
    pub(super) async fn checks(&self, slug: &Slug, commit: &str) -> Result<Vec<ForgeCheck>, PortError> {
        let whom = self.reader(slug).await;
        let path = slug.path(&format!("commits/{commit}/check-runs"));
        let runs: Vec<WireCheck> = self.allowed(self.list(&path, Some("check_runs"), &whom).await).await?;
        let path = slug.path(&format!("commits/{commit}/status"));
        let old = match self.get::<WireCombined>(path, whom).await {
            Err(Failure::Refused(refusal)) if matches!(refusal.status, 403 | 404) => WireCombined::default(),
            other => other?,
        };
        let old = old.statuses.into_iter().map(|status| ForgeCheck {
            name: line(&status.context),
            state: match status.state.as_str() {
                "success" => ForgeCheckState::Passed,
                "pending" => ForgeCheckState::Running,
                _ => ForgeCheckState::Failed,
            },
            url: status.target_url,
            summary: status.description.filter(|text| !text.is_empty()).map(|text| line(&text)),
        });
        Ok(runs.into_iter().map(check).chain(old).take(MOST).collect())
    }

    pub(super) async fn pull_report(
        &self,
        slug: &Slug,
        number: u64,
        seen: Option<&str>,
    ) -> Result<Option<PullReport>, PortError> {
        let pull = match self.wire_pull(slug, number).await {
            Err(Failure::Refused(mut refusal)) if refusal.status == 404 => {
                refusal.error.what = format!("{slug} has no pull request #{number}");
                return Err(refusal.error);
            }
            other => other?,
        };
        let whom = self.reader(slug).await;
        let path = |rest: &str| slug.path(&format!("pulls/{number}/{rest}"));
        let reviews: Vec<WireReview> = self.list(&path("reviews"), None, &whom).await?;
        let comments: Vec<WireComment> = self.list(&path("comments"), None, &whom).await?;
        let mut report = PullReport {
            state: super::pulls::state(&pull),
            head: pull.head.sha.parse().map_err(|error: telecoder_model::id::IdError| {
                PortError::permanent("GitHub gave no commit of the pull request").because(error)
            })?,
            mergeable: match pull.mergeable {
                None => Mergeable::Unknown,
                Some(true) => Mergeable::Clean,
                Some(false) => Mergeable::Conflicts,
            },
            checks: self.checks(slug, &pull.head.sha).await?,
            reviews: reviews
                .into_iter()
                .filter_map(|review| {
                    Some(ForgeReview {
                        author: login(review.user.as_ref()),
                        state: review_state(&review.state)?,
                        body: text(review.body.as_deref()),
                        at: review.submitted_at.unwrap_or_default(),
                    })
                })
                .take(MOST)
                .collect(),
            comments: comments
                .into_iter()
                .map(|comment| ReviewComment {
                    id: comment.id,
                    author: login(comment.user.as_ref()),
                    body: text(comment.body.as_deref()),
                    path: line(&comment.path),
                    line: comment.line,
                    url: comment.html_url,
                })
                .take(MOST)
                .collect(),
            seen: String::new(),
        };
        report.seen = mark(&report);
        Ok((seen != Some(report.seen.as_str())).then_some(report))
    }
}
