//! Sessions after their time (layer 1): those that have ended and did not change for longer than they are kept.

use super::graves;
use crate::engine::Engine;
use telecoder_model::port::store::{Burial, EndedQuery, EndedSession, Versioned};
use telecoder_model::session::Session;
use telecoder_model::time::Timestamp;
use telecoder_model::{ErrorClass, PortError};

/// Sessions that are read at once.
const BATCH: u32 = 100;

pub(super) async fn run(engine: &Engine) -> Result<(), PortError> {
    let Some(keep) = engine.options().retention else { return Ok(()) };
    let before = engine.now().minus(keep);
    let mut pages = Pages::new(before);
    while let Some(row) = pages.next(engine).await? {
        if bury(engine, &row).await? {
            tracing::info!(session = %row.id, "a session is removed after its time");
        }
    }
    Ok(())
}

/// Sessions that have ended, the one that did not change for longest first.
pub(super) struct Pages {
    query: EndedQuery,
    page: std::vec::IntoIter<EndedSession>,
}

impl Pages {
    pub(super) fn new(before: Timestamp) -> Self {
        Self {
            query: EndedQuery { before, owner: None, after: None, limit: BATCH },
            page: Vec::new().into_iter(),
        }
    }

    pub(super) async fn next(&mut self, engine: &Engine) -> Result<Option<EndedSession>, PortError> {
        if self.page.len() == 0 {
            self.page = engine.ports().store.ended(&self.query).await?.into_iter();
        }
        let row = self.page.next();
        if row.is_some() {
            self.query.after.clone_from(&row);
        }
        Ok(row)
    }
}

/// Removes a session that nobody asked to remove, with all that belongs to it; gives whether it is gone. One whose pull request
/// is open stays.
pub(super) async fn bury(engine: &Engine, row: &EndedSession) -> Result<bool, PortError> {
    let Some(Versioned { value, version, .. }) = engine.ports().store.session(&row.id).await? else {
        return Ok(false);
    };
    if value.updated_at != row.updated_at || has_open_pull(&value) {
        return Ok(false);
    }
    let grave = match engine.ports().store.bury(&row.id, Some(version), engine.now()).await {
        Ok(Burial::Done(grave)) => grave,
        Ok(Burial::Held(_)) => return Ok(false),
        Err(error) if matches!(error.class, ErrorClass::Conflict | ErrorClass::NotFound) => return Ok(false),
        Err(error) => return Err(error),
    };
    graves::clear(engine, &grave).await?;
    Ok(true)
}

/// Whether its pull request, wherever that is, can still be merged.
pub(crate) fn has_open_pull(session: &Session) -> bool {
    session.pull.as_ref().is_some_and(|pull| pull.state.is_open())
}
