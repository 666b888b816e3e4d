//! A new session for the same task.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::request::{NewSession, Once};
use telecoder_model::id::SessionId;
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::session::Session;

impl Engine {
    /// Makes a new session with the request of one that has ended; it becomes the new one's parent. The flag is false where
    /// an earlier request with the same idempotency key made it.
    pub async fn rerun(
        &self,
        who: &Principal,
        id: &SessionId,
        once: Option<Once>,
    ) -> Result<(Session, bool), EngineError> {
        let old = self.owned(who, id, Scope::Run).await?.value;
        // The old one may be at work again by now.
        if let Some(earlier) = self.earlier(who, once.as_ref()).await? {
            return Ok((self.session(who, &earlier.session).await?, false));
        }
        if !old.status.has_ended() {
            return Err(EngineError::conflict("session_active", format!("session `{id}` is {}", old.status))
                .hint(format!("wait for its end, or stop it first: telecoder stop {id}")));
        }
        let new = NewSession {
            prompt: old.prompt,
            repository: old.repository,
            mode: old.mode,
            agent: Some(old.agent),
            model: old.model,
            policy: Some(old.policy.name),
            pipeline: Some(old.pipeline),
            // A followed head is looked up anew.
            base: old.base.filter(|_| old.followed.is_none()),
            title: old.title,
            publish: Some(old.publish)
                .filter(|_| old.policy.publish != telecoder_model::policy::PublishCeiling::Never),
            forge: old.forge,
            parent: Some(old.id),
            source: old.source,
            requester: old.requester,
            pull: old.followed.map(|pull| pull.number),
            issue: old.issue.map(|issue| issue.number),
            once,
        };
        self.submit(who, new).await
    }
}
