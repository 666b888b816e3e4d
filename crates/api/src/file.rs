//! Wire type: files of a session (layer 0), as they were at its last snapshot.

use crate::word::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words!(
    /// What stands at a path.
    FileKind, "file kind", {
        /// A folder.
        Folder = "folder",
        /// A file.
        File = "file",
        /// A symbolic link; it is not followed.
        Link = "link",
        /// A commit of another repository.
        Submodule = "submodule",
    }
);

/// One name of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileEntry {
    /// The name; what is no UTF-8 in it is replaced, and then it cannot be opened.
    pub name: String,
    /// Its path from the root.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// The size of a file, in bytes.
    pub size: Option<u64>,
    /// Whether a file may be started.
    pub executable: bool,
}

/// What stands at a path of a session's tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileView {
    /// The path from the root; empty for the root.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// The commit whose tree it is.
    pub commit_sha: String,
    /// The entries of a folder, folders first (at most 2,000).
    pub entries: Vec<FileEntry>,
    /// How many entries the folder has.
    pub total: u64,
    /// Whether entries, or the end of the text, are left out.
    pub truncated: bool,
    /// The size of a file, in bytes.
    pub size: Option<u64>,
    /// Whether a file may be started.
    pub executable: bool,
    /// Whether a file is not text.
    pub binary: bool,
    /// The text of a file (at most 1 MiB of it), what a link points to, or the commit of a submodule.
    pub text: Option<String>,
}
