//! Requests that are done once, however often they arrive (layer 1).

use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use crate::request::Once;
use telecoder_model::id::SessionId;
use telecoder_model::port::store::{Reservation, Reserved, Write};
use telecoder_model::principal::Principal;

impl Engine {
    /// What a request made when it came before; `None` where it is new, or has no key.
    pub(crate) async fn earlier(
        &self,
        who: &Principal,
        once: Option<&Once>,
    ) -> Result<Option<Reserved>, EngineError> {
        let Some(Once { key, request }) = once else { return Ok(None) };
        if key.is_empty() || key.len() > 200 {
            return Err(EngineError::invalid(
                "idempotency_key_invalid",
                "an Idempotency-Key has 1 to 200 characters",
            ));
        }
        let found = self.ports().store.reservation(&who.tenant, &who.user, key).await?;
        if found.as_ref().is_some_and(|reserved| reserved.request != *request) {
            return Err(EngineError::new(
                Fault::Unprocessable,
                "idempotency_key_reused",
                "this Idempotency-Key was used for another request",
            )
            .hint("use a new key for a new request"));
        }
        Ok(found)
    }
}

/// The write that keeps a request's key with what it makes in the same commit.
pub(crate) fn reserve(who: &Principal, once: &Once, session: &SessionId) -> Write {
    Write::Reserve(Reservation {
        tenant: who.tenant.clone(),
        user: who.user.clone(),
        key: once.key.clone(),
        request: once.request.clone(),
        session: session.clone(),
    })
}
