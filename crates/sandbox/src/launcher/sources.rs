//! What a sandbox sees of the host (layer 1): an allow-list, opened while its paths can still be reached.

use super::LaunchSpec;
use super::mounts::{Kind, Tree, Use};
use crate::failure::failed;
use crate::owner::HostOwner;
use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::port::sandbox::{
    Access, HOME_DIR, ReadOnlyBind, SandboxSpec, WORKSPACE_DIR, WorkspaceSource,
};

/// Programs and libraries. On a merged host most are symbolic links to `usr`, and stay that.
const ROOTS: &[&str] = &["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix"];
/// What programs need of `/etc`. Nothing here holds accounts, keys or settings of services.
const ETC: &[&str] = &[
    "alternatives",
    "bash.bashrc",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "dotnet",
    "fonts",
    "gai.conf",
    "gnutls",
    "host.conf",
    "inputrc",
    "java-11-openjdk",
    "java-17-openjdk",
    "java-21-openjdk",
    "java-25-openjdk",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale.alias",
    "locale.conf",
    "localtime",
    "lsb-release",
    "magic",
    "mime.types",
    "networks",
    "openssl",
    "os-release",
    "perl",
    "php",
    "pki",
    "protocols",
    "python3",
    "redhat-release",
    "rpc",
    "services",
    "shells",
    "ssl",
    "terminfo",
    "timezone",
    "xml",
];
/// Keys below the trees of [`ETC`].
const ETC_HIDDEN: &[&str] = &["ssl/private", "pki/tls/private", "pki/consumer", "pki/entitlement"];
/// Device nodes.
const DEVICES: &[&str] = &["null", "zero", "full", "random", "urandom", "tty"];

/// A tree and where it goes.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) at: PathBuf,
    pub(super) tree: Tree,
    /// Paths below it to cover.
    pub(super) hidden: Vec<PathBuf>,
}

/// A symbolic link to make.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) at: PathBuf,
    pub(super) target: PathBuf,
}

/// How the workspace is mounted.
#[derive(Debug)]
pub(super) enum Workspace {
    Overlay { lower: Tree, layer: Tree },
    Bind(Tree),
}

/// Everything of the host that goes into one sandbox.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) system: Vec<Placed>,
    pub(super) links: Vec<Link>,
    pub(super) hidden: Vec<PathBuf>,
    pub(super) workspace: Workspace,
    pub(super) home: Tree,
    pub(super) read_only: Vec<Placed>,
}

/// A folder of ours inside, so that the host's is not shown; `/opt` itself is one of ours too, which gives it a place.
const OWN: &str = "/opt/telecoder";

/// Opens everything that a sandbox will see; what is missing of its own folders is made for `owner`.
pub(super) fn open(launch: &LaunchSpec, owner: HostOwner) -> Result<Sources, PortError> {
    let spec = &launch.sandbox;
    let mut sources = Sources {
        system: Vec::new(),
        links: Vec::new(),
        hidden: hidden(&launch.hidden),
        workspace: open_workspace(spec, owner)?,
        home: open_home(&spec.home, owner)?,
        read_only: spec.read_only.iter().map(open_read_only).collect::<Result<_, _>>()?,
    };
    for name in ROOTS {
        sources.add(&Path::new("/").join(name), Use::ReadOnly)?;
    }
    for name in ETC {
        sources.add(&Path::new("/etc").join(name), Use::ReadOnly)?;
    }
    for name in DEVICES {
        sources.add(&Path::new("/dev").join(name), Use::Device)?;
    }
    if let Ok(entries) = std::fs::read_dir("/opt") {
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| path != OWN) {
            sources.add(&path, Use::ReadOnly)?;
        }
    }
    Ok(sources)
}

/// What is covered: keys below `/etc`, and the server's own folders where they stand among programs.
fn hidden(own: &[PathBuf]) -> Vec<PathBuf> {
    let shown = |path: &&PathBuf| {
        ["/usr", "/opt", "/nix"].iter().any(|tree| path.starts_with(tree)) && !path.starts_with(OWN)
    };
    ETC_HIDDEN
        .iter()
        .map(|name| Path::new("/etc").join(name))
        .chain(own.iter().filter(shown).cloned())
        .collect()
}

impl Sources {
    /// Adds a path under its own name; what is missing is left out.
    fn add(&mut self, path: &Path, usage: Use) -> Result<(), PortError> {
        let Ok(found) = std::fs::symlink_metadata(path) else {
            return Ok(());
        };
        if found.is_symlink() {
            let target = std::fs::read_link(path)
                .map_err(failed(format!("cannot read the link {}", path.display())))?;
            self.links.push(Link { at: path.to_owned(), target });
        } else {
            let tree = Tree::open(path, usage)?;
            self.system.push(Placed { at: path.to_owned(), tree, hidden: Vec::new() });
        }
        Ok(())
    }
}

fn open_workspace(spec: &SandboxSpec, owner: HostOwner) -> Result<Workspace, PortError> {
    Ok(match &spec.workspace {
        WorkspaceSource::Overlay { lower, layer } => {
            for name in ["upper", "work"] {
                make_folder(&layer.join(name), owner)?;
            }
            Workspace::Overlay {
                lower: Tree::open(lower, Use::ReadOnly)?,
                layer: Tree::open(layer, Use::ReadWrite)?,
            }
        }
        WorkspaceSource::Bind { path } => Workspace::Bind(Tree::open(
            path,
            match spec.access {
                Access::ReadWrite => Use::ReadWrite,
                Access::ReadOnly => Use::ReadOnly,
            },
        )?),
    })
}

fn open_home(home: &Path, owner: HostOwner) -> Result<Tree, PortError> {
    make_folder(home, owner)?;
    Tree::open(home, Use::ReadWrite)
}

/// Makes a folder of the sandbox's owner where it is missing.
fn make_folder(path: &Path, owner: HostOwner) -> Result<(), PortError> {
    let what = || format!("cannot make {}", path.display());
    match DirBuilder::new().mode(0o755).create(path) {
        Ok(()) => chown(path, Some(owner.uid), Some(owner.gid)).map_err(failed(what())),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(PortError::io(what(), error)),
    }
}

fn open_read_only(bind: &ReadOnlyBind) -> Result<Placed, PortError> {
    for taken in ["/", "/proc", "/dev", "/tmp", "/run", "/etc", WORKSPACE_DIR, HOME_DIR] {
        if bind.inside == Path::new(taken) {
            return Err(PortError::permanent(format!("nothing can be bound at {taken}")));
        }
    }
    Ok(Placed {
        at: bind.inside.clone(),
        tree: Tree::open(&bind.host, Use::ReadOnly)?,
        hidden: bind.hidden.iter().map(|hidden| bind.inside.join(hidden)).collect(),
    })
}

/// Whether a path is a folder in this mount namespace, `None` if it is not there.
pub(super) fn kind_of(path: &Path) -> Option<Kind> {
    std::fs::metadata(path).ok().map(|found| if found.is_dir() { Kind::Folder } else { Kind::File })
}
