//! What commands take and give (layer 1). These are no wire types: the server converts.

use std::path::PathBuf;
use std::time::Duration;
use telecoder_model::decision::Decision;
use telecoder_model::event::Event;
use telecoder_model::id::{AgentName, SessionId, TokenId, UserId};
use telecoder_model::policy::PublishRule;
use telecoder_model::port::gateway::ProviderStatus;
use telecoder_model::port::git::DiffFile;
use telecoder_model::port::settings::{Defaults, Row};
use telecoder_model::port::store::{EndedSession, Queueing, RepositoryUse, SessionChange, Token};
use telecoder_model::port::tree::{Stock, TreeContent};
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::refs::{BranchName, ObjectId, Revision};
use telecoder_model::repository::Repository;
use telecoder_model::session::{
    DiffStat, ForgeChoice, Mode, Pipeline, Requester, Session, SessionPull, Source,
};
use telecoder_model::time::Timestamp;

/// A task to accept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewSession {
    /// What is to be done; at most 100,000 characters. May be empty where an issue is the task.
    pub prompt: String,
    /// The repository; `None` for an empty workspace.
    pub repository: Option<Repository>,
    /// Task or chat.
    pub mode: Mode,
    /// The agent; `None` lets the server choose.
    pub agent: Option<AgentName>,
    /// The model.
    pub model: Option<String>,
    /// The policy's name; `None` is the default.
    pub policy: Option<String>,
    /// The stages; `None` is the default.
    pub pipeline: Option<Pipeline>,
    /// Where the work starts.
    pub base: Option<Revision>,
    /// The title.
    pub title: Option<String>,
    /// When to publish.
    pub publish: Option<PublishRule>,
    /// Where to publish.
    pub forge: ForgeChoice,
    /// The session that it is a rerun or a child of.
    pub parent: Option<SessionId>,
    /// Where it came from.
    pub source: Source,
    /// Who asked for it.
    pub requester: Option<Requester>,
    /// The pull request on whose head the session works.
    pub pull: Option<u64>,
    /// The issue that is the task, behind the prompt.
    pub issue: Option<u64>,
    /// By what a repetition of the request is known.
    pub once: Option<Once>,
}

/// By what a request is known that a client repeats because it did not get the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The client's `Idempotency-Key`, 1 to 200 characters.
    pub key: String,
    /// SHA-256 of what was asked for, hexadecimal: the same key for anything else is refused.
    pub request: String,
}

/// A message to a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewMessage {
    /// The words, at most 100,000 characters.
    pub content: String,
    /// When the agent gets them.
    pub queue: Queueing,
    /// With the ends of the logs of the checks that have failed behind them.
    pub failing_logs: bool,
    /// By what a repetition of the request is known.
    pub once: Option<Once>,
}

impl From<&str> for NewMessage {
    fn from(content: &str) -> Self {
        Self { content: content.to_owned(), ..Self::default() }
    }
}

/// Which sessions that have ended shall be removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prune {
    /// Those that did not change for so long; `None`: for as long as the server keeps them.
    pub older: Option<Duration>,
    /// Only tell which.
    pub dry_run: bool,
    /// Those behind this one: the `next` of a call before.
    pub after: Option<EndedSession>,
}

/// A session that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct PrunedSession {
    /// The session as it was.
    pub session: Session,
    /// Why it stays; `None`: it was removed, or would be.
    pub kept: Option<String>,
}

/// What a removal of old sessions did.
#[derive(Debug, Clone, PartialEq)]
pub struct Pruned {
    /// The sessions that are old enough.
    pub sessions: Vec<PrunedSession>,
    /// Where the next call goes on, if there may be more.
    pub next: Option<EndedSession>,
}

/// How a publish by hand shall look. Absent fields are derived.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PublishRequest {
    /// The branch to be merged into.
    pub base: Option<BranchName>,
    /// The title.
    pub title: Option<String>,
    /// The body.
    pub body: Option<String>,
    /// Not yet ready; absent: as it is.
    pub draft: Option<bool>,
    /// Brought up to date with the base before it is pushed.
    pub rebase: bool,
}

/// A published session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The session.
    pub session: SessionId,
    /// The branch.
    pub branch: BranchName,
    /// The pull request's title.
    pub title: String,
    /// Its number.
    pub number: u64,
    /// Where it can be seen.
    pub url: String,
    /// Whether this call opened it.
    pub created: bool,
    /// What a person should know about it.
    pub notes: Vec<String>,
}

/// A session's change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionDiff {
    /// Its size.
    pub stat: DiffStat,
    /// Its files.
    pub files: Vec<DiffFile>,
}

