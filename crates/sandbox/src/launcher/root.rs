//! The root of a sandbox, built from nothing (layer 1).
//!
//! An empty tmpfs becomes the root first; then every path means a path inside, so that no symbolic link of a tree can
//! lead back to the host. The old root stays mounted at `/.host` only until `/proc` is there (the kernel allows a new
//! `/proc` only where one can be seen), and is gone before anything of the agent runs.

use super::mounts::{self, Tree, Use};
use super::sources::{Placed, Sources, Workspace, kind_of};
use crate::failure::failed;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::Path;
use telecoder_model::PortError;
use telecoder_model::port::sandbox::{AGENTS_DIR, Access, HOME_DIR, SandboxSpec, WORKSPACE_DIR};

/// Where the old root stands while the new one is built.
const HOST: &str = "/.host";
/// Where things are mounted while the root is built, and what covers hidden paths stands.
const STAGE: &str = "/.stage";
/// Folders that may be written, each a tmpfs, with its mode.
const SCRATCH: &[(&str, u32)] =
    &[("/tmp", 0o1777), ("/run", 0o755), ("/var/tmp", 0o1777), ("/dev/shm", 0o1777)];

/// Builds the root of this mount namespace.
pub(super) fn build(sources: Sources, spec: &SandboxSpec) -> Result<(), PortError> {
    enter_empty_root()?;
    for folder in ["/etc", "/dev", "/opt", "/var", "/home", "/proc", STAGE, AGENTS_DIR] {
        make_folder(folder, 0o755)?;
    }
    for link in sources.links {
        symlink(&link.target, &link.at)
            .map_err(failed(format!("cannot make the link {}", link.at.display())))?;
    }
    for placed in sources.system {
        place(placed)?;
    }
    write_etc()?;
    mount_proc()?;
    forget_host()?;
    make_devices()?;
    for (path, mode) in SCRATCH {
        mount_tmpfs(path, *mode, spec.limits.tmpfs_bytes)?;
    }
    mount_workspace(sources.workspace, spec.access)?;
    make_folder(HOME_DIR, 0o755)?;
    sources.home.place(Path::new(HOME_DIR))?;
    super::home::write(&spec.home_files)?;
    for path in sources.hidden {
        hide(&path)?;
    }
    for placed in sources.read_only {
        place(placed)?;
    }
    mounts::make_read_only(Path::new("/"))
}

fn enter_empty_root() -> Result<(), PortError> {
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
        .map_err(failed("cannot make the mounts private"))?;
    // Any folder of the host can carry the new root: this mount namespace is ours, and the old root goes.
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("root"), "/usr", Some("tmpfs"), flags, Some("mode=755,size=4m,nr_inodes=4096"))
        .map_err(failed("cannot mount the new root"))?;
    std::env::set_current_dir("/usr").map_err(failed("cannot enter the new root"))?;
    std::fs::create_dir(HOST.trim_start_matches('/'))
        .map_err(failed("cannot make a place for the old root"))?;
    nix::unistd::pivot_root(".", HOST.trim_start_matches('/')).map_err(failed("cannot change the root"))?;
    std::env::set_current_dir("/").map_err(failed("cannot enter the new root"))
}

fn mount_proc() -> Result<(), PortError> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "/proc", Some("proc"), flags, None::<&str>).map_err(failed("cannot mount /proc")).map_err(
        |error| {
            error.remedy(
                "where parts of the host's /proc are covered (as in most containers) no new one can be mounted: run \
                 the server outside of that container, or use the docker driver",
            )
        },
    )
}

/// Mounts the `/proc` of a new process namespace over the one of the sandbox.
pub(super) fn mount_own_proc() -> Result<(), PortError> {
    mount_proc()
}

fn forget_host() -> Result<(), PortError> {
    umount2(HOST, MntFlags::MNT_DETACH).map_err(failed("cannot let go of the old root"))?;
    std::fs::remove_dir(HOST).map_err(failed("cannot remove the place of the old root"))
}

fn place(placed: Placed) -> Result<(), PortError> {
    placed.tree.place(&placed.at)?;
    placed.hidden.iter().try_for_each(|path| hide(path))
}

/// Covers a path by an empty file or folder; what is not there needs no cover.
fn hide(path: &Path) -> Result<(), PortError> {
    let Some(kind) = kind_of(path) else { return Ok(()) };
    // A link is covered where it leads; what it leads to is inside, since the host is out of reach by now.
    let path = std::fs::canonicalize(path).map_err(failed(format!("cannot find {}", path.display())))?;
    let cover = Path::new(STAGE).join(match kind {
        mounts::Kind::Folder => "empty",
        mounts::Kind::File => "nothing",
    });
    match kind {
        mounts::Kind::Folder => make_folder(&cover, 0o555)?,
        mounts::Kind::File => std::fs::write(&cover, b"").map_err(failed("cannot make a cover"))?,
    }
    Tree::open(&cover, Use::ReadOnly)?.place(&path)
}

