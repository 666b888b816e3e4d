//! Options of `service`, `backup` and `restore` (layer 4).

use super::platform::FolderArguments;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Commands on the service.
#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Write the unit of this program, start it now and with the system; as root with a user of its own, else as yours
    Install(ServiceArguments),
    /// Tell whether it runs; exit code 1 if it does not
    Status(ServiceName),
    /// Stop it and remove its unit; data and settings stay
    Uninstall(UninstallArguments),
}

/// Which service.
#[derive(Debug, Args)]
pub(crate) struct ServiceName {
    /// The name of unit and user
    #[arg(long, value_name = "NAME", default_value = "telecoder")]
    pub(crate) name: String,
}

/// Options of `service uninstall`.
#[derive(Debug, Args)]
pub(crate) struct UninstallArguments {
    #[command(flatten)]
    pub(crate) service: ServiceName,
    /// Remove below this folder, as from an image; nothing is stopped
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
}

/// Options of `service install`.
#[derive(Debug, Args)]
pub(crate) struct ServiceArguments {
    /// Only print the unit
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not start it now
    #[arg(long)]
    pub(crate) no_start: bool,
    /// The name of unit and user
    #[arg(long, value_name = "NAME", default_value = "telecoder")]
    pub(crate) name: String,
    /// The data folder; default: /var/lib/NAME as root, else ~/.telecoder
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// A file of settings; default: /etc/telecoder/NAME.env as root, else ~/.config/telecoder/NAME.env
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// Write below this folder, as for an image; nothing is started
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
}

/// Options of `backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The file to write, which must not exist
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Options of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// A backup
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) data: FolderArguments,
}
