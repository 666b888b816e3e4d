//! What the tests work in (dev layer): a folder with a home, a data folder and a repository, the real binary as server and
//! as command line, the scripted agent. Nothing of the environment that runs the tests is seen but PATH.

use crate::cli::Cli;
use crate::shown;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use telecoder_testkit::git_fixture::Fixture;
use telecoder_testkit::wait::{LONGEST, until_blocking};
use tempfile::TempDir;

/// A server with its surroundings; all of it goes when this is dropped.
pub(crate) struct World {
    folder: TempDir,
    /// The repository that tasks work on, with `README.md`, `src/lib.rs` and `run.sh`.
    pub(crate) repo: Fixture,
    settings: Vec<(String, String)>,
    server: Option<Child>,
}

impl World {
    /// A world whose server runs.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// A world whose server runs with these variables.
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        let mut world = Self::without_server(settings);
        world.start();
        world
    }

    /// A world in which no server runs yet.
    pub(crate) fn without_server(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repo = Fixture::small();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        let roots = format!("{}:{}", folder.path().display(), parent(&repo.path()).display());
        let mut all = vec![
            ("TELECODER_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ("TELECODER_DATA_DIR".to_owned(), folder.path().join("data").display().to_string()),
            ("TELECODER_LOCAL_ROOTS".to_owned(), roots),
            ("TELECODER_DEFAULT_AGENT".to_owned(), "gym".to_owned()),
            ("TELECODER_AGENT_GYM_COMMAND".to_owned(), gym().display().to_string()),
        ];
        for (name, value) in settings {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        Self { folder, repo, settings: all, server: None }
    }

    /// A path in the world's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The program under test with this world's environment and nothing else, in the repository.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(program());
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.path("home")).env("LC_ALL", "C.UTF-8").env("TERM", "xterm-256color");
        command.env("GIT_CONFIG_NOSYSTEM", "1").current_dir(self.repo.path());
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// A call of the command line in the repository.
    pub(crate) fn cli<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Cli {
        let mut command = self.command();
        command.args(words);
        Cli::new(command, self.folder.path(), parent(&self.repo.path()))
    }

    /// Starts the server and waits until it says where it is.
    pub(crate) fn start(&mut self) {
        self.start_on("127.0.0.1:0");
    }

    /// Starts the server on an address.
    pub(crate) fn start_on(&mut self, address: &str) {
        let pid = self.spawn(address);
        until_blocking("the server", || (self.said()?.1 == pid).then_some(()));
    }

    fn spawn(&mut self, address: &str) -> u32 {
        let mut command = self.command();
        command.args(["serve", "--listen", address]);
        self.keep(command)
    }

    /// Starts a server whose words go to the log.
    fn keep(&mut self, mut command: Command) -> u32 {
        let log = File::options().create(true).append(true).open(self.path("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap();
        let pid = child.id();
        self.server = Some(child);
        pid
    }

    /// Sets a variable for what is started from now on, or takes it away.
    pub(crate) fn set(&mut self, name: &str, value: Option<&str>) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    /// Starts the server, and gives whether it came up; one that ended before is gone.
    pub(crate) fn try_start(&mut self) -> bool {
        self.try_start_on("127.0.0.1:0")
    }

    /// Starts the server where the one before was, if there was one, and gives whether it came up.
    pub(crate) fn try_start_again(&mut self) -> bool {
        let before = self.said().map(|(url, _)| url.replace("http://", ""));
        self.try_start_on(&before.unwrap_or_else(|| "127.0.0.1:0".to_owned()))
    }

    fn try_start_on(&mut self, address: &str) -> bool {
        let pid = self.spawn(address);
        let came = until_blocking("the server or its end", || {
            if self.died() { Some(false) } else { (self.said()?.1 == pid).then_some(true) }
        });
        came && !self.died()
    }

    /// Whether the server has ended by itself; it is gone then.
    pub(crate) fn died(&mut self) -> bool {
        let ended = self.server.as_mut().is_none_or(|server| server.try_wait().unwrap().is_some());
        if ended {
            self.server = None;
        }
        ended
    }

    /// What the server says about itself: its address and process.
    fn said(&self) -> Option<(String, u32)> {
        let text = std::fs::read_to_string(self.data().join("server.json")).ok()?;
        let value: serde_json::Value = serde_json::from_str(&text).ok()?;
        Some((value["url"].as_str()?.to_owned(), u32::try_from(value["pid"].as_u64()?).ok()?))
    }

    /// The server's address: `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        self.said().unwrap().0
    }

    /// The process of the server, whoever started it.
    pub(crate) fn server_pid(&self) -> u32 {
        self.said().unwrap().1
    }

    /// Kills the server at once (SIGKILL).
    pub(crate) fn kill(&mut self) {
        let mut child = self.server.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// What the server answers to a GET without a token: head and body.
    pub(crate) fn get(&self, path: &str) -> String {
        use std::io::{Read, Write};
        let url = self.url();
        let address = url.strip_prefix("http://").unwrap();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    /// Waits for the end of a server that was told to end.
    pub(crate) fn ended(&mut self) {
        self.server.take().unwrap().wait().unwrap();
    }

    /// Starts the server with so many open files at most.
    pub(crate) fn start_limited(&mut self, files: u32) {
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={files}:{files}")).arg(program());
        self.start_by(command);
    }

    /// Starts the server of this file.
    pub(crate) fn start_as(&mut self, file: &Path) {
        self.start_by(Command::new(file));
    }

    fn start_by(&mut self, mut command: Command) {
        command.arg("serve").env_clear().current_dir(self.repo.path());
        for (name, value) in self.command().get_envs() {
            command.env(name, value.unwrap());
        }
        let pid = self.keep(command);
        until_blocking("the server", || (self.said()?.1 == pid).then_some(()));
    }

    /// What the server has written to its standard output and error.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Runs a prompt to its end and gives the session's id.
    pub(crate) fn ran(&self, prompt: &str) -> String {
        let output = self.cli(["run", "--output", "json", prompt]).run();
        assert!(output.stderr.contains("Session "), "{}", output.stderr);
        output.json()["id"].as_str().unwrap().to_owned()
    }

    /// Runs a prompt in the background and gives the session's id.
    pub(crate) fn detached(&self, words: &[&str]) -> String {
        let output = self.cli(["run", "--detach"].into_iter().chain(words.iter().copied())).run();
        assert_eq!(output.code, 0, "{}", output.stderr);
        output.stdout.trim().to_owned()
    }

    /// A session as `status` shows it.
    pub(crate) fn session(&self, id: &str) -> serde_json::Value {
        self.cli(["status", id]).run().json()
    }

    /// Waits until a session has this status.
    pub(crate) fn until_status(&self, id: &str, status: &str) {
        until_blocking(status, || (self.session(id)["status"] == status).then_some(()));
    }

    /// The types of a session's events, each once for a row of the same; checks that they are numbered without a gap.
    pub(crate) fn events(&self, id: &str) -> Vec<serde_json::Value> {
        dense(&self.cli(["events", id]).run().json())
    }

    /// The home of a session's agent, seen from outside; inside it is `/home/agent`.
    pub(crate) fn agent_home(&self, id: &str) -> PathBuf {
        self.data().join("sessions").join(id).join("home")
    }

    /// Writes a file that a script waits for: `{"waitFor": "/home/agent/NAME"}`.
    pub(crate) fn release(&self, id: &str, name: &str) {
        std::fs::write(self.agent_home(id).join(name), "").unwrap();
    }

    /// Waits for a file that a script writes: `{"write": ["/home/agent/NAME", ""]}`.
    pub(crate) fn until_written(&self, id: &str, name: &str) {
        let path = self.agent_home(id).join(name);
        until_blocking(name, || path.exists().then_some(()));
    }

    /// Text with everything that differs from run to run replaced.
    pub(crate) fn filtered(&self, text: &str) -> String {
        shown::filtered(text, self.folder.path(), parent(&self.repo.path()))
    }
}

impl Drop for World {
    /// Ends what is at work, then the server; by its process, never by a name.
    fn drop(&mut self) {
        let Some((_, pid)) = self.said() else { return };
        let active = self.cli(["list", "--status", "active", "--output", "json"]).run();
        let rows: Vec<serde_json::Value> = serde_json::from_str(&active.stdout).unwrap_or_default();
        for id in rows.iter().filter_map(|row| row["id"].as_str()) {
            self.cli(["stop", id]).run();
        }
        // A server that ends leaves its sandboxes to the next one, and here there will be none.
        let run = self.data().join("run");
        let begun = std::time::Instant::now();
        while std::fs::read_dir(&run).is_ok_and(|mut left| left.next().is_some()) {
            if begun.elapsed() > LONGEST {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        if let Some(child) = &mut self.server {
            terminate(child.id());
            drop(child.wait());
        } else {
            // One that `run` has started.
            terminate(pid);
            self.cli(["stop-server"]).run();
        }
    }
}

/// Sends SIGTERM.
pub(crate) fn terminate(pid: u32) {
    signal(pid, rustix::process::Signal::TERM);
}

/// Sends a signal to a process.
pub(crate) fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    // It may be gone already.
    rustix::process::kill_process(pid, signal).ok();
}

/// Names the folder that the programs are taken from, instead of the one they were built in.
pub(crate) const PROGRAMS: &str = "TELECODER_TEST_PROGRAMS";

/// A session's events, which are numbered without a gap.
pub(crate) fn dense(events: &serde_json::Value) -> Vec<serde_json::Value> {
    let events = events.as_array().unwrap().clone();
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], index + 1, "{events:?}");
    }
    events
}

/// The program under test.
pub(crate) fn program() -> PathBuf {
    elsewhere("telecoder").unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_telecoder")))
}

/// The scripted agent.
pub(crate) fn gym() -> PathBuf {
    elsewhere("telecoder-gym-agent").unwrap_or_else(|| telecoder_testkit::bin::path("telecoder-gym-agent"))
}

fn elsewhere(name: &str) -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os(PROGRAMS)?).join(name))
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap()
}
