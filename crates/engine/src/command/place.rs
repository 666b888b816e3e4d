//! Where a task begins and where its pull request goes (layer 1): decided once, when the task is accepted, so that whatever
//! is in the way is told before any work.

use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use crate::fence;
use crate::request::NewSession;
use std::sync::Arc;
use telecoder_model::policy::{Policy, PublishCeiling, PublishRule};
use telecoder_model::port::forge::{Forge, PullSource};
use telecoder_model::refs::{BranchName, Revision};
use telecoder_model::repository::Repository;
use telecoder_model::session::{FollowedPull, ForgeChoice, SourceIssue};
use telecoder_model::{ErrorClass, PortError};

/// Where a task begins, and where its pull request goes.
#[derive(Debug, Default)]
pub(crate) struct Place {
    /// The repository that it works on.
    pub(crate) repository: Option<Repository>,
    /// The repository that a local one names as its origin.
    pub(crate) origin: Option<Repository>,
    /// Where the pull request goes, if that is another repository.
    pub(crate) target: Option<Repository>,
    /// Where the work starts.
    pub(crate) base: Option<Revision>,
    /// The pull request whose head it works on, and that head.
    pub(crate) followed: Option<(FollowedPull, BranchName)>,
    /// The issue that is the task, and its text for the agent.
    pub(crate) issue: Option<(SourceIssue, String)>,
    /// Whether it takes in what somebody wrote who is no member of the project.
    pub(crate) outsider: bool,
}

impl Engine {
    /// Decides where a task begins.
    pub(crate) async fn place(&self, new: &NewSession, policy: &Policy) -> Result<Place, EngineError> {
        let Some(repository) = &new.repository else {
            let named = [
                ("base", new.base.is_some()),
                ("sourcePr", new.pull.is_some()),
                ("sourceIssue", new.issue.is_some()),
            ];
            return match named.into_iter().find(|(_, given)| *given) {
                Some((name, _)) => Err(EngineError::invalid(
                    if name == "base" { "base_without_repository" } else { "source_without_repository" },
                    format!("`{name}` needs a repository"),
                )
                .hint("name it (telecoder run --repo OWNER/NAME), or be in a clone of it")),
                None => Ok(Place::default()),
            };
        };
        self.check_local_root(repository)?;
        self.check_forge(repository)?;
        let mut place =
            Place { repository: Some(repository.clone()), base: new.base.clone(), ..Place::default() };
        if repository.local_path().is_some() {
            self.find_origin(&mut place, repository, new.forge).await;
        } else if new.forge == ForgeChoice::Local {
            return Err(EngineError::invalid(
                "forge_needs_local_repository",
                format!("{repository} is not on this host: a local pull request needs a local clone"),
            )
            .hint("clone it and give the clone's path, or leave `forge` out"));
        }
        if new.pull.is_some() && (new.issue.is_some() || new.base.is_some()) {
            return Err(EngineError::invalid(
                "source_ambiguous",
                "`sourcePr` says where the work starts: `sourceIssue` and `base` cannot be given with it",
            ));
        }
        if let Some(number) = new.pull {
            self.take_pull(&mut place, number, policy).await?;
        }
        if let Some(number) = new.issue {
            self.take_issue(&mut place, number).await?;
        }
        Ok(place)
    }

    /// Looks whether the change may be published at all, as far as that can be known before.
    pub(crate) async fn check_publishable(
        &self,
        place: &Place,
        policy: &Policy,
        publish: PublishRule,
    ) -> Result<(), EngineError> {
        let Some(home) = place.home().filter(|home| home.local_path().is_none()) else { return Ok(()) };
        if publish == PublishRule::Manual || policy.publish == PublishCeiling::Never {
            return Ok(());
        }
        let later = "or keep the change here: --publish manual";
        let about = match self.forge_of(home)?.about(home).await {
            Ok(about) => about,
            Err(error) if error.class == ErrorClass::Transient => {
                tracing::warn!(repository = %home, error = %error.chain(), "whether it may be pushed to is not known");
                return Ok(());
            }
            Err(error) => return Err(refused(error)),
        };
        if about.archived {
            return Err(EngineError::new(
                Fault::Unprocessable,
                "repository_archived",
                format!("{home} is archived: nothing can be published there"),
            )
            .hint(format!("unarchive it in its settings, {later}")));
        }
        if !about.may_push && place.followed.is_none() {
            return Err(EngineError::new(
                Fault::Denied,
                "push_forbidden",
                format!("the server's account may not push to {home}"),
            )
            .hint(format!("give it write access, {later}")));
        }
        Ok(())
    }

