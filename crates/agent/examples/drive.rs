//! For those who add an agent or raise its version (dev): installs it, or drives it through one or more turns without the
//! engine, and prints every line and action.
//!
//! `drive install AGENTS_DIR NAME`
//! `drive run AGENTS_DIR NAME --home DIR [--policy P] [--provider P] [--model M] [--wrap "WORDS"] [--state FILE]
//! [--record FILE] [--cancel] [--command "WORDS"] PROMPT…`
//!
//! It confines nothing by itself: `--wrap` names what does (for example `bwrap … --`), in which the agents stand at
//! `/opt/telecoder/agents`, the home at `/home/agent`, and a scripted model listens on the providers' ports.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use telecoder_agent::{AgentOptions, Agents};
use telecoder_model::policy::{PermissionAnswer, Policy};
use telecoder_model::port::agent::{
    Action, AgentRuntime, Conversation, InstallProgress, LaunchRequest, PermissionReply,
};
use telecoder_model::port::gateway::Provider;
use telecoder_sandbox::HostProcesses;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

type Failed = Box<dyn Error + Send + Sync>;

#[derive(Default)]
struct Options {
    home: PathBuf,
    policy: Option<String>,
    providers: Vec<Provider>,
    model: Option<String>,
    wrap: Vec<String>,
    state: Option<PathBuf>,
    record: Option<PathBuf>,
    cancel: bool,
    command: Option<String>,
    prompts: Vec<String>,
}

struct Printed;

impl InstallProgress for Printed {
    fn line(&self, text: &str) {
        say(text);
    }
}

fn say(text: &str) {
    // Nobody is left to tell if standard output is closed.
    drop(writeln!(std::io::stdout(), "{text}"));
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("see the head of this file for its usage");
    let (verb, agents_dir, name) = (next()?, next()?, next()?);
    let options = options(arguments)?;
    #[expect(clippy::disallowed_methods, reason = "this example is its own facade")]
    let environment: BTreeMap<String, String> = std::env::vars().collect();
    let path = environment.get("PATH").cloned().unwrap_or_default();
    let name = name.parse()?;
    let mut commands = BTreeMap::new();
    if let Some(command) = &options.command {
        commands.insert(telecoder_model::id::AgentName::clone(&name), command.clone());
    }
    let agents = Agents::new(
        AgentOptions {
            agents_dir: agents_dir.into(),
            commands,
            host_path: std::env::split_paths(&path).collect(),
            host_home: environment.get("HOME").map(PathBuf::from),
            install_env: environment,
        },
        Arc::new(HostProcesses::new(path)),
    )?;
    match verb.as_str() {
        "install" => {
            let status = agents.install(&name, &Printed).await?;
            say(&format!("{status:#?}"));
        }
        "check" => say(&format!("{:#?}", agents.check(&name).await?)),
        "run" => {
            let request = LaunchRequest {
                agent: name,
                model: options.model.clone(),
                policy: Policy::built_in(options.policy.as_deref().unwrap_or("standard"))
                    .ok_or("no such policy")?,
                providers: options.providers.clone(),
            };
            run(&agents, &request, options).await?;
        }
        _ => return Err("the verb is install, check or run".into()),
    }
    Ok(())
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, Failed> {
    let mut options = Options::default();
    while let Some(word) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--home" => options.home = value()?.into(),
            "--policy" => options.policy = Some(value()?),
            "--provider" => {
                let name = value()?;
                let provider = Provider::ALL.into_iter().find(|provider| provider.as_str() == name);
                options.providers.push(provider.ok_or("no such provider")?);
            }
            "--model" => options.model = Some(value()?),
            "--wrap" => options.wrap = value()?.split_whitespace().map(str::to_owned).collect(),
            "--state" => options.state = Some(value()?.into()),
            "--record" => options.record = Some(value()?.into()),
            "--command" => options.command = Some(value()?),
            "--cancel" => options.cancel = true,
            _ => options.prompts.push(word),
        }
    }
    if options.providers.is_empty() {
        options.providers = Provider::ALL.to_vec();
    }
    Ok(options)
}

