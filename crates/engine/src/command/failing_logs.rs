//! The ends of the logs of the checks that have failed on a session's pull request: for people, and for its agent.

use crate::command::read::allow;
use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use crate::fence;
use crate::worker::redact;
use telecoder_model::id::SessionId;
use telecoder_model::port::forge::FailingLog;
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::session::SessionPull;
use telecoder_model::text::{MAX_PROMPT_CHARS, harmless};

/// The most bytes of all tails together.
const MAX_BYTES: usize = 48 << 10;

impl Engine {
    /// Asks the forge for them, as they are now. Empty where nothing has failed, or its logs are not kept any more.
    pub async fn failing_logs(
        &self,
        who: &Principal,
        id: &SessionId,
    ) -> Result<Vec<FailingLog>, EngineError> {
        allow(who, Scope::Read)?;
        let session = self.owned(who, id, Scope::Read).await?.value;
        let Some((repository, pull)) = session.forge_pull() else {
            return Err(EngineError::conflict(
                "no_forge_pull",
                format!("session `{id}` has no pull request on a forge, so that no checks run on it"),
            )
            .hint(format!("publish its change: telecoder publish {id}")));
        };
        let Some(forge) = self.ports().forges.iter().find(|forge| forge.serves(repository)) else {
            return Err(EngineError::new(
                Fault::Unprocessable,
                "forge_unknown",
                format!("no forge is configured for `{repository}`"),
            ));
        };
        let commit = pull.news.head.as_ref().unwrap_or_else(|| SessionPull::over_there(pull));
        let logs = forge.failing_logs(repository, commit, MAX_BYTES).await.map_err(EngineError::asked)?;
        let secrets = &self.options().secrets;
        let clean = |log: FailingLog| FailingLog {
            job: harmless(&log.job),
            url: harmless(&log.url),
            tail: redact::without(secrets, harmless(&log.tail)),
        };
        Ok(logs.into_iter().map(clean).collect())
    }

    /// Words to an agent with these logs behind them, marked as the words of others.
    pub(crate) async fn with_failing_logs(
        &self,
        who: &Principal,
        id: &SessionId,
        words: &str,
    ) -> Result<String, EngineError> {
        let logs = self.failing_logs(who, id).await?;
        if logs.iter().all(|log| log.tail.is_empty()) {
            return Err(EngineError::conflict(
                "no_failing_logs",
                "no check of the session's pull request has failed, or its log is not kept any more",
            )
            .hint(format!("look at its checks: telecoder pr show {id}")));
        }
        let nonce = self.ports().ids.word(12);
        let both = format!("{words}\n\n{}", fence::logs(&logs, &nonce));
        if both.chars().count() > MAX_PROMPT_CHARS {
            return Err(EngineError::invalid(
                "prompt_invalid",
                format!("with the logs the message has more than {MAX_PROMPT_CHARS} characters"),
            ));
        }
        Ok(both)
    }
}
