//! Installs: whole or not there, one at a time, with the host's npm as it is configured.

use crate::place::{GOOSE, Lines, Place};
use expect_test::expect;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use telecoder_model::ErrorClass;
use telecoder_model::id::AgentName;
use telecoder_model::port::agent::AgentRuntime;

fn goose() -> AgentName {
    "goose".parse().unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

async fn is_installed(place: &Place) -> bool {
    let agents = place.agents().list().await.unwrap();
    agents.iter().find(|status| status.name == goose()).unwrap().installed
}

/// What of a folder an outsider sees, but for the lock.
fn left_behind(place: &Place) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(place.path("agents/goose")) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".lock")
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_install_is_whole_readable_and_done_once() {
    let place = Place::new();
    place.npm(
        "test -f package.json; test -f package-lock.json; echo \"$npm_config_registry $HOME\" >> ../env.log",
    );
    let agents = place.agents();
    let before = agents.list().await.unwrap();
    assert!(!before[0].installed);
    expect!["not installed; run `telecoder agents install goose` (282 MB)"]
        .assert_eq(before[0].problem.as_deref().unwrap());
    let lines = Lines::default();
    let status = agents.install(&goose(), &lines).await.unwrap();
    expect![[r#"
        installing goose 0.20.1 with npm, 282 MB on disk; this takes a minute or so
        1 MB are there; trying whether it starts
        goose 0.20.1 is installed (it says: 1.34.0)"#]]
    .assert_eq(&lines.text());
    assert!(status.installed && status.problem.is_none());
    assert_eq!(left_behind(&place), ["0.20.1", "env.log"]);
    let folder = place.path("agents/goose/0.20.1");
    assert_eq!(mode(&folder.join(GOOSE)), 0o755, "the sandbox's user must read it, whatever the umask");
    assert_eq!(mode(folder.join(GOOSE).parent().unwrap()), 0o755);
    assert_eq!(
        std::fs::read_to_string(place.path("agents/goose/env.log")).unwrap(),
        format!("https://registry.example/ {}\n", place.text("home")),
        "npm keeps the host's configuration"
    );
    let lines = Lines::default();
    agents.install(&goose(), &lines).await.unwrap();
    assert_eq!(lines.text(), "goose 0.20.1 is installed already");
    expect![[r#"
        ci --ignore-scripts --omit=dev --no-audit --no-fund --no-progress --no-update-notifier --loglevel=error
    "#]]
    .assert_eq(&std::fs::read_to_string(place.path("npm.log")).unwrap());
}

#[tokio::test]
async fn the_manifest_asks_for_exactly_what_the_lock_file_pins() {
    let place = Place::new();
    place.npm("cp package.json package-lock.json ..");
    place.agents().install(&goose(), &Lines::default()).await.unwrap();
    expect![[r#"{"dependencies":{"@aaif/goose-binary-linux-x64":"0.20.1"},"name":"telecoder-agent-goose","private":true}"#]]
        .assert_eq(&std::fs::read_to_string(place.path("agents/goose/package.json")).unwrap());
    let lock = std::fs::read_to_string(place.path("agents/goose/package-lock.json")).unwrap();
    assert!(lock.contains("sha512-") && !lock.contains("http"), "{lock}");
}

#[tokio::test]
async fn a_failed_npm_is_told_with_its_class_and_leaves_nothing() {
    for (says, class, remedy) in [
        ("npm error code ENOSPC", ErrorClass::Full, "make room on the disk"),
        (
            "npm error code EAI_AGAIN",
            ErrorClass::Transient,
            "check the network, or npm's configuration of a registry or proxy",
        ),
        ("npm error code EINTEGRITY", ErrorClass::Permanent, "try `npm ping` on this host as the same user"),
    ] {
        let place = Place::new();
        place.npm(&format!("touch half; echo '{says}' >&2; exit 3"));
        let error = place.agents().install(&goose(), &Lines::default()).await.unwrap_err();
        assert_eq!(error.class, class);
        assert_eq!(error.remedy.unwrap(), remedy);
        assert_eq!(error.what, format!("npm could not install goose: it ended with code 3: {says}"));
        assert_eq!(left_behind(&place), Vec::<String>::new());
        assert!(!is_installed(&place).await);
    }
}

#[tokio::test]
async fn what_does_not_start_or_is_not_there_is_not_installed() {
    let place = Place::new();
    place.npm("");
    let npm = std::fs::read_to_string(place.path("bin/npm")).unwrap();
    place.program("bin/npm", &npm.replace("echo 1.34.0", "echo cannot run here >&2; exit 1"));
    let error = place.agents().install(&goose(), &Lines::default()).await.unwrap_err();
    expect!["goose does not start: its version command ended with code 1 and said: cannot run here"]
        .assert_eq(&error.what);
    assert_eq!(left_behind(&place), Vec::<String>::new());
    place.program("bin/npm", "#!/bin/sh\nexit 0\n");
    let error = place.agents().install(&goose(), &Lines::default()).await.unwrap_err();
    assert!(error.what.contains("is not there: the registry gave other packages"), "{}", error.what);
    assert_eq!(left_behind(&place), Vec::<String>::new());
}

#[tokio::test]
async fn without_npm_it_says_what_to_do() {
    let place = Place::new();
    let mut options = place.options();
    options.host_path = vec![place.path("bin")];
    let agents = telecoder_agent::Agents::new(options, place.processes()).unwrap();
    let error = agents.install(&goose(), &Lines::default()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound);
    assert!(error.remedy.unwrap().contains("install Node.js"));
}

#[tokio::test]
async fn an_install_that_is_cut_off_leaves_nothing_that_looks_installed() {
    let place = Place::new();
    let (started, never) = (place.text("started"), place.text("never"));
    for pipe in [&started, &never] {
        rustix::fs::mknodat(
            rustix::fs::CWD,
            pipe.as_str(),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
    }
    place.npm(&format!("touch half; echo > {started}; cat {never}"));
    let agents = Arc::new(place.agents());
    let task = tokio::spawn({
        let agents = agents.clone();
        async move { agents.install(&goose(), &Lines::default()).await }
    });
    tokio::task::spawn_blocking(move || std::fs::read(started)).await.unwrap().unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(!is_installed(&place).await);
    assert_eq!(left_behind(&place), [".installing-0.20.1"]);
    place.npm("test ! -e half");
    agents.install(&goose(), &Lines::default()).await.unwrap();
    assert_eq!(left_behind(&place), ["0.20.1"]);
}

#[tokio::test]
async fn two_installs_of_one_agent_are_one() {
    let place = Place::new();
    place.npm("");
    let agents = Arc::new(place.agents());
    let install = || {
        let agents = agents.clone();
        tokio::spawn(async move { agents.install(&goose(), &Lines::default()).await })
    };
    let (one, two, three) = (install(), install(), install());
    for task in [one, two, three] {
        assert!(task.await.unwrap().unwrap().installed);
    }
    let calls = std::fs::read_to_string(place.path("npm.log")).unwrap();
    assert_eq!(calls.lines().count(), 1);
}

#[tokio::test]
async fn a_check_runs_the_version_command_with_an_empty_home() {
    let place = Place::new();
    place.npm("");
    let npm = std::fs::read_to_string(place.path("bin/npm")).unwrap();
    place.program(
        "bin/npm",
        &npm.replace(
            "echo 1.34.0",
            "echo \"1.34.0 $(ls -A \"$HOME\" | wc -l) ${npm_config_registry:-clean}\"",
        ),
    );
    let agents = place.agents();
    agents.install(&goose(), &Lines::default()).await.unwrap();
    let status = agents.check(&goose()).await.unwrap();
    assert_eq!(status.version.unwrap(), "0.20.1 (1.34.0 0 clean)");
    assert_eq!(left_behind(&place), ["0.20.1"]);
    let program = place.path("agents/goose/0.20.1").join(GOOSE);
    std::fs::write(program, "#!/bin/sh\nexit 9\n").unwrap();
    let status = agents.check(&goose()).await.unwrap();
    assert!(status.problem.unwrap().contains("does not start"));
}

#[tokio::test]
async fn a_name_that_is_no_catalogue_agent_is_not_installed() {
    let mut place = Place::new();
    place.program("bin/own-agent", "#!/bin/sh\n");
    place.commands.insert("own", "own-agent".to_owned());
    let agents = place.agents();
    let error = agents.install(&"own".parse().unwrap(), &Lines::default()).await.unwrap_err();
    expect!["agent `own` comes from TELECODER_AGENT_OWN_COMMAND; there is nothing to install"]
        .assert_eq(&error.what);
    let error = agents.install(&"nope".parse().unwrap(), &Lines::default()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound);
    assert!(
        error.remedy.unwrap().starts_with("known agents: claude-code, codex, gemini, goose, opencode, own;")
    );
}