struct Driver {
    conversation: Box<dyn Conversation>,
    stdin: tokio::process::ChildStdin,
    record: String,
    policy: Policy,
    prompts: std::vec::IntoIter<String>,
    cancel: bool,
}

async fn run(agents: &Agents, request: &LaunchRequest, options: Options) -> Result<(), Failed> {
    let launch = agents.launch(request).await?;
    say(&format!("{launch:#?}"));
    for file in &launch.home {
        let path = options.home.join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        std::fs::write(path, &file.bytes)?;
    }
    let kept = options.state.as_ref().and_then(|path| std::fs::read(path).ok());
    let state = match kept {
        Some(bytes) => serde_json::from_slice(&bytes)?,
        None => launch.conversation.clone(),
    };
    let argv: Vec<&String> = options.wrap.iter().chain(&launch.argv).collect();
    let (program, arguments) = argv.split_first().ok_or("no program")?;
    #[expect(clippy::disallowed_methods, reason = "this example is its own process port")]
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", "/home/agent")
        .env("LANG", "C.UTF-8")
        .envs(&launch.env)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    let mut driver = Driver {
        conversation: agents.conversation(&state)?,
        stdin: child.stdin.take().ok_or("no input")?,
        record: String::new(),
        policy: request.policy.clone(),
        prompts: options.prompts.into_iter(),
        cancel: options.cancel,
    };
    let actions = driver.conversation.open();
    let mut going = driver.perform(actions).await?;
    while going {
        let Some(line) = lines.next_line().await? else {
            say("== the agent closed its output");
            break;
        };
        say(&format!("<- {line}"));
        driver.record.push_str(&format!("< {line}\n"));
        let actions = driver.conversation.receive(line.as_bytes());
        // A restored conversation must go on alike; every line of a real agent tries it.
        driver.conversation = agents.conversation(&driver.conversation.state())?;
        going = driver.perform(actions).await?;
    }
    if let Some(path) = &options.state {
        std::fs::write(path, driver.conversation.state().to_string())?;
    }
    if let Some(path) = &options.record {
        std::fs::write(path, &driver.record)?;
    }
    child.kill().await?;
    Ok(())
}

impl Driver {
    /// Whether there is more to do.
    async fn perform(&mut self, actions: Vec<Action>) -> Result<bool, Failed> {
        let mut actions = std::collections::VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Send(line) => {
                    let text = String::from_utf8_lossy(&line).into_owned();
                    say(&format!("-> {text}"));
                    self.record.push_str(&format!("> {text}\n"));
                    self.stdin.write_all(&line).await?;
                    self.stdin.write_all(b"\n").await?;
                }
                Action::Event(body) => {
                    say(&format!("   {}", serde_json::to_string(&body)?));
                    if self.cancel && body.name() == "tool_call" {
                        self.cancel = false;
                        actions.extend(self.conversation.cancel());
                    }
                }
                Action::Ask(question) => {
                    let reply = match self.policy.answer(question.kind) {
                        PermissionAnswer::Deny => PermissionReply::Deny,
                        PermissionAnswer::Allow | PermissionAnswer::Ask => PermissionReply::Allow,
                    };
                    say(&format!("== asked {question:?}: {reply:?}"));
                    actions.extend(self.conversation.answer(&question.request, reply));
                }
                Action::Ready => match self.prompts.next() {
                    Some(prompt) => actions.extend(self.conversation.prompt(&prompt)),
                    None => return Ok(false),
                },
                Action::TurnEnded(_) | Action::TurnFailed(_) => {
                    say(&format!("== {action:?}"));
                    match self.prompts.next() {
                        Some(prompt) => actions.extend(self.conversation.prompt(&prompt)),
                        None => return Ok(false),
                    }
                }
                Action::Unask(_) => say(&format!("== {action:?}")),
                Action::Broken { .. } => {
                    say(&format!("== {action:?}"));
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}
