//! Wire type: session (layer 0), the durable execution of a task.

use crate::policy::{Policy, PublishRule};
use crate::pull::{Mergeable, PullCheck, PullReview, PullState};
use crate::usage::Usage;
use crate::word::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words!(
    /// Where a session stands.
    Status, "status", {
        /// It waits for a worker.
        Pending = "pending",
        /// Its workspace and sandbox are being made.
        Preparing = "preparing",
        /// Its agent works.
        Running = "running",
        /// A person must answer.
        Waiting = "waiting",
        /// A chat between two turns.
        Idle = "idle",
        /// A chat whose sandbox was put away.
        Hibernated = "hibernated",
        /// Its work is done.
        Complete = "complete",
        /// Its work failed; see `failureKind`.
        Error = "error",
        /// A person stopped it.
        Stopped = "stopped",
    }
);

impl Status {
    /// Whether the session's work has ended (its log may still grow).
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Complete | Self::Error | Self::Stopped)
    }
}

words!(
    /// Why a session ended in `error`.
    FailureKind, "failure kind", {
        /// Nobody took it up, or it was taken up too often.
        Abandoned = "abandoned",
        /// The workspace could not be prepared.
        SetupError = "setup_error",
        /// The sandbox could not be made or broke.
        SandboxError = "sandbox_error",
        /// The agent failed, ended early, or spoke what is no ACP.
        AgentError = "agent_error",
        /// The policy forbids what the task needs.
        PolicyDenied = "policy_denied",
        /// A deadline passed.
        Timeout = "timeout",
        /// The budget is spent.
        Budget = "budget",
        /// Git failed.
        GitError = "git_error",
        /// The forge refused or failed.
        ForgeError = "forge_error",
        /// There is no room on the disk.
        DiskFull = "disk_full",
        /// A fault of TeleCoder itself.
        Internal = "internal",
    }
);

words!(
    /// Whether a session is one task or a conversation.
    Mode, "mode", {
        /// It ends with its outcome.
        Task = "task",
        /// It rests between messages.
        Chat = "chat",
    }
);

words!(
    /// Which stages surround the turn.
    Pipeline, "pipeline", {
        /// Plan, verify, review, revise.
        Full = "full",
        /// Verify only.
        Verify = "verify",
        /// The turn alone.
        None = "none",
    }
);

words!(
    /// Where a session came from.
    Source, "source", {
        /// The command line.
        Cli = "cli",
        /// The HTTP API.
        Api = "api",
        /// The web UI.
        Web = "web",
        /// A watch.
        Watch = "watch",
    }
);

words!(
    /// What a session left behind for the outside.
    ResultKind, "result", {
        /// A pull request.
        Pr = "pr",
        /// Words.
        Text = "text",
        /// Nothing (yet).
        None = "none",
    }
);

words!(
    /// Where the pull request goes.
    ForgeChoice, "forge", {
        /// To the repository's origin where that is a known forge with credentials, else local.
        Origin = "origin",
        /// Always a local pull request.
        Local = "local",
    }
);

/// The person whom a commit names as its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Requester {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// The size of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiffStat {
    /// Files changed.
    pub files: u64,
    /// Lines added.
    pub additions: u64,
    /// Lines removed.
    pub deletions: u64,
}

/// The agent's own words about its work, by section. They are claims, not evidence.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Claims {
    /// Under `Changed`.
    pub changed: Vec<String>,
    /// Under `Verified`.
    pub verified: Vec<String>,
    /// Under `Uncertain`.
    pub uncertain: Vec<String>,
    /// Under `Next`.
    pub next: Vec<String>,
}

/// What a session reports, outcome first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// One sentence.
    pub headline: String,
    /// What changed, from the diff.
    pub changed: Vec<String>,
    /// What the platform itself verified.
    pub verified: Vec<String>,
    /// What is uncertain.
    pub uncertain: Vec<String>,
    /// What should happen next.
    pub next: Vec<String>,
    /// What the agent says about it.
    pub claims: Claims,
}

/// A verification command that the platform ran, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// The argument vector.
    pub command: Vec<String>,
    /// The exit code; `null` where it was killed.
    pub exit_code: Option<i32>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// How many tests it ran, where that could be counted.
    pub tests: Option<u64>,
    /// SHA-256 of its output.
    pub output_digest: Option<String>,
    /// The git tree it ran on.
    pub tree_sha: Option<String>,
}

