//! Sessions (layer 0): one durable execution of a task, and the one table of its state changes.

use crate::id::{AgentName, SessionId, TenantId, UserId};
use crate::outcome::Outcome;
use crate::policy::{Policy, PublishRule};
use crate::pull::{PullNews, PullState};
use crate::refs::{BranchName, ObjectId, Revision};
use crate::repository::Repository;
pub use crate::status::{Move, Status};
use crate::time::Timestamp;
use crate::usage::Usage;
use serde::{Deserialize, Serialize};

/// Why a session ended in `error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Nobody took it up, or it was taken up too often.
    Abandoned,
    /// The workspace could not be prepared.
    SetupError,
    /// The sandbox could not be made or broke.
    SandboxError,
    /// The agent failed, ended early, or spoke what is no ACP.
    AgentError,
    /// The policy forbids what the task needs.
    PolicyDenied,
    /// A deadline passed.
    Timeout,
    /// The budget is spent.
    Budget,
    /// Git failed.
    GitError,
    /// The forge refused or failed.
    ForgeError,
    /// There is no room on the disk.
    DiskFull,
    /// A fault of ours.
    Internal,
}

impl FailureKind {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::SetupError => "setup_error",
            Self::SandboxError => "sandbox_error",
            Self::AgentError => "agent_error",
            Self::PolicyDenied => "policy_denied",
            Self::Timeout => "timeout",
            Self::Budget => "budget",
            Self::GitError => "git_error",
            Self::ForgeError => "forge_error",
            Self::DiskFull => "disk_full",
            Self::Internal => "internal",
        }
    }
}

/// Whether a session is one task or a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It ends with its outcome.
    #[default]
    Task,
    /// It rests between messages.
    Chat,
}

/// Which stages surround the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Pipeline {
    /// Plan, verify, review, revise.
    Full,
    /// Verify only.
    Verify,
    /// The turn alone.
    #[default]
    None,
}

/// Where a session came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The command line.
    Cli,
    /// The HTTP API.
    #[default]
    Api,
    /// The web UI.
    Web,
    /// A watch.
    Watch,
}

/// What a session left behind for the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ResultKind {
    /// A pull request.
    Pr,
    /// Words.
    Text,
    /// Nothing (yet).
    #[default]
    None,
}

/// Where the pull request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ForgeChoice {
    /// The repository's origin if it is a known forge with credentials, else local.
    #[default]
    Origin,
    /// Always a local pull request.
    Local,
}

/// The size of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct DiffStat {
    /// Files changed.
    pub files: u64,
    /// Lines added.
    pub additions: u64,
    /// Lines removed.
    pub deletions: u64,
}

/// The pull request of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPull {
    /// Its number.
    pub number: u64,
    /// Where it can be seen.
    pub url: String,
    /// Its state.
    pub state: PullState,
    /// The session's commit that was published last.
    pub head: ObjectId,
    /// What stands on the branch for it, where that is another commit: one that was rebased onto its base, or merged with it.
    #[serde(default)]
    pub pushed: Option<ObjectId>,
    /// The branch that it asks to be merged into.
    #[serde(default)]
    pub base: Option<BranchName>,
    /// The key of the order that published it last; whatever follows it belongs to that order.
    #[serde(default)]
    pub order: Option<String>,
    /// Whether its body is a person's words; else it is renewed with every publish.
    #[serde(default)]
    pub body_given: bool,
    /// What following it has found out so far.
    #[serde(default)]
    pub news: PullNews,
}

