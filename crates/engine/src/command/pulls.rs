//! Local pull requests.

use crate::command::read::allow;
use crate::command::stop::retry_on_conflict;
use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use telecoder_model::event::EventBody;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::forge::ForgePull;
use telecoder_model::port::store::{Commit, Page, PullQuery, Write};
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::pull::Pull;

/// What is done to a pull request.
#[derive(Clone, Copy)]
enum Deed {
    Merge,
    Close,
}

impl Engine {
    /// A page of the principal's local pull requests, newest first.
    pub async fn pulls(&self, who: &Principal, query: &PullQuery) -> Result<Page<Pull>, EngineError> {
        allow(who, Scope::Read)?;
        Ok(self.ports().store.pulls(who, query).await?)
    }

    /// A local pull request by its number.
    pub async fn pull(&self, who: &Principal, number: u64) -> Result<Pull, EngineError> {
        allow(who, Scope::Read)?;
        let found = self.ports().store.pull(number).await?;
        found.filter(|pull| pull.tenant == who.tenant && pull.owner == who.user).ok_or_else(|| {
            EngineError::not_found("pull_not_found", format!("there is no local pull request #{number}"))
                .hint("`telecoder pr list` shows all")
        })
    }

    /// Merges a local pull request into its base.
    pub async fn merge_pull(&self, who: &Principal, number: u64) -> Result<Pull, EngineError> {
        self.decide(who, number, Deed::Merge).await
    }

    /// Closes a local pull request without merging.
    pub async fn close_pull(&self, who: &Principal, number: u64) -> Result<Pull, EngineError> {
        self.decide(who, number, Deed::Close).await
    }

    async fn decide(&self, who: &Principal, number: u64, deed: Deed) -> Result<Pull, EngineError> {
        allow(who, Scope::Publish)?;
        let pull = self.pull(who, number).await?;
        if !pull.state.is_open() {
            return Err(EngineError::conflict(
                "pull_not_open",
                format!("pull request #{number} is {}", pull.state.as_str()),
            ));
        }
        let Some(forge) = self.ports().forges.iter().find(|forge| forge.serves(&pull.repository)) else {
            return Err(EngineError::new(
                Fault::Unprocessable,
                "forge_unknown",
                "no forge serves this repository",
            ));
        };
        let (after, action) = match deed {
            Deed::Merge => (forge.merge(&pull.repository, number).await, "merged"),
            Deed::Close => (forge.close(&pull.repository, number).await, "closed"),
        };
        let after = after.map_err(EngineError::asked)?;
        self.tell(who, &pull, &after, action).await?;
        self.pull(who, number).await
    }

    /// Records on the session what became of its pull request.
    async fn tell(
        &self,
        who: &Principal,
        pull: &Pull,
        after: &ForgePull,
        action: &str,
    ) -> Result<(), EngineError> {
        retry_on_conflict(|| async {
            let versioned = self.owned(who, &pull.session, Scope::Read).await?;
            let mut session = versioned.value;
            if let Some(mine) = session.pull.as_mut().filter(|mine| mine.number == pull.number) {
                mine.state = after.state;
            }
            session.updated_at = self.now();
            let mut commit = Commit::new(session.id.clone(), session.updated_at);
            commit.expect = Some(versioned.version);
            commit.events.push(EventBody::pull_request(
                pull.number,
                crate::publishing::link(self, &after.url),
                action,
            ));
            commit.writes.push(Write::Session(Box::new(session)));
            self.ports().store.commit(commit).await?;
            Ok(())
        })
        .await?;
        self.ports().bus.wake(&Topic::Session(pull.session.clone()));
        self.ports().bus.wake(&Topic::Everything);
        Ok(())
    }
}
