//! Options of the commands on sessions and their pull requests (layer 4).

use super::parse::{age, number, rows, statuses, word};
use clap::{Args, Subcommand};
use telecoder_api::message::Queueing;
use telecoder_api::policy::PublishRule;
use telecoder_api::pull::PullState;
use telecoder_api::session::{ForgeChoice, Pipeline};

const RUN_EXAMPLES: &str = "\
Examples:
  telecoder run \"Fix the failing test in calc_test.py\"
  telecoder run -r ~/src/app --base release -a goose \"Port the fix of #12\"
  telecoder run -r owner/name \"Add a --json flag\"   cloned from GitHub; the pull request goes there
  telecoder run -r owner/name --issue 12    the issue is the task
  telecoder run --pr 12 \"Answer the review\"   works on that pull request's branch
  telecoder run --policy observe \"Why does the build take so long?\"
  telecoder run --detach - <task.md         the prompt from a file, without following
  telecoder run -- \"--verbose is ignored\"   a prompt that begins with a dash";

/// Options of `run`.
#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(crate) struct RunArguments {
    /// What is to be done; `-` reads it from standard input
    #[arg(required_unless_present = "issue", value_name = "PROMPT")]
    pub(crate) prompt: Vec<String>,
    /// A local path, owner/name or a URL; default: the repository around this folder; `none`: an empty workspace
    #[arg(short, long, value_name = "REPO")]
    pub(crate) repo: Option<String>,
    /// The agent that works; default: chosen by the keys that are set (`telecoder agents list`)
    #[arg(short, long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
    /// What the session may do: locked, observe or standard (`telecoder policy list`)
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Option<String>,
    /// The branch, tag or commit to start from; default: the branch that is checked out
    #[arg(long, value_name = "REVISION")]
    pub(crate) base: Option<String>,
    /// The model; default: the agent's own choice
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// When the change becomes a pull request: by itself, after you approved, or when you publish it
    #[arg(long, value_name = "WHEN", value_parser = word::<PublishRule>(&["auto", "ask", "manual"]))]
    pub(crate) publish: Option<PublishRule>,
    /// The stages around the agent's work
    #[arg(long, value_name = "STAGES", value_parser = word::<Pipeline>(&["full", "verify", "none"]))]
    pub(crate) pipeline: Option<Pipeline>,
    /// Work on the head of this pull request of the forge, and publish to it
    #[arg(long, value_name = "NUMBER", value_parser = number, conflicts_with_all = ["issue", "base"])]
    pub(crate) pr: Option<u64>,
    /// Take this issue of the forge as the task, behind the prompt if there is one
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    pub(crate) issue: Option<u64>,
    /// The title of commit and pull request; default: the outcome in a line
    #[arg(long, value_name = "TITLE")]
    pub(crate) title: Option<String>,
    /// Where the pull request goes: to the origin of a local clone where that is on a forge with credentials (default), or
    /// nowhere but into that clone
    #[arg(long, value_name = "WHERE", value_parser = word::<ForgeChoice>(&["origin", "local"]))]
    pub(crate) forge: Option<ForgeChoice>,
    /// Print the session's id and do not follow it
    #[arg(long)]
    pub(crate) detach: bool,
    /// Hold a conversation: each line of standard input is a further message
    #[arg(long, conflicts_with = "detach")]
    pub(crate) chat: bool,
}

/// A session, by its id or a unique prefix.
#[derive(Debug, Args)]
pub(crate) struct OneSession {
    /// The session's id, or a unique prefix
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

/// A session that may be followed.
#[derive(Debug, Args)]
pub(crate) struct FollowedSession {
    /// The session's id, or a unique prefix
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Print the new session's id and do not follow it
    #[arg(long)]
    pub(crate) detach: bool,
}

/// Options of `list`.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only with this status: one, several separated by commas, or `active` for all that have not ended
    #[arg(long, value_name = "STATUS", value_parser = statuses)]
    pub(crate) status: Option<String>,
    /// Only of this agent
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
    /// Only under this policy
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Option<String>,
    /// Only reruns of this session
    #[arg(long, value_name = "ID")]
    pub(crate) parent: Option<String>,
    /// Only the line of this session: what it was made from, and its reruns
    #[arg(long, value_name = "ID")]
    pub(crate) lineage: Option<String>,
    /// Only on this repository
    #[arg(long, value_name = "REPO")]
    pub(crate) repo: Option<String>,
    /// At most this many, 1 to 1000; default: 50
    #[arg(long, value_name = "N", value_parser = rows::<1000>)]
    pub(crate) limit: Option<u32>,
}

/// Options of `logs`.
#[derive(Debug, Args)]
pub(crate) struct LogsArguments {
    /// The session's id, or a unique prefix
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Stay until the session has ended; the exit code tells how
    #[arg(short, long)]
    pub(crate) follow: bool,
}

/// Options of `events`.
#[derive(Debug, Args)]
pub(crate) struct EventsArguments {
    /// The session's id, or a unique prefix
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Stay until the session has ended; one line an event instead of an array
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Only events after this number
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = number)]
    pub(crate) after: u64,
}

