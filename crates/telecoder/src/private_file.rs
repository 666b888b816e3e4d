//! Files that only their owner may read (layer 3).

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Replaces a file as a whole, with mode 0600; makes its folder with 0700 where it is missing. It survives a loss of power.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    replace(path, bytes, File::sync_all)
}

/// The same for a file that means something only while this process runs: the disk is not waited for.
pub(crate) fn write_for_now(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    replace(path, bytes, |_| Ok(()))
}

fn replace(path: &Path, bytes: &[u8], settle: fn(&File) -> std::io::Result<()>) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let fresh = path.with_file_name(name);
    drop(std::fs::remove_file(&fresh));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    settle(&file)?;
    std::fs::rename(&fresh, path)
}
