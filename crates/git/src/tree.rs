//! Layer 1: reads of the files of one snapshot, and of what is kept of a repository. Invariants: git runs in the quarantine and
//! reads objects only; a path is checked name by name before git sees it, so that it can be neither an option nor a way out of
//! the tree; no link is followed.

use crate::call::Call;
use crate::folder;
use crate::layout::Key;
use crate::options::Git;
use async_trait::async_trait;
use bytes::Bytes;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use telecoder_model::PortError;
use telecoder_model::error::ErrorClass;
use telecoder_model::id::SessionId;
use telecoder_model::port::tree::{EntryKind, Stock, TreeContent, TreeEntry, Trees};
use telecoder_model::refs::ObjectId;
use telecoder_model::repository::Repository;

/// The longest path, in bytes.
const MAX_PATH: usize = 4096;
/// The entries of a folder that are given (the port's bound).
const MAX_ENTRIES: usize = 2000;
/// The most bytes of a listing of one folder.
const MAX_LISTING: usize = 64 << 20;
/// The bytes of a file that are given (the port's bound).
const MAX_FILE: usize = 1 << 20;
/// A file beyond this size is not read at all.
const MAX_READ: usize = 64 << 20;
/// Files that are counted for what is kept of a repository.
const MAX_COUNTED: u64 = 50_000;

/// A line of a listing.
struct Line<'a> {
    mode: &'a str,
    object: &'a str,
    size: Option<u64>,
    name: &'a [u8],
}

impl<'a> Line<'a> {
    /// `<mode> <type> <object> <size>\t<name>`
    fn parse(line: &'a [u8]) -> Option<Self> {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let (head, name) = line.split_at_checked(tab)?;
        let mut words = std::str::from_utf8(head).ok()?.split_ascii_whitespace();
        let (mode, _kind, object, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
        Some(Self { mode, object, size: size.parse().ok(), name: name.get(1..)? })
    }
    fn kind(&self) -> EntryKind {
        match self.mode {
            "040000" => EntryKind::Folder,
            "120000" => EntryKind::Link,
            "160000" => EntryKind::Submodule,
            _ => EntryKind::File,
        }
    }
    fn entry(&self) -> TreeEntry {
        let kind = self.kind();
        TreeEntry {
            name: String::from_utf8_lossy(self.name).into_owned(),
            kind,
            size: self.size.filter(|_| kind == EntryKind::File),
            executable: self.mode == "100755",
        }
    }
}

fn nothing() -> PortError {
    PortError::not_found("there is nothing at this path")
}

/// The path without a slash at its end; refuses what is no path of a tree.
fn checked(path: &str) -> Result<&str, PortError> {
    let path = path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path);
    let names_are_good = path.is_empty()
        || path
            .split('/')
            .all(|name| !name.is_empty() && name != "." && name != ".." && !name.contains('\0'));
    if names_are_good && path.len() <= MAX_PATH { Ok(path) } else { Err(nothing()) }
}

impl Git {
    /// The entries of a folder of a commit.
    async fn listing(&self, quarantine: &Path, commit: &ObjectId, folder: &str) -> Result<Bytes, PortError> {
        // It begins with the object's name, so that it is never an option; behind the colon a path is taken as it stands.
        let tree = format!("{commit}:{folder}");
        let call = Call::in_repository(quarantine, &["ls-tree", "-l", "-z", "--full-tree"]).arg(tree);
        self.run_ok(call.at_most(MAX_LISTING), "cannot list a folder").await
    }

