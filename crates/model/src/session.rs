//! Sessions (layer 0): one durable execution of a task, and the one table of its state changes.

use crate::id::{AgentName, SessionId, TenantId, UserId};
use crate::outcome::Outcome;
use crate::policy::{Policy, PublishRule};
use crate::refs::{BranchName, ObjectId, Revision};
use crate::repository::Repository;
use crate::time::Timestamp;
use crate::usage::Usage;
use serde::{Deserialize, Serialize};

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It waits for a worker.
    Pending,
    /// Its workspace and sandbox are being made.
    Preparing,
    /// Its agent works.
    Running,
    /// A person must answer.
    Waiting,
    /// A chat between two turns.
    Idle,
    /// A chat whose sandbox was put away.
    Hibernated,
    /// Its work is done.
    Complete,
    /// Its work failed; see the failure kind.
    Error,
    /// A person stopped it.
    Stopped,
}

/// What moves a session from one status to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Move {
    /// A worker claimed it.
    Claim,
    /// Workspace, sandbox and agent are there.
    Begin,
    /// A person must answer.
    Ask,
    /// A person answered.
    Answer,
    /// A chat's turn ended.
    Rest,
    /// A chat's sandbox is put away.
    Hibernate,
    /// The work is done.
    Complete,
    /// The work failed.
    Fail,
    /// A person stopped it.
    Stop,
    /// A person wrote to a session that had ended or rests.
    Message,
    /// A server hands it over to another.
    Handover,
}

impl Status {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Preparing,
        Self::Running,
        Self::Waiting,
        Self::Idle,
        Self::Hibernated,
        Self::Complete,
        Self::Error,
        Self::Stopped,
    ];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Preparing => "preparing",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Idle => "idle",
            Self::Hibernated => "hibernated",
            Self::Complete => "complete",
            Self::Error => "error",
            Self::Stopped => "stopped",
        }
    }

    /// Whether the session's work has ended (its log may still grow).
    pub fn has_ended(self) -> bool {
        match self {
            Self::Complete | Self::Error | Self::Stopped => true,
            Self::Pending
            | Self::Preparing
            | Self::Running
            | Self::Waiting
            | Self::Idle
            | Self::Hibernated => false,
        }
    }

    /// The status after a move; `None` if the move is not possible from here. This is the only such table.
    pub fn after(self, step: Move) -> Option<Self> {
        use Status::{Complete, Error, Hibernated, Idle, Pending, Preparing, Running, Stopped, Waiting};
        match (self, step) {
            (Pending, Move::Claim) => Some(Preparing),
            (Preparing, Move::Begin) | (Waiting, Move::Answer) => Some(Running),
            (Running, Move::Ask) => Some(Waiting),
            (Running, Move::Rest) => Some(Idle),
            (Idle, Move::Hibernate) => Some(Hibernated),
            (Running, Move::Complete) => Some(Complete),
            (Pending | Preparing | Running | Waiting | Idle | Hibernated, Move::Fail) => Some(Error),
            (Pending | Preparing | Running | Waiting | Idle | Hibernated, Move::Stop) => Some(Stopped),
            (Idle | Hibernated | Complete | Error | Stopped, Move::Message)
            | (Preparing | Running | Waiting, Move::Handover) => Some(Pending),
            _ => None,
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Status {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|s| s.as_str()).collect();
            format!("`{text}` is not a status: {}", all.join(", "))
        })
    }
}

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
    pub state: crate::pull::PullState,
    /// The commit that was published last.
    pub head: ObjectId,
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
}

/// The person a commit names as its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

impl Session {
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

#[cfg(test)]
mod tests {
    use super::*;

    const MOVES: [Move; 11] = [
        Move::Claim,
        Move::Begin,
        Move::Ask,
        Move::Answer,
        Move::Rest,
        Move::Hibernate,
        Move::Complete,
        Move::Fail,
        Move::Stop,
        Move::Message,
        Move::Handover,
    ];

    #[test]
    fn every_transition_is_listed() {
        let mut table = String::new();
        for from in Status::ALL {
            let to: Vec<String> =
                MOVES.iter().filter_map(|m| from.after(*m).map(|to| format!("{m:?}→{to}"))).collect();
            table.push_str(&format!("{from}: {}\n", to.join(" ")));
        }
        expect_test::expect![[r"
            pending: Claim→preparing Fail→error Stop→stopped
            preparing: Begin→running Fail→error Stop→stopped Handover→pending
            running: Ask→waiting Rest→idle Complete→complete Fail→error Stop→stopped Handover→pending
            waiting: Answer→running Fail→error Stop→stopped Handover→pending
            idle: Hibernate→hibernated Fail→error Stop→stopped Message→pending
            hibernated: Fail→error Stop→stopped Message→pending
            complete: Message→pending
            error: Message→pending
            stopped: Message→pending
        "]]
        .assert_eq(&table);
    }

    #[test]
    fn names_round_trip() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse::<Status>().unwrap(), status);
        }
        assert!("done".parse::<Status>().is_err());
    }
}
