//! Layer 1: folders on disk: make, hand over, copy, remove. Invariants: symbolic links are never followed below a root
//! that is given, and removal works on trees that an agent made hostile (closed, or deeper than any path can name).

use rustix::fs::{AtFlags, CWD, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::fail_point;
use telecoder_model::port::process::HostUser;

/// How the names of folders begin in which removed things wait for their end.
pub(crate) const TRASH: &str = ".gone-";

/// Runs file work on a thread where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(io::Error::other(error)),
    }
}

/// The same, with the error put into words.
pub(crate) async fn work<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, PortError> {
    blocking(work).await.map_err(|error| PortError::io(what, error))
}

/// Makes a folder (and those above it) that others may pass through but not list.
pub(crate) fn make(path: &Path, mode: u32) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Gives one file or folder (not what a link points to) to its owner, if it has one.
pub(crate) fn own(path: &Path, owner: Option<HostUser>) -> io::Result<()> {
    match owner {
        Some(user) => std::os::unix::fs::lchown(path, Some(user.uid), Some(user.gid)),
        None => Ok(()),
    }
}

/// What stands in a folder, by name. Only for folders that no agent can write.
fn entries(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    fs::read_dir(folder)?.collect()
}

/// Calls `visit` with every file, link and folder below `root` (and `root` itself), folders before what they hold.
/// Only for trees that no agent can write meanwhile.
pub(crate) fn walk(
    root: &Path,
    visit: &mut dyn FnMut(&Path, &fs::Metadata) -> io::Result<()>,
) -> io::Result<()> {
    visit(root, &fs::symlink_metadata(root)?)?;
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in entries(&folder)? {
            let metadata = entry.metadata()?;
            let path = entry.path();
            visit(&path, &metadata)?;
            if metadata.is_dir() {
                folders.push(path);
            }
        }
    }
    Ok(())
}

/// Gives a whole tree to its owner. Files that have further names elsewhere (packs shared with the mirror) stay as they
/// are: everybody may read them, and nobody inside may write them.
pub(crate) fn own_all(root: &Path, owner: Option<HostUser>) -> io::Result<()> {
    if owner.is_none() {
        return Ok(());
    }
    walk(root, &mut |path, metadata| {
        if metadata.is_file() && metadata.nlink() > 1 {
            return Ok(());
        }
        own(path, owner)
    })
}

/// Sets the time of last change of every file below `root` but for its `.git`.
pub(crate) fn set_times(root: &Path, seconds: i64) -> io::Result<()> {
    let git = root.join(".git");
    walk(root, &mut |path, metadata| {
        if metadata.is_dir() || path.starts_with(&git) {
            return Ok(());
        }
        set_time(path, seconds, 0)
    })
}

/// Sets the time of last change of one file or link.
pub(crate) fn set_time(path: &Path, seconds: i64, nanos: i64) -> io::Result<()> {
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: seconds, tv_nsec: nanos },
    };
    rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(())
}

/// Copies a tree with modes, links and times of last change. Files that `share` names become further names of the same
/// file where the file system allows.
pub(crate) fn copy_tree(from: &Path, to: &Path, share: &dyn Fn(&Path) -> bool) -> io::Result<()> {
    walk(from, &mut |path, metadata| {
        let relative = path.strip_prefix(from).map_err(io::Error::other)?;
        let target = if relative.as_os_str().is_empty() { to.to_owned() } else { to.join(relative) };
        if metadata.is_dir() {
            fs::create_dir(&target)?;
            return fs::set_permissions(&target, metadata.permissions());
        }
        if metadata.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(path)?, &target)?;
        } else if share(relative) {
            return link_or_copy(path, &target);
        } else {
            fs::copy(path, &target)?;
        }
        set_time(&target, metadata.mtime(), metadata.mtime_nsec())
    })
}

/// Gives a file a second name, or copies it where that cannot be.
pub(crate) fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to).map(|_| ())
}

/// Writes a small file so that a reader finds the old one or the new one, whole and on disk.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    io::Write::write_all(&mut file, bytes)?;
    file.as_file().sync_all()?;
    fail_point::reach("git.record.before");
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()?;
    fail_point::reach("git.record.after");
    Ok(())
}

/// Reads a file of at most `limit` bytes; `None` where there is none.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match fs::OpenOptions::new().read(true).custom_flags(nonblocking()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("{} is larger than {limit} bytes", path.display()),
        ));
    }
    Ok(Some(bytes))
}

fn nonblocking() -> i32 {
    i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0)
}

/// Removes a file or a whole tree; nothing there is fine. Each folder is moved to the top before it is emptied, so that
/// no path grows and no depth matters.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !metadata.is_dir() {
        return fs::remove_file(path);
    }
    let parent = path.parent().unwrap_or(Path::new("/"));
    let trash = tempfile::Builder::new().prefix(".gone-").tempdir_in(parent)?.keep();
    let mut next = 0_u64;
    let mut full: Vec<PathBuf> = Vec::new();
    let mut put_away = |folder: &Path, full: &mut Vec<PathBuf>| -> io::Result<()> {
        open_up(folder)?;
        let target = trash.join(next.to_string());
        next += 1;
        fs::rename(folder, &target)?;
        full.push(target);
        Ok(())
    };
    put_away(path, &mut full)?;
    while let Some(folder) = full.pop() {
        for entry in entries(&folder)? {
            if entry.file_type()?.is_dir() {
                put_away(&entry.path(), &mut full)?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        fs::remove_dir(&folder)?;
    }
    fs::remove_dir(&trash)
}

/// Lets the server list and empty a folder that was closed (overlayfs closes its own, agents theirs). Root never follows
/// a name that was swapped for a link meanwhile; an ordinary user has no more rights than the one who could swap it.
fn open_up(folder: &Path) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match rustix::fs::open(folder, flags, Mode::empty()) {
        Ok(descriptor) => Ok(rustix::fs::fchmod(&descriptor, Mode::from(0o700))?),
        Err(rustix::io::Errno::ACCESS) => fs::set_permissions(folder, fs::Permissions::from_mode(0o700)),
        Err(error) => Err(error.into()),
    }
}

/// Removes what stands in a folder of temporary things; what cannot be removed now is left to the next time.
pub(crate) fn sweep(folder: &Path) {
    let Ok(found) = entries(folder) else { return };
    for entry in found {
        if let Err(error) = remove(&entry.path()) {
            tracing::debug!(path = %entry.path().display(), %error, "left for the next sweep");
        }
    }
}

/// Removes what stands in a folder under names that begin so; no such folder is fine.
pub(crate) fn sweep_named(folder: &Path, prefix: &str) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in entries(folder)? {
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes lock files and half packs that a killed or refused git left in a repository of ours. The caller holds the
/// only right to write there.
pub(crate) fn tidy_repository(repository: &Path) -> io::Result<()> {
    for name in ["HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock"] {
        remove(&repository.join(name))?;
    }
    let mut folders = vec![repository.join("refs")];
    while let Some(folder) = folders.pop() {
        for entry in entries(&folder)? {
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if entry.path().extension().is_some_and(|extension| extension == "lock") {
                fs::remove_file(entry.path())?;
            }
        }
    }
    sweep_named(&repository.join("objects/pack"), "tmp_")
}
