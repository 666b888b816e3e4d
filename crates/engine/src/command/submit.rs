//! Accepting a task: session, first event, first message and job in one transaction.

use crate::command::once::reserve;
use crate::command::place::Place;
use crate::command::read::allow;
use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use crate::request::NewSession;
use telecoder_model::ErrorClass;
use telecoder_model::event::EventBody;
use telecoder_model::id::AgentName;
use telecoder_model::policy::{BUILT_IN, Policy, PublishCeiling, PublishRule};
use telecoder_model::port::agent::AgentStatus;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::store::{Commit, Queueing, Write};
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::refs::BranchName;
use telecoder_model::repository::Repository;
use telecoder_model::session::{Mode, Session, Status};
use telecoder_model::text::parse_prompt;
use telecoder_model::usage::Usage;

/// The longest title that is accepted, in bytes.
const MAX_TITLE_BYTES: usize = 1000;
/// The longest model name that is accepted, in bytes.
const MAX_MODEL_BYTES: usize = 200;

impl Engine {
    /// Accepts a task. The flag is false where an earlier request with the same idempotency key made the session.
    pub async fn submit(&self, who: &Principal, new: NewSession) -> Result<(Session, bool), EngineError> {
        allow(who, Scope::Run)?;
        if let Some(earlier) = self.replayed(who, &new).await? {
            return Ok((earlier, false));
        }
        self.check_quota()?;
        let (session, task) = self.draft(who, &new).await?;
        let mut commit = Commit::new(session.id.clone(), session.created_at);
        commit.events.push(EventBody::Status { status: Status::Pending, reason: None });
        commit.writes.push(Write::NewSession(Box::new(session.clone())));
        commit.writes.push(Write::NewMessage {
            author: who.user.clone(),
            content: task,
            queue: Queueing::Followup,
        });
        commit.writes.push(Write::Enqueue { not_before: session.created_at });
        commit.writes.extend(new.once.as_ref().map(|once| reserve(who, once, &session.id)));
        match self.ports().store.commit(commit).await {
            Ok(_) => {}
            Err(error) if error.class == ErrorClass::Conflict && new.once.is_some() => {
                // Another request with the same key was faster.
                if let Some(earlier) = self.replayed(who, &new).await? {
                    return Ok((earlier, false));
                }
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        }
        self.ports().bus.wake(&Topic::Jobs);
        self.ports().bus.wake(&Topic::Everything);
        Ok((session, true))
    }

    async fn replayed(&self, who: &Principal, new: &NewSession) -> Result<Option<Session>, EngineError> {
        let Some(earlier) = self.earlier(who, new.once.as_ref()).await? else { return Ok(None) };
        Ok(Some(self.session(who, &earlier.session).await?))
    }

    /// The session, and what its agent is told first.
    async fn draft(&self, who: &Principal, new: &NewSession) -> Result<(Session, String), EngineError> {
        let prompt = checked_prompt(new)?;
        let title = checked_title(new.title.as_deref())?;
        let model = checked_model(new.model.as_deref())?;
        let agent = self.agent(new.agent.as_ref()).await?;
        let (place, policy, publish) = self.limits(new).await?;
        let (prompt, task) = worded(prompt, &place);
        let id = self.ports().ids.session();
        let lineage = match &new.parent {
            Some(parent) => self.owned(who, parent, Scope::Read).await?.value.lineage,
            None => id.clone(),
        };
        let now = self.now();
        let (followed, head) = place.followed.unzip();
        let session = Session {
            tenant: who.tenant.clone(),
            owner: who.user.clone(),
            repository: place.repository,
            origin: place.origin,
            target: place.target,
            followed,
            issue: place.issue.map(|(issue, _)| issue),
            prompt,
            title,
            mode: new.mode,
            agent,
            model,
            policy,
            pipeline: new.pipeline.unwrap_or(self.options().default_pipeline),
            publish,
            forge: new.forge,
            status: Status::Pending,
            failure: None,
            error: None,
            hint: None,
            branch: head.unwrap_or_else(|| BranchName::of_session(&id)),
            base: place.base,
            base_commit: None,
            head: None,
            parent: new.parent.clone(),
            lineage,
            attempt: 0,
            turns: 0,
            source: new.source,
            requester: new.requester.clone(),
            outcome: None,
            diff: None,
            result: telecoder_model::session::ResultKind::None,
            result_text: None,
            pull: None,
            usage: Usage::default(),
            created_at: now,
            started_at: None,
            finished_at: None,
            updated_at: now,
            workspace_removed_at: None,
            id,
        };
        Ok((session, task))
    }

    /// Where the task begins, and within what limits.
    async fn limits(&self, new: &NewSession) -> Result<(Place, Policy, PublishRule), EngineError> {
        let mut policy = self.policy(new.policy.as_deref())?;
        let place = self.place(new, &policy).await?;
        if place.outsider {
            // What strangers wrote may steer the agent: a person looks before anything leaves.
            policy.publish = policy.publish.min(PublishCeiling::Ask);
        }
        let publish = self.publish_rule(&policy, new).map_err(|error| match place.outsider {
            true => error.hint(
                "it takes in what somebody wrote who is no member of the project: use `ask` or `manual`",
            ),
            false => error,
        })?;
        self.check_publishable(&place, &policy, publish).await?;
        Ok((place, policy, publish))
    }

    /// Refuses new work where the disk may take no more.
    fn check_quota(&self) -> Result<(), EngineError> {
        let Some(over) = self.upkeep().over_quota() else { return Ok(()) };
        let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
        Err(EngineError::new(
            Fault::Unavailable,
            "disk_quota",
            format!(
                "the data folder takes {} MB of the {} MB that TELECODER_DISK_QUOTA allows, and nothing that is not needed is left",
                megabytes(over.used),
                megabytes(over.quota)
            ),
        )
        .hint("wait until sessions have ended, close pull requests that are no longer wanted, or raise the quota"))
    }

    fn policy(&self, name: Option<&str>) -> Result<Policy, EngineError> {
        let default = self.defaults().policy;
        let name = name.unwrap_or(&default);
        Policy::built_in(name).ok_or_else(|| {
            EngineError::invalid(
                "policy_unknown",
                format!("there is no policy `{}`", telecoder_model::text::cut(name, 80)),
            )
            .hint(format!("policies: {}", BUILT_IN.join(", ")))
        })
    }

    fn publish_rule(&self, policy: &Policy, new: &NewSession) -> Result<PublishRule, EngineError> {
        let fallback = match new.mode {
            Mode::Task => self.defaults().publish,
            Mode::Chat => Some(PublishRule::Manual),
        };
        match new.publish {
            Some(wanted) => policy.publish_rule(Some(wanted)),
            // A default never asks for more than the policy gives: the stricter of both holds.
            None => policy.publish_rule(None).map(|rule| fallback.map_or(rule, |wish| rule.min(wish))),
        }
        .map_err(|text| EngineError::invalid("policy_forbids", text))
    }

    pub(crate) async fn agent(&self, wanted: Option<&AgentName>) -> Result<AgentName, EngineError> {
        let statuses = self.ports().agents.list().await?;
        let providers = self.ready_providers();
        let default = self.defaults().agent;
        match wanted.or(default.as_ref()) {
            Some(name) => named(name, &statuses),
            None => chosen(&statuses, &providers),
        }
    }

    pub(crate) fn ready_providers(&self) -> Vec<Provider> {
        self.ports().gateway.providers().into_iter().filter(|p| p.ready).map(|p| p.provider).collect()
    }

    /// Refuses a local path outside the configured roots.
    pub(crate) fn check_local_root(&self, repository: &Repository) -> Result<(), EngineError> {
        let (Some(path), Some(roots)) = (repository.local_path(), &self.options().local_roots) else {
            return Ok(());
        };
        if roots.iter().any(|root| std::path::Path::new(path).starts_with(root)) {
            return Ok(());
        }
        Err(EngineError::new(
            Fault::Denied,
            "path_outside_roots",
            format!("`{path}` is not below a folder that this server may use as a repository"),
        )
        .hint("name its folder, or one above it, in TELECODER_LOCAL_ROOTS (separated by `:`) when the server is started"))
    }
}

/// What a person asks for; nothing, where an issue says it all.
fn checked_prompt(new: &NewSession) -> Result<Option<String>, EngineError> {
    if new.issue.is_some() && new.prompt.trim().is_empty() {
        return Ok(None);
    }
    parse_prompt(&new.prompt).map(Some).map_err(|text| EngineError::invalid("prompt_invalid", text))
}

/// What a person asked for, and what the agent is told: with an issue, its fenced text as well.
fn worded(prompt: Option<String>, place: &Place) -> (String, String) {
    match (prompt, &place.issue) {
        (Some(prompt), Some((_, text))) => (prompt.clone(), format!("{prompt}\n\n{text}")),
        (Some(prompt), None) => (prompt.clone(), prompt),
        (None, Some((issue, text))) => {
            (format!("Issue #{}: {}", issue.number, telecoder_model::text::title(&issue.title)), text.clone())
        }
        (None, None) => (String::new(), String::new()),
    }
}

fn named(name: &AgentName, statuses: &[AgentStatus]) -> Result<AgentName, EngineError> {
    let Some(status) = statuses.iter().find(|status| status.name == *name) else {
        let known: Vec<&str> = statuses.iter().map(|status| status.name.as_str()).collect();
        return Err(EngineError::invalid("agent_unknown", format!("there is no agent `{name}`"))
            .hint(format!("agents: {}", known.join(", "))));
    };
    if status.installed {
        return Ok(name.clone());
    }
    Err(EngineError::new(
        Fault::Unprocessable,
        "agent_not_installed",
        format!("the agent `{name}` is not installed"),
    )
    .hint(install_hint(status)))
}

/// The agent that a key stands for, where it is ready (Anthropic → opencode, OpenAI → codex, Gemini → gemini); else the first
/// that is ready and can use one of the keys; else the first that is installed.
fn chosen(statuses: &[AgentStatus], providers: &[Provider]) -> Result<AgentName, EngineError> {
    let ready = |status: &&AgentStatus| status.installed && status.problem.is_none();
    let usable = |status: &&AgentStatus| {
        status.providers.is_empty() || status.providers.iter().any(|its| providers.contains(its))
    };
    let by_key =
        Provider::ALL.into_iter().filter(|provider| providers.contains(provider)).find_map(|provider| {
            let name = match provider {
                Provider::Anthropic => "opencode",
                Provider::Openai => "codex",
                Provider::Gemini => "gemini",
            };
            statuses.iter().filter(ready).find(|status| status.name.as_str() == name)
        });
    let found = by_key
        .or_else(|| statuses.iter().filter(ready).find(usable))
        .or_else(|| statuses.iter().find(|status| status.installed));
    if let Some(status) = found {
        return Ok(status.name.clone());
    }
    let hint = statuses
        .iter()
        .find(|status| status.name.as_str() == "goose")
        .map_or_else(|| "install one: telecoder agents install goose".to_owned(), install_hint);
    Err(EngineError::new(Fault::Unprocessable, "no_agent", "no agent is installed").hint(hint))
}

fn install_hint(status: &AgentStatus) -> String {
    match status.size_bytes {
        Some(bytes) => format!("telecoder agents install {} (about {} MB)", status.name, bytes / 1_000_000),
        None => format!("telecoder agents install {}", status.name),
    }
}

/// A title as it is kept: trimmed, absent where empty.
pub(crate) fn checked_title(title: Option<&str>) -> Result<Option<String>, EngineError> {
    let Some(title) = title.map(str::trim).filter(|title| !title.is_empty()) else {
        return Ok(None);
    };
    if title.len() > MAX_TITLE_BYTES || title.contains('\0') {
        return Err(EngineError::invalid("title_invalid", "a title has at most 1,000 bytes and no NUL"));
    }
    Ok(Some(telecoder_model::text::title(title)))
}

fn checked_model(model: Option<&str>) -> Result<Option<String>, EngineError> {
    let Some(model) = model.map(str::trim).filter(|model| !model.is_empty()) else {
        return Ok(None);
    };
    let fine = model.len() <= MAX_MODEL_BYTES
        && !model.starts_with('-')
        && model.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-:/@".contains(&b));
    if fine {
        return Ok(Some(model.to_owned()));
    }
    Err(EngineError::invalid(
        "model_invalid",
        "a model name has at most 200 characters of A-Z a-z 0-9 . _ - : / @",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(name: &str, installed: bool, providers: &[Provider]) -> AgentStatus {
        AgentStatus {
            name: name.parse().unwrap(),
            description: String::new(),
            in_catalogue: true,
            installed,
            version: None,
            size_bytes: Some(275_000_000),
            location: None,
            providers: providers.to_vec(),
            problem: None,
        }
    }

    #[test]
    fn the_agent_is_chosen_by_key_then_by_what_is_there() {
        let all = [
            status("goose", true, &Provider::ALL),
            status("opencode", true, &Provider::ALL),
            status("codex", false, &[Provider::Openai]),
        ];
        assert_eq!(chosen(&all, &[Provider::Anthropic]).unwrap().as_str(), "opencode");
        assert_eq!(chosen(&all, &[Provider::Openai]).unwrap().as_str(), "goose");
        assert_eq!(chosen(&all, &[]).unwrap().as_str(), "goose");
        let error = chosen(&[status("goose", false, &[])], &[]).unwrap_err();
        assert_eq!(error.hint.unwrap(), "telecoder agents install goose (about 275 MB)");
    }

    #[test]
    fn a_model_is_never_an_option() {
        assert!(checked_model(Some("--yolo")).is_err());
        assert!(checked_model(Some("a b")).is_err());
        assert_eq!(checked_model(Some("anthropic/claude-x:1")).unwrap().unwrap(), "anthropic/claude-x:1");
        assert_eq!(checked_model(Some("  ")).unwrap(), None);
    }
}
