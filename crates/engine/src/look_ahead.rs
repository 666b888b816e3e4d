//! What stands between a change and its base, found out and told before anything is pushed (layer 1); and the commit that is
//! pushed in place of the session's, where the change is brought up to date with its base. Found out once an order, so that
//! a repeated try pushes the same.

use crate::engine::Engine;
use crate::outbox;
use crate::publishing::{NAME, PublishOrder};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use telecoder_model::event::{EventBody, StepState};
use telecoder_model::port::forge::Forge;
use telecoder_model::port::store::OutboxRow;
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::repository::Repository;
use telecoder_model::session::Session;
use telecoder_model::{ErrorClass, PortError};

/// Conflicting paths that are named.
const MAX_PATHS: usize = 20;

/// What is known after a look at the base.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Prospect {
    /// The base, where the order's own is not over there.
    pub(crate) base: Option<BranchName>,
    /// Conflicting paths, the first ones.
    pub(crate) conflicts: Vec<String>,
    /// How many there are.
    pub(crate) conflicting: u64,
    /// What is pushed in place of the session's commit.
    pub(crate) commit: Option<ObjectId>,
    /// What a person should know about it.
    pub(crate) told: Vec<String>,
}

/// Looks, once an order, what stands between the change and its base, and tells it before anything is pushed.
pub(crate) async fn look(
    engine: &Engine,
    row: &mut OutboxRow,
    session: &Session,
    forge: &Arc<dyn Forge>,
    repository: &Repository,
    order: &PublishOrder,
) -> Result<Prospect, PortError> {
    if let Some(known) = row.result.as_ref().and_then(|known| known.get("prospect")) {
        return serde_json::from_value(known.clone()).map_err(|error| {
            PortError::permanent("what was found before publishing is unreadable").because(error)
        });
    }
    let mut prospect = Prospect::default();
    let mut paths = Vec::new();
    // A local pull request tells its conflicts when it is merged.
    let on_forge = repository.local_path().is_none();
    if on_forge {
        let remote = &engine.ports().remote;
        let looked = match &order.base {
            Some(base) => remote.merge_conflicts(&session.id, &order.head, repository, base).await,
            None => Err(PortError::not_found(format!("{repository} has no default branch"))),
        };
        let gives_way = !order.base_named && (session.target.is_some() || order.base.is_none());
        paths = if gives_way && is_not_found(&looked) {
            match fallback(forge, session, repository, order, &mut prospect).await? {
                Some(base) => remote.merge_conflicts(&session.id, &order.head, repository, &base).await,
                None => looked,
            }
        } else {
            looked
        }
        .or_else(|error| unknown(session, error))?;
    }
    let Some(base) = prospect.base.clone().or_else(|| order.base.clone()) else { return Ok(prospect) };
    if let Some((commit, words)) = carry(engine, session, repository, order, &base).await? {
        prospect.told.extend(words);
        paths = Vec::new();
        if on_forge && !order.rebase {
            let remote = &engine.ports().remote;
            let found = remote.merge_conflicts(&session.id, &commit, repository, &base).await;
            paths = found.or_else(|error| unknown(session, error))?;
        }
        prospect.commit = Some(commit);
    }
    if !paths.is_empty() {
        prospect.told.push(format!("the change conflicts with `{base}` in {}", named(&paths)));
    }
    prospect.conflicting = u64::try_from(paths.len()).unwrap_or(u64::MAX);
    prospect.conflicts = paths.into_iter().take(MAX_PATHS).collect();
    if prospect.commit.is_some() || !prospect.told.is_empty() {
        remember(engine, row, &prospect).await?;
    }
    Ok(prospect)
}

/// The default branch, where the work began at none, or at one of a local clone that is not over there.
async fn fallback(
    forge: &Arc<dyn Forge>,
    session: &Session,
    repository: &Repository,
    order: &PublishOrder,
    prospect: &mut Prospect,
) -> Result<Option<BranchName>, PortError> {
    let default = forge.about(repository).await?.default_branch;
    let Some(base) = default.filter(|branch| Some(branch) != order.base.as_ref()) else { return Ok(None) };
    prospect.told.push(match &order.base {
        Some(named) => format!(
            "the branch `{named}` is not at {repository}: the pull request goes to `{base}` and holds its commits too"
        ),
        None => format!("the work began at {}: the pull request goes to `{base}`", start(session)),
    });
    prospect.base = Some(base.clone());
    Ok(Some(base))
}

