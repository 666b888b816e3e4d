//! The login of GitHub's own command line: its token is taken from `gh`, also where only `gh` can read it; where it gives none,
//! that is told.

use super::{MAKES_A_FILE, Scene, id};
use expect_test::expect;
use std::os::unix::fs::PermissionsExt;

/// A scene whose server has no token and finds a `gh` that does `script`; `hosts` is what it keeps in its file.
fn with_gh(script: &str, hosts: &str) -> Scene {
    let mut scene = Scene::without_server();
    let programs = scene.world.path("programs");
    std::fs::create_dir(&programs).unwrap();
    let gh = programs.join("gh");
    let script = script.replace("[TOKEN]", &scene.secret);
    std::fs::write(&gh, format!("#!/bin/sh\necho \"$*\" >> \"$HOME/asked\"\n{script}\n")).unwrap();
    std::fs::set_permissions(&gh, std::fs::Permissions::from_mode(0o755)).unwrap();
    let kept = scene.world.path("home").join(".config/gh");
    std::fs::create_dir_all(&kept).unwrap();
    let host = scene.forge.base_url().replace("http://", "");
    let hosts = hosts.replace("[HOST]", &host).replace("[TOKEN]", &scene.secret);
    std::fs::write(kept.join("hosts.yml"), hosts).unwrap();
    let path = std::env::var("PATH").unwrap();
    scene.world.set("PATH", Some(&format!("{}:{path}", programs.display())));
    scene.world.start();
    scene
}

/// What `gh` keeps where the token itself is in the key ring.
const IN_THE_KEY_RING: &str =
    "\"[HOST]\":\n    users:\n        octo:\n    git_protocol: https\n    user: octo\n";

fn asked(scene: &Scene) -> String {
    let text = std::fs::read_to_string(scene.world.path("home").join("asked")).unwrap_or_default();
    scene.shown(&text)
}

fn doctor(scene: &Scene) -> String {
    let told = scene.told(&["doctor", "--output", "text"]);
    let lines: Vec<&str> = told.lines().skip_while(|line| !line.contains("forge github")).take(2).collect();
    lines.join("\n") + "\n"
}

#[test]
fn a_token_that_only_gh_can_read_opens_a_pull_request() {
    let scene = with_gh("test \"$HTTPS_PROXY$ANTHROPIC_API_KEY\" = \"\" && echo [TOKEN]", IN_THE_KEY_RING);
    assert!(doctor(&scene).starts_with("ok       forge github: octo, by gh login\n"), "{}", doctor(&scene));
    let session = scene.ran(&[MAKES_A_FILE]);
    assert_eq!(
        (session["result"].as_str(), session["prNumber"].as_u64()),
        (Some("pr"), Some(1)),
        "{session}"
    );
    assert_eq!(scene.our_branches(), [format!("telecoder/{}", id(&session))]);
    // Once a start.
    assert_eq!(asked(&scene), "auth token --hostname [FORGE]\n");
    let events = scene.world.cli(["events", &id(&session)]).run().stdout;
    for (what, text) in [("events", events), ("log", scene.world.log()), ("session", session.to_string())] {
        assert!(!text.contains(&scene.secret), "the token is in: {what}");
    }
    scene.is_as_described();
}

#[test]
fn a_token_in_the_file_of_gh_opens_a_pull_request_and_gh_is_not_asked() {
    let scene = with_gh("exit 1", "\"[HOST]\":\n    oauth_token: [TOKEN]\n    user: octo\n");
    let session = scene.ran(&[MAKES_A_FILE]);
    assert_eq!(
        (session["result"].as_str(), session["prNumber"].as_u64()),
        (Some("pr"), Some(1)),
        "{session}"
    );
    assert_eq!(asked(&scene), "");
    scene.is_as_described();
}

#[test]
fn where_gh_is_logged_out_the_login_is_named() {
    let scene = with_gh("echo \"no oauth token found for $4\" >&2; exit 1", "{}\n");
    expect![[r#"
        warning  forge github: the server has no credentials for [FORGE]
                 → Set GITHUB_TOKEN, run `gh auth login --hostname [FORGE]` as the server's user, or set up a GitHub App (docs/guide/github.md); then restart the server.
        exit 1
        ! error: cannot reach [FORGE]/octo/demo: git said: remote: Invalid username or token. Password authentication is not supported for Git operations.; fatal: Authentication failed for '[FORGE]/octo/demo.git/'
        !  hint: The server has no credentials for [FORGE]. Set GITHUB_TOKEN, run `gh auth login --hostname [FORGE]` as the server's user, or set up a GitHub App (docs/guide/github.md); then restart the server.
    "#]]
    .assert_eq(&(doctor(&scene) + &scene.told(&["run", "-r", "octo/demo", MAKES_A_FILE])));
    assert_eq!(asked(&scene), "auth token --hostname [FORGE]\n");
    assert_eq!(scene.world.cli(["list"]).run().stdout, "[]\n");
}

#[test]
fn where_gh_is_logged_in_and_gives_no_token_it_is_told_why() {
    let scene = with_gh("echo 'the key ring is locked' >&2; exit 4", IN_THE_KEY_RING);
    expect![[r#"
        warning  forge github: the server has no credentials for [FORGE]: `gh auth token --hostname [FORGE]` ended with code 4: the key ring is locked
                 → Set GITHUB_TOKEN, run `gh auth login --hostname [FORGE]` as the server's user, or set up a GitHub App (docs/guide/github.md); then restart the server.
        exit 1
        ! error: cannot reach [FORGE]/octo/demo: git said: remote: Invalid username or token. Password authentication is not supported for Git operations.; fatal: Authentication failed for '[FORGE]/octo/demo.git/'
        !  hint: The server has no credentials for [FORGE]: `gh auth token --hostname [FORGE]` ended with code 4: the key ring is locked. Set GITHUB_TOKEN, run `gh auth login --hostname [FORGE]` as the server's user, or set up a GitHub App (docs/guide/github.md); then restart the server.
    "#]]
    .assert_eq(&(doctor(&scene) + &scene.told(&["run", "-r", "octo/demo", MAKES_A_FILE])));
    assert_eq!(scene.world.cli(["list"]).run().stdout, "[]\n");
}
