//! Step: publishing by itself, where the task says so. The outbox performs it.

use super::Step;
use crate::command::publish::order;
use crate::request::PublishRequest;
use crate::worker::failure::WorkError;
use crate::worker::work::Work;
use async_trait::async_trait;
use telecoder_model::policy::PublishRule;
use telecoder_model::session::FailureKind;

pub(super) struct Publish;

#[async_trait]
impl Step for Publish {
    async fn run(&self, work: &mut Work) -> Result<(), WorkError> {
        let session = work.desk.session.clone();
        let published = session.pull.as_ref().map(|pull| &pull.head);
        let changed = session.head.is_some() && session.head != session.base_commit;
        let nothing = !changed || published == session.head.as_ref() || session.repository.is_none();
        if session.publish != PublishRule::Auto || nothing || work.has_more().await? {
            return Ok(());
        }
        let request = PublishRequest { draft: false, ..PublishRequest::default() };
        let engine = work.desk.engine.clone();
        let failed = |error: crate::error::EngineError| {
            let failed =
                WorkError::failed(FailureKind::ForgeError, format!("publishing failed: {}", error.message));
            match error.hint {
                Some(hint) => failed.hint(hint),
                None => failed,
            }
        };
        let order = order(&session, request).map_err(failed)?;
        engine.publish_order(&session, order).await.map_err(failed)?;
        work.desk.refresh().await
    }
}