fn make_folder(path: impl AsRef<Path>, mode: u32) -> Result<(), PortError> {
    let path = path.as_ref();
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .map_err(failed(format!("cannot make {}", path.display())))
}

fn mount_tmpfs(path: &str, mode: u32, bytes: u64) -> Result<(), PortError> {
    make_folder(path, 0o755)?;
    // One inode for every 4 KiB, so that empty files are bounded too.
    let options = format!("mode={mode:o},size={bytes},nr_inodes={}", (bytes / 4096).max(1024));
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("tmpfs"), path, Some("tmpfs"), flags, Some(options.as_str()))
        .map_err(failed(format!("cannot mount {path}")))
}

fn make_devices() -> Result<(), PortError> {
    make_folder("/dev/pts", 0o755)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    let options = Some("newinstance,ptmxmode=0666,mode=0620,max=256");
    mount(Some("devpts"), "/dev/pts", Some("devpts"), flags, options)
        .map_err(failed("cannot mount /dev/pts"))?;
    for (at, target) in [
        ("/dev/ptmx", "pts/ptmx"),
        ("/dev/fd", "/proc/self/fd"),
        ("/dev/stdin", "/proc/self/fd/0"),
        ("/dev/stdout", "/proc/self/fd/1"),
        ("/dev/stderr", "/proc/self/fd/2"),
    ] {
        symlink(target, at).map_err(failed(format!("cannot make {at}")))?;
    }
    Ok(())
}

fn mount_workspace(workspace: Workspace, access: Access) -> Result<(), PortError> {
    make_folder(WORKSPACE_DIR, 0o755)?;
    let (lower, layer) = match workspace {
        Workspace::Bind(tree) => return tree.place(Path::new(WORKSPACE_DIR)),
        Workspace::Overlay { lower, layer } => (lower, layer),
    };
    let (lower_at, layer_at) = (Path::new(STAGE).join("lower"), Path::new(STAGE).join("layer"));
    lower.place(&lower_at)?;
    layer.place(&layer_at)?;
    let options = format!(
        "userxattr,lowerdir={},upperdir={layer}/upper,workdir={layer}/work",
        lower_at.display(),
        layer = layer_at.display()
    );
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("overlay"), WORKSPACE_DIR, Some("overlay"), flags, Some(options.as_str())).map_err(|error| {
        PortError::io("cannot mount the workspace's overlay", error.into()).remedy(
            "the layer and its base must belong to the sandbox's owner and stand on a file system that overlayfs can \
             write to (ext4, xfs, btrfs, tmpfs); Linux 5.11 or newer",
        )
    })?;
    // Overlayfs makes a folder that not even its owner may enter; whoever removes the layer must be able to.
    let inner = layer_at.join("work").join("work");
    std::fs::set_permissions(&inner, Permissions::from_mode(0o700))
        .map_err(failed("cannot open the overlay's work folder"))?;
    for path in [&lower_at, &layer_at] {
        umount2(path, MntFlags::MNT_DETACH).map_err(failed("cannot let go of the overlay's parts"))?;
    }
    match access {
        Access::ReadWrite => Ok(()),
        Access::ReadOnly => mounts::make_read_only(Path::new(WORKSPACE_DIR)),
    }
}

fn write_etc() -> Result<(), PortError> {
    let shell = if kind_of(Path::new("/bin/bash")).is_some() { "/bin/bash" } else { "/bin/sh" };
    let files = [
        (
            "passwd",
            format!(
                "root:x:0:0:root:/nonexistent:/bin/false\nagent:x:1000:1000:agent:{HOME_DIR}:{shell}\n\
                 nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
            ),
        ),
        ("group", "root:x:0:\ntty:x:5:\nagent:x:1000:\nnogroup:x:65534:\n".to_owned()),
        ("hosts", "127.0.0.1 localhost sandbox\n::1 localhost ip6-localhost\n".to_owned()),
        ("hostname", "sandbox\n".to_owned()),
        ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n".to_owned()),
        ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: files\n".to_owned()),
    ];
    for (name, text) in files {
        std::fs::write(Path::new("/etc").join(name), text)
            .map_err(|error| PortError::io(format!("cannot write /etc/{name}"), error))?;
    }
    symlink("/proc/self/mounts", "/etc/mtab").map_err(failed("cannot make /etc/mtab"))
}
