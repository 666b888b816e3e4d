//! The files of a session, as they were at its last snapshot.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::request::FileView;
use telecoder_model::ErrorClass;
use telecoder_model::id::SessionId;
use telecoder_model::principal::{Principal, Scope};

impl Engine {
    /// What stands at a path of a session's tree; the empty path is its root.
    pub async fn files(&self, who: &Principal, id: &SessionId, path: &str) -> Result<FileView, EngineError> {
        let session = self.owned(who, id, Scope::Read).await?.value;
        let Some(commit) = session.head.or(session.base_commit) else {
            return Err(EngineError::conflict("no_tree", "the session has no files yet")
                .hint("look again when its workspace is prepared"));
        };
        let found = self.ports().trees.at(id, &commit, path).await;
        let missing = found.as_ref().is_err_and(|error| error.class == ErrorClass::NotFound);
        let content = self.or_elsewhere(id, found).await.map_err(|error| {
            if missing && error.code != "on_another_server" {
                return EngineError::not_found("file_not_found", "there is nothing at this path");
            }
            error
        })?;
        Ok(FileView { commit, content })
    }
}
