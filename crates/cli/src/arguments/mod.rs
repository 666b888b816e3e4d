//! The command line (layer 4), as clap reads it. What a command does stands in `command/`.

use crate::terminal::Output;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Send a task, get a pull request: coding agents that keep working on a machine you control.
#[derive(Debug, Parser)]
#[command(name = "telecoder", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// The server to talk to; default: TELECODER_SERVER, else the one of this host
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// How to write answers
    #[arg(long, global = true, value_enum)]
    pub(crate) output: Option<Output>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run server and worker in one
    Serve(ServeArguments),
    /// Give an agent a task and follow it
    Run(Box<RunArguments>),
    /// List sessions, newest first
    List(ListArguments),
    /// Show a session
    Status(OneSession),
    /// Show a session with all that were made of it
    Lineage(OneSession),
    /// Show what happened in a session, as text
    Logs(LogsArguments),
    /// Show the events of a session, as JSON
    Events(EventsArguments),
    /// Show the change of a session as a patch
    Diff(OneSession),
    /// Apply the change of a session to the working tree of this folder
    Apply(OneSession),
    /// What needs an answer, and what has finished
    Inbox(InboxArguments),
    /// Stop a session
    Stop(OneSession),
    /// Run a session's task again as a new session
    Rerun(FollowedSession),
    /// Send a message to a session
    Message(MessageArguments),
    /// Follow a session that runs
    Attach(OneSession),
    /// Give a session another title
    Rename(RenameArguments),
    /// List what waits for an approval
    Approvals(ApprovalsArguments),
    /// Approve what a session waits for
    Approve(AnswerArguments),
    /// Refuse what a session waits for
    Deny(AnswerArguments),
    /// Push a session's change and open its pull request
    #[command(alias = "publish-session")]
    Publish(PublishArguments),
    /// Local pull requests
    #[command(subcommand)]
    Pr(PrCommand),
    /// Policies
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Agents on this host
    #[command(subcommand)]
    Agents(AgentsCommand),
    /// Settings, with their source
    Config(ConfigArguments),
    /// What works here, and what to do about what does not
    Doctor(DoctorArguments),
    /// Tokens of the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// Stop the server of this host
    StopServer(DataArguments),
    /// Print the OpenAPI document
    Openapi,
    /// Print completions for a shell
    Completions(CompletionsArguments),
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Address and port; `:PORT` means all interfaces, port 0 any free port
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// Folder of everything that is kept
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Leave the terminal's session, so that closing the terminal ends nothing
    #[arg(long, hide = true)]
    pub(crate) detached: bool,
}

/// Options of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// What is to be done; `-` reads it from standard input
    #[arg(required = true, value_name = "PROMPT")]
    pub(crate) prompt: Vec<String>,
    /// owner/name, a URL or a local path; default: the repository of this folder; `none` for an empty workspace
    #[arg(short, long, value_name = "REPO")]
    pub(crate) repo: Option<String>,
    /// The agent
    #[arg(short, long)]
    pub(crate) agent: Option<String>,
    /// locked, observe or standard
    #[arg(long)]
    pub(crate) policy: Option<String>,
    /// The branch, tag or commit to start from
    #[arg(long)]
    pub(crate) base: Option<String>,
    /// The model
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// When to publish: auto, ask or manual
    #[arg(long)]
    pub(crate) publish: Option<String>,
    /// Stages: full, verify or none
    #[arg(long)]
    pub(crate) pipeline: Option<String>,
    /// The title of commit and pull request
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Where the pull request goes: origin or local
    #[arg(long)]
    pub(crate) forge: Option<String>,
    /// Do not follow: print the session's id
    #[arg(long)]
    pub(crate) detach: bool,
    /// A conversation: further prompts are read from standard input
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
    /// Do not follow: print the session's id
    #[arg(long)]
    pub(crate) detach: bool,
}

/// Options of `list`.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// A status, several separated by commas, or `active`
    #[arg(long)]
    pub(crate) status: Option<String>,
    /// This agent
    #[arg(long)]
    pub(crate) agent: Option<String>,
    /// This policy
    #[arg(long)]
    pub(crate) policy: Option<String>,
    /// Reruns of this session
    #[arg(long)]
    pub(crate) parent: Option<String>,
    /// Sessions of this line
    #[arg(long)]
    pub(crate) lineage: Option<String>,
    /// This repository
    #[arg(long)]
    pub(crate) repo: Option<String>,
    /// At most this many, 1 to 1000
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: Option<u32>,
}

