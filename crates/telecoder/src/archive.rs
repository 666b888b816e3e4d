//! The form of a backup (layer 3): a tar archive of `manifest.json`, what stands below the data folder under the same names, and
//! `end.json` at its end, without which it is not whole.

use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use telecoder_model::PortError;

/// The form's number; a later one may hold what this program does not know.
pub(crate) const FORMAT: u32 = 1;
pub(crate) const MANIFEST: &str = "manifest.json";
const END: &str = "end.json";
/// What an archive may hold at its top, besides manifest and end.
pub(crate) const PARTS: [&str; 4] = ["server.db", "blobs", "git", "sessions"];
/// The most bytes of manifest and end.
const MAX_NOTE: u64 = 64 * 1024;

/// What an archive says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The form.
    pub(crate) format: u32,
    /// The version of the product that made it.
    pub(crate) version: String,
    /// When it was made.
    pub(crate) created_at: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct End {
    files: u64,
}

/// Writes an archive of a folder that holds [`PARTS`].
pub(crate) fn write(folder: &Path, manifest: &Manifest, to: impl Write) -> io::Result<()> {
    let mut archive = tar::Builder::new(to);
    archive.follow_symlinks(false);
    // Files with holes would become entries of a kind of their own.
    archive.sparse(false);
    note(&mut archive, MANIFEST, &serde_json::to_vec(manifest)?)?;
    let mut files = 0;
    for part in PARTS {
        let path = folder.join(part);
        if path.is_dir() {
            files += add_folder(&mut archive, &path, Path::new(part))?;
        } else if path.is_file() {
            archive.append_path_with_name(&path, part)?;
            files += 1;
        }
    }
    note(&mut archive, END, &serde_json::to_vec(&End { files })?)?;
    archive.into_inner()?.flush()
}

fn note(archive: &mut tar::Builder<impl Write>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    header.set_mode(0o600);
    header.set_cksum();
    archive.append_data(&mut header, name, bytes)
}

fn add_folder(archive: &mut tar::Builder<impl Write>, from: &Path, name: &Path) -> io::Result<u64> {
    archive.append_dir(name, from)?;
    let mut entries: Vec<_> = fs::read_dir(from)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut files = 0;
    for entry in entries {
        let (path, name, kind) = (entry.path(), name.join(entry.file_name()), entry.file_type()?);
        if kind.is_dir() {
            files += add_folder(archive, &path, &name)?;
        } else if kind.is_file() {
            archive.append_path_with_name(&path, &name)?;
            files += 1;
        }
    }
    Ok(files)
}

/// Unpacks an archive into a folder; gives what it says of itself. The archive may be anybody's: only plain files and folders
/// below [`PARTS`] are made.
pub(crate) fn read(from: impl Read, folder: &Path) -> Result<Manifest, PortError> {
    let broken = |error: io::Error| {
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            return PortError::io(format!("there is no room in {}", folder.display()), error);
        }
        PortError::permanent("the file is no backup of TeleCoder, or is broken").because(error)
    };
    let mut archive = tar::Archive::new(from);
    let (mut manifest, mut files) = (None, 0_u64);
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.into_owned();
        if manifest.is_none() {
            if path != Path::new(MANIFEST) {
                return Err(PortError::permanent("the file is no backup of TeleCoder"));
            }
            manifest = Some(checked(&read_note(&mut entry).map_err(broken)?)?);
            continue;
        }
        if path == Path::new(END) {
            let end: End = parsed(&read_note(&mut entry).map_err(broken)?)?;
            if end.files != files {
                return Err(incomplete());
            }
            return manifest.ok_or_else(incomplete);
        }
        let target = place(folder, &path).ok_or_else(|| {
            PortError::permanent(format!("the backup holds `{}`, which belongs in none", path.display()))
        })?;
        let kind = entry.header().entry_type();
        let mode = entry.header().mode().unwrap_or(0o600) & 0o755;
        if kind.is_dir() {
            fs::create_dir_all(&target).and_then(|()| set_mode(&target, mode | 0o700)).map_err(broken)?;
        } else if kind.is_file() {
            if let Some(above) = target.parent() {
                fs::create_dir_all(above).map_err(broken)?;
            }
            let mut file =
                fs::OpenOptions::new().write(true).create_new(true).open(&target).map_err(broken)?;
            io::copy(&mut entry, &mut file).map_err(broken)?;
            set_mode(&target, mode).map_err(broken)?;
            files += 1;
        } else {
            return Err(PortError::permanent(format!(
                "the backup holds `{}`, which is no file",
                path.display()
            )));
        }
    }
    Err(incomplete())
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

