//! Layer 1: the quarantine repository of a session. Invariants: it borrows from the mirror of the session's repository and
//! from nothing else, so that no session can read what another has not published; nothing in it is ever collected while
//! the session is kept.

use crate::folder;
use crate::options::Git;
use crate::pack::temporary;
use crate::record::Workspace;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::fail_point;
use telecoder_model::id::SessionId;

impl Git {
    /// The same for one who writes into it and holds the session's lock: clears what a killed git left.
    pub(crate) async fn quarantine_to_write(
        &self,
        session: &SessionId,
    ) -> Result<(PathBuf, Workspace), PortError> {
        let (quarantine, workspace) = self.quarantine(session).await?;
        let path = quarantine.clone();
        folder::work("cannot tidy a quarantine", move || folder::tidy_repository(&path)).await?;
        Ok((quarantine, workspace))
    }

    /// Finds or makes a session's quarantine.
    pub(crate) async fn quarantine(&self, session: &SessionId) -> Result<(PathBuf, Workspace), PortError> {
        let workspace = Workspace::of(&self.layout, session)?;
        let quarantine = self.layout.quarantine(session);
        let lender = workspace
            .repository
            .is_some()
            .then(|| self.layout.mirror(&workspace.key(), workspace.format()).join("objects"));
        let found = quarantine.clone();
        let borrowed = lender.clone();
        let there = folder::work("cannot look for a quarantine", move || {
            if !found.is_dir() {
                return Ok(false);
            }
            // The data folder may have moved since.
            lend(&found, borrowed.as_deref())?;
            Ok(true)
        })
        .await?;
        if there {
            return Ok((quarantine, workspace));
        }
        let folder = temporary(self.layout.session_temporary(session), "quarantine-").await?;
        let made = folder.path().join("quarantine.git");
        self.init_bare(&made, workspace.format()).await?;
        let target = quarantine.clone();
        folder::work("cannot make a quarantine", move || {
            lend(&made, lender.as_deref())?;
            fail_point::reach("git.quarantine.before");
            match fs::rename(&made, &target) {
                // Another call made it meanwhile.
                Err(_) if target.is_dir() => Ok(()),
                result => result,
            }
        })
        .await?;
        fail_point::reach("git.quarantine.after");
        Ok((quarantine, workspace))
    }
}

/// Lets a repository borrow the objects of another one, if it does not yet.
pub(crate) fn lend(repository: &Path, lender: Option<&Path>) -> io::Result<()> {
    let Some(lender) = lender else { return Ok(()) };
    let mut line = lender.as_os_str().as_bytes().to_vec();
    line.push(b'\n');
    let alternates = repository.join("objects/info/alternates");
    if folder::read_bounded(&alternates, 1 << 16)?.as_ref() == Some(&line) {
        return Ok(());
    }
    fs::write(&alternates, line)
}
