//! `serve` and `stop-server`.

use crate::world::{World, signal, terminate};
use expect_test::expect;
use rustix::process::Signal;
use std::os::unix::process::CommandExt;
use telecoder_testkit::wait::until_blocking;

#[test]
fn a_server_says_where_it_is_and_ends_in_order() {
    let mut world = World::without_server(&[]);
    world.start();
    let root = rustix::process::geteuid().is_root();
    let log = world.filtered(&world.log());
    let banner: Vec<&str> = log.lines().filter(|line| !line.starts_with("Token ")).collect();
    expect![[r#"
        TeleCoder [VERSION] listens on http://[ADDRESS]
        Data folder: [FOLDER]/data"#]]
    .assert_eq(&banner[..2].join("\n"));
    // One that runs as root is not open to everybody on the host.
    assert_eq!(log.contains("Token (shown once; also in [FOLDER]/data/token): [SECRET 64]"), root, "{log}");
    let output = world.cli(["stop-server"]).run();
    expect![[r#"
        exit 0
        Stopped the server (pid [PID]). Its sessions go on when it is started again.
    "#]]
    .assert_eq(&output.shown());
    expect![[r#"
        exit 3
        ! error: no server runs on the data folder [FOLDER]/data
        !  hint: start one: telecoder serve; or name one: --server URL
    "#]]
    .assert_eq(&world.cli(["stop-server"]).run().shown());
    assert!(!world.data().join("server.json").exists());
    // The token is shown once.
    world.start();
    assert_eq!(world.log().matches("Token ").count(), usize::from(root));
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let world = World::new();
    let address = world.url().replace("http://", "");
    let other = world.path("other").display().to_string();
    let mut all = String::new();
    for words in [
        &["serve"] as &[&str],
        &["serve", "--data-dir", &other, "--listen", &address],
        &["serve", "--data-dir", &other, "--listen", "nonsense"],
        &["serve", "--data-dir", "/proc/nothing"],
        &["serve", "--port", "1"],
    ] {
        all.push_str(&world.cli(words.iter().copied()).run().shown());
        all.push('\n');
    }
    expect![[r#"
        exit 1
        ! error: the data folder [FOLDER]/data is in use by process [PID]
        !  hint: Only one server can use a data folder. Stop that one, or start this one with another data folder.

        exit 1
        ! error: the server cannot start: cannot listen on [ADDRESS]: Address already in use (os error 98)
        !  hint: choose another address: --listen ADDR

        exit 2
        ! error: the setting `listen` (flag) has a bad value: expected ADDRESS:PORT or :PORT, got `nonsense`

        exit 1
        ! error: cannot make the data folder /proc/nothing: No such file or directory (os error 2)

        exit 2
        ! error: unexpected argument '--port' found
        ! 
        ! Usage: telecoder serve [OPTIONS]
        ! 
        ! For more information, try '--help'.

    "#]].assert_eq(&all);
}

#[test]
fn a_closed_terminal_ends_a_server_in_order_unless_it_was_told_to_ignore_that() {
    let mut world = World::new();
    signal(world.server_pid(), Signal::HUP);
    until_blocking("the server's end", || (!world.data().join("server.json").exists()).then_some(()));
    // As nohup starts it.
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" serve"]).arg(crate::world::program());
    for (name, value) in world.command().get_envs() {
        command.env(name, value.unwrap());
    }
    let log = std::fs::File::create(world.path("nohup")).unwrap();
    let mut child = command.stdout(log.try_clone().unwrap()).stderr(log).process_group(0).spawn().unwrap();
    until_blocking("the server", || world.data().join("server.json").exists().then_some(()));
    signal(child.id(), Signal::HUP);
    assert_eq!(world.cli(["list"]).run().code, 0);
    terminate(child.id());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    world.start();
}

#[test]
fn a_folder_of_an_earlier_system_is_used_and_its_database_left_alone() {
    let mut world = World::without_server(&[]);
    std::fs::create_dir(world.data()).unwrap();
    std::fs::write(world.data().join("telecoder.db"), "of an earlier system").unwrap();
    world.start();
    let log = world.filtered(&world.log());
    let told = "note: [FOLDER]/data/telecoder.db is the database of an earlier system; it is left alone";
    assert!(log.lines().any(|line| line == told), "{log}");
    world.ran(r#"GYM{"do":[{"say":"Hello."}]}"#);
    assert_eq!(std::fs::read(world.data().join("telecoder.db")).unwrap(), b"of an earlier system");
}

#[test]
fn the_names_of_an_earlier_system_work_and_are_told() {
    let world = World::without_server(&[]);
    let folder = world.path("old").display().to_string();
    let stopped =
        world.cli(["stop-server"]).without("TELECODER_DATA_DIR").env("OPENTL_DATA_DIR", &folder).run();
    expect![[r#"
        exit 3
        ! warning: OPENTL_DATA_DIR is a setting of an earlier system: use TELECODER_DATA_DIR
        ! error: no server runs on the data folder [FOLDER]/old
        !  hint: start one: telecoder serve; or name one: --server URL
    "#]]
    .assert_eq(&stopped.shown());
    // The variables of a `.env` are read for the server of that folder.
    std::fs::write(world.path("home/.env"), "TELECODER_MAX_SESSIONS=many\n").unwrap();
    expect![[r#"
        exit 2
        ! error: the setting `max_sessions` (file [FOLDER]/home/.env) has a bad value: expected a whole number from 1 to 1000
    "#]]
    .assert_eq(&world.cli(["serve"]).dir(world.path("home")).run().shown());
}

#[test]
fn beyond_loopback_a_token_is_needed_whoever_runs_the_server() {
    let mut world = World::without_server(&[]);
    world.start_on("0.0.0.0:0");
    assert!(world.log().contains("Token (shown once"), "{}", world.log());
    assert_eq!(world.cli(["list"]).run().code, 0);
    let url = world.url();
    let elsewhere = world.path("elsewhere").display().to_string();
    let stranger = world.cli(["list", "--server", &url]).env("TELECODER_DATA_DIR", &elsewhere).run();
    assert_eq!(stranger.code, 1);
    assert!(stranger.stderr.starts_with("error: this server needs a token\n"), "{stranger:?}");
}

#[test]
fn a_key_that_the_provider_refuses_ends_the_session_and_names_the_setting() {
    let model = telecoder_testkit::scripted_model::ScriptedModel::start_with_key("the-right-key");
    let address = model.openai_base_url();
    let world = World::with(&[("OPENAI_BASE_URL", &address), ("OPENAI_API_KEY", "sk-the-wrong-key-123")]);
    let prompt = r#"GYM{"do":[{"model":"hi","api":"chat"},{"model":"hi","api":"chat"},{"hang":true}]}"#;
    let output = world.cli(["run", prompt]).run();
    assert_eq!(output.code, 1, "{output:?}");
    let session = world.cli(["list"]).run().json()[0].clone();
    assert_eq!(session["failureKind"], "agent_error");
    let told = (session["error"].as_str().unwrap(), session["hint"].as_str().unwrap());
    assert!(told.0.starts_with("openai refuses model calls: "), "{told:?}");
    assert_eq!(told.1, "check OPENAI_API_KEY of the server; see telecoder doctor");
    assert!(!output.stdout.contains("sk-the-wrong"), "{output:?}");
}
