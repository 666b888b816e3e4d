//! How a pull request would look, before anything is published.

use crate::command::place::refused;
use crate::command::publish::order;
use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use crate::pull_body;
use crate::request::{PublishPreview, PublishRequest};
use std::sync::Arc;
use telecoder_model::id::SessionId;
use telecoder_model::port::forge::Forge;
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::pull::PullState;
use telecoder_model::refs::BranchName;
use telecoder_model::repository::Repository;
use telecoder_model::session::{Session, SessionPull};

impl Engine {
    /// The pull request that publishing would open or bring up to date.
    pub async fn preview(
        &self,
        who: &Principal,
        id: &SessionId,
        request: PublishRequest,
    ) -> Result<PublishPreview, EngineError> {
        let session = self.owned(who, id, Scope::Read).await?.value;
        self.check_publishable_now(&session).await?;
        let order = order(&session, request)?;
        let Some(repository) = session.pull_repository().cloned() else {
            return Err(EngineError::conflict(
                "no_repository",
                "the session has no repository to publish to",
            ));
        };
        let Some(forge) = self.ports().forges.iter().find(|forge| forge.serves(&repository)) else {
            return Err(EngineError::new(
                Fault::Unprocessable,
                "forge_unknown",
                format!("no forge is configured for `{repository}`"),
            ));
        };
        let base = match order.base {
            Some(base) => base,
            None => default_branch(forge, &repository).await?,
        };
        let body_given = order.body.is_some();
        let body = match (order.body, &session.followed) {
            (Some(body), _) => body,
            (None, Some(_)) => pull_body::comment(&session, self.public_url()),
            (None, None) => {
                let steps = crate::steps::taken(self, id).await?;
                let parts = pull_body::Parts { steps, ..pull_body::Parts::default() };
                pull_body::compose(&session, self.public_url(), &parts)
            }
        };
        let existing = existing(&session);
        // What it keeps; where it cannot be looked at just now, what publishing would give a new one.
        let there = match &existing {
            Some(known) => forge.pull(&repository, known.number).await.ok().flatten(),
            None => None,
        };
        let kept = |asked: bool| there.as_ref().filter(|_| !asked);
        // A body that somebody gave stays until another is given.
        let anew = body_given || !existing.as_ref().is_some_and(|pull| pull.body_given);
        let body = kept(anew).map_or(body, |pull| pull.body.clone());
        Ok(PublishPreview {
            forge: forge.kind(),
            body: body.replace(&pull_body::marker(&session), "").trim_end().to_owned(),
            existing,
            repository,
            branch: session.branch,
            base: kept(order.base_named).and_then(|pull| pull.base.clone()).unwrap_or(base),
            title: kept(order.title_named).map_or(order.title, |pull| pull.title.clone()),
            draft: order
                .draft
                .unwrap_or_else(|| kept(false).is_some_and(|pull| pull.state == PullState::Draft)),
            session: session.id,
        })
    }
}

async fn default_branch(forge: &Arc<dyn Forge>, repository: &Repository) -> Result<BranchName, EngineError> {
    let about = forge.about(repository).await.map_err(refused)?;
    about
        .default_branch
        .ok_or_else(|| EngineError::invalid("base_needed", format!("{repository} has no default branch")))
}

/// The pull request that publishing would bring up to date.
fn existing(session: &Session) -> Option<SessionPull> {
    let open = session.pull.clone().filter(|pull| pull.state.is_open());
    open.or_else(|| {
        session.followed.as_ref().map(|followed| SessionPull {
            number: followed.number,
            url: followed.url.clone(),
            state: PullState::Open,
            head: followed.commit.clone(),
            pushed: None,
            base: Some(followed.base.clone()),
            order: None,
            body_given: false,
            news: telecoder_model::pull::PullNews::default(),
        })
    })
}