/// A durable execution of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its id: 12 characters of lowercase base32.
    #[schema(example = "abcd2345efgh")]
    pub id: String,
    /// The repository (`owner/name`, URL or absolute path); `null` for an empty workspace.
    pub repo: Option<String>,
    /// What is to be done.
    pub prompt: String,
    /// The given title, else the outcome's headline, else the prompt; one line of 72 characters.
    pub title: String,
    /// Task or chat.
    pub mode: Mode,
    /// The agent.
    pub agent: String,
    /// The model, where the agent shall not use its own choice.
    pub model: Option<String>,
    /// The policy as it was when the session was made, whole.
    pub policy: Policy,
    /// The stages.
    pub pipeline: Pipeline,
    /// Where it stands.
    pub status: Status,
    /// Why it failed.
    pub failure_kind: Option<FailureKind>,
    /// The failure in words.
    pub error: Option<String>,
    /// What can be done about the failure.
    pub hint: Option<String>,
    /// The branch it works on: `telecoder/<id>`, or the head of the pull request that it was asked to work on.
    pub branch: String,
    /// The branch or revision that the work starts from.
    pub base: Option<String>,
    /// The last commit written for it.
    pub head_sha: Option<String>,
    /// The session that it is a rerun or child of.
    pub parent_session_id: Option<String>,
    /// How often its work was begun, from 1; 0 before.
    pub attempt: u32,
    /// Where it came from.
    pub source: Source,
    /// Who asked for it, by the name that goes on the commit.
    pub requester: Option<Requester>,
    /// The outcome, once there is one.
    pub outcome: Option<Outcome>,
    /// The checks that the platform ran.
    pub checks: Vec<Check>,
    /// The size of the whole change.
    pub diff_stat: Option<DiffStat>,
    /// What it left behind.
    pub result: ResultKind,
    /// The agent's last words, where the result is text.
    pub result_text: Option<String>,
    /// Where its pull request can be seen.
    pub pr_url: Option<String>,
    /// Its pull request's number.
    pub pr_number: Option<u64>,
    /// Its pull request's state.
    pub pr_state: Option<PullState>,
    /// The commit that was pushed for its pull request last: another than `headSha` where it was brought up to date with its
    /// base, or where more was done since.
    pub pr_head_sha: Option<String>,
    /// The branch that its pull request asks to be merged into.
    pub pr_base: Option<String>,
    /// The repository that its pull request goes to; another than `repo` for a local clone whose origin is on a forge.
    pub pr_repo: Option<String>,
    /// Whether its pull request could be merged, where a forge was asked.
    pub pr_mergeable: Option<Mergeable>,
    /// The checks of its pull request on the forge.
    pub pr_checks: Vec<PullCheck>,
    /// The reviews of its pull request, oldest first.
    pub pr_reviews: Vec<PullReview>,
    /// The pull request whose head it works on.
    pub source_pr: Option<u64>,
    /// The issue that its task was taken from.
    pub source_issue: Option<u64>,
    /// Tokens, money and time.
    pub usage: Usage,
    /// What it may cost at most, in US dollars.
    pub budget_usd: Option<f64>,
    /// When it was accepted.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When its first prompt was sent.
    #[schema(format = DateTime)]
    pub started_at: Option<String>,
    /// When its work ended.
    #[schema(format = DateTime)]
    pub finished_at: Option<String>,
    /// When anything last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// When its workspace was removed, some time after its end; no agent can go on then, its change is kept.
    #[schema(format = DateTime)]
    #[serde(default)]
    pub workspace_removed_at: Option<String>,
}

/// A task to accept. Absent fields take the server's defaults.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSession {
    /// What is to be done; at most 100,000 characters. May be empty where `sourceIssue` names the task.
    #[schema(example = "Fix the failing test in calc_test.py", max_length = 100_000)]
    pub prompt: String,
    /// `owner/name`, an https or ssh URL, or an absolute path of the server's host; absent: an empty workspace.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(example = "acme/api")]
    pub repo: Option<String>,
    /// Task (default) or chat.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mode: Option<Mode>,
    /// The agent; absent or `auto`: the server chooses.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub agent: Option<String>,
    /// The model; absent: the agent's own choice.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub model: Option<String>,
    /// The policy's name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub policy: Option<String>,
    /// The stages.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pipeline: Option<Pipeline>,
    /// The branch, tag or commit that the work starts from; a branch is also where the pull request goes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub base: Option<String>,
    /// Another name for `base`.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none", default)]
    pub revision: Option<String>,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// When to publish.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub publish: Option<PublishRule>,
    /// Where to publish.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub forge: Option<ForgeChoice>,
    /// What it may cost at most, in US dollars.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub budget_usd: Option<f64>,
    /// How many attempts shall be made side by side.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub attempts: Option<u32>,
    /// The pull request whose head the session works on and publishes to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source_pr: Option<u64>,
    /// The issue that is the task; its text is given to the agent as foreign text, behind `prompt`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source_issue: Option<u64>,
    /// The session that this one continues.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent_session_id: Option<String>,
    /// The person whom the commit shall name as its author.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub requester: Option<Requester>,
}

/// A change of a session by a person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionChange {
    /// The new title.
    #[schema(min_length = 1)]
    pub title: String,
}

/// Which sessions. Absent fields do not filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionFilter {
    /// Statuses, separated by commas; `active` stands for all that have not ended.
    pub status: Option<String>,
    /// This agent.
    pub agent: Option<String>,
    /// A policy of this name.
    pub policy: Option<String>,
    /// Reruns of this session.
    pub parent: Option<String>,
    /// Sessions of this line.
    pub lineage: Option<String>,
    /// This repository.
    pub repo: Option<String>,
    /// Words in title or prompt.
    pub q: Option<String>,
    /// The number of a pull request on a forge, or `any`.
    pub pr: Option<String>,
    /// States of that pull request, separated by commas.
    pub pr_state: Option<String>,
    /// The repository of that pull request, or the one that its session works on.
    pub pr_repo: Option<String>,
    /// Rows, 1 to 1,000.
    pub limit: Option<u32>,
    /// Where the page begins: `next` of an earlier page.
    pub cursor: Option<String>,
}
