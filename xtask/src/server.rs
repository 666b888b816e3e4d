//! Development tool: the product's server with a data folder of its own, and the command line that talks to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::background::Background;
use crate::environment;
use crate::http::Client;
use crate::process::Program;

/// How long a server may take until it is healthy.
const START: Duration = Duration::from_secs(30);

/// What the server writes into its data folder once it listens.
#[derive(Deserialize)]
struct Address {
    url: String,
}

/// A running server.
pub(crate) struct Server {
    telecoder: PathBuf,
    data_dir: PathBuf,
    url: String,
    process: Background,
    env: Vec<(String, String)>,
    own_group: bool,
}

/// How to start one.
pub(crate) struct Start<'a> {
    /// The binary.
    pub(crate) telecoder: &'a Path,
    /// The data folder; it must exist.
    pub(crate) data_dir: &'a Path,
    /// Variables that only the server gets.
    pub(crate) env: Vec<(String, String)>,
    /// Whether it may outlive us.
    pub(crate) own_group: bool,
}

impl Server {
    /// Starts it on a free port and waits until it is healthy.
    pub(crate) fn start(start: &Start<'_>) -> Result<Self> {
        let address = start.data_dir.join("server.json");
        ensure!(!address.exists(), "{} is there already", address.display());
        Self::start_on(start, "127.0.0.1:0")
    }

    /// Kills it at once, in the middle of whatever it does, and starts it again at the same address.
    pub(crate) fn kill_and_start_again(&mut self) -> Result<()> {
        self.process.kill()?;
        std::fs::remove_file(self.data_dir.join("server.json")).context("could not remove server.json")?;
        let listen = self.url.trim_start_matches("http://").to_owned();
        let (telecoder, data_dir) = (self.telecoder.clone(), self.data_dir.clone());
        let (env, own_group) = (self.env.clone(), self.own_group);
        let start = Start { telecoder: &telecoder, data_dir: &data_dir, env, own_group };
        *self = Self::start_on(&start, &listen)?;
        Ok(())
    }

    fn start_on(start: &Start<'_>, listen: &str) -> Result<Self> {
        let address = start.data_dir.join("server.json");
        let mut program = isolated(start.telecoder, start.data_dir)
            .env("NO_COLOR", "1")
            .args(["serve", "--listen", listen, "--data-dir"])
            .arg(start.data_dir);
        for (name, value) in &start.env {
            program = program.env(name, value);
        }
        if start.own_group {
            program = program.own_group();
        }
        let mut process = Background::start("the server", program, &start.data_dir.join("server.log"))?;
        let url = process.wait_for("address in server.json", START, || {
            let text = std::fs::read_to_string(&address).ok()?;
            serde_json::from_str::<Address>(&text).ok().map(|address| address.url)
        })?;
        process.wait_for("healthy answer", START, || {
            let answer = Client::new(&url, None).ok()?.get("/health").ok()?;
            (answer.status == 200).then_some(())
        })?;
        Ok(Self {
            telecoder: start.telecoder.to_owned(),
            data_dir: start.data_dir.to_owned(),
            url,
            process,
            env: start.env.clone(),
            own_group: start.own_group,
        })
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The binary that it runs.
    pub(crate) fn telecoder(&self) -> &Path {
        &self.telecoder
    }

    /// Its process.
    pub(crate) fn process(&self) -> &Background {
        &self.process
    }

    /// A connection to it, with the token that its first start wrote, if it wants one.
    pub(crate) fn client(&self) -> Result<Client> {
        Client::new(&self.url, self.token().as_deref())
    }

    /// The token that its first start wrote, if it wants one.
    pub(crate) fn token(&self) -> Option<String> {
        token(&self.data_dir)
    }

    /// A command of `telecoder` that talks to this server; it finds address and token in the data folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Program {
        isolated(&self.telecoder, &self.data_dir).args(arguments)
    }

    /// Lets it run on after us and gives back its process id.
    pub(crate) fn let_go(self) -> u32 {
        self.process.let_go()
    }
}

/// `telecoder` without this user's own settings.
pub(crate) fn isolated(telecoder: &Path, data_dir: &Path) -> Program {
    Program::new(telecoder)
        .without_env(environment::PREFIX)
        .env("TELECODER_DATA_DIR", data_dir)
        .env("TELECODER_CONFIG", "/dev/null")
}

/// The token in a data folder, where there is one.
fn token(data_dir: &Path) -> Option<String> {
    let text = std::fs::read_to_string(data_dir.join("token")).ok()?;
    Some(text.trim().to_owned())
}

/// Makes a data folder in which the agents that were installed into another are there at once.
///
/// Files are linked, not copied, so both folders must lie on one file system.
pub(crate) fn data_dir_with_agents(new: &Path, installed: &Path) -> Result<()> {
    std::fs::create_dir_all(new).with_context(|| format!("could not make {}", new.display()))?;
    let agents = installed.join("agents");
    if agents.is_dir() {
        Program::new("cp").args(["--archive", "--link"]).arg(&agents).arg(new.join("agents")).run()?;
    }
    Ok(())
}
