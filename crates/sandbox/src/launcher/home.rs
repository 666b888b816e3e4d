//! Files that are put into a session's home before anything runs there (layer 1).
//!
//! The home belongs to the agent of earlier attempts, so whatever stands in the way of a file (a link, a file where a
//! folder should be) is removed, never followed.

use crate::failure::failed;
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Component;
use telecoder_model::PortError;
use telecoder_model::port::sandbox::{HOME_DIR, HomeFile};

/// The largest file, in bytes.
const MAX_FILE: usize = 1 << 20;

/// Writes the files below [`HOME_DIR`], which is mounted already.
pub(super) fn write(files: &[HomeFile]) -> Result<(), PortError> {
    for file in files {
        let what = || format!("cannot write {} to the home", file.path.display());
        if file.bytes.len() > MAX_FILE {
            return Err(PortError::full(what()));
        }
        write_one(file).map_err(failed(what()))?;
    }
    Ok(())
}

fn write_one(file: &HomeFile) -> std::io::Result<()> {
    let mut names = Vec::new();
    for component in file.path.components() {
        match component {
            Component::Normal(name) => names.push(name),
            Component::CurDir | Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(std::io::Error::other("its path is not relative and plain"));
            }
        }
    }
    let Some(last) = names.pop() else {
        return Err(std::io::Error::other("its path is empty"));
    };
    let mut here = rustix::fs::open(HOME_DIR, FOLDER, Mode::empty())?;
    for name in names {
        here = enter(&here, name)?;
    }
    match rustix::fs::unlinkat(&here, last, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let make = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let made = rustix::fs::openat(&here, last, make, Mode::from_raw_mode(0o600))?;
    File::from(made).write_all(&file.bytes)
}

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn enter(here: &OwnedFd, name: &OsStr) -> std::io::Result<OwnedFd> {
    match rustix::fs::openat(here, name, FOLDER, Mode::empty()) {
        Ok(folder) => return Ok(folder),
        Err(Errno::NOENT) => {}
        Err(Errno::NOTDIR | Errno::LOOP) => rustix::fs::unlinkat(here, name, AtFlags::empty())?,
        Err(error) => return Err(error.into()),
    }
    rustix::fs::mkdirat(here, name, Mode::from_raw_mode(0o700))?;
    Ok(rustix::fs::openat(here, name, FOLDER, Mode::empty())?)
}
