//! Layer 1: a copy of what shows and publishes the changes of sessions: records, quarantines, mirrors. Invariant: nothing is
//! copied while somebody writes it; objects never change, so that the copy may share them.

use crate::folder;
use crate::layout::Layout;
use crate::options::Git;
use std::fs;
use std::io;
use std::path::Path;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;

impl Git {
    /// Copies records, quarantines and mirrors; objects are shared where the file system allows.
    pub(crate) async fn copy_below(&self, target: &Path) -> Result<(), PortError> {
        let what = "cannot copy the repositories";
        // Sessions first: what they borrow from a mirror is there, and stays.
        let layout = self.layout.clone();
        for name in folder::work(what, move || crate::collect::names(&layout.all_sessions())).await? {
            let Ok(session) = name.parse::<SessionId>() else { continue };
            let _session = self.hold_session(&session).await;
            let (layout, target) = (self.layout.clone(), target.join("sessions").join(&name));
            folder::work(what, move || copy_session(&layout, &session, &target)).await?;
        }
        let layout = self.layout.clone();
        for key in folder::work(what, move || crate::collect::keys(&layout)).await? {
            let _repository = self.hold_named(&key).await?;
            let (layout, target) = (self.layout.clone(), target.join("git/mirrors"));
            folder::work(what, move || {
                for mirror in layout.mirrors_of(&key) {
                    if mirror.is_dir() {
                        repository(&mirror, &target.join(mirror.file_name().unwrap_or_default()))?;
                    }
                }
                Ok(())
            })
            .await?;
        }
        Ok(())
    }
}

fn copy_session(layout: &Layout, session: &SessionId, target: &Path) -> io::Result<()> {
    let (record, quarantine) = (layout.record(session), layout.quarantine(session));
    if !record.is_file() {
        return Ok(());
    }
    fs::create_dir_all(target)?;
    fs::copy(&record, target.join(record.file_name().unwrap_or_default()))?;
    if quarantine.is_dir() {
        repository(&quarantine, &target.join(quarantine.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

fn repository(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(above) = to.parent() {
        fs::create_dir_all(above)?;
    }
    // A list of lenders is written in place; it is the one file of `objects` that changes.
    let share = |path: &Path| path.starts_with("objects") && !path.starts_with("objects/info");
    folder::copy_tree(from, to, &share)
}
