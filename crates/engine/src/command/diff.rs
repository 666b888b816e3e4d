//! A session's whole change: from the commit it began at to the last commit written for it.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::request::SessionDiff;
use bytes::Bytes;
use telecoder_model::id::SessionId;
use telecoder_model::principal::{Principal, Scope};

impl Engine {
    /// The change as a patch; empty where nothing changed.
    pub async fn diff_patch(&self, who: &Principal, id: &SessionId) -> Result<Bytes, EngineError> {
        let session = self.owned(who, id, Scope::Read).await?.value;
        match &session.head {
            Some(head) => Ok(self.ports().diffs.patch(id, session.base_commit.as_ref(), head).await?),
            None => Ok(Bytes::new()),
        }
    }

    /// The change by files and hunks.
    pub async fn diff(&self, who: &Principal, id: &SessionId) -> Result<SessionDiff, EngineError> {
        let session = self.owned(who, id, Scope::Read).await?.value;
        let files = match &session.head {
            Some(head) => self.ports().diffs.files(id, session.base_commit.as_ref(), head).await?,
            None => Vec::new(),
        };
        Ok(SessionDiff { stat: session.diff.unwrap_or_default(), files })
    }
}
