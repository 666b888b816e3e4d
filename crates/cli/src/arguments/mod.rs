//! The command line (layer 4), as clap reads it. What a command does stands in `command/`.
//!
//! Words of closed lists are parsed here, so that a wrong one is told with the right ones before anything happens.

mod parse;
mod platform;
mod service;
mod session;

pub(crate) use platform::{
    AgentArguments, AgentsCommand, CompletionsArguments, ConfigArguments, ConfigCommand, DoctorArguments,
    FolderArguments, OpenArguments, PolicyCommand, ServeArguments, TokenCommand,
};
pub(crate) use service::{BackupArguments, RestoreArguments, ServiceArguments, ServiceCommand};
pub(crate) use session::{
    AnswerArguments, ApprovalsArguments, EventsArguments, FollowedSession, InboxArguments, ListArguments,
    LogsArguments, MessageArguments, OneSession, PrCommand, PrListArguments, PruneArguments,
    PublishArguments, RemoveArguments, RenameArguments, RunArguments,
};

use crate::terminal::Output;
use clap::{Parser, Subcommand};

/// What stands below the help of `telecoder` itself.
const EXAMPLES: &str = "\
Begin with:
  telecoder agents list                     which agents are installed
  telecoder run \"Fix the failing test\"      in the folder of a git repository
  telecoder inbox                           what has finished, and what waits for you

Ids may be shortened to any unique prefix. In a pipe, commands that list write JSON.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no server reached, 4 stopped, 5 waits for a person.";

/// Send a task, get a pull request: coding agents that keep working on a machine you control.
#[derive(Debug, Parser)]
#[command(name = "telecoder", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The server.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help_heading = "Global options",
        help = "The server to talk to; default: TELECODER_SERVER, else the one of this host"
    )]
    pub(crate) server: Option<String>,
    /// Table, json or text; default: a table on a terminal, JSON in a pipe where a command lists
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true,
        help_heading = "Global options"
    )]
    pub(crate) output: Option<Output>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Give an agent a task and follow it to its pull request
    Run(Box<RunArguments>),
    /// Show the web UI: prints its address, and opens a browser on a desktop
    Open(OpenArguments),
    /// List sessions, newest first
    List(ListArguments),
    /// Show how a session stands, with its outcome
    Status(OneSession),
    /// List a session with its reruns and what it was made from
    Lineage(OneSession),
    /// Show what happened in a session, as text
    Logs(LogsArguments),
    /// Show the events of a session, as JSON
    Events(EventsArguments),
    /// Show the change of a session as a patch
    Diff(OneSession),
    /// Apply the change of a session to the working tree around this folder
    Apply(OneSession),
    /// Show what needs an answer, and what has finished
    Inbox(InboxArguments),
    /// Stop a session
    Stop(OneSession),
    /// Run a session's task again, as a new session
    Rerun(FollowedSession),
    /// Send a message to a session, and follow what comes of it
    Message(MessageArguments),
    /// Follow a session that is at work
    Attach(OneSession),
    /// Remove sessions that have ended, with everything that belongs to them
    Rm(RemoveArguments),
    /// Remove the sessions that have ended a while ago
    Prune(PruneArguments),
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
    /// List, show, merge or close the local pull requests of sessions
    #[command(subcommand)]
    Pr(PrCommand),
    /// Show the policies: what a session may do
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// List, install and check coding agents
    #[command(subcommand)]
    Agents(AgentsCommand),
    /// Show or change settings
    Config(ConfigArguments),
    /// Tell what works here, and what to do about what does not
    Doctor(DoctorArguments),
    /// Make, list and revoke tokens of the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// Run the server: it keeps sessions and does their work
    Serve(ServeArguments),
    /// Stop the server of this host; its sessions go on when it is started again
    StopServer(FolderArguments),
    /// Take a backup of the server into a file, while it works
    Backup(BackupArguments),
    /// Make a data folder of a backup
    Restore(RestoreArguments),
    /// Run the server as a service of systemd
    #[command(subcommand)]
    Service(ServiceCommand),
    /// Print the OpenAPI document of the HTTP API
    Openapi,
    /// Print completions for a shell
    Completions(CompletionsArguments),
}

impl Arguments {
    /// Worker threads of the runtime: the server uses the host's, a client needs one.
    pub(crate) fn threads(&self) -> usize {
        if matches!(self.command, Command::Serve(_)) {
            return std::thread::available_parallelism().map_or(2, std::num::NonZero::get).clamp(2, 16);
        }
        1
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
