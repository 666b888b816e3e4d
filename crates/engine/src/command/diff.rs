//! A session's whole change: from the commit it began at to the last commit written for it.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::request::SessionDiff;
use bytes::Bytes;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::principal::{Principal, Scope};

impl Engine {
    /// What was read of a session's disks; where that failed since they are another server's, says so.
    pub(crate) async fn or_elsewhere<T>(
        &self,
        id: &SessionId,
        read: Result<T, PortError>,
    ) -> Result<T, EngineError> {
        match read {
            Ok(value) => Ok(value),
            Err(error) if self.ports().store.is_here(id).await? => Err(error.into()),
            Err(_) => Err(EngineError::conflict(
                "on_another_server",
                "the session's files lie on another server that shares this database",
            )
            .hint("ask the server that works on it; what is published is on its branch")),
        }
    }

    /// The change as a patch; empty where nothing changed.
    pub async fn diff_patch(&self, who: &Principal, id: &SessionId) -> Result<Bytes, EngineError> {
        let session = self.owned(who, id, Scope::Read).await?.value;
        match &session.head {
            Some(head) => {
                let patch = self.ports().diffs.patch(id, session.base_commit.as_ref(), head).await;
                self.or_elsewhere(id, patch).await
            }
            None => Ok(Bytes::new()),
        }
    }

    /// The change by files and hunks.
    pub async fn diff(&self, who: &Principal, id: &SessionId) -> Result<SessionDiff, EngineError> {
        let session = self.owned(who, id, Scope::Read).await?.value;
        let files = match &session.head {
            Some(head) => {
                let files = self.ports().diffs.files(id, session.base_commit.as_ref(), head).await;
                self.or_elsewhere(id, files).await?
            }
            None => Vec::new(),
        };
        Ok(SessionDiff { stat: session.diff.unwrap_or_default(), files })
    }
}