    /// The forge of a repository.
    pub(crate) fn forge_of(&self, repository: &Repository) -> Result<&Arc<dyn Forge>, EngineError> {
        self.ports().forges.iter().find(|forge| forge.serves(repository)).ok_or_else(|| {
            // `owner/name` would not say which host is meant.
            let url = repository.https_url().unwrap_or_else(|| repository.to_string());
            EngineError::new(
                Fault::Unprocessable,
                "forge_unknown",
                format!("no forge is configured for `{}`", url.trim_end_matches(".git")),
            )
            .hint(format!(
                "give a repository of {}, the path of a local clone, or another GITHUB_SERVER_URL to the server",
                self.options().forge_host
            ))
        })
    }

    /// Refuses a repository that no forge serves.
    pub(crate) fn check_forge(&self, repository: &Repository) -> Result<(), EngineError> {
        self.forge_of(repository).map(drop)
    }

    /// A clone whose origin is on a forge that this server has credentials for publishes there.
    async fn find_origin(&self, place: &mut Place, repository: &Repository, choice: ForgeChoice) {
        // What is wrong with a repository is told when its workspace is prepared.
        place.origin = self.ports().workspaces.origin(repository).await.unwrap_or_default();
        let Some(origin) = place.origin.clone().filter(|_| choice == ForgeChoice::Origin) else { return };
        let forge = self.ports().forges.iter().find(|forge| forge.serves(&origin));
        if origin.local_path().is_none() && forge.is_some_and(|forge| forge.has_credentials()) {
            place.target = Some(origin);
        }
    }

    /// Puts a task on the head of a pull request.
    async fn take_pull(&self, place: &mut Place, number: u64, policy: &Policy) -> Result<(), EngineError> {
        let Some(home) = place.home().cloned() else { return Ok(()) };
        let source = self.forge_of(&home)?.source(&home, number).await.map_err(refused)?;
        if !source.state.is_open() {
            return Err(EngineError::conflict(
                "pull_not_open",
                format!("pull request #{number} of {home} is {}", source.state.as_str()),
            )
            .hint("work on its base instead: leave --pr out"));
        }
        let publishes = policy.publish != PublishCeiling::Never;
        if publishes {
            check_writable(&home, &source)?;
        }
        place.outsider |= source.outsider || source.head_repository != home;
        place.base = Some(Revision::Commit(source.head_commit.clone()));
        let followed = FollowedPull {
            number,
            url: source.url,
            title: source.title,
            base: source.base,
            commit: source.head_commit,
        };
        place.followed = publishes.then_some((followed, source.head));
        // The clone of a person may not have that commit: the work begins from the forge.
        (place.repository, place.target) = (Some(home), None);
        Ok(())
    }

    /// Takes an issue as the task.
    async fn take_issue(&self, place: &mut Place, number: u64) -> Result<(), EngineError> {
        let Some(home) = place.home().cloned() else { return Ok(()) };
        let issue = self.forge_of(&home)?.issue(&home, number).await.map_err(refused)?;
        place.outsider |= issue.outsider || issue.comments.iter().any(|comment| comment.outsider);
        let text = fence::issue(&home, &issue, &self.ports().ids.word(12));
        place.issue = Some((SourceIssue { number, url: issue.url, title: issue.title }, text));
        Ok(())
    }
}

impl Place {
    /// The repository that pull requests and issues are of.
    pub(crate) fn home(&self) -> Option<&Repository> {
        self.target.as_ref().or(self.repository.as_ref())
    }
}

/// Refuses a pull request whose head this server cannot write.
fn check_writable(home: &Repository, source: &PullSource) -> Result<(), EngineError> {
    let number = source.number;
    if source.head_repository != *home {
        return Err(EngineError::new(
            Fault::Unprocessable,
            "pull_from_fork",
            format!(
                "pull request #{number} of {home} comes from {}: its branch is not written from here",
                source.head_repository
            ),
        )
        .hint(format!(
            "only look at it: --policy observe; or work in the fork itself: telecoder run -r {} --base {}",
            source.head_repository, source.head
        )));
    }
    if !source.may_push {
        return Err(EngineError::new(
            Fault::Denied,
            "push_forbidden",
            format!("the branch `{}` of pull request #{number} may not be pushed to", source.head),
        )
        .hint("give the server's account write access, or only look at it: --policy observe"));
    }
    Ok(())
}

/// What a forge says to a task that is not accepted yet. What it does not have is a fault of the request, not of the path.
pub(crate) fn refused(error: PortError) -> EngineError {
    let words = error.chain();
    let refused = match error.class {
        ErrorClass::NotFound => EngineError::new(Fault::Unprocessable, "forge_not_found", words),
        ErrorClass::Denied => EngineError::new(Fault::Denied, "forge_denied", words),
        ErrorClass::Transient => EngineError::new(Fault::Unavailable, "forge_unavailable", words),
        ErrorClass::Permanent | ErrorClass::Conflict | ErrorClass::Full => {
            EngineError::new(Fault::Unprocessable, "forge_failed", words)
        }
    };
    EngineError { hint: error.remedy, ..refused }
}
