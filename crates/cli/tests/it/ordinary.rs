//! What matters most once more, with server and command line as an ordinary user.

use crate::world::{PROGRAMS, gym, program};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// A uid without an account.
const ORDINARY: u32 = 60_798;

/// The tests that are run.
const TESTS: &[&str] = &[
    "run::a_task_becomes_a_pull_request",
    "start::run_starts_a_server_and_says_how_to_stop_it",
    "crash::a_server_that_is_killed_in_the_middle_of_a_turn_goes_on_where_it_was",
    "stop::stopping_in_the_middle_of_a_turn_ends_the_whole_tree",
    "policies::",
    "serve::beyond_loopback_a_token_is_needed_whoever_runs_the_server",
];

#[test]
fn the_way_of_a_task_is_the_same_for_an_ordinary_user() {
    if !rustix::process::geteuid().is_root() {
        // Then all the others show it.
        return;
    }
    // The build folder may stand where only root can look.
    let folder = tempfile::tempdir().unwrap();
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(folder.path(), open).unwrap();
    for (name, path) in [
        ("suite", std::env::current_exe().unwrap()),
        ("telecoder", program()),
        ("telecoder-gym-agent", gym()),
    ] {
        std::fs::copy(path, folder.path().join(name)).unwrap();
    }
    let output = Command::new(folder.path().join("suite"))
        .args(TESTS)
        .env(PROGRAMS, folder.path())
        .env("TMPDIR", folder.path())
        .env("HOME", folder.path())
        .current_dir("/")
        .uid(ORDINARY)
        .gid(ORDINARY)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("test result: ok. 7 passed"), "{text}");
}
