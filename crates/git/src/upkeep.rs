//! Layer 1: what the disk keeps for sessions, and how it goes. Invariant: that a layer goes is recorded before it does, so that
//! its base is free and nobody takes an empty layer for the session's work.

use crate::collect::names;
use crate::folder;
use crate::options::Git;
use crate::record::Workspace;
use async_trait::async_trait;
use std::path::Path;
use std::sync::atomic::Ordering;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::upkeep::{Collected, KeptSession, Upkeep};

#[async_trait]
impl Upkeep for Git {
    async fn kept(&self) -> Result<Vec<KeptSession>, PortError> {
        let layout = self.layout.clone();
        // What an earlier process was removing when it died; later ones are at work.
        let first = !self.swept.swap(true, Ordering::Relaxed);
        folder::work("cannot list the folders of sessions", move || {
            if first {
                folder::sweep_named(&layout.all_sessions(), folder::TRASH)?;
            }
            let mut kept = Vec::new();
            for name in names(&layout.all_sessions())? {
                let Ok(session) = name.parse::<SessionId>() else { continue };
                let parts = [layout.layer(&session), layout.tree(&session), layout.home(&session)];
                let workspace = parts.iter().any(|part| part.is_dir());
                kept.push(KeptSession { session, workspace });
            }
            kept.sort_by(|one, other| one.session.cmp(&other.session));
            Ok(kept)
        })
        .await
    }

    async fn put_away(&self, session: &SessionId) -> Result<(), PortError> {
        let _session = self.hold_session(session).await;
        if let Some(workspace) = Workspace::read(&self.layout, session)?.filter(|workspace| !workspace.away) {
            Workspace { away: true, ..workspace }.write(&self.layout, session)?;
        }
        self.remove_paths(session, "cannot put the session's workspace away", false).await?;
        let home = self.layout.home(session);
        folder::work("cannot remove the home of the session's agent", move || folder::remove(&home)).await
    }

    async fn copy(&self, target: &Path) -> Result<(), PortError> {
        self.copy_below(target).await
    }

    async fn collect(&self, keep: usize) -> Result<Collected, PortError> {
        self.collect_bases(keep).await
    }
}
