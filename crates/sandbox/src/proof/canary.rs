//! What the proof plants on the host, and what it tells the probe about it (layer 1).

use crate::failure::failed;
use crate::owner::HostOwner;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, Permissions};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::os::unix::net::{SocketAddr as UnixAddress, UnixListener};
use std::path::{Path, PathBuf};
use telecoder_model::PortError;

/// What a sandbox must not reach.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Canaries {
    /// Files and folders of the host.
    pub(crate) paths: Vec<PathBuf>,
    /// Listening unix sockets of the host.
    pub(crate) sockets: Vec<PathBuf>,
    /// The name of a listening abstract unix socket.
    pub(crate) abstract_name: String,
    /// Listening TCP sockets of the host.
    pub(crate) tcp: Vec<SocketAddr>,
    /// A text that files and environments of the host hold.
    pub(crate) secret: String,
    /// The host's name.
    pub(crate) host_name: String,
    /// The uid as which the sandbox runs on the host.
    pub(crate) host_uid: u32,
}

/// What the name of a proof's folder begins with.
const PREFIX: &str = ".proof-";

/// Canaries that stand. Dropping it closes the sockets and removes the folder.
#[derive(Debug)]
pub(crate) struct Planted {
    folder: PathBuf,
    /// The folder again, locked: whoever can lock it knows that the proof's process is gone.
    _lock: File,
    canaries: Canaries,
    _sockets: (Vec<UnixListener>, Vec<TcpListener>),
}

impl Planted {
    /// Plants canaries in a new folder below the run folder.
    pub(crate) fn plant(run_dir: &Path, nonce: &str, owner: HostOwner) -> Result<Self, PortError> {
        let folder = run_dir.join(format!("{PREFIX}{nonce}"));
        let what = || format!("cannot plant the canaries of the proof in {}", folder.display());
        let turn = turn(run_dir).map_err(failed(what()))?;
        DirBuilder::new().mode(0o700).create(&folder).map_err(failed(what()))?;
        let lock = File::open(&folder).map_err(failed(what()))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(failed(what()))?;
        drop(turn);
        match Self::fill(&folder, nonce, owner) {
            Ok((canaries, sockets)) => Ok(Self { folder, _lock: lock, canaries, _sockets: sockets }),
            Err(error) => {
                drop(fs::remove_dir_all(&folder));
                Err(PortError::io(what(), error))
            }
        }
    }

    #[expect(clippy::type_complexity, reason = "the sockets are only held")]
    fn fill(
        folder: &Path,
        nonce: &str,
        owner: HostOwner,
    ) -> std::io::Result<(Canaries, (Vec<UnixListener>, Vec<TcpListener>))> {
        let secret = format!("telecoder-canary-{nonce}");
        let keys = folder.join("keys");
        fs::write(&keys, &secret)?;
        fs::set_permissions(&keys, Permissions::from_mode(0o600))?;
        // Another session's home belongs to the very user as which the sandbox runs.
        let other = folder.join("other-session");
        for name in ["base", "layer", "home", "other-session"] {
            let path = folder.join(name);
            DirBuilder::new().mode(0o755).create(&path)?;
            chown(&path, Some(owner.uid), Some(owner.gid))?;
        }
        let theirs = other.join("notes");
        fs::write(&theirs, &secret)?;
        chown(&theirs, Some(owner.uid), Some(owner.gid))?;
        let socket = folder.join("s");
        let abstract_address = UnixAddress::from_abstract_name(&secret)?;
        let unix = vec![UnixListener::bind(&socket)?, UnixListener::bind_addr(&abstract_address)?];
        let mut tcp = vec![
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?,
        ];
        tcp.extend(TcpListener::bind("[::1]:0"));
        let canaries = Canaries {
            paths: vec![keys, other, theirs, folder.to_owned()],
            sockets: vec![socket],
            abstract_name: secret.clone(),
            tcp: addresses(&tcp)?,
            secret,
            host_name: nix::unistd::gethostname()?.to_string_lossy().into_owned(),
            host_uid: owner.uid,
        };
        Ok((canaries, (unix, tcp)))
    }

    /// The folder, which also holds `base`, `layer` and `home` for the throw-away sandbox.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the probe is told.
    pub(crate) fn canaries(&self) -> &Canaries {
        &self.canaries
    }
}

/// Whether a sandbox belongs to a proof that is under way, by its nonce. What a killed one has left does not.
pub(crate) fn stands(run_dir: &Path, nonce: &str) -> bool {
    run_dir.join(format!("{PREFIX}{nonce}")).is_dir()
}

/// Removes what proofs have left whose process was killed in the middle of them.
pub(crate) fn sweep(run_dir: &Path) -> std::io::Result<()> {
    let _turn = turn(run_dir)?;
    for entry in fs::read_dir(run_dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            let lock = File::open(entry.path())?;
            if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
                fs::remove_dir_all(entry.path())?;
            }
        }
    }
    Ok(())
}

/// Waits for the turn to look at the folders of proofs, which are not locked as soon as they are made.
fn turn(run_dir: &Path) -> std::io::Result<File> {
    let turn = File::open(run_dir)?;
    flock(&turn, FlockOperation::LockExclusive)?;
    Ok(turn)
}

impl Drop for Planted {
    fn drop(&mut self) {
        // What cannot be removed now is swept at the next start.
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// Every address by which the listeners can be reached on the host.
fn addresses(listeners: &[TcpListener]) -> std::io::Result<Vec<SocketAddr>> {
    let mut found = Vec::new();
    for listener in listeners {
        let address = listener.local_addr()?;
        if address.ip().is_unspecified() {
            found.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()));
            found.extend(own_address().map(|own| SocketAddr::new(own, address.port())));
        } else {
            found.push(address);
        }
    }
    Ok(found)
}

/// The host's address on its way to the rest of the world, if it has one. Nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(198, 51, 100, 1), 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}
