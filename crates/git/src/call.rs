//! Layer 1: one run of git. Invariant: every run has an environment of its own in which no system or user configuration
//! counts, no hook, pager, editor, credential program, file monitor or signing program can start, nothing is asked, and
//! only the transports that the call names may be used.

use crate::options::Git;
use crate::whisper::Whisper;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::error::ErrorClass;
use telecoder_model::port::process::{HostCommand, HostOutput, HostUser, Input, OutputTo};

/// The name under which the platform commits.
pub(crate) const PLATFORM_NAME: &str = "TeleCoder";
/// The address under which the platform commits; `.invalid` can never be anybody's (RFC 2606).
pub(crate) const PLATFORM_EMAIL: &str = "telecoder@localhost.invalid";

/// Settings that outrank every file of configuration (git's command scope).
const SETTINGS: &[(&str, &str)] = &[
    ("safe.directory", "*"),
    ("safe.bareRepository", "all"),
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.pager", "cat"),
    ("core.editor", "true"),
    ("core.askPass", "true"),
    ("core.sshCommand", "false"),
    ("core.gitProxy", ""),
    ("core.alternateRefsCommand", "true"),
    ("credential.helper", ""),
    ("diff.external", ""),
    ("gpg.program", "false"),
    ("gpg.ssh.program", "false"),
    ("gpg.x509.program", "false"),
    ("commit.gpgSign", "false"),
    ("merge.verifySignatures", "false"),
    ("log.showSignature", "false"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.unpackLimit", "1"),
    ("transfer.unpackLimit", "1"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("protocol.ext.allow", "never"),
    ("core.quotePath", "true"),
    ("advice.detachedHead", "false"),
];

/// The environment of every run of git, also inside a sandbox (but for the settings above).
pub(crate) const ENVIRONMENT: &[(&str, &str)] = &[
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_GRAFT_FILE", "/nonexistent/grafts"),
    ("GIT_DEFAULT_HASH", "sha1"),
    ("GIT_DEFAULT_REF_FORMAT", "files"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("LC_ALL", "C"),
    ("TZ", "UTC"),
    ("GIT_AUTHOR_NAME", PLATFORM_NAME),
    ("GIT_AUTHOR_EMAIL", PLATFORM_EMAIL),
    ("GIT_COMMITTER_NAME", PLATFORM_NAME),
    ("GIT_COMMITTER_EMAIL", PLATFORM_EMAIL),
];

/// A run of git that is being put together.
#[derive(Clone)]
pub(crate) struct Call {
    args: Vec<OsString>,
    cwd: PathBuf,
    env: BTreeMap<OsString, OsString>,
    settings: Vec<(String, String)>,
    /// The value of an `Authorization` header.
    authorization: Option<String>,
    stdin: Input,
    stdout: OutputTo,
    timeout: Duration,
    user: Option<HostUser>,
}

impl Call {
    /// A call in a folder: a bare repository, a `.git` folder, or a work tree.
    pub(crate) fn new(cwd: impl Into<PathBuf>, args: &[&str]) -> Self {
        Self {
            args: args.iter().map(OsString::from).collect(),
            cwd: cwd.into(),
            env: BTreeMap::new(),
            settings: Vec::new(),
            authorization: None,
            stdin: Input::Nothing,
            stdout: OutputTo::Memory(16 << 20),
            timeout: Duration::from_secs(120),
            user: None,
        }
    }
    /// A call in a repository of ours, named outright so that nothing is searched for.
    pub(crate) fn in_repository(git_dir: &Path, args: &[&str]) -> Self {
        Self::new(git_dir, args).env("GIT_DIR", git_dir)
    }
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.insert(OsString::from(name), value.as_ref().to_owned());
        self
    }
    pub(crate) fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }
    /// Shows a credential to the other side, and to nobody else.
    pub(crate) fn authorized(mut self, authorization: &str) -> Self {
        self.authorization = Some(authorization.to_owned());
        self
    }
    pub(crate) fn settings(mut self, settings: &[(String, String)]) -> Self {
        self.settings.extend_from_slice(settings);
        self
    }
    pub(crate) fn stdin(mut self, bytes: impl Into<Bytes>) -> Self {
        self.stdin = Input::Bytes(bytes.into());
        self
    }
    pub(crate) fn stdin_file(mut self, path: &Path) -> Self {
        self.stdin = Input::File(path.to_owned());
        self
    }
    pub(crate) fn at_most(mut self, bytes: usize) -> Self {
        self.stdout = OutputTo::Memory(bytes);
        self
    }
    pub(crate) fn stdout_file(mut self, path: &Path, at_most: u64) -> Self {
        self.stdout = OutputTo::File(path.to_owned(), at_most);
        self
    }
    pub(crate) fn minutes(mut self, minutes: u64) -> Self {
        self.timeout = Duration::from_secs(minutes * 60);
        self
    }
    pub(crate) fn user(mut self, user: Option<HostUser>) -> Self {
        self.user = user;
        self
    }

    fn into_command(self) -> HostCommand {
        let mut command = HostCommand::new("git", self.cwd);
        for (name, value) in ENVIRONMENT {
            command.env.insert(OsString::from(name), OsString::from(value));
        }
        // No folder of that name exists, so nothing can be planted in it.
        command.env.insert(OsString::from("HOME"), OsString::from("/nonexistent"));
        // No transport, unless the call itself names some.
        command.env.insert(OsString::from("GIT_ALLOW_PROTOCOL"), OsString::from("none"));
        let settings = SETTINGS
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .chain(self.settings);
        let mut count = 0_usize;
        for (name, value) in settings {
            command.env.insert(OsString::from(format!("GIT_CONFIG_KEY_{count}")), OsString::from(name));
            command.env.insert(OsString::from(format!("GIT_CONFIG_VALUE_{count}")), OsString::from(value));
            count += 1;
        }
        command.env.insert(OsString::from("GIT_CONFIG_COUNT"), OsString::from(count.to_string()));
        command.env.extend(self.env);
        command.args = self.args;
        command.stdin = self.stdin;
        command.stdout = self.stdout;
        command.timeout = self.timeout;
        command.user = self.user;
        command
    }
}

/// Bytes; where fewer are left, a git that failed is taken to have failed for want of room. What it had written it has removed.
const LEAST_ROOM: u64 = 256 << 10;

impl Git {
    /// Runs git; any exit code is a result.
    pub(crate) async fn run(&self, call: Call) -> Result<HostOutput, PortError> {
        let whisper = match &call.authorization {
            Some(authorization) => Some(Whisper::new(authorization).map_err(|error| {
                PortError::transient("a credential cannot be given to git").because(error)
            })?),
            None => None,
        };
        let call = match &whisper {
            Some(whisper) => call.env("GIT_CONFIG_GLOBAL", whisper.path()),
            None => call,
        };
        self.processes.run(call.into_command()).await
    }
    /// Runs git to its end even where the caller gives up meanwhile: a git that is killed leaves lock files behind, and
    /// in a person's repository nobody but that person may remove them.
    pub(crate) async fn run_to_end(&self, call: Call) -> Result<HostOutput, PortError> {
        let processes = Arc::clone(&self.processes);
        let command = call.into_command();
        tokio::spawn(async move { processes.run(command).await })
            .await
            .map_err(|error| PortError::transient("a run of git was ended").because(error))?
    }
    /// Runs git, which must succeed; `what` says in an error what was wanted.
    pub(crate) async fn run_ok(&self, call: Call, what: &str) -> Result<Bytes, PortError> {
        let output = self.run(call).await?;
        if output.code == Some(0) {
            return Ok(output.stdout);
        }
        Err(self.failed(what, &output))
    }
    /// The error for a git that ended otherwise than it should. Where the disk is full, not all of its words say so.
    pub(crate) fn failed(&self, what: &str, output: &HostOutput) -> PortError {
        let error = failure(what, output);
        if error.class == ErrorClass::Permanent && self.has_no_room() {
            return PortError {
                class: ErrorClass::Full,
                what: format!("{} (the disk is full)", error.what),
                ..error
            };
        }
        error
    }
    fn has_no_room(&self) -> bool {
        [&self.options.root, &self.options.sessions].into_iter().any(|folder| {
            rustix::fs::statvfs(folder)
                .is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < LEAST_ROOM)
        })
    }
    /// Runs git, which must succeed; its output as text without the line end.
    pub(crate) async fn run_text(&self, call: Call, what: &str) -> Result<String, PortError> {
        let output = self.run_ok(call, what).await?;
        Ok(String::from_utf8_lossy(&output).trim_end_matches('\n').to_owned())
    }
}

/// The error for a git that ended otherwise than it should.
pub(crate) fn failure(what: &str, output: &HostOutput) -> PortError {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let code = output.code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
    let shown = words(&said);
    let shown = if shown.is_empty() { code } else { shown };
    PortError::new(class(&said, output.code), format!("{what}: git said: {shown}"))
}

/// Git gives no error codes; its words in the C locale are the only thing that tells these apart.
fn class(said: &str, code: Option<i32>) -> ErrorClass {
    let has = |word: &str| said.contains(word);
    if code.is_none() {
        ErrorClass::Transient
    } else if has("No space left on device") || has("Disk quota exceeded") {
        ErrorClass::Full
    } else if has("Permission denied") || has("insufficient permission") || has("Read-only file system") {
        ErrorClass::Denied
    } else if has("not a git repository") || has("does not appear to be a git repository") {
        ErrorClass::NotFound
    } else if has(".lock': File exists") || has("Too many open files") || has("Cannot allocate memory") {
        ErrorClass::Transient
    } else {
        ErrorClass::Permanent
    }
}

/// What git wrote, on one line of at most 500 characters.
pub(crate) fn words(text: &str) -> String {
    let line: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    line.join("; ").chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect()
}