/// A durable execution of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Its tenant.
    pub tenant: TenantId,
    /// Its owner.
    pub owner: UserId,
    /// The repository; `None` for an empty workspace.
    pub repository: Option<Repository>,
    /// The repository that the local one names as its origin, if it has one.
    pub origin: Option<Repository>,
    /// What is to be done.
    pub prompt: String,
    /// The given title, if any.
    pub title: Option<String>,
    /// Task or chat.
    pub mode: Mode,
    /// The agent.
    pub agent: AgentName,
    /// The model, where the agent shall not use its own choice.
    pub model: Option<String>,
    /// The policy as it was when the session was made.
    pub policy: Policy,
    /// The stages.
    pub pipeline: Pipeline,
    /// When to publish.
    pub publish: PublishRule,
    /// Where to publish.
    pub forge: ForgeChoice,
    /// The repository that its pull request goes to, where that is another than the one it works on: the origin, on a forge,
    /// of a local clone.
    #[serde(default)]
    pub target: Option<Repository>,
    /// The pull request whose head it works on, if it was asked to.
    #[serde(default)]
    pub followed: Option<FollowedPull>,
    /// The issue that its task was taken from.
    #[serde(default)]
    pub issue: Option<SourceIssue>,
    /// Where it stands.
    pub status: Status,
    /// Why it failed.
    pub failure: Option<FailureKind>,
    /// The failure in words.
    pub error: Option<String>,
    /// The remedy in words.
    pub hint: Option<String>,
    /// The branch it works on.
    pub branch: BranchName,
    /// The branch or revision the work starts from, as asked for or found.
    pub base: Option<Revision>,
    /// The commit the work starts from.
    pub base_commit: Option<ObjectId>,
    /// The last commit written for it.
    pub head: Option<ObjectId>,
    /// The session it is a rerun of.
    pub parent: Option<SessionId>,
    /// The first session of its line.
    pub lineage: SessionId,
    /// How often its work was begun, from 1; 0 before.
    pub attempt: u32,
    /// Turns begun.
    pub turns: u32,
    /// Where it came from.
    pub source: Source,
    /// Who asked for it, by the name that goes on the commit.
    pub requester: Option<Requester>,
    /// The outcome.
    pub outcome: Option<Outcome>,
    /// The size of the whole change.
    pub diff: Option<DiffStat>,
    /// What it left behind.
    pub result: ResultKind,
    /// The agent's last words, where the result is text.
    pub result_text: Option<String>,
    /// Its pull request.
    pub pull: Option<SessionPull>,
    /// Tokens and money.
    pub usage: Usage,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When its first prompt was sent.
    pub started_at: Option<Timestamp>,
    /// When its work ended.
    pub finished_at: Option<Timestamp>,
    /// When anything last changed.
    pub updated_at: Timestamp,
    /// When its workspace was removed: what was committed is kept, and no agent can go on.
    #[serde(default)]
    pub workspace_removed_at: Option<Timestamp>,
}

/// The person a commit names as its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// A pull request of others whose head a session works on: its branch is written, forward only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowedPull {
    /// Its number.
    pub number: u64,
    /// Where it can be seen.
    pub url: String,
    /// Its title.
    pub title: String,
    /// The branch it asks to be merged into.
    pub base: BranchName,
    /// The commit that was at its head when the session was made.
    pub commit: ObjectId,
}

/// The issue that a task was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceIssue {
    /// Its number.
    pub number: u64,
    /// Where it can be seen.
    pub url: String,
    /// Its title.
    pub title: String,
}

impl SessionPull {
    /// The commit that stands on its branch since it was published last.
    pub fn over_there(&self) -> &ObjectId {
        self.pushed.as_ref().unwrap_or(&self.head)
    }
}

impl Session {
    /// The repository that its pull request goes to; `None` for an empty workspace.
    pub fn pull_repository(&self) -> Option<&Repository> {
        self.target.as_ref().or(self.repository.as_ref())
    }

    /// Its pull request with the repository that holds it, where that is on a forge.
    pub fn forge_pull(&self) -> Option<(&Repository, &SessionPull)> {
        let repository = self.pull_repository().filter(|repository| repository.local_path().is_none())?;
        Some((repository, self.pull.as_ref()?))
    }

    /// The title for people: the given one, else the outcome's headline, else the prompt; one line of 72 graphemes.
    pub fn display_title(&self) -> String {
        if let Some(title) = &self.title {
            return crate::text::title(title);
        }
        match &self.outcome {
            Some(outcome) if !outcome.headline.is_empty() => crate::text::title(&outcome.headline),
            Some(_) | None => crate::text::title(&self.prompt),
        }
    }
}
