//! Reads over everything of a person: changes of all sessions, repositories, and what tasks that do not say get.

use crate::command::read::allow;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::request::{ChangePage, KnownRepository, TaskDefaults};
use telecoder_model::port::bus::{Subscription, Topic};
use telecoder_model::principal::{Principal, Scope};

/// Repositories that are shown at most: what is kept of each is looked up on disk.
const MAX_REPOSITORIES: u32 = 100;

impl Engine {
    /// Changes of the principal's sessions with a global number above `after`, at most `limit` (1 to 1,000).
    pub async fn changes(&self, who: &Principal, after: u64, limit: u32) -> Result<ChangePage, EngineError> {
        allow(who, Scope::Read)?;
        // Asked first: whatever has a number up to this one is seen by the read after it.
        let last = self.ports().store.last_global().await?;
        let limit = limit.clamp(1, 1000);
        let changes = self.ports().store.changes(who, after, limit).await?;
        let is_full = changes.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        let told = changes.last().map_or(after, |change| change.global);
        Ok(ChangePage { upto: if is_full { told } else { told.max(last) }, changes })
    }

    /// The global number of the last event of all.
    pub async fn last_change(&self) -> Result<u64, EngineError> {
        Ok(self.ports().store.last_global().await?)
    }

    /// Wakes whenever something may have changed that a list shows. Subscribe first, then read, then wait.
    pub fn subscribe_all(&self) -> Box<dyn Subscription> {
        self.ports().bus.subscribe(&Topic::Everything)
    }

    /// Wakes whoever shows something that is no session's event: settings, agents, tokens.
    pub(super) fn tell_all(&self) {
        self.ports().bus.wake(&Topic::Everything);
    }

    /// The repositories that the principal's sessions work on, the one that was used last first.
    pub async fn repositories(&self, who: &Principal) -> Result<Vec<KnownRepository>, EngineError> {
        allow(who, Scope::Read)?;
        let mut all = Vec::new();
        for used in self.ports().store.repositories(who, MAX_REPOSITORIES).await? {
            let stock = self.ports().trees.stock(&used.repository).await?;
            all.push(KnownRepository { used, stock });
        }
        Ok(all)
    }

    /// What tasks that do not say get.
    pub async fn task_defaults(&self, who: &Principal) -> Result<TaskDefaults, EngineError> {
        allow(who, Scope::Read)?;
        Ok(TaskDefaults {
            settings: self.defaults(),
            agent: self.agent(None).await.ok(),
            pipeline: self.options().default_pipeline,
            local_roots: self.options().local_roots.clone(),
            providers: self.ports().gateway.providers(),
        })
    }
}
