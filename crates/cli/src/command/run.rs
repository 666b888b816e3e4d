//! `run`: a session, followed to its end.

use super::{Context, words};
use crate::arguments::RunArguments;
use crate::exit::{self, Failure, Outcome};
use crate::follow::{Ended, Until, follow};
use crate::repository;
use crate::start_server::connect_or_start;
use crate::terminal::{BOLD, Output, styled};
use crate::words::{clean, outcome};
use std::process::ExitCode;
use telecoder_api::Client;
use telecoder_api::message::NewMessage;
use telecoder_api::repository::RepositoryFacts;
use telecoder_api::session::{Mode, NewSession, Requester, Session, Status};
use tokio::io::{AsyncBufReadExt, BufReader};

/// Uncommitted files that the warning names.
const NAMED_FILES: usize = 5;

/// Creates a session and follows it.
pub(crate) async fn run(context: &Context, options: RunArguments) -> Outcome {
    let prompt = words(&options.prompt)?;
    let repo = repository::resolve(options.repo.as_deref())?;
    let client = connect_or_start(context.terminal, context.server(), repo.as_deref()).await?;
    if let Some(repo) = &repo {
        let facts = client.inspect_repository(repo).await?;
        announce(context, &facts, &options);
    } else {
        context.terminal.note("Working in an empty workspace; there will be no pull request.");
    }
    let task = task(&options, prompt, repo).await?;
    let session = client.create_session(&task, None).await?.value;
    if options.detach {
        context.terminal.line(&session.id)?;
        return Ok(ExitCode::SUCCESS);
    }
    context.terminal.note(&format!(
        "Session {} · agent {} · policy {} · publish {}",
        styled(BOLD, &session.id),
        clean(&session.agent),
        clean(&session.policy.name),
        options.publish.as_deref().unwrap_or("by the policy"),
    ));
    if options.chat {
        return chat(context, &client, session).await;
    }
    to_the_end(context, &client, &session.id, 0).await
}

/// Follows a session to its end and tells the outcome.
pub(crate) async fn to_the_end(context: &Context, client: &Client, id: &str, after: u64) -> Outcome {
    // Where nobody can answer, waiting for a person is an end.
    let until = if context.terminal.is_terminal() { Until::End } else { Until::Rest };
    let quiet = context.terminal.telling() == Output::Json;
    let ended = if quiet {
        wait_quietly(client, id, after, until).await?
    } else {
        follow(context.terminal, client, id, after, until).await?.0
    };
    if ended == Ended::Interrupted {
        context.terminal.note(&format!(
            "The session goes on. Follow it: telecoder attach {id}   stop it: telecoder stop {id}"
        ));
        return Ok(ExitCode::from(130));
    }
    let session = client.session(id).await?;
    tell(context, &session)?;
    Ok(exit::of_session(&session))
}

/// Tells how a session stands.
pub(crate) fn tell(context: &Context, session: &Session) -> Result<(), Failure> {
    if context.terminal.telling() == Output::Json {
        return context.terminal.json(session);
    }
    context.terminal.line(&format!("\n{}", outcome(session)))?;
    if session.diff_stat.is_some_and(|stat| stat.files > 0) {
        context.terminal.note(&format!("  See the change: telecoder diff {}", session.id));
    }
    Ok(())
}

async fn wait_quietly(client: &Client, id: &str, after: u64, until: Until) -> Result<Ended, Failure> {
    use telecoder_api::client::{Start, backoff};
    use telecoder_api::event::EventBody;
    let mut follower = client.follow(id, Start { after, stay: true }, backoff(30));
    while let Some(event) = follower.next().await {
        let rests =
            matches!(event?.body(), Some(EventBody::Status { status: Status::Waiting | Status::Idle, .. }));
        if rests && until == Until::Rest {
            break;
        }
    }
    Ok(Ended::Reached)
}

/// The first line: what will be worked on and where the pull request will go; and what is not part of it.
fn announce(context: &Context, facts: &RepositoryFacts, options: &RunArguments) {
    let base =
        options.base.clone().or_else(|| facts.default_branch.clone()).unwrap_or_else(|| "HEAD".to_owned());
    let commit = facts.head_sha.as_deref().and_then(|sha| sha.get(..12)).unwrap_or("no commit yet");
    let at = if options.base.is_some() { String::new() } else { format!(" at {commit}") };
    let goes = match options.publish.as_deref() {
        Some("manual") => "no pull request until you publish".to_owned(),
        _ if matches!(options.policy.as_deref(), Some("observe" | "locked")) => {
            "no change will leave the sandbox".to_owned()
        }
        _ => "the pull request will be a local one, in that repository".to_owned(),
    };
    context.terminal.note(&format!("Working on {} ({}{at}); {goes}.", clean(&facts.repo), clean(&base)));
    if facts.uncommitted_total > 0 {
        let names: Vec<String> = facts.uncommitted.iter().take(NAMED_FILES).map(|name| clean(name)).collect();
        let more = if facts.uncommitted_total > names.len() as u64 { ", …" } else { "" };
        context.terminal.note(&format!(
            "warning: {} uncommitted {} not included: {}{more}",
            facts.uncommitted_total,
            if facts.uncommitted_total == 1 { "file is" } else { "files are" },
            names.join(", "),
        ));
    }
}

async fn task(options: &RunArguments, prompt: String, repo: Option<String>) -> Result<NewSession, Failure> {
    let usage = |error: telecoder_api::WordError| Failure::usage(error.to_string());
    let identity = telecoder::git_identity(&std::env::current_dir()?).await;
    Ok(NewSession {
        prompt,
        repo,
        mode: options.chat.then_some(Mode::Chat),
        agent: options.agent.clone(),
        model: options.model.clone(),
        policy: options.policy.clone(),
        pipeline: options.pipeline.as_deref().map(str::parse).transpose().map_err(usage)?,
        base: options.base.clone(),
        title: options.title.clone(),
        publish: options.publish.as_deref().map(str::parse).transpose().map_err(usage)?,
        forge: options.forge.as_deref().map(str::parse).transpose().map_err(usage)?,
        requester: identity.map(|(name, email)| Requester { name, email }),
        ..NewSession::default()
    })
}

/// A conversation: each line of standard input is a message.
async fn chat(context: &Context, client: &Client, session: Session) -> Outcome {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut after = 0;
    loop {
        let (ended, last) = follow(context.terminal, client, &session.id, after, Until::Rest).await?;
        after = last;
        let now = client.session(&session.id).await?;
        if ended == Ended::Interrupted || now.status.has_ended() || now.status == Status::Waiting {
            tell(context, &now)?;
            return Ok(exit::of_session(&now));
        }
        context.terminal.write("> ")?;
        let Some(line) = lines.next_line().await? else {
            context
                .terminal
                .note(&format!("\nThe chat rests. Go on: telecoder message {} \"…\"", session.id));
            return Ok(ExitCode::SUCCESS);
        };
        if line.trim().is_empty() {
            continue;
        }
        client.send_message(&session.id, &NewMessage { content: line, queue: None }).await?;
    }
}