    /// The line of one name, looked up from the root, so that only folders are ever entered.
    async fn find(&self, quarantine: &Path, commit: &ObjectId, path: &str) -> Result<Bytes, PortError> {
        let mut above = String::new();
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            let listing = self.listing(quarantine, commit, &above).await?;
            let line = listing
                .split(|byte| *byte == 0)
                .find(|line| Line::parse(line).is_some_and(|line| line.name == name.as_bytes()));
            let Some(line) = line else { return Err(nothing()) };
            if names.peek().is_none() {
                return Ok(listing.slice_ref(line));
            }
            if Line::parse(line).map(|line| line.kind()) != Some(EntryKind::Folder) {
                return Err(nothing());
            }
            if !above.is_empty() {
                above.push('/');
            }
            above.push_str(name);
        }
        Err(nothing())
    }

    async fn folder_at(
        &self,
        quarantine: &Path,
        commit: &ObjectId,
        path: &str,
    ) -> Result<TreeContent, PortError> {
        let listing = self.listing(quarantine, commit, path).await?;
        let mut entries: Vec<TreeEntry> =
            listing.split(|byte| *byte == 0).filter_map(Line::parse).map(|line| line.entry()).collect();
        let total = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        entries.sort_by(|a, b| {
            let rest = |entry: &TreeEntry| entry.kind != EntryKind::Folder;
            rest(a).cmp(&rest(b)).then_with(|| a.name.cmp(&b.name))
        });
        entries.truncate(MAX_ENTRIES);
        Ok(TreeContent::Folder { entries, total })
    }

    async fn blob(&self, quarantine: &Path, object: &str) -> Result<Bytes, PortError> {
        let call = Call::in_repository(quarantine, &["cat-file", "blob"]).arg(object);
        self.run_ok(call.at_most(MAX_READ), "cannot read a file").await
    }
}

#[async_trait]
impl Trees for Git {
    async fn at(&self, session: &SessionId, commit: &ObjectId, path: &str) -> Result<TreeContent, PortError> {
        let path = checked(path)?;
        let (quarantine, _) = self.quarantine(session).await?;
        self.expect_type(&quarantine, commit, "commit").await?;
        if path.is_empty() {
            return self.folder_at(&quarantine, commit, path).await;
        }
        let line = self.find(&quarantine, commit, path).await?;
        let line = Line::parse(&line).ok_or_else(nothing)?;
        match line.kind() {
            EntryKind::Folder => self.folder_at(&quarantine, commit, path).await,
            EntryKind::Link => Ok(TreeContent::Link(self.blob(&quarantine, line.object).await?)),
            EntryKind::Submodule => line.object.parse().map(TreeContent::Submodule).map_err(|_| nothing()),
            EntryKind::File => {
                let size = line.size.unwrap_or(0);
                let whole = match self.blob(&quarantine, line.object).await {
                    Err(error) if error.class == ErrorClass::Full => Bytes::new(),
                    other => other?,
                };
                let head = whole.slice(..whole.len().min(MAX_FILE));
                Ok(TreeContent::File { head, size, executable: line.mode == "100755" })
            }
        }
    }

    async fn stock(&self, repository: &Repository) -> Result<Stock, PortError> {
        let key = Key::of(repository);
        let layout = self.layout.clone();
        folder::work("cannot look at what is kept of a repository", move || {
            let mut stock = Stock::default();
            let mut left = MAX_COUNTED;
            for mirror in layout.mirrors_of(key.as_str()) {
                if mirror.is_dir() {
                    stock.mirrored = true;
                    stock.mirror_bytes =
                        stock.mirror_bytes.saturating_add(bytes_below(&mirror, Shared::Counts, &mut left)?);
                }
            }
            let bases = layout.bases(&key);
            if bases.is_dir() {
                for entry in std::fs::read_dir(&bases)? {
                    let entry = entry?;
                    if entry.file_type()?.is_dir() {
                        stock.bases = stock.bases.saturating_add(1);
                        stock.bases_bytes = stock.bases_bytes.saturating_add(bytes_below(
                            &entry.path(),
                            Shared::IsFree,
                            &mut left,
                        )?);
                    }
                }
            }
            stock.at_least = left == 0;
            Ok(stock)
        })
        .await
    }
}

/// Whether a file that has further names elsewhere counts: bases share packs with their mirror.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shared {
    Counts,
    IsFree,
}

/// The bytes on disk below a folder that no agent can write; files beyond what is left to count are not counted.
fn bytes_below(root: &Path, shared: Shared, left: &mut u64) -> io::Result<u64> {
    let mut bytes = 0_u64;
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            // It was collected meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            if *left == 0 {
                return Ok(bytes);
            }
            *left -= 1;
            let entry = entry?;
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() || metadata.nlink() == 1 || shared == Shared::Counts {
                bytes = bytes.saturating_add(metadata.blocks().saturating_mul(512));
            }
            if metadata.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_a_tree_are_looked_up() {
        for good in ["", "a", "a/b", "a/b/", "-x", "a b", ":(glob)*", "ü"] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in ["/", "/a", "..", "a/..", "./a", "a//b", "a\0b", &"x".repeat(5000)] {
            assert!(checked(bad).is_err(), "{bad}");
        }
    }
}