/// What waits for a person, and what has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Inbox {
    /// Decisions that wait, oldest first, with their sessions.
    pub waiting: Vec<(Decision, Session)>,
    /// The last sessions that ended, newest first, and whether the principal has not seen them.
    pub finished: Vec<(Session, bool)>,
    /// When the marks were last cleared.
    pub seen_at: Option<Timestamp>,
}

/// How much harm a yes can do, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Risk {
    /// Something is looked at.
    Read,
    /// Something changes within the sandbox.
    ContainedWrite,
    /// A repository or a pull request outside changes.
    RepositoryWrite,
    /// It is not known what happens, or it reaches outside.
    High,
}

/// What tasks that do not say get, and what there is to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskDefaults {
    /// The settings.
    pub settings: Defaults,
    /// The agent that would be chosen now; `None` where none is ready.
    pub agent: Option<AgentName>,
    /// The stages.
    pub pipeline: Pipeline,
    /// Folders below which local paths may be repositories; `None`: anywhere.
    pub local_roots: Option<Vec<PathBuf>>,
    /// The model providers, and whether they can be used.
    pub providers: Vec<ProviderStatus>,
}

/// A repository that sessions work on, and what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRepository {
    /// How it is used.
    pub used: RepositoryUse,
    /// What is kept.
    pub stock: Stock,
}

/// What stands at a path of a session's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileView {
    /// The commit whose tree it is.
    pub commit: ObjectId,
    /// What was found.
    pub content: TreeContent,
}

/// A pull request as publishing would open or change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishPreview {
    /// The session.
    pub session: SessionId,
    /// Where it would go.
    pub repository: Repository,
    /// The forge's name.
    pub forge: &'static str,
    /// The branch that holds the change.
    pub branch: BranchName,
    /// The branch it would be merged into.
    pub base: BranchName,
    /// Its title.
    pub title: String,
    /// Its body, without the hidden marker.
    pub body: String,
    /// Not yet ready.
    pub draft: bool,
    /// The pull request that is open already.
    pub existing: Option<SessionPull>,
}

/// What a check of a provider's key found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCheck {
    /// Whether the key works.
    pub ok: bool,
    /// What is wrong, without the key.
    pub problem: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
    /// When it was checked.
    pub at: Timestamp,
}

/// A provider and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderKey {
    /// What the gateway knows of it.
    pub status: ProviderStatus,
    /// The setting of its key.
    pub key: Option<Row>,
    /// What the last check of the key found.
    pub check: Option<KeyCheck>,
}

/// The configuration as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// All settings.
    pub rows: Vec<Row>,
    /// The providers.
    pub providers: Vec<ProviderKey>,
    /// Keys of settings that were changed and count only after a restart.
    pub restart: Vec<String>,
}

/// Changes of all sessions of a person, from some place on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePage {
    /// The changes in order.
    pub changes: Vec<SessionChange>,
    /// The global number up to which nothing is left out but what no list shows.
    pub upto: u64,
}

/// A token that was just made; the secret is shown only here.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The token.
    pub token: Token,
    /// Its secret.
    pub secret: String,
}

/// By what somebody who asks is known.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// By nothing: the server asks for none.
    Nothing,
    /// By the secret of a token.
    Token(&'a str),
    /// By the secret of a browser that is signed in.
    Browser(&'a str),
}

/// A browser that was signed in, or a link that will sign one in; the secret is shown only here.
#[derive(Clone)]
pub struct NewSignIn {
    /// Its secret.
    pub secret: String,
    /// As whom it acts.
    pub principal: Principal,
    /// When it ceases to work, unless it is used before.
    pub expires_at: Timestamp,
    /// When it ceases to work, however much it is used.
    pub until: Timestamp,
}

/// A token to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// What a person calls it.
    pub name: String,
    /// The highest scope it grants.
    pub scope: Scope,
    /// The user as whom it acts; `None` is the caller.
    pub user: Option<UserId>,
    /// When it ceases to work.
    pub expires_at: Option<Timestamp>,
}

/// An answer to a pending decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Allowed.
    Approve,
    /// Refused.
    Deny,
}

/// One row of `doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: `sandbox`, `agent goose`, `model anthropic`, `disk`, …
    pub subject: String,
    /// How it stands.
    pub state: FindingState,
    /// In words.
    pub detail: String,
    /// What to do.
    pub remedy: Option<String>,
}

/// How a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FindingState {
    /// It works.
    Ok,
    /// Something is missing that not every task needs.
    Warning,
    /// It does not work.
    Failed,
}

/// Events of a session and whether more may come.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPage {
    /// The events in order.
    pub events: Vec<Event>,
    /// Whether they go up to the end of the log, as far as it has grown.
    pub reaches_end: bool,
    /// Whether the session has ended and these are its last events (a follower may go).
    pub drained: bool,
}

/// Names a token to revoke.
pub type TokenName = TokenId;