/// Options of `logs`.
#[derive(Debug, Args)]
pub(crate) struct LogsArguments {
    /// The session's id, or a unique prefix
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Stay until the session has ended
    #[arg(short, long)]
    pub(crate) follow: bool,
}

/// Options of `events`.
#[derive(Debug, Args)]
pub(crate) struct EventsArguments {
    /// The session's id, or a unique prefix
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Stay until the session has ended; one line an event
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Only events after this number
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) after: u64,
}

/// Options of `inbox`.
#[derive(Debug, Args)]
pub(crate) struct InboxArguments {
    /// At most this many finished ones, 1 to 200
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=200))]
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
    /// While a turn is under way: followup, steer or collect
    #[arg(long)]
    pub(crate) queue: Option<String>,
    /// Do not follow
    #[arg(long)]
    pub(crate) detach: bool,
}

/// Options of `rename`.
#[derive(Debug, Args)]
pub(crate) struct RenameArguments {
    /// The session's id, or a unique prefix
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The title
    pub(crate) title: String,
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
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: Option<String>,
}

/// Options of `publish`.
#[derive(Debug, Args)]
pub(crate) struct PublishArguments {
    /// The session's id, or a unique prefix
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The branch to be merged into
    #[arg(long)]
    pub(crate) base: Option<String>,
    /// The title
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// The body
    #[arg(long)]
    pub(crate) body: Option<String>,
    /// Not yet ready
    #[arg(long)]
    pub(crate) draft: bool,
}

/// What to do with pull requests.
#[derive(Debug, Subcommand)]
pub(crate) enum PrCommand {
    /// List them, newest first
    List(PrListArguments),
    /// Show one
    Show(OnePull),
    /// Show its change as a patch
    Diff(OnePull),
    /// Merge it into its base
    Merge(OnePull),
    /// Close it without merging
    Close(OnePull),
}

/// Options of `pr list`.
#[derive(Debug, Args)]
pub(crate) struct PrListArguments {
    /// open, draft, merged or closed
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// This repository
    #[arg(long)]
    pub(crate) repo: Option<String>,
    /// At most this many, 1 to 1000
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: Option<u32>,
}

/// A pull request, by its number.
#[derive(Debug, Args)]
pub(crate) struct OnePull {
    /// Its number
    #[arg(value_name = "NUMBER")]
    pub(crate) number: u64,
}

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// List them, strictest first
    List,
    /// Show one
    Show {
        /// Its name
        name: String,
    },
}

/// What to do with agents.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentsCommand {
    /// List them: installed? version, size, what is missing
    List(DataArguments),
    /// Install the pinned version of one
    Install(AgentArguments),
    /// Look whether one starts
    Check(AgentArguments),
}

/// An agent.
#[derive(Debug, Args)]
pub(crate) struct AgentArguments {
    /// Its name
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// A data folder that is not the configured one.
#[derive(Debug, Args)]
pub(crate) struct DataArguments {
    /// Work on this data folder, without a server
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Options of `config`.
#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    #[command(subcommand)]
    pub(crate) command: Option<ConfigCommand>,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show all settings with their source
    Show,
    /// Write a setting into the configuration file
    Set {
        /// Its key, as `config show` lists it
        key: String,
        /// The value; `-` reads it from standard input
        value: String,
    },
    /// Print the path of the configuration file
    Path,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Try every escape from a sandbox on this host
    #[arg(long)]
    pub(crate) prove: bool,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make one; its secret is shown once
    Create {
        /// What to call it
        #[arg(long)]
        name: String,
        /// What it allows: read, run, publish or admin
        #[arg(long, default_value = "run")]
        scope: String,
        /// The user as whom it acts
        #[arg(long)]
        user: Option<String>,
        /// When it ceases to work, RFC 3339
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// List them
    List,
    /// Revoke one
    Revoke {
        /// Its id
        id: String,
    },
}

/// Options of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// bash, zsh, fish, elvish or powershell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

impl Arguments {
    /// Worker threads of the runtime: the server uses the host's, a client needs one.
    pub(crate) fn threads(&self) -> usize {
        match self.command {
            Command::Serve(_) => {
                std::thread::available_parallelism().map_or(2, std::num::NonZero::get).clamp(2, 16)
            }
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