/// Options of `inbox`.
#[derive(Debug, Args)]
pub(crate) struct InboxArguments {
    /// At most this many finished ones, 1 to 200; default: 20
    #[arg(long, value_name = "N", value_parser = rows::<200>)]
    pub(crate) limit: Option<u32>,
    /// Mark everything as seen
    #[arg(long)]
    pub(crate) seen: bool,
}

/// Options of `message`.
#[derive(Debug, Args)]
pub(crate) struct MessageArguments {
    /// The session's id, or a unique prefix
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The words; `-` reads them from standard input
    #[arg(required = true, value_name = "TEXT")]
    pub(crate) text: Vec<String>,
    /// While the agent works: wait for the turn's end (followup), interrupt it (steer), or wait and be joined with
    /// others (collect)
    #[arg(long, value_name = "HOW", value_parser = word::<Queueing>(&["followup", "steer", "collect"]))]
    pub(crate) queue: Option<Queueing>,
    /// Add the ends of the logs of the checks that failed on its pull request, for the agent to read
    #[arg(long)]
    pub(crate) failing_logs: bool,
    /// Send it and do not follow
    #[arg(long)]
    pub(crate) detach: bool,
}

/// Options of `rm`.
#[derive(Debug, Args)]
pub(crate) struct RemoveArguments {
    /// The sessions' ids, or unique prefixes
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
}

/// Options of `prune`.
#[derive(Debug, Args)]
pub(crate) struct PruneArguments {
    /// Those that did not change for so long: 30d, 12h; default: for as long as the server keeps sessions
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(crate) older: Option<u64>,
    /// Only tell which they are
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Options of `rename`.
#[derive(Debug, Args)]
pub(crate) struct RenameArguments {
    /// The session's id, or a unique prefix
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The title
    #[arg(required = true, value_name = "TITLE")]
    pub(crate) title: Vec<String>,
}

/// Options of `approvals`.
#[derive(Debug, Args)]
pub(crate) struct ApprovalsArguments {
    /// Only of this session
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
}

/// Options of `approve` and `deny`.
#[derive(Debug, Args)]
pub(crate) struct AnswerArguments {
    /// The approval's id, or the session's where it waits for one thing only
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Why; it is kept with the answer
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: Option<String>,
}

/// Options of `publish`.
#[derive(Debug, Args)]
pub(crate) struct PublishArguments {
    /// The session's id, or a unique prefix
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The branch to be merged into; default: the one that the session started from, or that it is open for already
    #[arg(long, value_name = "BRANCH")]
    pub(crate) base: Option<String>,
    /// The title; default: the session's, and one that is open already keeps its own
    #[arg(long, value_name = "TITLE")]
    pub(crate) title: Option<String>,
    /// The body; default: the request and the outcome
    #[arg(long, value_name = "TEXT")]
    pub(crate) body: Option<String>,
    /// Open it as a draft; `--draft=false` makes one ready that is a draft
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) draft: Option<bool>,
    /// Bring it up to date with its base first: rebased while nobody can see its branch, else the base is merged into it
    #[arg(long)]
    pub(crate) rebase: bool,
}

/// What to do with pull requests.
#[derive(Debug, Subcommand)]
pub(crate) enum PrCommand {
    /// List them, newest first
    List(PrListArguments),
    /// Show one, with its checks and reviews where it is on a forge
    Show(ShowPull),
    /// Show its change as a patch
    Diff(NamedPull),
    /// Merge a local one into its base
    Merge(OnePull),
    /// Close a local one without merging
    Close(OnePull),
}

/// Options of `pr list`.
#[derive(Debug, Args)]
pub(crate) struct PrListArguments {
    /// Only in this state
    #[arg(long, value_name = "STATE", value_parser = word::<PullState>(&["draft", "open", "merged", "closed"]))]
    pub(crate) state: Option<PullState>,
    /// Only of this repository
    #[arg(long, value_name = "REPO")]
    pub(crate) repo: Option<String>,
    /// At most this many, 1 to 1000; default: 50
    #[arg(long, value_name = "N", value_parser = rows::<1000>)]
    pub(crate) limit: Option<u32>,
}

/// Options of `pr show`.
#[derive(Debug, Args)]
pub(crate) struct ShowPull {
    #[command(flatten)]
    pub(crate) pull: NamedPull,
    /// Show all that is kept of the failed checks' logs, not only their last lines
    #[arg(long)]
    pub(crate) logs: bool,
}

/// A pull request, by its number or its session.
#[derive(Debug, Args)]
pub(crate) struct NamedPull {
    /// Its number, or its session's id or a unique prefix of it
    #[arg(value_name = "NUMBER")]
    pub(crate) name: String,
}

/// A local pull request, by its number.
#[derive(Debug, Args)]
pub(crate) struct OnePull {
    /// Its number
    #[arg(value_name = "NUMBER", value_parser = number)]
    pub(crate) number: u64,
}