/// Where work began that began at no branch, for people.
fn start(session: &Session) -> String {
    match &session.base_commit {
        Some(commit) => {
            format!("{}, which is no branch", commit.short())
        }
        None => "no branch".to_owned(),
    }
}

/// Keeps what was found with the order, and tells it.
async fn remember(engine: &Engine, row: &mut OutboxRow, prospect: &Prospect) -> Result<(), PortError> {
    row.result = Some(serde_json::json!({ "prospect": prospect }));
    let event = (!prospect.told.is_empty()).then(|| EventBody::Step {
        step: NAME.to_owned(),
        state: StepState::Started,
        detail: Some(prospect.told.join("; ")),
        duration_ms: None,
    });
    outbox::write(engine, row.clone(), event.into_iter().collect()).await
}

/// The commit that is pushed in place of the session's, with what is told of it: where the change is to be brought up to
/// date with its base, or where that was done before. What others can see already is only added to.
async fn carry(
    engine: &Engine,
    session: &Session,
    repository: &Repository,
    order: &PublishOrder,
    base: &BranchName,
) -> Result<Option<(ObjectId, Option<String>)>, PortError> {
    let before = session.pull.as_ref().and_then(|pull| Some((&pull.head, pull.pushed.as_ref()?)));
    if !order.rebase && before.is_none() {
        return Ok(None);
    }
    let (rebase, id) = (&engine.ports().rebase, &session.id);
    let there = match repository.local_path() {
        Some(_) => engine.ports().local.branch_head(repository, &session.branch).await?,
        None => engine.ports().remote.remote_head(repository, &session.branch).await?,
    };
    let mut commit = order.head.clone();
    if let Some((from, pushed)) = before
        && there.as_ref() == Some(pushed)
    {
        commit = if *from == order.head {
            pushed.clone()
        } else {
            let replayed = rebase.replay(id, from, &order.head, pushed).await;
            replayed.map_err(|error| stuck(error, session, base))?
        };
    }
    let mut words = None;
    if order.rebase {
        let tip = rebase.bring(id, repository, base).await?;
        let at = tip.short();
        let (brought, how) = if there.is_some() {
            let message = format!("Merge branch '{base}' into {}", session.branch);
            let joined = rebase.join(id, &commit, &tip, &message, engine.now()).await;
            (joined, format!("`{base}` at {at} is merged into the branch, which others can see already"))
        } else {
            let from = session.base_commit.as_ref().ok_or_else(|| {
                PortError::permanent("the session began with nothing: there is nothing to rebase")
            })?;
            (
                rebase.replay(id, from, &commit, &tip).await,
                format!("the change is rebased onto `{base}` at {at}"),
            )
        };
        let brought = brought.map_err(|error| stuck(error, session, base))?;
        if brought == tip {
            return Err(PortError::permanent(format!(
                "`{base}` has everything that the session changed: there is nothing to publish"
            ))
            .remedy("Choose another base, or let the session change something first."));
        }
        words = (brought != commit).then(|| format!("{how}; TeleCoder ran no check on the result"));
        commit = brought;
    }
    Ok((commit != order.head).then_some((commit, words)))
}

/// A conflict on the way, with what a person can do; nothing was pushed.
fn stuck(error: PortError, session: &Session, base: &BranchName) -> PortError {
    if error.class != ErrorClass::Conflict {
        return error;
    }
    PortError::conflict(format!(
        "the change cannot be brought up to date with `{base}`: {}; nothing was pushed",
        telecoder_model::text::harmless(&error.what)
    ))
    .remedy(format!(
        "publish it as it is and solve them in the pull request: telecoder publish {id}; or do the task again on the base as it is now: telecoder rerun {id}",
        id = session.id
    ))
}

/// Not to know the conflicting paths is no reason to keep the change back.
fn unknown(session: &Session, error: PortError) -> Result<Vec<String>, PortError> {
    if matches!(error.class, ErrorClass::Transient | ErrorClass::NotFound | ErrorClass::Denied) {
        return Err(error);
    }
    tracing::warn!(session = %session.id, error = %error.chain(), "conflicts with the base are not known");
    Ok(Vec::new())
}

fn is_not_found<T>(found: &Result<T, PortError>) -> bool {
    matches!(found, Err(error) if error.class == ErrorClass::NotFound)
}

fn named(paths: &[String]) -> String {
    let names: Vec<&str> = paths.iter().take(MAX_PATHS).map(String::as_str).collect();
    let more = paths.len().saturating_sub(names.len());
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    telecoder_model::text::harmless(&format!("{}{rest}", names.join(", ")))
}
