//! `service install|status|uninstall`: the server as a unit of systemd. Local: it writes files and runs systemd's own programs.

use super::Context;
use crate::arguments::{ServiceArguments, ServiceCommand};
use crate::exit::{Failure, Outcome};
use crate::terminal::Output;
use crate::unit::{Level, Unit, sysusers};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use telecoder::Given;

const ENV_FILE: &str = "# Settings of the TeleCoder server, one NAME=VALUE a line: see `telecoder config`.\n\
    # ANTHROPIC_API_KEY=\n# OPENAI_API_KEY=\n# GEMINI_API_KEY=\n# GITHUB_TOKEN=\n";
/// What is asked of systemd about a unit.
const PROPERTIES: &str = "LoadState,ActiveState,SubState,UnitFileState,MainPID,ActiveEnterTimestamp,Result";

/// Runs a command on the service.
pub(crate) async fn run(context: &Context, command: ServiceCommand) -> Outcome {
    match command {
        ServiceCommand::Install(options) => install(context, &options).await,
        ServiceCommand::Status(options) => status(context, &Place::find(&options.name, None)?).await,
        ServiceCommand::Uninstall(options) => {
            uninstall(context, &Place::find(&options.service.name, options.root.as_deref())?).await
        }
    }
}

/// Where a service of a name stands.
struct Place {
    name: String,
    /// Everything is written below this; where it is not `/`, nothing is started.
    root: PathBuf,
    level: Level,
    unit: PathBuf,
    user_file: Option<PathBuf>,
    env_file: PathBuf,
    data_dir: PathBuf,
}

impl Place {
    fn find(name: &str, root: Option<&Path>) -> Result<Self, Failure> {
        let name = name.strip_suffix(".service").unwrap_or(name);
        let fine = (1..=31).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !fine {
            return Err(Failure::usage(format!("`{name}` is no name for a service"))
                .hint("up to 31 characters of a-z, 0-9 and -, the first one a letter"));
        }
        let root = root.unwrap_or(Path::new("/")).to_owned();
        if telecoder::is_root() {
            return Ok(Self {
                unit: root.join("etc/systemd/system").join(format!("{name}.service")),
                user_file: Some(root.join("etc/sysusers.d").join(format!("{name}.conf"))),
                env_file: PathBuf::from("/etc/telecoder").join(format!("{name}.env")),
                data_dir: PathBuf::from("/var/lib").join(name),
                level: Level::System(name.to_owned()),
                name: name.to_owned(),
                root,
            });
        }
        let given = Given::from_process();
        let home = given.home().ok_or_else(|| Failure::failed("HOME is not set"))?;
        Ok(Self {
            unit: home.join(".config/systemd/user").join(format!("{name}.service")),
            user_file: None,
            env_file: home.join(".config/telecoder").join(format!("{name}.env")),
            data_dir: home.join(".telecoder"),
            level: Level::User,
            name: name.to_owned(),
            root,
        })
    }

    fn service(&self) -> String {
        format!("{}.service", self.name)
    }

