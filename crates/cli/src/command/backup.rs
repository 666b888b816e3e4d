//! `backup` and `restore`.

use super::Context;
use crate::arguments::{BackupArguments, RestoreArguments};
use crate::exit::{Failure, Outcome};
use crate::words::bytes;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use telecoder::{Config, Given, Settled};

/// Takes a backup of the server into a new file, which only its owner can read.
pub(crate) async fn backup(context: &Context, options: &BackupArguments) -> Outcome {
    let target = &options.file;
    if fs::symlink_metadata(target).is_ok() {
        return Err(exists(target));
    }
    let mut draft = Draft::make(target)?;
    let size = tokio::select! {
        size = receive(context, &mut draft) => size?,
        () = telecoder::interrupted() => {
            return Err(Failure::failed("interrupted; nothing was kept"));
        }
    };
    draft.keep()?;
    context.terminal.line(&format!("Wrote {} ({}).", target.display(), bytes(size)))?;
    context.terminal.note(
        "It holds tasks, logs and changes, and no keys or tokens: keep config.toml and environment files yourself.",
    );
    Ok(ExitCode::SUCCESS)
}

async fn receive(context: &Context, draft: &mut Draft) -> Result<u64, Failure> {
    let mut stream = context.client()?.backup().await?;
    let mut size = 0;
    loop {
        let piece = stream.next().await.map_err(|error| {
            Failure::failed(format!("the backup broke off: {error}")).hint("nothing was kept; take it again")
        })?;
        let Some(piece) = piece else { return Ok(size) };
        draft.add(&piece)?;
        size += piece.len() as u64;
    }
}

fn exists(target: &Path) -> Failure {
    Failure::failed(format!("{} exists", target.display()))
        .hint("name another file; a backup never replaces one")
}

/// A file beside its target; removed unless it is kept.
struct Draft {
    target: PathBuf,
    path: PathBuf,
    file: File,
}

impl Draft {
    fn make(target: &Path) -> Result<Self, Failure> {
        let Some(name) = target.file_name() else {
            return Err(Failure::usage(format!("{} is no name for a file", target.display())));
        };
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        let path = target.with_file_name(hidden);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|error| unwritten(target, &error))?;
        Ok(Self { target: target.to_owned(), path, file })
    }
    fn add(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file.write_all(bytes).map_err(|error| unwritten(&self.target, &error))
    }
    /// Gives it its name, on the disk, unless another file has it by now.
    fn keep(self) -> Result<(), Failure> {
        let target = &self.target;
        self.file.sync_all().map_err(|error| unwritten(target, &error))?;
        match fs::hard_link(&self.path, target) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(exists(target)),
            // Not every file system has links.
            Err(_) => fs::rename(&self.path, target).map_err(|error| unwritten(target, &error))?,
        }
        let folder =
            target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| unwritten(target, &error))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // One that was renamed is there no more.
        drop(fs::remove_file(&self.path));
    }
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::failed(format!("cannot write {}: {error}", path.display()));
    if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        return failure.hint("there is no room on its disk; nothing was kept: name a file elsewhere");
    }
    failure
}

/// Makes a data folder of a backup.
pub(crate) async fn restore(context: &Context, options: &RestoreArguments) -> Outcome {
    let data_dir = options.data.data_dir.as_deref().map(|dir| dir.display().to_string());
    let config = Config::read(&Given::from_process().flag("data_dir", data_dir))?;
    let restored = telecoder::restore(&options.file, &config).await?;
    context.terminal.line(&format!(
        "Restored the backup of {} (TeleCoder {}) into {}.",
        restored.created_at,
        restored.version,
        config.data_dir.display()
    ))?;
    context.terminal.line(&told(restored.sessions))?;
    context
        .terminal
        .note("Never run it beside the server that it is a copy of. Start it with: telecoder serve");
    Ok(ExitCode::SUCCESS)
}

fn told(sessions: Settled) -> String {
    let parts = [
        (sessions.kept, "had ended"),
        (sessions.waiting, "wait to begin"),
        (sessions.asked, "wait for an answer about publishing"),
        (sessions.closed, "were chats at rest and are closed"),
        (sessions.ended, "were at work and have ended with an error"),
    ];
    let told: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if told.is_empty() {
        "It holds no sessions.".to_owned()
    } else {
        format!("Sessions: {}.", told.join(", "))
    }
}
