//! Repositories over HTTP (dev layer): git's own `http-backend`, behind GitHub's checks.
//!
//! Git takes Basic credentials only: any name, the token as the password. Refused pushes are told as GitHub tells
//! them: whole repositories by status and text, single branches in git's own report.

use super::access::{Need, Who};
use super::hosting::git_command;
use super::world::World;
use axum::http::HeaderMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::AsyncWriteExt;

/// What git asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Refs { to_push: bool },
    UploadPack,
    ReceivePack,
}

impl Service {
    /// Its name among the operations.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Refs { .. } => "git/info-refs",
            Self::UploadPack => "git/upload-pack",
            Self::ReceivePack => "git/receive-pack",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Refs { .. } => "info/refs",
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }

    fn writes(self) -> bool {
        self == Self::ReceivePack || self == Self::Refs { to_push: true }
    }
}

/// The repository and the service that a path names.
pub(super) fn find(path: &str, query: &str) -> Option<(String, Service)> {
    let to_push = query.contains("service=git-receive-pack");
    let all = [Service::Refs { to_push }, Service::UploadPack, Service::ReceivePack];
    all.into_iter().find_map(|service| {
        let name = path.strip_suffix(service.path())?.trim_matches('/');
        let name = name.strip_suffix(".git").unwrap_or(name);
        (name.matches('/').count() == 1).then(|| (name.to_owned(), service))
    })
}

/// An answer to git.
#[derive(Debug, Default)]
pub(super) struct GitAnswer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl GitAnswer {
    fn refusal(status: u16, text: &str) -> Self {
        let mut headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
        if status == 401 {
            headers.push(("www-authenticate".to_owned(), "Basic realm=\"GitHub\"".to_owned()));
        }
        Self { status, headers, body: text.as_bytes().to_owned() }
    }
}

/// A call that was let in.
#[derive(Debug)]
pub(super) struct Admitted {
    folder: PathBuf,
    service: Service,
    login: String,
    protected: Vec<String>,
    workflows: bool,
}

/// Lets a call in, or says what GitHub says.
pub(super) fn admit(
    world: &World,
    who: Option<&Who>,
    full_name: &str,
    service: Service,
) -> Result<Admitted, GitAnswer> {
    let Some(who) = who else {
        return Err(GitAnswer::refusal(
            401,
            "Invalid username or token. Password authentication is not supported for Git operations.",
        ));
    };
    let nobody = matches!(who, Who::Nobody);
    let found = world.repository(full_name).filter(|found| world.sees(who, found));
    let Some(found) = found else {
        // Without a credential GitHub does not even say that there is nothing.
        return Err(if nobody {
            GitAnswer::refusal(401, "Authentication required")
        } else {
            GitAnswer::refusal(404, "Repository not found.")
        });
    };
    let need = if service.writes() { Need::Write("contents") } else { Need::Read("contents") };
    if service.writes() && nobody {
        return Err(GitAnswer::refusal(401, "Authentication required"));
    }
    let login = who.login().unwrap_or_default().to_owned();
    if world.allow(who, found, need).is_err() {
        let text = format!("Permission to {full_name}.git denied to {login}.");
        return Err(GitAnswer::refusal(403, &text));
    }
    if service.writes() && found.archived {
        return Err(GitAnswer::refusal(403, "This repository was archived so it is read-only."));
    }
    Ok(Admitted {
        folder: found.folder.clone(),
        service,
        login,
        protected: found.protected.iter().map(|branch| format!("refs/heads/{branch}")).collect(),
        workflows: who.credential().is_some_and(super::access::Credential::may_write_workflows),
    })
}

