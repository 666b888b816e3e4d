//! Wire type: diff (layer 0), a session's change by files and hunks.

use crate::session::DiffStat;
use crate::word::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words!(
    /// How a file changed.
    FileChange, "file change", {
        /// New.
        Added = "added",
        /// Changed.
        Modified = "modified",
        /// Gone.
        Deleted = "deleted",
        /// Moved, perhaps changed.
        Renamed = "renamed",
    }
);

words!(
    /// What a line of a diff is.
    LineKind, "line kind", {
        /// Unchanged.
        Context = "context",
        /// Added.
        Added = "added",
        /// Removed.
        Removed = "removed",
    }
);

/// A line of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiffLine {
    /// What it is.
    pub kind: LineKind,
    /// Its text, without the newline.
    pub text: String,
}

/// A hunk of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiffHunk {
    /// The first line in the old file, from 1.
    pub old_start: u64,
    /// The first line in the new file, from 1.
    pub new_start: u64,
    /// What git shows behind the second `@@`.
    pub heading: String,
    /// Its lines.
    pub lines: Vec<DiffLine>,
}

/// A file of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiffFile {
    /// Its path now (before, if it was deleted).
    pub path: String,
    /// Its path before, if it was renamed.
    pub old_path: Option<String>,
    /// How it changed.
    pub change: FileChange,
    /// Whether it is binary (then it has no hunks).
    pub binary: bool,
    /// Lines added.
    pub additions: u64,
    /// Lines removed.
    pub deletions: u64,
    /// Its hunks; empty where the diff's bound was reached.
    pub hunks: Vec<DiffHunk>,
}

/// A session's whole change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// Its size.
    pub stat: DiffStat,
    /// Its files.
    pub files: Vec<DiffFile>,
}