    /// Where a path of the installed system is written now.
    fn below_root(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    fn is_live(&self) -> bool {
        self.root == Path::new("/")
    }

    async fn systemctl(&self, words: &[&str]) -> Result<String, Failure> {
        let mut all: Vec<String> = Vec::new();
        if self.level == Level::User {
            all.push("--user".to_owned());
        } else if !self.is_live() {
            all.push(format!("--root={}", self.root.display()));
        }
        all.extend(words.iter().map(|word| (*word).to_owned()));
        call("systemctl", &all).await
    }
}

/// Runs a program of systemd; gives what it says.
async fn call(program: &str, words: &[String]) -> Result<String, Failure> {
    #[expect(clippy::disallowed_methods, reason = "the command line may run systemd's own programs")]
    let output = tokio::process::Command::new(program).args(words).output().await;
    let output = output.map_err(|error| {
        if error.kind() == ErrorKind::NotFound {
            return Failure::failed(format!("there is no {program} on this host")).hint(
                "a service needs systemd; without it, run `telecoder serve` under what starts programs here",
            );
        }
        Failure::failed(format!("{program} cannot be run: {error}"))
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Failure::failed(format!("{program} {} failed: {}", words.join(" "), telecoder::cut(&said, 500))))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Installed {
    unit: PathBuf,
    env_file: PathBuf,
    data_dir: PathBuf,
    started: bool,
}

async fn install(context: &Context, options: &ServiceArguments) -> Outcome {
    let mut place = Place::find(&options.name, options.root.as_deref())?;
    place.data_dir = absolute(options.data_dir.as_deref())?.unwrap_or(place.data_dir);
    place.env_file = absolute(options.env_file.as_deref())?.unwrap_or(place.env_file);
    let program = std::env::current_exe()?;
    let text = Unit {
        level: place.level.clone(),
        program: &program,
        data_dir: &place.data_dir,
        env_file: &place.env_file,
    }
    .text();
    if let (true, Level::System(_)) = (place.is_live() && !options.dry_run, &place.level) {
        check_program(&program)?;
    }
    if options.dry_run {
        context.terminal.note(&format!("# {}", place.unit.display()));
        context.terminal.write(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let (Some(file), Level::System(user)) = (&place.user_file, &place.level) {
        write(file, sysusers(user, &place.data_dir).as_bytes(), 0o644, Existing::Replace)?;
        if place.is_live() {
            call("systemd-sysusers", &[file.display().to_string()]).await?;
        }
    }
    make_data_dir(&place)?;
    write(&place.below_root(&place.env_file), ENV_FILE.as_bytes(), 0o600, Existing::Keep)?;
    write(&place.unit, text.as_bytes(), 0o644, Existing::Replace)?;
    let start = place.is_live() && !options.no_start;
    if place.is_live() {
        place.systemctl(&["daemon-reload"]).await?;
    }
    place.systemctl(&["enable", &place.service()]).await?;
    if start {
        // A unit that runs already takes the new file up; its sessions go on.
        place.systemctl(&["restart", &place.service()]).await?;
    }
    told(context, &place, start)
}

fn told(context: &Context, place: &Place, started: bool) -> Outcome {
    if context.terminal.telling() == Output::Json {
        context.terminal.json(&Installed {
            unit: place.unit.clone(),
            env_file: place.env_file.clone(),
            data_dir: place.data_dir.clone(),
            started,
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let state = if started { "Installed and started" } else { "Installed" };
    context.terminal.line(&format!("{state} {} ({}).", place.service(), place.unit.display()))?;
    context.terminal.line(&format!("Settings: {}", place.env_file.display()))?;
    context.terminal.line(&format!("Data folder: {}", place.data_dir.display()))?;
    if place.level == Level::User {
        context.terminal.note("So that it runs while you are logged out: loginctl enable-linger");
    }
    Ok(ExitCode::SUCCESS)
}

/// Paths of units are absolute.
fn absolute(path: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    let path = path.map(std::path::absolute).transpose()?;
    match path.as_ref().and_then(|path| path.to_str()).map(|text| text.contains(['\n', '\r'])) {
        Some(true) => Err(Failure::usage("a path of a unit holds no line break")),
        Some(false) | None => Ok(path),
    }
}

fn make_data_dir(place: &Place) -> Result<(), Failure> {
    let folder = place.below_root(&place.data_dir);
    let failed =
        |error: std::io::Error| Failure::failed(format!("cannot make {}: {error}", folder.display()));
    let made = !folder.is_dir();
    if made {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
    }
    let (true, Level::System(user)) = (place.is_live(), &place.level) else { return Ok(()) };
    let (uid, gid) = user_of(user)?;
    if made {
        std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).map_err(failed)?;
    } else if fs::metadata(&folder).map_err(failed)?.uid() != uid {
        return Err(Failure::failed(format!("{} is not the folder of the user `{user}`", folder.display()))
            .hint(format!("give it to the service: chown -R {user}:{user} {}", folder.display())));
    }
    Ok(())
}

/// Refuses a program that the service's user could not run.
fn check_program(program: &Path) -> Result<(), Failure> {
    let mode = |path: &Path| fs::metadata(path).map_or(0, |found| found.mode());
    let open = mode(program) & 0o005 == 0o005
        && program.ancestors().skip(1).all(|folder| mode(folder) & 0o001 == 0o001);
    if open {
        return Ok(());
    }
    let program = program.display();
    Err(Failure::failed(format!("{program} stands where the service's user cannot run it")).hint(format!(
        "put it elsewhere, and install from there: install -m 755 {program} /usr/local/bin/telecoder"
    )))
}

/// The uid and gid of a user of this host (passwd(5)).
fn user_of(name: &str) -> Result<(u32, u32), Failure> {
    let users = fs::read_to_string("/etc/passwd")?;
    users
        .lines()
        .find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(name)).then_some(())?;
            Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
        })
        .ok_or_else(|| Failure::failed(format!("the user `{name}` was not made")))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
    Keep,
    Replace,
}

fn write(path: &Path, bytes: &[u8], mode: u32, existing: Existing) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::failed(format!("cannot write {}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    if existing == Existing::Keep && path.exists() {
        return Ok(());
    }
    // Whole under its name, or not at all.
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let fresh = path.with_file_name(name);
    drop(fs::remove_file(&fresh));
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(&fresh);
    let written = opened.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&fresh, path)).map_err(failed)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct State {
    name: String,
    installed: bool,
    enabled: bool,
    state: String,
    detail: String,
    pid: Option<u32>,
    since: Option<String>,
    unit: PathBuf,
}

async fn status(context: &Context, place: &Place) -> Outcome {
    let said = place.systemctl(&["show", &place.service(), &format!("--property={PROPERTIES}")]).await?;
    let values: BTreeMap<&str, &str> = said.lines().filter_map(|line| line.split_once('=')).collect();
    let value = |name: &str| values.get(name).copied().unwrap_or_default();
    let state = State {
        name: place.name.clone(),
        installed: value("LoadState") == "loaded",
        enabled: value("UnitFileState") == "enabled",
        state: value("ActiveState").to_owned(),
        detail: value("SubState").to_owned(),
        pid: value("MainPID").parse().ok().filter(|pid| *pid != 0),
        since: Some(value("ActiveEnterTimestamp").to_owned()).filter(|text| !text.is_empty()),
        unit: place.unit.clone(),
    };
    let active = state.state == "active";
    if context.terminal.telling() == Output::Json {
        context.terminal.json(&state)?;
    } else if state.installed {
        let pid = state.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
        let since = state.since.map(|since| format!(", since {since}")).unwrap_or_default();
        let enabled = if state.enabled { "starts with the system" } else { "does not start with the system" };
        context.terminal.line(&format!(
            "{}: {} ({}{pid}{since})",
            place.service(),
            state.state,
            state.detail
        ))?;
        context.terminal.line(&format!("{enabled}; {}", place.unit.display()))?;
    } else {
        return Err(Failure::failed(format!("{} is not installed", place.service()))
            .hint("install it: telecoder service install"));
    }
    Ok(if active { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn uninstall(context: &Context, place: &Place) -> Outcome {
    if !place.unit.exists() {
        return Err(Failure::failed(format!("{} is not installed", place.service()))
            .hint(format!("there is no {}", place.unit.display())));
    }
    let disable: &[&str] = if place.is_live() { &["disable", "--now"] } else { &["disable"] };
    place.systemctl(&[disable, &[&place.service()]].concat()).await?;
    fs::remove_file(&place.unit)?;
    if let Some(file) = &place.user_file {
        // It may have been put elsewhere by whoever packs this.
        drop(fs::remove_file(file));
    }
    if place.is_live() {
        place.systemctl(&["daemon-reload"]).await?;
    }
    context.terminal.line(&format!("Removed {}. Kept: data, settings and the user.", place.service()))?;
    context.terminal.note(
        "Sandboxes of sessions at work end by themselves within an hour, or go on with the next server.",
    );
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_program_that_others_cannot_reach_is_no_services() {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let program = folder.path().join("telecoder");
        fs::write(&program, "").unwrap();
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        for (outer, inner, fine) in [(0o755, 0o755, true), (0o700, 0o755, false), (0o755, 0o750, false)] {
            set(folder.path(), outer);
            set(&program, inner);
            assert_eq!(check_program(&program).is_ok(), fine, "{outer:o} {inner:o}");
        }
    }
}
