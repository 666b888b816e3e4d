//! `run` where no server runs: it starts one.

use crate::world::World;
use expect_test::expect;
use std::os::unix::fs::PermissionsExt;

const SAY: &str = r#"GYM{"do":[{"say":"Hello."}]}"#;

#[test]
fn run_starts_a_server_and_says_how_to_stop_it() {
    let world = World::without_server(&[]);
    let output = world.cli(["run", SAY]).run();
    let first = output.stderr.lines().next().unwrap();
    expect!["Started a server: pid [PID], http://[ADDRESS], data in [FOLDER]/data. Stop it with: telecoder stop-server"].assert_eq(&world.filtered(first));
    assert_eq!(output.code, 0, "{output:?}");
    let mode = |name: &str| std::fs::metadata(world.data().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("server.log")), (0o700, 0o600));
    let log = std::fs::read_to_string(world.data().join("server.log")).unwrap();
    assert!(log.contains("listens on") && !log.contains("tc_"), "{log}");
    // The next one finds it.
    let second = world.cli(["run", SAY]).run();
    assert!(second.stderr.starts_with("Working on "), "{second:?}");
    expect![[r#"
        exit 0
        Stopped the server (pid [PID]). Its sessions go on when it is started again.
    "#]]
    .assert_eq(&world.cli(["stop-server"]).run().shown());
    // And what was done is there when another is started.
    world.cli(["run", SAY]).run();
    assert_eq!(world.cli(["list"]).run().json().as_array().unwrap().len(), 3);
}

#[test]
fn two_at_once_start_one_server() {
    let world = World::without_server(&[]);
    let runs: Vec<_> = (0..3).map(|_| world.cli(["run", SAY]).spawn()).collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(world.cli(["list"]).run().json().as_array().unwrap().len(), 3);
}

#[test]
fn a_server_that_cannot_be_started_is_told_with_its_reason() {
    let world = World::without_server(&[("TELECODER_MAX_SESSIONS", "many")]);
    let output = world.cli(["run", SAY]).run();
    expect![[r#"
        exit 1
        ! error: the server could not be started: the setting `max_sessions` (environment TELECODER_MAX_SESSIONS) has a bad value: expected a whole number from 1 to 1000
        !  hint: run it in the foreground to see more: telecoder serve
    "#]].assert_eq(&output.shown());
}

#[test]
fn where_a_token_is_needed_the_starters_home_and_repository_are_allowed() {
    let world = World::without_server(&[]);
    let output = world.cli(["run", SAY]).without("TELECODER_LOCAL_ROOTS").run();
    assert_eq!(output.code, 0, "{output:?}");
}

#[test]
fn a_server_that_needs_a_token_takes_repositories_below_its_users_home() {
    let world = World::with(&[
        ("TELECODER_LOCAL_ROOTS", ""),
        ("TELECODER_API_TOKEN", "0123456789abcdef0123456789abcdef"),
    ]);
    let mine = world.path("home/mine").display().to_string();
    world.repo.git(&["clone", "--quiet", ".", &mine]);
    assert_eq!(world.cli(["run", "--detach", "-r", &mine, "hi"]).run().code, 0);
    expect![[r#"
        exit 1
        ! error: `[REPO]/repository` is not below a folder that this server may use as a repository
        !  hint: name its folder, or one above it, in TELECODER_LOCAL_ROOTS (separated by `:`) when the server is started
    "#]]
    .assert_eq(&world.cli(["run", "hi"]).run().shown());
}
