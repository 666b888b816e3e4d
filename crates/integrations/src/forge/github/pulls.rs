//! Layer 1: pull requests on a GitHub. Invariants: a look comes before every change; after an answer that was lost nothing
//! is made again before a look (of several, since GitHub's reads may lag behind) has shown that it is not there.

use super::body;
use super::client::{Answer, Client, Request};
use super::credentials::For;
use super::issues::one_line;
use super::refusal::{Failure, Refusal};
use super::slug::{Slug, encoded};
use super::wire::{WirePull, WireRepository};
use reqwest::Method;
use serde_json::{Value, json};
use telecoder_model::port::forge::{ForgePull, PullRequest};
use telecoder_model::pull::PullState;
use telecoder_model::{ErrorClass, PortError};

/// How often an answer that was lost is followed by another look.
const LOOKS: u32 = 4;

pub(super) fn state(pull: &WirePull) -> PullState {
    if pull.merged || pull.merged_at.is_some() {
        PullState::Merged
    } else if pull.state != "open" {
        PullState::Closed
    } else if pull.draft {
        PullState::Draft
    } else {
        PullState::Open
    }
}

pub(super) fn shown(pull: &WirePull, created: bool) -> ForgePull {
    let state = state(pull);
    let merge = pull.merge_commit_sha.as_ref().filter(|_| state == PullState::Merged);
    ForgePull {
        number: pull.number,
        url: pull.html_url.clone(),
        title: one_line(&pull.title),
        body: body::ours_of(pull.body.as_deref().unwrap_or("")).to_owned(),
        base: pull.base.branch.parse().ok(),
        state,
        created,
        merge_commit: merge.and_then(|sha| sha.parse().ok()),
    }
}

fn is_transient(error: &PortError) -> bool {
    error.class == ErrorClass::Transient && error.retry_after.is_none()
}

/// A refusal to open or change a pull request, in our words.
fn explained(mut refusal: Refusal, pull: &PullRequest) -> PortError {
    let has = |word: &str| refusal.said.contains(word);
    let (class, what, remedy) = if refusal.fields.iter().any(|field| field == "base") {
        (
            ErrorClass::NotFound,
            format!("{} has no branch `{}` to ask for a merge into", pull.repository, pull.base),
            "Choose another base, or create the branch there.",
        )
    } else if refusal.fields.iter().any(|field| field == "head") {
        (
            ErrorClass::NotFound,
            format!("the branch `{}` is gone from {}", pull.head, pull.repository),
            "Publish again: it is pushed anew.",
        )
    } else if has("No commits between") {
        (
            ErrorClass::Permanent,
            format!("`{}` has everything that `{}` has: there is nothing to publish", pull.base, pull.head),
            "Choose another base, or let the session change something first.",
        )
    } else if has("Draft pull requests are not supported") {
        (
            ErrorClass::Permanent,
            format!("{} has no draft pull requests", pull.repository),
            "Publish it without `--draft`.",
        )
    } else {
        return refusal.error;
    };
    refusal.error.class = class;
    refusal.error.what = what;
    refusal.error.remedy(remedy)
}

impl Client {
    pub(super) async fn wire_pull(&self, slug: &Slug, number: u64) -> Result<WirePull, Failure> {
        self.get(slug.path(&format!("pulls/{number}")), self.reader(slug).await).await
    }

    /// The open pull request of a branch.
    async fn find(&self, slug: &Slug, pull: &PullRequest) -> Result<Option<WirePull>, Failure> {
        let head = encoded(&format!("{}:{}", slug.owner, pull.head));
        let path = slug.path(&format!("pulls?state=open&head={head}"));
        let all: Vec<WirePull> = self.list(&path, None, &For::Repository(slug.clone())).await?;
        let mut all: Vec<WirePull> =
            all.into_iter().filter(|found| found.head.branch == pull.head.as_str()).collect();
        let same = all.iter().position(|found| found.base.branch == pull.base.as_str());
        Ok(if all.is_empty() { None } else { Some(all.swap_remove(same.unwrap_or(0))) })
    }

