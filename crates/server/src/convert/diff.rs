//! Diffs, domain to wire (layer 2).

use super::{session, word};
use telecoder_api::diff as wire;
use telecoder_engine::request::SessionDiff;
use telecoder_model::port::git::{DiffFile, DiffHunk, DiffLine};

pub(crate) fn diff(from: SessionDiff) -> wire::Diff {
    wire::Diff { stat: session::diff_stat(from.stat), files: from.files.into_iter().map(file).collect() }
}

fn file(from: DiffFile) -> wire::DiffFile {
    wire::DiffFile {
        path: from.path,
        old_path: from.old_path,
        change: word::file_change(from.change),
        binary: from.binary,
        additions: from.additions,
        deletions: from.deletions,
        hunks: from.hunks.into_iter().map(hunk).collect(),
    }
}

fn hunk(from: DiffHunk) -> wire::DiffHunk {
    wire::DiffHunk {
        old_start: from.old_start,
        new_start: from.new_start,
        heading: from.heading,
        lines: from.lines.into_iter().map(line).collect(),
    }
}

fn line(from: DiffLine) -> wire::DiffLine {
    let (kind, text) = match from {
        DiffLine::Context(text) => (wire::LineKind::Context, text),
        DiffLine::Added(text) => (wire::LineKind::Added, text),
        DiffLine::Removed(text) => (wire::LineKind::Removed, text),
    };
    wire::DiffLine { kind, text }
}
