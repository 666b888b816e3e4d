//! The end of sessions: `rm` and `prune`. A session's rows go in one transaction, which leaves a grave; what else belongs to
//! it goes then, by this server or, should it die in between, by the next.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::request::{Prune, Pruned, PrunedSession};
use crate::upkeep::graves;
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::store::{Burial, EndedQuery, Hold};
use telecoder_model::principal::{Principal, Scope};

/// How long the end of a session that a server still clears up after may be waited for.
const WAIT: Duration = Duration::from_secs(20);
/// The longest pause between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// Sessions that one call of `prune` looks at.
const MAX_PRUNED: u32 = 500;

impl Engine {
    /// Removes a session that has ended, with everything that belongs to it.
    pub async fn remove(&self, who: &Principal, id: &SessionId) -> Result<(), EngineError> {
        self.owned(who, id, Scope::Run).await?;
        let clock = &self.ports().clock;
        let begun = clock.monotonic();
        let mut news = self.ports().bus.subscribe(&Topic::Session(id.clone()));
        let grave = loop {
            match self.ports().store.bury(id, None, self.now()).await? {
                Burial::Done(grave) => break grave,
                Burial::Held(Hold::Job) if clock.monotonic().saturating_sub(begun) < WAIT => {
                    tokio::select! {
                        () = news.changed() => {}
                        () = clock.sleep(LOOK) => {}
                    }
                }
                Burial::Held(hold) => return Err(held(id, hold)),
            }
        };
        self.after_removal(graves::clear(self, &grave).await);
        Ok(())
    }

    /// Removes the principal's sessions that have ended and did not change for a while, or tells which those are.
    pub async fn prune(&self, who: &Principal, prune: Prune) -> Result<Pruned, EngineError> {
        super::read::allow(who, Scope::Run)?;
        let keep = prune.older.or(self.options().retention).unwrap_or(Duration::from_secs(30 * 86_400));
        let query = EndedQuery {
            before: self.now().minus(keep),
            owner: Some(who.clone()),
            after: prune.after,
            limit: MAX_PRUNED,
        };
        let rows = self.ports().store.ended(&query).await?;
        let next = rows.last().filter(|_| rows.len() == usize::try_from(MAX_PRUNED).unwrap_or(0)).cloned();
        let mut pruned = Pruned { sessions: Vec::new(), next };
        for row in rows {
            let Some(found) = self.ports().store.session(&row.id).await? else { continue };
            // A pull request elsewhere keeps its session from what nobody named; `rm` may remove it.
            let open = crate::upkeep::has_open_pull(&found.value);
            let hold = match (open, prune.dry_run) {
                (true, _) => Some("its pull request is open".to_owned()),
                (false, true) => self.ports().store.hold(&row.id).await?.map(|hold| reason(&row.id, hold).0),
                (false, false) => {
                    match self.ports().store.bury(&row.id, Some(found.version), self.now()).await? {
                        Burial::Held(hold) => Some(reason(&row.id, hold).0),
                        Burial::Done(grave) => {
                            self.after_removal(graves::clear(self, &grave).await);
                            None
                        }
                    }
                }
            };
            pruned.sessions.push(PrunedSession { session: found.value, kept: hold });
        }
        Ok(pruned)
    }

    /// Its rows are gone; what is left is cleared up by the next pass.
    fn after_removal(&self, cleared: Result<(), PortError>) {
        if let Err(error) = cleared {
            tracing::warn!(error = %error.chain(), "something of a removed session is left to the next pass");
        }
        self.ports().bus.wake(&Topic::Everything);
        self.upkeep().wake.notify_one();
    }
}

fn held(id: &SessionId, hold: Hold) -> EngineError {
    let (why, remedy) = reason(id, hold);
    let words = format!("session `{id}` cannot be removed: {why}");
    match hold {
        Hold::Active => EngineError::conflict("session_active", words),
        Hold::Job | Hold::Decision | Hold::Publishing | Hold::Pull(_) => {
            EngineError::conflict("session_needed", words)
        }
    }
    .hint(remedy)
}

/// Why a session stays, and what to do about it.
fn reason(id: &SessionId, hold: Hold) -> (String, String) {
    match hold {
        Hold::Active => (
            "its work has not ended".to_owned(),
            format!("wait for its end, or stop it first: telecoder stop {id}"),
        ),
        Hold::Job => ("its sandbox is being cleared up".to_owned(), "try again in a moment".to_owned()),
        Hold::Decision => (
            "it waits for an answer".to_owned(),
            format!("answer first: telecoder approve {id}, or telecoder deny {id}"),
        ),
        Hold::Publishing => {
            ("its change is being published".to_owned(), "try again when that is done".to_owned())
        }
        Hold::Pull(number) => (
            format!("its local pull request {number} is open"),
            format!("merge or close it first: telecoder pr merge {number}, or telecoder pr close {number}"),
        ),
    }
}