    pub(super) async fn open_pull(&self, slug: &Slug, pull: &PullRequest) -> Result<ForgePull, PortError> {
        let (found, created) = match self.find(slug, pull).await? {
            Some(found) => (found, false),
            None => self.create(slug, pull).await?,
        };
        let mut found = if created { found } else { self.update(slug, pull, found).await? };
        if found.draft != pull.draft && (created || !pull.keeps.draft) {
            self.set_draft(slug, &found, pull.draft).await?;
            found.draft = pull.draft;
        }
        self.label(slug, pull, &found).await?;
        self.ask_reviewers(slug, pull, &found).await?;
        Ok(shown(&found, created))
    }

    async fn create(&self, slug: &Slug, pull: &PullRequest) -> Result<(WirePull, bool), PortError> {
        let template = self.template(slug).await;
        let request =
            Request::new(Method::POST, slug.path("pulls"), For::Repository(slug.clone())).body(json!({
                "title": pull.title,
                "head": pull.head.as_str(),
                "base": pull.base.as_str(),
                "body": body::fresh(&pull.body, template.as_deref()),
                "draft": pull.draft,
            }));
        let mut tries = 0;
        loop {
            let error = match self.send(&request).await.and_then(|answer| answer.parse::<WirePull>()) {
                Ok(made) => return Ok((made, true)),
                Err(Failure::Refused(refusal)) => {
                    if !refusal.said.contains("already exists") {
                        return Err(explained(*refusal, pull));
                    }
                    refusal.error
                }
                Err(Failure::Lost(error)) if is_transient(&error) => error,
                Err(Failure::Lost(error)) => return Err(error),
            };
            // It may be there now: by the call whose answer was lost, or by somebody else.
            for look in 0..LOOKS {
                if let Some(found) = self.find(slug, pull).await? {
                    return Ok((found, tries > 0 || is_transient(&error)));
                }
                self.pause(look).await;
            }
            tries += 1;
            if tries > 2 {
                return Err(error);
            }
        }
    }

    /// A change that may be repeated as it is.
    pub(super) async fn change(&self, request: &Request) -> Result<Answer, Failure> {
        let mut tries = 0;
        loop {
            match self.send(request).await {
                Err(Failure::Lost(error)) if is_transient(&error) && tries < 2 => {
                    self.pause(tries).await;
                    tries += 1;
                }
                other => return other,
            }
        }
    }

    async fn update(&self, slug: &Slug, pull: &PullRequest, found: WirePull) -> Result<WirePull, PortError> {
        let mut changes = serde_json::Map::new();
        if !pull.keeps.title && found.title != pull.title {
            changes.insert("title".to_owned(), json!(pull.title));
        }
        if !pull.keeps.body
            && let Some(body) = body::renewed(found.body.as_deref().unwrap_or(""), &pull.body)
        {
            changes.insert("body".to_owned(), json!(body));
        }
        if !pull.keeps.base && found.base.branch != pull.base.as_str() {
            changes.insert("base".to_owned(), json!(pull.base.as_str()));
        }
        if changes.is_empty() {
            return Ok(found);
        }
        let path = slug.path(&format!("pulls/{}", found.number));
        let request =
            Request::new(Method::PATCH, path, For::Repository(slug.clone())).body(Value::Object(changes));
        match self.change(&request).await {
            Ok(answer) => Ok(answer.parse()?),
            Err(Failure::Refused(refusal)) => Err(explained(*refusal, pull)),
            Err(Failure::Lost(error)) => Err(error),
        }
    }

    /// REST cannot change whether a pull request is a draft.
    async fn set_draft(&self, slug: &Slug, found: &WirePull, draft: bool) -> Result<(), PortError> {
        let name = if draft { "convertPullRequestToDraft" } else { "markPullRequestReadyForReview" };
        let query = format!(
            "mutation($id: ID!) {{ {name}(input: {{pullRequestId: $id}}) {{ pullRequest {{ isDraft }} }} }}"
        );
        let request = Request::new(Method::POST, self.options.graphql(), For::Repository(slug.clone()))
            .body(json!({"query": query, "variables": {"id": found.node_id}}));
        let answer: Value = self.change(&request).await.and_then(|answer| answer.parse())?;
        let error = answer.get("errors").and_then(|errors| errors.get(0));
        let Some(error) = error else { return Ok(()) };
        let said = error.get("message").and_then(Value::as_str).unwrap_or("no reason");
        let said = telecoder_model::text::cut(&telecoder_model::text::harmless(said), 300);
        Err(PortError::denied(format!(
            "#{} cannot be made {}: GitHub said: {said}",
            found.number,
            if draft { "a draft" } else { "ready for review" }
        ))
        .remedy("Change it on GitHub, or publish without `--draft`."))
    }

