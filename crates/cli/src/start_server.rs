//! Starting a server where none runs (layer 4): detached, in a session of its own, so that closing the terminal ends nothing.

use crate::connect::{Place, server_file};
use crate::exit::Failure;
use crate::terminal::Terminal;
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;
use telecoder_api::Client;

/// How long a started server may take to answer.
const WAIT: Duration = Duration::from_secs(20);
/// The time between two looks.
const LOOK: Duration = Duration::from_millis(20);
/// The part of the log that is read when a start failed, in bytes.
const LOG_TAIL: u64 = 4096;

/// Connects to the server; where none runs on this host, starts one.
pub(crate) async fn connect_or_start(
    terminal: Terminal,
    server: Option<&str>,
    repository: Option<&str>,
) -> Result<Client, Failure> {
    let place = Place::find(server, None)?;
    if !place.is_local {
        let client = place.client()?;
        client.health().await?;
        return Ok(client);
    }
    if place.runs {
        return wait(&place.data_dir, None).await;
    }
    if let Some(client) = place.reachable().await? {
        terminal.note(&format!(
            "The server at {} is used; it is not the one of the data folder {}.",
            client.base_url().trim_end_matches('/'),
            place.data_dir.display()
        ));
        return Ok(client);
    }
    let child = start(&place.data_dir, repository)?;
    let client = wait(&place.data_dir, Some(child)).await?;
    let pid = server_file(&place.data_dir).map_or(0, |file| file.pid);
    terminal.note(&format!(
        "Started a server: pid {pid}, {}, data in {}. Stop it with: telecoder stop-server",
        client.base_url().trim_end_matches('/'),
        place.data_dir.display()
    ));
    Ok(client)
}

/// A server that was started, and where its words in the log begin.
struct Started {
    process: Child,
    log_begin: u64,
}

fn start(data_dir: &Path, repository: Option<&str>) -> Result<Started, Failure> {
    let program = std::env::current_exe()?;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir)?;
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(data_dir.join("server.log"))?;
    let log_begin = log.metadata()?.len();
    #[expect(clippy::disallowed_methods, reason = "the command line may start `telecoder serve`")]
    let mut command = std::process::Command::new(program);
    command.args(["serve", "--detached", "--data-dir"]).arg(data_dir);
    // A folder that may go away is no place to stay in.
    command.current_dir("/");
    let given = telecoder::Given::from_process();
    if !given.env.contains_key("TELECODER_LOCAL_ROOTS") {
        // Where a token is required, the folders that its starter works in are the ones to allow.
        let home = given.home().map(|home| home.display().to_string());
        let folder = repository.filter(|text| text.starts_with('/')).map(str::to_owned);
        let roots: Vec<String> = home.into_iter().chain(folder).filter(|root| root != "/").collect();
        command.env("TELECODER_LOCAL_ROOTS", roots.join(":"));
    }
    let process = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
    Ok(Started { process, log_begin })
}

/// Waits until the server of a data folder answers: the one that was started, or another that was faster.
async fn wait(data_dir: &Path, mut started: Option<Started>) -> Result<Client, Failure> {
    let until = tokio::time::Instant::now() + WAIT;
    loop {
        let ended = match &mut started {
            Some(started) => started.process.try_wait()?.is_some(),
            None => false,
        };
        let place = Place::find(None, Some(data_dir))?;
        if place.runs && server_file(data_dir).is_some() {
            let client = place.client()?;
            if client.health().await.is_ok() {
                return Ok(client);
            }
        }
        let failed = ended && !place.runs;
        if let (true, Some(started)) = (failed, &started) {
            return Err(Failure::failed(format!(
                "the server could not be started: {}",
                last_words(data_dir, started.log_begin)
            ))
            .hint("run it in the foreground to see more: telecoder serve"));
        }
        if tokio::time::Instant::now() >= until {
            return Err(Failure::unreachable(format!(
                "the server on the data folder {} does not answer",
                data_dir.display()
            ))
            .hint(format!("see {}", data_dir.join("server.log").display())));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What a server that could not start has said: its error, else its last line.
fn last_words(data_dir: &Path, begin: u64) -> String {
    let path = data_dir.join("server.log");
    let read = || -> std::io::Result<String> {
        let mut log = std::fs::File::open(&path)?;
        log.seek(SeekFrom::Start(begin))?;
        let mut bytes = Vec::new();
        log.take(LOG_TAIL).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("error: "))
        .or_else(|| text.lines().last())
        .map_or_else(|| format!("see {}", path.display()), str::to_owned)
}