/// Lets git answer.
pub(super) async fn serve(
    call: Admitted,
    method: &str,
    query: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<GitAnswer, String> {
    let push = (call.service == Service::ReceivePack).then(|| Push::read(body));
    if let Some(answer) = push.as_ref().and_then(|push| push.protected(&call.protected)) {
        return Ok(answer);
    }
    let notes = tempfile::tempdir().map_err(|error| error.to_string())?;
    let refused = notes.path().join("refused");
    let answer = run(&call, method, query, headers, body, &refused).await?;
    match (push, std::fs::read_to_string(&refused)) {
        (Some(push), Ok(reason)) => Ok(push.report(|_| Some(reason.trim().to_owned()), "")),
        _ => Ok(answer),
    }
}

async fn run(
    call: &Admitted,
    method: &str,
    query: &str,
    headers: &HeaderMap,
    body: &[u8],
    refused: &Path,
) -> Result<GitAnswer, String> {
    let mut backend = git_command(&call.folder);
    // `http-backend` finds the repository by its path, and hooks find it themselves.
    backend.env_remove("GIT_DIR").arg("http-backend").stdin(Stdio::piped()).stdout(Stdio::piped());
    backend.stderr(Stdio::null()).env("GIT_HTTP_EXPORT_ALL", "1").env("GIT_PROJECT_ROOT", &call.folder);
    backend.env("PATH_INFO", format!("/{}", call.service.path())).env("REQUEST_METHOD", method);
    backend.env("QUERY_STRING", query).env("CONTENT_LENGTH", body.len().to_string());
    backend.env("REMOTE_USER", &call.login).env("REMOTE_ADDR", "127.0.0.1");
    for (header, variable) in [
        ("content-type", "CONTENT_TYPE"),
        ("content-encoding", "HTTP_CONTENT_ENCODING"),
        ("git-protocol", "GIT_PROTOCOL"),
    ] {
        if let Some(value) = headers.get(header).and_then(|value| value.to_str().ok()) {
            backend.env(variable, value);
        }
    }
    if !call.workflows {
        backend.env("FAKE_FORGE_REFUSED", refused);
    }
    let mut child = tokio::process::Command::from(backend)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("git http-backend cannot be started: {error}"))?;
    let stdin = child.stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A backend that refuses the call does not read it all.
            drop(stdin.write_all(body).await);
        }
    };
    let ((), output) = tokio::join!(feed, child.wait_with_output());
    let output = output.map_err(|error| format!("git http-backend was lost: {error}"))?;
    parse(&output.stdout).ok_or_else(|| "git http-backend gave no answer".to_owned())
}

/// Reads the answer of a CGI program.
fn parse(output: &[u8]) -> Option<GitAnswer> {
    let at = output.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(output.get(..at)?).into_owned();
    let mut answer = GitAnswer { status: 200, headers: Vec::new(), body: output.get(at + 4..)?.to_owned() };
    for line in head.lines() {
        let (name, value) = line.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "status" => answer.status = value.trim().split(' ').next()?.parse().ok()?,
            name => answer.headers.push((name.to_owned(), value.trim().to_owned())),
        }
    }
    Some(answer)
}

/// The commands of a push.
struct Push {
    /// Names of refs.
    refs: Vec<String>,
    side_band: bool,
}

impl Push {
    /// Reads the lines before the pack: `old new ref`, the first with capabilities.
    fn read(mut body: &[u8]) -> Self {
        let mut push = Self { refs: Vec::new(), side_band: false };
        while let Some(length) = body
            .get(..4)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| usize::from_str_radix(digits, 16).ok())
            .filter(|length| *length > 4)
        {
            let line = String::from_utf8_lossy(body.get(4..length).unwrap_or_default()).into_owned();
            let (command, capabilities) = line.split_once('\0').unwrap_or((&line, ""));
            push.side_band |= capabilities.contains("side-band-64k");
            if let Some(name) = command.trim_end().splitn(3, ' ').nth(2) {
                push.refs.push(name.to_owned());
            }
            body = body.get(length..).unwrap_or_default();
        }
        push
    }

    /// GitHub's refusal, if a protected branch is among them.
    fn protected(&self, protected: &[String]) -> Option<GitAnswer> {
        let hit = self.refs.iter().find(|name| protected.contains(name))?;
        let said = format!(
            "error: GH006: Protected branch update failed for {hit}.\nerror: \nerror: - Changes must be made through a pull request.\n"
        );
        let reason = |name: &str| {
            let reason =
                if protected.iter().any(|other| other == name) { "protected branch" } else { "pre-receive" };
            Some(format!("{reason} hook declined"))
        };
        Some(self.report(reason, &said))
    }

    /// What git reads after a push: how each ref went.
    fn report(&self, refused: impl Fn(&str) -> Option<String>, said: &str) -> GitAnswer {
        let mut report = packet(b"unpack ok\n");
        for name in &self.refs {
            let line = match refused(name) {
                Some(reason) => format!("ng {name} {reason}\n"),
                None => format!("ok {name}\n"),
            };
            report.extend(packet(line.as_bytes()));
        }
        report.extend(b"0000");
        let body = if self.side_band {
            let band = |number: u8, content: &[u8]| packet(&[&[number], content].concat());
            let said = if said.is_empty() { Vec::new() } else { band(2, said.as_bytes()) };
            [said, band(1, &report), b"0000".to_vec()].concat()
        } else {
            report
        };
        let kind = ("content-type".to_owned(), "application/x-git-receive-pack-result".to_owned());
        GitAnswer { status: 200, headers: vec![kind], body }
    }
}

fn packet(content: &[u8]) -> Vec<u8> {
    let mut packet = format!("{:04x}", content.len() + 4).into_bytes();
    packet.extend(content);
    packet
}
