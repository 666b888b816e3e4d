//! Layer 1: where everything stands on disk. Invariant: every path is made of our own fixed words, session ids, object
//! ids and hashes; no text from outside is ever part of one.

use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::PathBuf;
use telecoder_model::id::SessionId;
use telecoder_model::refs::ObjectId;
use telecoder_model::repository::Repository;

/// Which hash a repository's objects are named by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectFormat {
    Sha1,
    Sha256,
}

impl ObjectFormat {
    /// The format that an object id belongs to (by its length).
    pub(crate) fn of(id: &ObjectId) -> Self {
        if id.as_str().len() == 64 { Self::Sha256 } else { Self::Sha1 }
    }
    /// Its name for `git init --object-format`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
    /// The id of the tree without entries, which git knows without storing it.
    pub(crate) fn empty_tree(self) -> &'static str {
        match self {
            Self::Sha1 => "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            Self::Sha256 => "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
        }
    }
    /// The id that stands for "no object" in a ref update.
    pub(crate) fn zeros(self) -> String {
        "0".repeat(self.empty_tree().len())
    }
}

/// A short name of a repository that is safe in a path: 32 hexadecimal digits of its canonical form's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn of(repository: &Repository) -> Self {
        let digest = Sha256::digest(repository.to_string().as_bytes());
        let mut text = String::with_capacity(32);
        for byte in digest.iter().take(16) {
            let _written = write!(text, "{byte:02x}");
        }
        Self(text)
    }
    /// The key of the base that holds nothing.
    pub(crate) fn empty() -> Self {
        Self("empty".to_owned())
    }
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The folders.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
    sessions: PathBuf,
}

impl Layout {
    pub(crate) fn new(root: PathBuf, sessions: PathBuf) -> Self {
        Self { root, sessions }
    }
    pub(crate) fn root(&self) -> PathBuf {
        self.root.clone()
    }
    pub(crate) fn mirrors(&self) -> PathBuf {
        self.root.join("mirrors")
    }
    pub(crate) fn mirror(&self, key: &Key, format: ObjectFormat) -> PathBuf {
        let [sha1, sha256] = self.mirrors_of(key.as_str());
        match format {
            ObjectFormat::Sha1 => sha1,
            ObjectFormat::Sha256 => sha256,
        }
    }
    /// The mirrors that a repository may have, one for each object format.
    pub(crate) fn mirrors_of(&self, key: &str) -> [PathBuf; 2] {
        ["", "-sha256"].map(|format| self.mirrors().join(format!("{key}{format}.git")))
    }
    /// Work in progress for one repository; on one file system with mirrors and bases, so that a rename ends it.
    pub(crate) fn temporary(&self, key: &Key) -> PathBuf {
        self.root.join("tmp").join(key.as_str())
    }
    pub(crate) fn lock(&self, key: &str) -> PathBuf {
        self.root.join("locks").join(key)
    }
    pub(crate) fn all_bases(&self) -> PathBuf {
        self.root.join("bases")
    }
    pub(crate) fn bases(&self, key: &Key) -> PathBuf {
        self.all_bases().join(key.as_str())
    }
    /// The warm base of a commit (`None`: the base that holds nothing).
    pub(crate) fn base(&self, key: &Key, commit: Option<&ObjectId>) -> PathBuf {
        self.bases(key).join(base_name(commit))
    }
    /// What is known about a base; written before the base appears.
    pub(crate) fn base_facts(&self, key: &Key, commit: Option<&ObjectId>) -> PathBuf {
        self.bases(key).join(format!("{}.json", base_name(commit)))
    }
    pub(crate) fn all_sessions(&self) -> PathBuf {
        self.sessions.clone()
    }
    pub(crate) fn session(&self, session: &SessionId) -> PathBuf {
        self.sessions.join(session.as_str())
    }
    /// The folder that holds `upper` and `work`.
    pub(crate) fn layer(&self, session: &SessionId) -> PathBuf {
        self.session(session).join("layer")
    }
    /// The session's own copy of its base, where overlays cannot be mounted.
    pub(crate) fn tree(&self, session: &SessionId) -> PathBuf {
        self.session(session).join("tree")
    }
    /// The home of the session's agent, which the driver makes.
    pub(crate) fn home(&self, session: &SessionId) -> PathBuf {
        self.session(session).join("home")
    }
    pub(crate) fn quarantine(&self, session: &SessionId) -> PathBuf {
        self.session(session).join("quarantine.git")
    }
    pub(crate) fn record(&self, session: &SessionId) -> PathBuf {
        self.session(session).join("workspace.json")
    }
    pub(crate) fn session_temporary(&self, session: &SessionId) -> PathBuf {
        self.session(session).join("tmp")
    }
}

fn base_name(commit: Option<&ObjectId>) -> &str {
    commit.map_or("nothing", ObjectId::as_str)
}
