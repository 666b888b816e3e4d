//! Layer 1: packs of objects on their way from one repository to another, as files. Invariant: the receiving side gets
//! nothing but objects; neither side's configuration counts on the other.

use crate::call::Call;
use crate::folder;
use crate::options::Git;
use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::port::process::HostUser;
use telecoder_model::refs::ObjectId;
use tempfile::TempDir;

/// Below this many objects they are stored one by one, as git's own receiving side does (its `unpackLimit`).
const FEW: u32 = 100;

/// A pack in a folder of its own, which is removed with it.
#[derive(Debug)]
pub(crate) struct Pack {
    folder: TempDir,
    /// How many objects it holds.
    pub(crate) objects: u32,
}

impl Pack {
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("pack")
    }
}

/// Makes a folder for temporary things below `parent`.
pub(crate) async fn temporary(parent: PathBuf, prefix: &'static str) -> Result<TempDir, PortError> {
    let what = format!("cannot make a temporary folder in {}", parent.display());
    folder::work(&what, move || {
        folder::make(&parent, 0o711)?;
        tempfile::Builder::new().prefix(prefix).tempdir_in(&parent)
    })
    .await
}

impl Git {
    /// Packs what `wanted` reaches and `haves` do not.
    pub(crate) async fn pack(
        &self,
        from: Call,
        wanted: &ObjectId,
        haves: &[ObjectId],
        parent: PathBuf,
        what: &str,
    ) -> Result<Pack, PortError> {
        let folder = temporary(parent, "pack-").await?;
        let path = folder.path().join("pack");
        let mut revisions = format!("{wanted}\n");
        for have in haves {
            let _written = writeln!(revisions, "^{have}");
        }
        let mut call =
            from.stdin(revisions).stdout_file(&path, self.options.max_repository_bytes).minutes(60);
        for arg in ["pack-objects", "--revs", "--stdout", "-q", "--delta-base-offset"] {
            call = call.arg(arg);
        }
        if !haves.is_empty() {
            call = call.arg("--thin");
        }
        self.run_ok(call, what).await?;
        let objects = folder::work("cannot read a pack", move || count(&path)).await?;
        Ok(Pack { folder, objects })
    }

    /// Stores a pack's objects in a repository, as its owner.
    pub(crate) async fn unpack(
        &self,
        pack: &Pack,
        into: &Path,
        user: Option<HostUser>,
        what: &str,
    ) -> Result<(), PortError> {
        let args: &[&str] = match pack.objects {
            0 => return Ok(()),
            1..FEW => &["unpack-objects", "-q"],
            _ => &["index-pack", "--stdin", "--fix-thin"],
        };
        let call = Call::in_repository(into, args).stdin_file(&pack.path()).user(user).minutes(60);
        self.run_ok(call, what).await.map(|_| ())
    }
}

/// How many objects a pack's header announces.
pub(crate) fn count(path: &Path) -> std::io::Result<u32> {
    let mut header = [0_u8; 12];
    File::open(path)?.read_exact(&mut header)?;
    match header {
        [b'P', b'A', b'C', b'K', _, _, _, _, a, b, c, d] => Ok(u32::from_be_bytes([a, b, c, d])),
        _ => Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not a pack")),
    }
}
