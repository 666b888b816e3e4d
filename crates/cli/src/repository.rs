//! Which repository a person means (layer 4): what was named, else the one around this folder.

use crate::exit::Failure;
use std::path::{Path, PathBuf};

/// The repository for `run`: `None` is an empty workspace.
pub(crate) fn resolve(named: Option<&str>) -> Result<Option<String>, Failure> {
    match named {
        Some("none") => Ok(None),
        Some(text) => Ok(Some(canonical(text)?)),
        None => Ok(around(&std::env::current_dir()?).map(|path| path.display().to_string())),
    }
}

/// A path as the server needs it; anything that is no path stays as it is.
pub(crate) fn canonical(text: &str) -> Result<String, Failure> {
    let path = match text.strip_prefix("~/").zip(telecoder::Given::from_process().home()) {
        Some((rest, home)) => home.join(rest),
        None => PathBuf::from(text),
    };
    let looks_like_path = text.starts_with(['/', '.', '~']);
    if !looks_like_path && (text.contains("://") || text.contains('@') || !path.exists()) {
        return Ok(text.to_owned());
    }
    let full = path.canonicalize().map_err(|error| {
        Failure::failed(format!("`{text}` cannot be used as a repository: {error}"))
            .hint("give the path of a git repository, owner/name, or a URL")
    })?;
    let root = around(&full).unwrap_or(full);
    root.to_str()
        .map(str::to_owned)
        .ok_or_else(|| Failure::failed("the repository's path is not valid UTF-8").hint("rename the folder"))
}

/// The repository that a list is filtered by: one that is gone has its sessions still.
pub(crate) fn filter(text: &str) -> Result<String, Failure> {
    if text.starts_with('/') && !Path::new(text).exists() {
        return Ok(text.to_owned());
    }
    canonical(text)
}

/// The folder of the repository around a path: the nearest that holds `.git`, or a bare repository.
pub(crate) fn around(path: &Path) -> Option<PathBuf> {
    path.ancestors()
        .find(|folder| {
            folder.join(".git").exists() || (folder.join("HEAD").is_file() && folder.join("objects").is_dir())
        })
        .map(Path::to_path_buf)
}
