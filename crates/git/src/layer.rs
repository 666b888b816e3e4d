//! Layer 1: what a session's layer holds, read without git. Invariants: no symbolic link is followed (the agent may still
//! be writing); time and memory are bounded by counts; a file that was only copied up or touched is no change.

use crate::record::Delivery;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use telecoder_model::port::git::LayerContent;

/// The most paths that are named.
const MAX_PATHS: usize = 1000;
/// The most entries that are looked at; beyond, a folder counts as one change.
const MAX_ENTRIES: u64 = 2_000_000;
/// The deepest folder that is entered; a deeper one counts as one change. Each level holds one descriptor.
const MAX_DEPTH: usize = 100;
/// The most bytes that are compared with the base in all; beyond, a file of equal size counts as changed.
const MAX_COMPARED: u64 = 2 << 30;

/// What is seen on the way.
struct Walk<'a> {
    lower: &'a Path,
    delivery: Delivery,
    seeds: &'a [(String, String)],
    found: LayerContent,
    entries: u64,
    compared: u64,
}

/// A folder of the layer that is being read.
struct Level {
    folder: OwnedFd,
    names: std::vec::IntoIter<OsString>,
    /// Its path below the root.
    path: PathBuf,
    /// Whether the base has a folder there that shows through or is to be compared.
    below: bool,
}

/// Reads a layer (`upper` over `lower`) or a whole copy (`upper` against `lower`).
pub(crate) fn content(
    upper: &Path,
    lower: &Path,
    delivery: Delivery,
    seeds: &[(String, String)],
) -> io::Result<LayerContent> {
    let mut walk = Walk { lower, delivery, seeds, found: LayerContent::default(), entries: 0, compared: 0 };
    let root = rustix::fs::open(upper, folder_flags(), Mode::empty())?;
    let mut levels = vec![walk.enter(root, PathBuf::new(), true)?];
    loop {
        let depth = levels.len();
        let Some(level) = levels.last_mut() else {
            return Ok(walk.finished());
        };
        let Some(name) = level.names.next() else {
            levels.pop();
            continue;
        };
        let path = level.path.join(&name);
        let inner = walk.entry(level.folder.as_fd(), &name, &path, level.below, depth)?;
        levels.extend(inner);
    }
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn names_in(folder: BorrowedFd<'_>) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(OsString::from_vec(name));
        }
    }
    Ok(names)
}

