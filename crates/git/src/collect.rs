//! Layer 1: collects bases and mirrors that nobody uses. Invariants: what the record of any session names is kept; a base
//! goes away under its repository's lock, by one rename, so that a call that prepares a session finds all of it or nothing.

use crate::folder;
use crate::layout::Layout;
use crate::options::Git;
use crate::record::Workspace;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::upkeep::Collected;

impl Git {
    pub(crate) async fn collect_bases(&self, keep: usize) -> Result<Collected, PortError> {
        let layout = self.layout.clone();
        let keys = folder::work("cannot list warm bases and mirrors", move || keys(&layout)).await?;
        let mut collected = Collected::default();
        for key in keys {
            let _repository = self.hold_named(&key).await?;
            let layout = self.layout.clone();
            let done = folder::work("cannot collect warm bases", move || one(&layout, &key, keep)).await?;
            collected.bases += done.bases;
            collected.mirrors += done.mirrors;
        }
        Ok(collected)
    }
}

/// The repositories of which there is a base or a mirror.
pub(crate) fn keys(layout: &Layout) -> io::Result<BTreeSet<String>> {
    let mut keys: BTreeSet<String> = names(&layout.all_bases())?.into_iter().collect();
    for name in names(&layout.mirrors())? {
        if let Some(key) = name.strip_suffix(".git") {
            keys.insert(key.strip_suffix("-sha256").unwrap_or(key).to_owned());
        }
    }
    Ok(keys)
}

/// Names in a folder; none where it is not there.
pub(crate) fn names(folder: &Path) -> io::Result<Vec<String>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The bases that sessions are on, by repository; a session whose layer was put away borrows only the mirror.
fn borrowed(layout: &Layout) -> io::Result<BTreeMap<String, BTreeSet<PathBuf>>> {
    let mut borrowed: BTreeMap<String, BTreeSet<PathBuf>> = BTreeMap::new();
    for name in names(&layout.all_sessions())? {
        let Ok(session) = name.parse::<SessionId>() else {
            continue;
        };
        // A record that cannot be read may name any base.
        if let Some(workspace) = Workspace::read(layout, &session).map_err(io::Error::other)? {
            let bases = borrowed.entry(workspace.key().as_str().to_owned()).or_default();
            if !workspace.away {
                bases.insert(workspace.lower(layout));
            }
        }
    }
    Ok(borrowed)
}

/// Collects in one repository, whose lock is held.
fn one(layout: &Layout, key: &str, keep: usize) -> io::Result<Collected> {
    let mut done = Collected::default();
    let borrowed = borrowed(layout)?.remove(key);
    let lends = borrowed.is_some();
    let used = borrowed.unwrap_or_default();
    let folder = layout.all_bases().join(key);
    let mut idle: Vec<(SystemTime, PathBuf)> = Vec::new();
    for name in names(&folder)? {
        let base = folder.join(&name);
        if !used.contains(&base) && base.is_dir() {
            // Its facts were written when it was made; a base without them was never finished.
            let made = fs::metadata(facts_of(&base)).and_then(|facts| facts.modified());
            idle.push((made.unwrap_or(SystemTime::UNIX_EPOCH), base));
        }
    }
    idle.sort();
    let surplus = idle.len().saturating_sub(keep);
    for (_, base) in idle.iter().take(surplus) {
        folder::remove(base)?;
        folder::remove(&facts_of(base))?;
        done.bases += 1;
    }
    if !lends && surplus == idle.len() {
        folder::remove(&folder)?;
        for mirror in layout.mirrors_of(key) {
            if mirror.is_dir() {
                folder::remove(&mirror)?;
                done.mirrors += 1;
            }
        }
    }
    Ok(done)
}

fn facts_of(base: &Path) -> PathBuf {
    base.with_extension("json")
}