fn incomplete() -> PortError {
    PortError::permanent("the backup is not whole: its end is missing").remedy("Take another one.")
}

fn read_note(entry: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.take(MAX_NOTE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parsed<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, PortError> {
    serde_json::from_slice(bytes).map_err(|error| {
        PortError::permanent("the file is no backup of TeleCoder, or is broken").because(error)
    })
}

fn checked(bytes: &[u8]) -> Result<Manifest, PortError> {
    let manifest: Manifest = parsed(bytes)?;
    if manifest.format > FORMAT {
        return Err(PortError::permanent(format!(
            "the backup was made by TeleCoder {} in form {}; this is {}, which knows forms up to {FORMAT}",
            manifest.version,
            manifest.format,
            env!("CARGO_PKG_VERSION")
        ))
        .remedy(format!("Restore it with TeleCoder {} or later.", manifest.version)));
    }
    Ok(manifest)
}

/// Where a path of an archive stands; `None` for what belongs in none.
fn place(folder: &Path, path: &Path) -> Option<PathBuf> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(name),
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::ParentDir => return None,
        }
    }
    let known = PARTS.iter().any(|part| names.first() == Some(&OsStr::new(part)));
    known.then(|| names.iter().fold(folder.to_owned(), |path, name| path.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(format: u32) -> Manifest {
        Manifest { format, version: "9.9.0".to_owned(), created_at: "2026-01-01T00:00:00Z".to_owned() }
    }

    fn archive(format: u32) -> (tempfile::TempDir, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("blobs/ab")).unwrap();
        fs::write(folder.path().join("blobs/ab/c"), "blob").unwrap();
        fs::write(folder.path().join("server.db"), "database").unwrap();
        fs::write(folder.path().join("token"), "a secret that stays behind").unwrap();
        let holes = fs::File::create(folder.path().join("blobs/ab/holes")).unwrap();
        holes.set_len(1 << 20).unwrap();
        let mut bytes = Vec::new();
        write(folder.path(), &manifest(format), &mut bytes).unwrap();
        (folder, bytes)
    }

    fn unpacked(bytes: &[u8]) -> (tempfile::TempDir, Result<Manifest, String>) {
        let target = tempfile::tempdir().unwrap();
        let read = read(bytes, target.path()).map_err(|error| error.chain());
        (target, read)
    }

    #[test]
    fn what_was_packed_comes_out_and_nothing_else() {
        let (_folder, bytes) = archive(FORMAT);
        let (target, read) = unpacked(&bytes);
        assert_eq!(read.unwrap(), manifest(FORMAT));
        assert_eq!(fs::read_to_string(target.path().join("blobs/ab/c")).unwrap(), "blob");
        assert_eq!(fs::read_to_string(target.path().join("server.db")).unwrap(), "database");
        assert_eq!(fs::read(target.path().join("blobs/ab/holes")).unwrap(), vec![0; 1 << 20]);
        assert_eq!(fs::read_dir(target.path()).unwrap().count(), 2);
    }

    #[test]
    fn an_archive_that_was_cut_is_refused_wherever_it_ends() {
        let (_folder, bytes) = archive(FORMAT);
        for end in (0..bytes.len() - 1536).step_by(8 * 1024 + 256) {
            let (_target, read) = unpacked(&bytes[..end]);
            assert!(read.is_err(), "{end}");
        }
    }

    #[test]
    fn a_later_form_is_refused_by_name() {
        let (_folder, bytes) = archive(2);
        let error = unpacked(&bytes).1.unwrap_err();
        assert!(error.starts_with("the backup was made by TeleCoder 9.9.0 in form 2; this is "), "{error}");
    }

    #[test]
    fn nothing_is_written_outside_of_the_folder() {
        for (name, kind) in [
            ("../evil", tar::EntryType::Regular),
            ("/evil", tar::EntryType::Regular),
            ("blobs/../../evil", tar::EntryType::Regular),
            ("token", tar::EntryType::Regular),
            ("blobs/link", tar::EntryType::Symlink),
            ("blobs/hard", tar::EntryType::Link),
        ] {
            let mut builder = tar::Builder::new(Vec::new());
            note(&mut builder, MANIFEST, &serde_json::to_vec(&manifest(FORMAT)).unwrap()).unwrap();
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(0);
            header.set_mode(0o600);
            // A builder would refuse such names itself.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.as_gnu_mut().unwrap().linkname[..4].copy_from_slice(b"/etc");
            header.set_cksum();
            builder.append(&header, std::io::empty()).unwrap();
            let (target, read) = unpacked(&builder.into_inner().unwrap());
            assert!(read.unwrap_err().contains("which"), "{name}");
            assert!(!target.path().parent().unwrap().join("evil").exists());
        }
    }
}
