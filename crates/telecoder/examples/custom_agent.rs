//! Adds an agent by its command, gives it one task through the engine, and prints what happens.
//!
//! `cargo run --example custom_agent -- "my-agent --acp" /path/of/a/repository "Fix the failing test"`

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use telecoder::model::id::AgentName;
use telecoder::model::principal::Principal;
use telecoder::request::NewSession;
use telecoder::{Builder, Config};

#[expect(clippy::print_stderr, reason = "a program tells whoever started it how to use it")]
fn main() -> Result<ExitCode, Box<dyn Error>> {
    // This program is also the first process of its sandboxes; as such it must not have started a thread yet.
    if let Some(code) = telecoder::supervise_if_asked(std::env::args_os()) {
        return Ok(code);
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [command, repository, prompt] = words.as_slice() else {
        eprintln!("usage: custom_agent COMMAND REPOSITORY PROMPT");
        return Ok(ExitCode::from(2));
    };
    tokio::runtime::Runtime::new()?.block_on(run(command, repository, prompt))
}

#[expect(clippy::print_stdout, reason = "a program shows its result")]
async fn run(command: &str, repository: &str, prompt: &str) -> Result<ExitCode, Box<dyn Error>> {
    let agent: AgentName = "mine".parse()?;
    let mut config = Config::from_process()?;
    config.local_roots.push(PathBuf::from(repository));
    let app = Builder::new(config).agent_command(agent.clone(), command).build().await?;

    // The engine takes tasks; the application, which runs beside, does them.
    let engine = app.engine().clone();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(app.run(async move { drop(stopped.await) }));

    let who = Principal::local();
    let task = NewSession {
        prompt: prompt.to_owned(),
        repository: Some(repository.parse()?),
        agent: Some(agent),
        ..NewSession::default()
    };
    let (session, _) = engine.submit(&who, task).await?;

    // Subscribe first, then read, then wait: nothing is missed.
    let mut news = engine.subscribe(&session.id);
    let mut last = 0;
    loop {
        let page = engine.events(&who, &session.id, last, 100).await?;
        for event in page.events {
            last = event.seq;
            println!("{last:>3} {}", serde_json::to_string(&event.body)?);
        }
        if page.drained {
            break;
        }
        news.changed().await;
    }
    let ended = engine.session(&who, &session.id).await?;
    println!("{}: {}", ended.status, ended.display_title());

    stop.send(()).ok();
    running.await??;
    Ok(ExitCode::SUCCESS)
}
