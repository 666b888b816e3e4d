//! Pull requests on forges, as the sessions know them that made them; beside the local ones (layer 4).

use crate::exit::Failure;
use serde::Serialize;
use telecoder_api::pull::{FailingLog, Mergeable, Pull, PullCheck, PullCheckState, PullReview, PullState};
use telecoder_api::session::{Session, SessionFilter};
use telecoder_api::{Client, ClientError};

/// Sessions that are asked for at once.
const PAGE: u32 = 200;
/// Pull requests of one number in different repositories that are looked at.
const NAMESAKES: usize = 2;

/// A pull request, wherever it is.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Found {
    /// A local one.
    Local(Box<Pull>),
    /// One on a forge.
    Forge(Box<ForgePull>),
}

/// The pull request of a session on a forge.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ForgePull {
    pub(crate) number: u64,
    session_id: String,
    pub(crate) repo: String,
    url: String,
    title: String,
    pub(crate) base: String,
    head: String,
    head_sha: Option<String>,
    state: PullState,
    mergeable: Option<Mergeable>,
    checks: Vec<PullCheck>,
    reviews: Vec<PullReview>,
    /// The ends of the logs of failed checks, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) failing_logs: Vec<FailingLog>,
    created_at: String,
    updated_at: String,
    #[serde(skip)]
    pub(crate) session: Session,
}

impl Found {
    /// When it was made, or its session.
    pub(crate) fn created_at(&self) -> &str {
        match self {
            Self::Local(pull) => &pull.created_at,
            Self::Forge(row) => &row.created_at,
        }
    }
}

impl ForgePull {
    /// What a session knows of its pull request, if that is on a forge.
    fn of(session: Session) -> Option<Self> {
        let repo = session.pr_repo.clone().filter(|repo| !repo.starts_with('/'))?;
        Some(Self {
            number: session.pr_number?,
            session_id: session.id.clone(),
            repo,
            url: session.pr_url.clone()?,
            title: session.title.clone(),
            base: session.pr_base.clone().or_else(|| session.base.clone()).unwrap_or_default(),
            head: session.branch.clone(),
            head_sha: session.pr_head_sha.clone(),
            state: session.pr_state?,
            mergeable: session.pr_mergeable,
            checks: session.pr_checks.clone(),
            reviews: session.pr_reviews.clone(),
            failing_logs: Vec::new(),
            created_at: session.created_at.clone(),
            updated_at: session.updated_at.clone(),
            session,
        })
    }
    /// Whether a check of it has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.checks.iter().any(|check| check.state == PullCheckState::Failed)
    }
    /// Where it can be seen.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
    /// Its state.
    pub(crate) fn state(&self) -> PullState {
        self.state
    }
}

/// The newest pull requests on forges, at most `most` of them, each once, by the newest of its sessions.
pub(crate) async fn forge_pulls(
    client: &Client,
    filter: &SessionFilter,
    most: usize,
) -> Result<Vec<Box<ForgePull>>, ClientError> {
    let mut filter = SessionFilter { limit: Some(PAGE), ..filter.clone() };
    let mut pulls: Vec<Box<ForgePull>> = Vec::new();
    loop {
        let page = client.sessions(&filter).await?;
        for pull in page.rows.into_iter().filter_map(ForgePull::of) {
            if pulls.len() < most && !pulls.iter().any(|known| known.url == pull.url) {
                pulls.push(Box::new(pull));
            }
        }
        match page.next.filter(|_| pulls.len() < most) {
            Some(next) => filter.cursor = Some(next),
            None => return Ok(pulls),
        }
    }
}

/// Finds a pull request by its number (a local one first) or its session.
pub(crate) async fn find(client: &Client, name: &str) -> Result<Found, Failure> {
    let Ok(number) = name.trim_start_matches('#').parse::<u64>() else {
        let session = client.session(name).await?;
        let number = session.pr_number;
        return match (ForgePull::of(session), number) {
            (Some(pull), _) => Ok(Found::Forge(Box::new(pull))),
            (None, Some(number)) => Ok(Found::Local(Box::new(client.pull(number).await?))),
            (None, None) => Err(Failure::failed(format!("session {name} has no pull request"))
                .hint(format!("publish its change: telecoder publish {name}"))),
        };
    };
    match client.pull(number).await {
        Ok(pull) => return Ok(Found::Local(Box::new(pull))),
        Err(ClientError::Api { status: 404, .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let filter = SessionFilter { pr: Some(number.to_string()), ..SessionFilter::default() };
    let mut found = forge_pulls(client, &filter, NAMESAKES).await?;
    match (found.pop(), found.len()) {
        (Some(pull), 0) => Ok(Found::Forge(pull)),
        (Some(pull), _) => Err(Failure::usage(format!("several repositories have a pull request #{number}"))
            .hint(format!("name its session: telecoder pr show {}", pull.session_id))),
        (None, _) => Err(Failure::failed(format!("no session has a pull request #{number}"))
            .hint("`telecoder pr list` shows all")),
    }
}