    async fn label(&self, slug: &Slug, pull: &PullRequest, found: &WirePull) -> Result<(), PortError> {
        let missing: Vec<&String> =
            pull.labels.iter().filter(|label| found.labels.iter().all(|has| has.name != **label)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let path = slug.path(&format!("issues/{}/labels", found.number));
        let request =
            Request::new(Method::POST, path, For::Repository(slug.clone())).body(json!({"labels": missing}));
        self.change(&request).await?;
        Ok(())
    }

    /// Somebody who cannot review is told in the log only: the pull request is there.
    async fn ask_reviewers(
        &self,
        slug: &Slug,
        pull: &PullRequest,
        found: &WirePull,
    ) -> Result<(), PortError> {
        let asked = |name: &str| found.requested_reviewers.iter().any(|has| has.login == name);
        let missing = pull.reviewers.iter().filter(|name| !asked(name));
        let (teams, people): (Vec<&String>, Vec<&String>) = missing.partition(|name| name.contains('/'));
        let teams: Vec<&str> = teams.iter().filter_map(|team| team.rsplit('/').next()).collect();
        if teams.is_empty() && people.is_empty() {
            return Ok(());
        }
        let path = slug.path(&format!("pulls/{}/requested_reviewers", found.number));
        let mut body = serde_json::Map::new();
        if !people.is_empty() {
            body.insert("reviewers".to_owned(), json!(people));
        }
        if !teams.is_empty() {
            body.insert("team_reviewers".to_owned(), json!(teams));
        }
        let request =
            Request::new(Method::POST, path, For::Repository(slug.clone())).body(Value::Object(body));
        match self.change(&request).await {
            Err(Failure::Refused(refusal)) if refusal.status == 422 => {
                tracing::warn!(pull = found.number, error = %refusal.error.chain(), "reviewers could not be asked");
                Ok(())
            }
            other => other.map(drop).map_err(PortError::from),
        }
    }

    pub(super) async fn close_pull(&self, slug: &Slug, number: u64) -> Result<ForgePull, PortError> {
        let merged = || PortError::conflict(format!("pull request #{number} was merged"));
        match state(&self.wire_pull(slug, number).await?) {
            PullState::Merged => return Err(merged()),
            PullState::Closed | PullState::Open | PullState::Draft => {}
        }
        let path = slug.path(&format!("pulls/{number}"));
        let request =
            Request::new(Method::PATCH, path, For::Repository(slug.clone())).body(json!({"state": "closed"}));
        let after: WirePull = match self.change(&request).await {
            Ok(answer) => answer.parse()?,
            Err(Failure::Refused(refusal)) => match state(&self.wire_pull(slug, number).await?) {
                PullState::Merged => return Err(merged()),
                PullState::Closed | PullState::Open | PullState::Draft => return Err(refusal.error),
            },
            Err(Failure::Lost(error)) => return Err(error),
        };
        if state(&after) == PullState::Merged {
            return Err(merged());
        }
        Ok(shown(&after, false))
    }

    /// Tries to merge; `None` where GitHub will not, with what it says.
    pub(super) async fn merge_pull(
        &self,
        slug: &Slug,
        found: &WirePull,
    ) -> Result<Result<(), PortError>, PortError> {
        let (repository, _): (WireRepository, bool) = self.repository(slug).await?;
        let method = if repository.allow_merge_commit != Some(false) {
            "merge"
        } else if repository.allow_squash_merge != Some(false) {
            "squash"
        } else {
            "rebase"
        };
        let path = slug.path(&format!("pulls/{}/merge", found.number));
        let request = Request::new(Method::PUT, path, For::Repository(slug.clone()))
            .body(json!({"merge_method": method, "sha": found.head.sha}));
        match self.send(&request).await {
            Ok(_) => Ok(Ok(())),
            Err(Failure::Refused(refusal)) if matches!(refusal.status, 405 | 409 | 422) => {
                Ok(Err(refusal.error))
            }
            Err(Failure::Lost(error)) if is_transient(&error) => Ok(Err(error)),
            Err(failure) => Err(failure.into()),
        }
    }
}
