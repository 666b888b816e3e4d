//! `run`: a session, followed to its end.

use super::following::{created, to_the_end};
use super::{Context, chat, words};
use crate::arguments::RunArguments;
use crate::exit::{Failure, Outcome};
use crate::repository;
use crate::start_server::connect_or_start;
use crate::terminal::{BOLD, DIM, styled};
use crate::words::{clean, count, short_commit};
use telecoder_api::policy::{PublishCeiling, PublishRule};
use telecoder_api::repository::RepositoryFacts;
use telecoder_api::session::{Mode, NewSession, Requester, Session};

/// Uncommitted files that the warning names.
const NAMED_FILES: usize = 5;

/// Creates a session and follows it.
pub(crate) async fn run(context: &Context, options: RunArguments) -> Outcome {
    let prompt = if options.prompt.is_empty() { String::new() } else { words(&options.prompt)? };
    let repo = repository::resolve(options.repo.as_deref())?;
    let client = connect_or_start(context.terminal, context.server(), repo.as_deref()).await?;
    let facts = match &repo {
        Some(repo) => Some(client.inspect_repository(repo).await?),
        None => None,
    };
    if let Some(facts) = facts
        .as_ref()
        .filter(|facts| facts.head_sha.is_none() && options.base.is_none() && options.pr.is_none())
    {
        return Err(Failure::failed(format!("{} has no commit yet", facts.repo))
            .hint("make a first one (git commit --allow-empty -m start), or name a branch: --base BRANCH"));
    }
    let task = task(&options, prompt, repo).await?;
    let session = client.create_session(&task, None).await?.value;
    announce(context, facts.as_ref(), &session, &options);
    if context.terminal.is_terminal() {
        let page = format!("{}/sessions/{}", client.base_url().trim_end_matches('/'), session.id);
        context.terminal.note(&format!("  {}", styled(DIM, &page)));
    }
    if options.detach {
        return created(context, &session);
    }
    if options.chat {
        return chat::chat(context, &client, session).await;
    }
    to_the_end(context, &client, &session.id, 0).await
}

/// What will be worked on and where the pull request will go, what is not part of it, and the session.
fn announce(context: &Context, facts: Option<&RepositoryFacts>, session: &Session, options: &RunArguments) {
    let terminal = context.terminal;
    let first = match facts {
        Some(facts) => {
            format!(
                "Working on {} ({}); {}.",
                clean(session.repo.as_deref().unwrap_or(&facts.repo)),
                start(facts, session, options),
                goes(facts, session, options)
            )
        }
        None => "Working in an empty workspace; there will be no pull request.".to_owned(),
    };
    terminal.note(&first);
    if let Some(number) = session.source_issue {
        terminal.note(&format!("The task is issue #{number}: {}", clean(&session.title)));
    }
    if let Some(warning) = facts.and_then(|facts| left_out(facts, session)) {
        terminal.note(&warning);
    }
    terminal.note(&format!(
        "Session {} · agent {} · policy {}",
        styled(BOLD, &session.id),
        clean(&session.agent),
        clean(&session.policy.name),
    ));
}

fn start(facts: &RepositoryFacts, session: &Session, options: &RunArguments) -> String {
    if let Some(number) = session.source_pr {
        let head = session.base.as_deref().unwrap_or_default();
        return format!("pull request #{number}, {} at {}", clean(&session.branch), short_commit(head));
    }
    if let Some(base) = &options.base {
        return clean(base);
    }
    let branch = facts.default_branch.as_deref().unwrap_or("HEAD");
    let commit = facts.head_sha.as_deref().unwrap_or_default();
    format!("{} at {}", clean(branch), short_commit(commit))
}

fn goes(facts: &RepositoryFacts, session: &Session, options: &RunArguments) -> String {
    if session.policy.publish == PublishCeiling::Never {
        return "no change will leave the sandbox".to_owned();
    }
    if options.publish == Some(PublishRule::Manual) || session.mode == Mode::Chat {
        return "no pull request until you publish".to_owned();
    }
    let asked = options.publish == Some(PublishRule::Ask) || session.policy.publish == PublishCeiling::Ask;
    let after = if asked { ", after you approved" } else { "" };
    if session.source_pr.is_some() {
        return format!("the change goes to that pull request{after}");
    }
    let to = session.pr_repo.as_deref().or(session.repo.as_deref()).unwrap_or_default();
    if !to.starts_with('/') {
        return format!("the pull request goes to {}{after}", clean(to));
    }
    if facts.default_branch.is_none() && options.base.is_none() {
        return "no branch is checked out: no pull request until you publish for one (--base)".to_owned();
    }
    match &facts.origin {
        Some(origin) if options.forge.is_none() => format!(
            "the pull request will be a local one, in that repository{after}: there are no credentials for {}",
            clean(origin)
        ),
        Some(_) | None => format!("the pull request will be a local one, in that repository{after}"),
    }
}

/// Uncommitted files that are not part of the work; one that begins from a forge has none.
fn left_out(facts: &RepositoryFacts, session: &Session) -> Option<String> {
    if session.repo.as_deref().is_some_and(|repo| repo != facts.repo) { None } else { uncommitted(facts) }
}

fn uncommitted(facts: &RepositoryFacts) -> Option<String> {
    let total = facts.uncommitted_total;
    if total == 0 {
        return None;
    }
    let names: Vec<String> = facts.uncommitted.iter().take(NAMED_FILES).map(|name| clean(name)).collect();
    let more = if total > names.len() as u64 { ", …" } else { "" };
    let are = if total == 1 { "is" } else { "are" };
    let files = count(total, "uncommitted file");
    Some(format!("warning: {files} {are} not included: {}{more}", names.join(", ")))
}

async fn task(options: &RunArguments, prompt: String, repo: Option<String>) -> Result<NewSession, Failure> {
    let identity = telecoder::git_identity(&std::env::current_dir()?).await;
    Ok(NewSession {
        prompt,
        repo,
        mode: options.chat.then_some(Mode::Chat),
        agent: options.agent.clone(),
        model: options.model.clone(),
        policy: options.policy.clone(),
        pipeline: options.pipeline,
        base: options.base.clone(),
        title: options.title.clone(),
        publish: options.publish,
        forge: options.forge,
        source_pr: options.pr,
        source_issue: options.issue,
        requester: identity.map(|(name, email)| Requester { name, email }),
        ..NewSession::default()
    })
}
