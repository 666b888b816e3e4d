//! Step: the end of the work, its wait for a person's word about publishing, or a chat's rest; unless there is more to do.

use super::Step;
use crate::worker::desk::Change;
use crate::worker::failure::WorkError;
use crate::worker::work::Work;
use async_trait::async_trait;
use telecoder_model::session::{Mode, Move, Status};

pub(super) struct Complete;

#[async_trait]
impl Step for Complete {
    async fn run(&self, work: &mut Work) -> Result<(), WorkError> {
        if work.desk.session.status != Status::Running || work.has_more().await? {
            return Ok(());
        }
        let now = work.desk.engine.now();
        match work.desk.session.mode {
            Mode::Task if work.desk.run.publish_question.is_some() => {
                let reason = Some("a person must say whether the change may be published".to_owned());
                work.desk.go(Move::Ask, reason, Change::default(), |_| {}).await
            }
            Mode::Task => {
                work.desk
                    .end(Move::Complete, Status::Complete, Change::default(), |session| {
                        session.finished_at = Some(now)
                    })
                    .await
            }
            Mode::Chat => work.desk.go(Move::Rest, None, Change::default(), |_| {}).await,
        }
    }
}
