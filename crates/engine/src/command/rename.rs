//! A new title.

use crate::command::stop::retry_on_conflict;
use crate::command::submit::checked_title;
use crate::engine::Engine;
use crate::error::EngineError;
use telecoder_model::id::SessionId;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::store::{Commit, Write};
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::session::Session;

impl Engine {
    /// Gives a session another title; an empty one lets it be derived again.
    pub async fn rename(
        &self,
        who: &Principal,
        id: &SessionId,
        title: String,
    ) -> Result<Session, EngineError> {
        let title = checked_title(Some(&title))?;
        let session = retry_on_conflict(|| async {
            let versioned = self.owned(who, id, Scope::Run).await?;
            let mut session = versioned.value;
            session.title.clone_from(&title);
            session.updated_at = self.now();
            let mut commit = Commit::new(id.clone(), session.updated_at);
            commit.expect = Some(versioned.version);
            commit.writes.push(Write::Session(Box::new(session.clone())));
            self.ports().store.commit(commit).await?;
            Ok(session)
        })
        .await?;
        self.ports().bus.wake(&Topic::Session(id.clone()));
        self.ports().bus.wake(&Topic::Everything);
        Ok(session)
    }
}