impl Walk<'_> {
    fn finished(mut self) -> LayerContent {
        self.found.paths.sort();
        self.found
    }

    /// Begins to read a folder. Where the base does not show through, what only the base has there is gone.
    fn enter(&mut self, folder: OwnedFd, path: PathBuf, below: bool) -> io::Result<Level> {
        let names = names_in(folder.as_fd())?;
        let hides = self.delivery == Delivery::Copy || opaque(folder.as_fd());
        if below && hides {
            let here: HashSet<&OsString> = names.iter().collect();
            let gone: BTreeSet<OsString> = match std::fs::read_dir(self.lower.join(&path)) {
                Ok(entries) => entries
                    .flatten()
                    .map(|entry| entry.file_name())
                    .filter(|name| !here.contains(name))
                    .collect(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
                Err(error) => return Err(error),
            };
            for name in gone {
                self.note(&path.join(name));
            }
        }
        Ok(Level { folder, names: names.into_iter(), path, below })
    }

    /// Looks at one entry; gives the level to read next where it is a folder.
    fn entry(
        &mut self,
        folder: BorrowedFd<'_>,
        name: &OsString,
        path: &Path,
        below: bool,
        depth: usize,
    ) -> io::Result<Option<Level>> {
        self.entries += 1;
        let stat = match rustix::fs::statat(folder, name.as_os_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            // It went away meanwhile.
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let kind = FileType::from_raw_mode(stat.st_mode);
        let base = if below { rustix::fs::lstat(self.lower.join(path)).ok() } else { None };
        if kind == FileType::Directory {
            return self.folder(folder, name, path, base.as_ref(), depth);
        }
        if kind == FileType::CharacterDevice && stat.st_rdev == 0 || whiteout(folder, name, &stat) {
            if base.is_some() {
                self.note(path);
            }
            return Ok(None);
        }
        // What the agent closed to us, or swapped meanwhile, is a change.
        if !self.same(folder, name, path, &stat, base.as_ref()).unwrap_or(false) {
            self.note(path);
        }
        Ok(None)
    }

    fn folder(
        &mut self,
        folder: BorrowedFd<'_>,
        name: &OsString,
        path: &Path,
        base: Option<&Stat>,
        depth: usize,
    ) -> io::Result<Option<Level>> {
        let below = base.is_some_and(|base| FileType::from_raw_mode(base.st_mode) == FileType::Directory);
        if base.is_some() && !below {
            self.note(path);
        }
        if depth >= MAX_DEPTH || self.entries >= MAX_ENTRIES {
            self.note(path);
            return Ok(None);
        }
        match rustix::fs::openat(folder, name.as_os_str(), folder_flags(), Mode::empty()) {
            Ok(inner) => Ok(Some(self.enter(inner, path.to_owned(), below)?)),
            // It was closed by the agent, or swapped for something else.
            Err(_) => {
                self.note(path);
                Ok(None)
            }
        }
    }

    /// Whether an entry is what the base has there (or what the session began with).
    fn same(
        &mut self,
        folder: BorrowedFd<'_>,
        name: &OsString,
        path: &Path,
        stat: &Stat,
        base: Option<&Stat>,
    ) -> io::Result<bool> {
        if let Ok(inner) = path.strip_prefix(".git")
            && let Some((_, content)) = self.seeds.iter().find(|(seed, _)| Path::new(seed) == inner)
        {
            return equal(open_file(folder, name)?, content.as_bytes());
        }
        let Some(base) = base else { return Ok(false) };
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind != FileType::from_raw_mode(base.st_mode) || stat.st_size != base.st_size {
            return Ok(false);
        }
        if kind == FileType::Symlink {
            let target = rustix::fs::readlinkat(folder, name.as_os_str(), Vec::new())?;
            let old = std::fs::read_link(self.lower.join(path))?;
            return Ok(target.as_bytes() == old.as_os_str().as_bytes());
        }
        // Git tells only whether a file can be executed.
        if kind != FileType::RegularFile || (stat.st_mode ^ base.st_mode) & 0o100 != 0 {
            return Ok(false);
        }
        // A copy keeps the times of its base to the nanosecond, and whoever writes changes them.
        if self.delivery == Delivery::Copy
            && (stat.st_mtime, stat.st_mtime_nsec) == (base.st_mtime, base.st_mtime_nsec)
        {
            return Ok(true);
        }
        self.compared = self.compared.saturating_add(u64::try_from(stat.st_size).unwrap_or(u64::MAX));
        if self.compared > MAX_COMPARED {
            return Ok(false);
        }
        equal(open_file(folder, name)?, File::open(self.lower.join(path))?)
    }

    fn note(&mut self, path: &Path) {
        if path.starts_with(".git") {
            self.found.git_touched = true;
            return;
        }
        self.found.total += 1;
        if self.found.paths.len() < MAX_PATHS {
            self.found.paths.push(path.to_string_lossy().into_owned());
        }
    }
}

/// Opens a regular file without following a link and without waiting for a pipe's other end.
fn open_file(folder: BorrowedFd<'_>, name: &OsString) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::openat(folder, name.as_os_str(), flags, Mode::empty())?))
}

/// Whether two streams hold the same bytes.
fn equal(mut one: impl Read, mut other: impl Read) -> io::Result<bool> {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        left.clear();
        right.clear();
        one.by_ref().take(1 << 16).read_to_end(&mut left)?;
        other.by_ref().take(1 << 16).read_to_end(&mut right)?;
        if left != right {
            return Ok(false);
        }
        if left.is_empty() {
            return Ok(true);
        }
    }
}

/// Whether overlayfs hides what the base has in a folder.
fn opaque(folder: BorrowedFd<'_>) -> bool {
    ["user.overlay.opaque", "trusted.overlay.opaque"].iter().any(|name| {
        let mut value = [0_u8; 4];
        matches!(rustix::fs::fgetxattr(folder, *name, &mut value[..]), Ok(1) if value.starts_with(b"y"))
    })
}

/// Whether an empty file is a whiteout by its attribute (overlayfs inside overlayfs).
fn whiteout(folder: BorrowedFd<'_>, name: &OsString, stat: &Stat) -> bool {
    if stat.st_size != 0 || FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return false;
    }
    let Ok(file) = open_file(folder, name) else {
        return false;
    };
    let mut value = [0_u8; 4];
    rustix::fs::fgetxattr(&file, "user.overlay.whiteout", &mut value[..]).is_ok()
}
