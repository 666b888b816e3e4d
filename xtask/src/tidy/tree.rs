//! Development tool, `tidy`: the files of the repository as git knows them, each read once.

use std::path::Path;

use anyhow::{Context, Result};

use super::outline::Outline;
use crate::house;
use crate::process::Program;

/// The repository's text files, sorted by path.
pub(super) struct Tree {
    pub(super) files: Vec<File>,
    /// The paths of the others: pictures, which no rule reads.
    pub(super) pictures: Vec<String>,
}

/// A text file.
pub(super) struct File {
    /// Its path from the repository's root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    /// What it declares, where it is Rust.
    pub(super) outline: Option<Outline>,
}

impl Tree {
    /// Reads every file that is tracked, or new and not ignored. What is no UTF-8 is left out.
    pub(super) fn read() -> Result<Self> {
        let listed = Program::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .output()?;
        let (mut files, mut pictures) = (Vec::new(), Vec::new());
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            let whole = house::root().join(path);
            if !whole.is_file() {
                continue;
            }
            let bytes = std::fs::read(&whole).with_context(|| format!("could not read {path}"))?;
            match String::from_utf8(bytes) {
                Ok(text) => files.push(File::new(path, text)),
                Err(_) => pictures.push(path.to_owned()),
            }
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        files.dedup_by(|one, other| one.path == other.path);
        Ok(Self { files, pictures })
    }

    /// A tree of these files.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File::new(path, (*text).to_owned())).collect();
        Self { files, pictures: Vec::new() }
    }

    /// The Rust sources.
    pub(super) fn rust(&self) -> impl Iterator<Item = (&File, &Outline)> {
        self.files.iter().filter_map(|file| file.outline.as_ref().map(|outline| (file, outline)))
    }

    /// A file by its path.
    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl File {
    fn new(path: &str, text: String) -> Self {
        let outline = has_extension(path, "rs").then(|| Outline::of(&text));
        Self { path: path.to_owned(), text, outline }
    }

    /// Whether it is a page for people.
    pub(super) fn is_page(&self) -> bool {
        has_extension(&self.path, "md")
    }

    /// The name without folder and extension.
    pub(super) fn stem(&self) -> &str {
        Path::new(&self.path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
    }
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}
