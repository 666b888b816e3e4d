//! Layer 1: the quarantine repository of a session. Invariants: it borrows from the mirror of the session's repository and
//! from nothing else, so that no session can read what another has not published; nothing in it is ever collected while
//! the session is kept.

use crate::folder;
use crate::options::Git;
use crate::pack::temporary;
use crate::record::Workspace;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;

impl Git {
    /// The same for one who writes into it and holds the session's lock: clears what a killed git left.
    pub(crate) async fn quarantine_to_write(
        &self,
        session: &SessionId,
    ) -> Result<(PathBuf, Workspace), PortError> {
        let (quarantine, workspace) = self.quarantine(session).await?;
        let locked = quarantine.clone();
        folder::work("cannot unlock a quarantine", move || folder::unlock(&locked)).await?;
        Ok((quarantine, workspace))
    }

    /// Finds or makes a session's quarantine.
    pub(crate) async fn quarantine(&self, session: &SessionId) -> Result<(PathBuf, Workspace), PortError> {
        let workspace = Workspace::of(&self.layout, session)?;
        let quarantine = self.layout.quarantine(session);
        let found = quarantine.clone();
        if folder::work("cannot look for a quarantine", move || Ok(found.is_dir())).await? {
            return Ok((quarantine, workspace));
        }
        let folder = temporary(self.layout.session_temporary(session), "quarantine-").await?;
        let made = folder.path().join("quarantine.git");
        self.init_bare(&made, workspace.format()).await?;
        let lender = workspace
            .repository
            .is_some()
            .then(|| self.layout.mirror(&workspace.key(), workspace.format()).join("objects"));
        let target = quarantine.clone();
        folder::work("cannot make a quarantine", move || {
            if let Some(lender) = lender {
                let mut line = lender.as_os_str().as_bytes().to_vec();
                line.push(b'\n');
                fs::write(made.join("objects/info/alternates"), line)?;
            }
            match fs::rename(&made, &target) {
                // Another call made it meanwhile.
                Err(_) if target.is_dir() => Ok(()),
                result => result,
            }
        })
        .await?;
        Ok((quarantine, workspace))
    }
}
