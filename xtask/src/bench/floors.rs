//! Development tool, `bench`: the floors of this machine: what no session can do without, measured in the same run.
//!
//! All of them write to the disk of the cache folder, where the data folders of `bench` lie too.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::load;
use super::sample::{Load, Sample};
use crate::house;
use crate::http::Client;
use crate::process::Program;

/// Commits that any session makes, whatever it does: created, claimed, three steps, two turns' worth of events, done.
pub(super) const COMMITS: u32 = 8;

/// How fast this machine is at this moment.
pub(super) struct Floors {
    /// Start and reap a program.
    pub(super) spawn: Sample,
    /// Write one row durably through SQLite.
    pub(super) commit: Sample,
    /// Start a program in namespaces of its own, on an overlay if that can be mounted here.
    pub(super) sandbox: Sample,
    /// Whether it could.
    pub(super) with_overlay: bool,
    /// Answer a request with two bytes, 16 connections at once.
    pub(super) answer: Load,
}

impl Floors {
    /// Measures them all.
    pub(super) fn measure(rounds: u32) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("floors-")
            .tempdir_in(house::cache()?)
            .context("could not make a folder for the floors")?;
        let spawn = Sample::of(rounds, || Program::new("/bin/true").run())?;
        let commit = commits(folder.path(), rounds)?;
        let with_overlay = isolated(folder.path(), true)?.succeeds();
        let sandbox = Sample::of(rounds.min(50), || isolated(folder.path(), with_overlay)?.run())?;
        let answer = answers()?;
        Ok(Self { spawn, commit, sandbox, with_overlay, answer })
    }

    /// What a session costs that does nothing.
    pub(super) fn session(&self) -> Duration {
        self.sandbox.p50().saturating_add(self.commit.p50().saturating_mul(COMMITS))
    }
}

fn commits(folder: &Path, rounds: u32) -> Result<Sample> {
    let said = Program::new("/usr/bin/python3")
        .args(["-c", include_str!("full_commit.py")])
        .arg(folder.join("floor.db"))
        .arg(rounds.to_string())
        .output()?;
    let times: Result<Vec<Duration>, _> =
        said.lines().map(|line| line.parse().map(Duration::from_micros)).collect();
    times.map(Sample::new).context("the floor of a commit was not measured")
}

/// A server that reads a request's head and answers with two bytes, one thread a connection; nothing that is asked over HTTP
/// can be answered with less.
fn answers() -> Result<Load> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("no port for the floor")?;
    let url = format!("http://{}", listener.local_addr().context("no address for the floor")?);
    std::thread::Builder::new()
        .spawn(move || {
            for stream in listener.incoming().take(load::CONNECTIONS).flatten() {
                let answering = move || answer_all(&stream);
                drop(std::thread::Builder::new().spawn(answering));
            }
        })
        .context("no thread for the floor")?;
    load::requests(|| Client::new(&url, None), "/")
}

fn answer_all(stream: &std::net::TcpStream) {
    stream.set_nodelay(true).unwrap_or_default();
    let mut lines = BufReader::new(stream).lines();
    let mut out = stream;
    while let Some(Ok(line)) = lines.next() {
        if line.is_empty() && out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").is_err() {
            return;
        }
    }
}

/// `unshare` and, inside, `mount` and `true`: three programs, where a native launcher needs one.
fn isolated(folder: &Path, overlay: bool) -> Result<Program> {
    for name in ["lower", "upper", "work", "merged"] {
        let path = folder.join(name);
        std::fs::create_dir_all(&path).with_context(|| format!("could not make {}", path.display()))?;
    }
    let mut program =
        Program::new("unshare").args(["--user", "--map-root-user", "--mount", "--pid", "--net", "--fork"]);
    program = if overlay {
        program.args([
            "mount",
            "-t",
            "overlay",
            "overlay",
            "-o",
            "userxattr,lowerdir=lower,upperdir=upper,workdir=work",
            "merged",
        ])
    } else {
        program.arg("true")
    };
    Ok(program.dir(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_timed() {
        let folder = tempfile::tempdir().expect("a folder");
        let sample = commits(folder.path(), 3).expect("measured");
        assert!(sample.p50() > Duration::ZERO);
    }
}
