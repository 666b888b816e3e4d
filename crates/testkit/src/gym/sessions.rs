//! The scripted agent's sessions and what is kept of them on disk (dev layer).
//!
//! `$HOME/.gym/sessions/<id>/` holds `cwd`, and `history.jsonl`: one line for each update that `session/load` replays.
//! Bound: 4 MiB of history a session; what comes later is not kept.

use serde_json::Value;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

const MAX_HISTORY: u64 = 4 << 20;

/// The modes that the agent offers.
pub(super) const MODES: &[&str] = &["default", "plan", "auto"];

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    /// Its id.
    pub(super) id: String,
    /// The folder it works in.
    pub(super) cwd: PathBuf,
    folder: PathBuf,
    mode: Mutex<String>,
    /// Whether the client has cancelled the turn.
    pub(super) cancelled: AtomicBool,
    /// Whether the script wants cancels to be ignored.
    pub(super) ignores_cancel: AtomicBool,
    /// Whether a turn is under way.
    pub(super) busy: AtomicBool,
}

impl Session {
    /// Makes a new one, with the first number that is free.
    pub(super) fn create(home: &Path, cwd: &Path) -> io::Result<Self> {
        let sessions = home.join("sessions");
        fs::create_dir_all(&sessions)?;
        for number in 1_u32.. {
            let id = format!("gym-{number}");
            let folder = sessions.join(&id);
            match fs::create_dir(&folder) {
                Ok(()) => {
                    fs::write(folder.join("cwd"), cwd.as_os_str().as_encoded_bytes())?;
                    return Ok(Self::new(id, cwd.to_owned(), folder));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Finds one that an earlier process made.
    pub(super) fn open(home: &Path, id: &str, cwd: &Path) -> Option<Self> {
        let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let folder = home.join("sessions").join(id);
        (plain && folder.join("cwd").is_file()).then(|| Self::new(id.to_owned(), cwd.to_owned(), folder))
    }

    /// One that nothing is kept of, for actions that come before any session.
    pub(super) fn nowhere() -> Self {
        Self::new(String::new(), std::env::temp_dir(), PathBuf::from("/dev/null"))
    }

    fn new(id: String, cwd: PathBuf, folder: PathBuf) -> Self {
        Self {
            id,
            cwd,
            folder,
            mode: Mutex::new("default".to_owned()),
            cancelled: AtomicBool::new(false),
            ignores_cancel: AtomicBool::new(false),
            busy: AtomicBool::new(false),
        }
    }

    /// The mode it is in.
    pub(super) fn mode(&self) -> String {
        self.mode.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts it into another mode.
    pub(super) fn set_mode(&self, mode: &str) {
        mode.clone_into(&mut self.mode.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Whether the turn is to end now.
    pub(super) fn should_stop(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst) && !self.ignores_cancel.load(Ordering::SeqCst)
    }

    /// Keeps an update for a later replay.
    pub(super) fn remember(&self, update: &Value) {
        let path = self.folder.join("history.jsonl");
        if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > MAX_HISTORY) {
            return;
        }
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        // A full disk is something that scripts bring about; the turn goes on without its history.
        drop(file.and_then(|mut file| file.write_all(format!("{update}\n").as_bytes())));
    }

    /// What to replay.
    pub(super) fn history(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.join("history.jsonl")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Whether this is the first time that the session comes to a place of a script; remembered across restarts.
    pub(super) fn first_time(&self, mark: &str) -> bool {
        let name: String = mark.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(self.folder.join(format!("mark-{name}")))
            .is_ok()
    }

    /// A path of a script: relative ones are below the session's folder.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.cwd.join(path)
    }
}
