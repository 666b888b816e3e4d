//! Options of the commands on server, agents, policies, settings and tokens (layer 4).

use super::parse::word;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use telecoder_api::token::Scope;

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

/// Options of `open`.
#[derive(Debug, Args)]
pub(crate) struct OpenArguments {
    /// A session, in place of the inbox; its id or a unique prefix of it
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Print the address only
    #[arg(long)]
    pub(crate) no_browser: bool,
}

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// List them, strictest first
    List,
    /// Show one
    Show {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// What to do with agents.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentsCommand {
    /// List them: installed? version, size, what is missing
    List(FolderArguments),
    /// Install the pinned version of one
    Install(AgentArguments),
    /// Look whether one starts
    Check(AgentArguments),
}

/// An agent.
#[derive(Debug, Args)]
pub(crate) struct AgentArguments {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) data: FolderArguments,
}

/// A data folder that is not the configured one.
#[derive(Debug, Args)]
pub(crate) struct FolderArguments {
    /// The data folder.
    #[arg(
        long,
        value_name = "DIR",
        help = "The data folder; default: TELECODER_DATA_DIR, else ~/.telecoder"
    )]
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
    /// Show all settings with their source (as `telecoder config` alone)
    Show,
    /// Write a setting into the configuration file
    Set {
        /// Its key, as `config show` lists it
        #[arg(value_name = "KEY")]
        key: String,
        /// The value; `-` reads it from standard input, which is the way for keys
        #[arg(value_name = "VALUE")]
        value: String,
    },
    /// Print the path of the configuration file
    Path,
    /// Ask for what most people set, with Enter to keep what is there; model keys are checked by a call
    Setup,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Try every escape from a sandbox on this host
    #[arg(long)]
    pub(crate) prove: bool,
    #[command(flatten)]
    pub(crate) data: FolderArguments,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make one; its secret is shown once, alone on standard output
    Create {
        /// What to call it
        #[arg(long, value_name = "NAME")]
        name: String,
        /// What it allows; each scope includes those before it
        #[arg(
            long,
            value_name = "SCOPE",
            default_value = "run",
            value_parser = word::<Scope>(&["read", "run", "publish", "admin"])
        )]
        scope: Scope,
        /// The user as whom it acts; default: yourself
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        /// When it ceases to work, such as 2030-01-31T12:00:00Z; default: never
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// List them
    List,
    /// Revoke one
    Revoke {
        /// Its id, as `token list` shows it
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// Options of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}
