//! Development tool, `bench`: what a workload runs on: a folder, repositories in it, servers with empty data folders.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::json;

use super::Options;
use crate::house;
use crate::http::Client;
use crate::process::Program;
use crate::product::Product;
use crate::server::{Server, Start, data_dir_with_agents};

/// The agent of every session here: ours, which does what its prompt says.
const AGENT: &str = "gym";

/// What the agent does in a session that does nothing.
pub(super) const NOTHING: &str = r#"GYM{"do":[{"say":"done"}]}"#;
/// What it does in a session that keeps its place.
pub(super) const HANG: &str = r#"GYM{"do":[{"hang":true}]}"#;

/// A folder that goes with the workload.
pub(super) struct Fixture<'a> {
    product: &'a Product,
    pub(super) rounds: u32,
    pub(super) sessions: u32,
    pub(super) agents: u32,
    pub(super) subscribers: u32,
    folder: tempfile::TempDir,
}

/// A session, as far as it is looked at.
#[derive(Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
}

impl<'a> Fixture<'a> {
    pub(super) fn new(product: &'a Product, options: &Options) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(house::cache()?)
            .context("could not make a folder for the workload")?;
        Ok(Self {
            product,
            rounds: options.rounds,
            sessions: options.sessions,
            agents: options.agents,
            subscribers: options.subscribers,
            folder,
        })
    }

    /// For what takes no options.
    pub(super) fn plain(product: &'a Product) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("soak-")
            .tempdir_in(house::cache()?)
            .context("could not make a folder for the sessions")?;
        Ok(Self { product, rounds: 1, sessions: 0, agents: 0, subscribers: 0, folder })
    }

    /// The data folder of this name; one name is one folder.
    pub(super) fn data_dir(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts a server on the data folder of this name.
    pub(super) fn server(&self, name: &str, env: &[(&str, &str)]) -> Result<Server> {
        let data_dir = self.data_dir(name);
        if data_dir.exists() {
            // What the server before left there.
            std::fs::remove_file(data_dir.join("server.json")).unwrap_or_default();
        } else {
            data_dir_with_agents(&data_dir, Path::new("/nonexistent"))?;
        }
        let gym = self.product.gym_agent.display().to_string();
        let roots = self.folder.path().display().to_string();
        let mut all =
            vec![("TELECODER_AGENT_GYM_COMMAND", gym.as_str()), ("TELECODER_LOCAL_ROOTS", roots.as_str())];
        all.extend(env);
        Server::start(&Start {
            telecoder: &self.product.telecoder,
            data_dir: &data_dir,
            env: all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            own_group: false,
        })
    }

    /// A repository with so many files; one number is one repository.
    pub(super) fn repository(&self, files: u32) -> Result<PathBuf> {
        let folder = self.folder.path().join(format!("repository-{files}"));
        if folder.exists() {
            return Ok(folder);
        }
        for number in 0..files {
            let path = folder.join(format!("part{}/file{number}.txt", number / 50));
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).context("could not make a repository")?;
            }
            std::fs::write(&path, format!("file {number}\n").repeat(40))
                .context("could not write a repository")?;
        }
        for arguments in [
            ["init", "--quiet", "--initial-branch=main"].as_slice(),
            &["add", "--all"],
            &[
                "-c",
                "user.name=Bench",
                "-c",
                "user.email=bench@example.com",
                "commit",
                "--quiet",
                "--no-gpg-sign",
                "-m",
                "files",
            ],
        ] {
            Program::new("git").args(arguments).dir(&folder).output()?;
        }
        Ok(folder)
    }

    /// Fills a stopped server's database with copies of its newest session, with so many events each; so many of the copies
    /// are at work on a server that died.
    pub(super) fn multiply(&self, name: &str, sessions: u32, events: u32, at_work: u32) -> Result<()> {
        Program::new("/usr/bin/python3")
            .args(["-c", include_str!("multiply.py")])
            .arg(self.data_dir(name))
            .args([sessions.to_string(), events.to_string(), at_work.to_string()])
            .output()
            .map(drop)
    }

    /// A server whose database has so many sessions.
    pub(super) fn server_with(&self, name: &str, sessions: u32, events: u32, at_work: u32) -> Result<Server> {
        if !self.data_dir(name).exists() {
            let repository = self.repository(5)?;
            let server = self.server(name, &[])?;
            let session = create(&mut server.client()?, &repository, NOTHING)?;
            until_done(&server, &session)?;
        }
        self.multiply(name, sessions, events, at_work)?;
        self.server(name, &[])
    }
}

/// The memory of a process that is resident, in KiB.
pub(super) fn resident(server: &Server) -> Result<f64> {
    status(server, "VmRSS:")
}

/// The most that was resident since the last [`forget_peak`], in KiB.
pub(super) fn peak(server: &Server) -> Result<f64> {
    status(server, "VmHWM:")
}

/// Forgets the peak, and gives what is resident now.
pub(super) fn forget_peak(server: &Server) -> Result<f64> {
    let path = format!("/proc/{}/clear_refs", server.process().pid());
    std::fs::write(&path, "5").with_context(|| format!("could not write {path}"))?;
    resident(server)
}

fn status(server: &Server, name: &str) -> Result<f64> {
    let path = format!("/proc/{}/status", server.process().pid());
    let text = std::fs::read_to_string(&path).with_context(|| format!("could not read {path}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
    line.with_context(|| format!("no {name}"))
}

/// Creates a session; anything but 201 is an error.
pub(super) fn create(client: &mut Client, repository: &Path, prompt: &str) -> Result<Session> {
    let request = json!({
        "repo": repository,
        "prompt": prompt,
        "agent": AGENT,
        "pipeline": "none",
        "publish": "manual",
    });
    let answer = client.post("/api/sessions", &request)?;
    ensure!(answer.status == 201, "POST /api/sessions: {} {}", answer.status, answer.text());
    serde_json::from_slice(&answer.body).context("POST /api/sessions: no session")
}

/// Follows a session until it has ended; an end that is not `complete` is an error.
pub(super) fn until_done(server: &Server, session: &Session) -> Result<()> {
    let path = format!("/api/sessions/{}/events", session.id);
    let end = server.client()?.follow(&path, |name, text| (name == "done").then(|| text.to_owned()))?;
    if !end.contains("\"complete\"") {
        bail!("the session {} ended otherwise than complete: {end}", session.id);
    }
    Ok(())
}
