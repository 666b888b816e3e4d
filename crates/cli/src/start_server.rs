//! Starting a server where none runs (layer 4): detached, in a session of its own, so that closing the terminal ends nothing.

use crate::connect::{Place, server_file};
use crate::exit::Failure;
use crate::terminal::Terminal;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use telecoder_api::{Client, ClientError};

/// How long a started server may take to answer.
const WAIT: Duration = Duration::from_secs(20);
/// The time between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Connects to the server; where none runs on this host, starts one.
pub(crate) async fn connect_or_start(
    terminal: Terminal,
    server: Option<&str>,
    repository: Option<&str>,
) -> Result<Client, Failure> {
    let place = Place::find(server, None)?;
    let client = place.client()?;
    match client.health().await {
        Ok(_) => return Ok(client),
        Err(ClientError::Unreachable { .. }) if place.is_local => {}
        Err(error) => return Err(error.into()),
    }
    start(&place.data_dir, repository)?;
    let client = wait(&place.data_dir).await?;
    let pid = server_file(&place.data_dir).map_or(0, |file| file.pid);
    terminal.note(&format!(
        "Started a server: pid {pid}, {}, data in {}. Stop it with: telecoder stop-server",
        client.base_url(),
        place.data_dir.display()
    ));
    Ok(client)
}

fn start(data_dir: &Path, repository: Option<&str>) -> Result<(), Failure> {
    let program = std::env::current_exe()?;
    std::fs::create_dir_all(data_dir)?;
    let log = std::fs::OpenOptions::new().create(true).append(true).open(data_dir.join("server.log"))?;
    #[expect(clippy::disallowed_methods, reason = "the command line may start `telecoder serve`")]
    let mut command = std::process::Command::new(program);
    command.args(["serve", "--detached", "--data-dir"]).arg(data_dir);
    let given = telecoder::Given::from_process();
    if !given.env.contains_key("TELECODER_LOCAL_ROOTS") {
        // Where a token is required, the folders that its starter works in are the ones to allow.
        let home = given.home().map(|home| home.display().to_string());
        let folder = repository.filter(|text| text.starts_with('/')).map(str::to_owned);
        let roots: Vec<String> = home.into_iter().chain(folder).filter(|root| root != "/").collect();
        command.env("TELECODER_LOCAL_ROOTS", roots.join(":"));
    }
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
    Ok(())
}

async fn wait(data_dir: &Path) -> Result<Client, Failure> {
    let until = tokio::time::Instant::now() + WAIT;
    loop {
        if server_file(data_dir).is_some() {
            let client = Place::find(None, Some(data_dir))?.client()?;
            if client.health().await.is_ok() {
                return Ok(client);
            }
        }
        if tokio::time::Instant::now() >= until {
            let log = data_dir.join("server.log");
            return Err(Failure::unreachable("the server that was started does not answer")
                .hint(format!("see {}", log.display())));
        }
        tokio::time::sleep(LOOK).await;
    }
}
