//! Detached mount trees (layer 1): opened from the host, restricted, then placed in the new root.
//!
//! A tree is cloned while its path can still be reached (below root's home, say) and placed when nothing of the host
//! can be reached any more. Invariants: a tree never receives mounts from the host nor passes any to it; placing
//! follows no symbolic link.
#![expect(unsafe_code, reason = "mount_setattr has no safe wrapper")]

use crate::failure::failed;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::mount::{MoveMountFlags, OpenTreeFlags};
use std::ffi::{CStr, OsStr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Component, Path};
use telecoder_model::PortError;

/// What a tree's root is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A folder.
    Folder,
    /// Anything that is not a folder.
    File,
}

/// How a tree may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Read and executed.
    ReadOnly,
    /// Written too.
    ReadWrite,
    /// A device node.
    Device,
}

impl Use {
    fn attributes(self) -> u64 {
        match self {
            Self::ReadOnly => libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV,
            Self::ReadWrite => libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV,
            Self::Device => libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC,
        }
    }
}

/// A mount tree that stands nowhere yet.
#[derive(Debug)]
pub(super) struct Tree {
    tree: OwnedFd,
    kind: Kind,
}

impl Tree {
    /// Clones the tree of mounts at a path of this mount namespace.
    pub(super) fn open(path: &Path, usage: Use) -> Result<Self, PortError> {
        let what = || format!("cannot open {} for the sandbox", path.display());
        let flags =
            OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
        let tree = rustix::mount::open_tree(CWD, path, flags).map_err(failed(what()))?;
        let found = rustix::fs::fstat(&tree).map_err(failed(what()))?;
        let kind = match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory => Kind::Folder,
            FileType::RegularFile
            | FileType::Symlink
            | FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => Kind::File,
        };
        restrict(&tree, usage).map_err(failed(what()))?;
        Ok(Self { tree, kind })
    }

    /// Attaches the tree at an absolute path below the current root.
    pub(super) fn place(self, at: &Path) -> Result<(), PortError> {
        let what = || format!("cannot place {} in the sandbox", at.display());
        let target = point(at, self.kind).map_err(failed(what()))?;
        let empty = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
        rustix::mount::move_mount(&self.tree, c"", &target, c"", empty).map_err(failed(what()))
    }
}

/// Makes the mount at a path of this namespace read-only.
pub(super) fn make_read_only(path: &Path) -> Result<(), PortError> {
    let what = || format!("cannot make {} read-only", path.display());
    let dir =
        rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).map_err(failed(what()))?;
    set_attributes(dir.as_fd(), c"", libc::MOUNT_ATTR_RDONLY, 0, AtFlags::EMPTY_PATH).map_err(failed(what()))
}

fn restrict(tree: &OwnedFd, usage: Use) -> std::io::Result<()> {
    const AT_RECURSIVE: u32 = 0x8000;
    let flags = AtFlags::EMPTY_PATH | AtFlags::from_bits_retain(AT_RECURSIVE);
    set_attributes(tree.as_fd(), c"", usage.attributes(), libc::MS_PRIVATE, flags)
}

fn set_attributes(
    dir: impl AsFd,
    path: &CStr,
    set: u64,
    propagation: u64,
    flags: AtFlags,
) -> std::io::Result<()> {
    let attributes = libc::mount_attr { attr_set: set, attr_clr: 0, propagation, userns_fd: 0 };
    // SAFETY: the path is a C string, and the kernel reads `mount_attr` of the size that is passed; both outlive it.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            dir.as_fd().as_raw_fd(),
            path.as_ptr(),
            flags.bits(),
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// Opens the place for a mount, making what is missing of its path. A symbolic link on the way is refused: parts of
/// the path may belong to the agent.
pub(super) fn point(at: &Path, kind: Kind) -> std::io::Result<OwnedFd> {
    let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut names = Vec::new();
    for component in at.components() {
        match component {
            Component::RootDir => {}
            Component::Normal(name) => names.push(name),
            Component::CurDir | Component::ParentDir | Component::Prefix(_) => {
                return Err(std::io::Error::other("the path is not absolute and plain"));
            }
        }
    }
    let last = if kind == Kind::File { names.pop() } else { None };
    let mut here = rustix::fs::open("/", folder, Mode::empty())?;
    for name in names {
        here = match rustix::fs::openat(&here, name, folder, Mode::empty()) {
            Err(rustix::io::Errno::NOENT) => {
                rustix::fs::mkdirat(&here, name, Mode::from_raw_mode(0o755))?;
                rustix::fs::openat(&here, name, folder, Mode::empty())?
            }
            other => other?,
        };
    }
    match last {
        Some(name) => file_point(&here, name),
        None => Ok(here),
    }
}

fn file_point(dir: &OwnedFd, name: &OsStr) -> std::io::Result<OwnedFd> {
    let make = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::openat(dir, name, make, Mode::from_raw_mode(0o644)) {
        Ok(made) => drop(made),
        Err(rustix::io::Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    let found =
        rustix::fs::openat(dir, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    if FileType::from_raw_mode(rustix::fs::fstat(&found)?.st_mode) == FileType::Symlink {
        return Err(std::io::Error::other("a symbolic link is in the way"));
    }
    Ok(found)
}
