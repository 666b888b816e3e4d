//! `config`, bare and with `show`, `set`, `path`, `setup`.

use crate::world::World;
use expect_test::expect;
use telecoder_testkit::scripted_model::ScriptedModel;

#[test]
fn settings_are_shown_with_their_source_and_secrets_masked() {
    let world =
        World::without_server(&[("OPENAI_API_KEY", "sk-1234567890abcdefwxyz"), ("GEMINI_API_KEY", "short")]);
    let bare =
        world.cli(["config", "--output", "table"]).env("TELECODER_AGENT_GYM_COMMAND", "/bin/true").run();
    expect![[r#"
        exit 0
        SETTING  VALUE  FROM
        listen  [ADDRESS]  environment TELECODER_LISTEN
        data_dir  [FOLDER]/data  environment TELECODER_DATA_DIR
        database_url  –  not set
        host_gone_after  24h  default
        server  –  not set
        token  –  not set
        api_token  –  not set
        local_roots  [FOLDER]:[REPO]  environment TELECODER_LOCAL_ROOTS
        public_url  –  not set
        allowed_hosts  –  not set
        default_agent  gym  environment TELECODER_DEFAULT_AGENT
        policy_mode  standard  default
        publish  –  not set
        pipeline  none  default
        sandbox  local  default
        max_sessions  4  default
        retention_days  30  default
        disk_quota  –  not set
        session_timeout  30m  default
        prompt_timeout_seconds  –  not set
        session_heartbeat_seconds  5  default
        session_stale_seconds  30  default
        max_revisions  1  default
        chat_idle_timeout  30m  default
        chat_max_messages  50  default
        anthropic_api_key  –  not set
        anthropic_base_url  https://api.anthropic.com  default
        openai_api_key  sk-1…wxyz  environment OPENAI_API_KEY
        openai_base_url  https://api.openai.com/v1  default
        gemini_api_key  *****  environment GEMINI_API_KEY
        gemini_base_url  https://generativelanguage.googleapis.com  default
        github_token  –  not set
        github_app_id  –  not set
        github_app_key  –  not set
        github_app_installation  –  not set
        github_server_url  https://github.com  default
        github_api_url  –  not set
        log  info  default
        agents.gym  /bin/true  environment TELECODER_AGENT_GYM_COMMAND
    "#]]
    .assert_eq(&crate::shown::squeezed(&bare.shown()));
    assert_eq!(
        world
            .cli(["config", "show", "--output", "table"])
            .env("TELECODER_AGENT_GYM_COMMAND", "/bin/true")
            .run()
            .stdout,
        bare.stdout
    );
    let json = world.cli(["config"]).run().json();
    let row = json.as_array().unwrap().iter().find(|row| row["key"] == "openai_api_key").unwrap();
    expect![[r#"{"key":"openai_api_key","env":["OPENAI_API_KEY"],"value":"sk-1…wxyz","source":"environment OPENAI_API_KEY","about":"Key for OpenAI models and compatible endpoints; it never enters a sandbox."}"#]].assert_eq(&row.to_string());
    assert!(!bare.stdout.contains("567890"));
}

#[test]
fn a_setting_is_checked_and_written() {
    let world = World::without_server(&[]);
    let mut all = String::new();
    for words in [
        &["config", "path"] as &[&str],
        &["config", "set", "max_sessions", "7"],
        &["config", "set", "max_sessions", "0"],
        &["config", "set", "nonsense", "1"],
        &["config", "set", "max_sessions"],
        &["config", "set", "agents.mine", "/bin/true --acp"],
        &["config", "unset"],
    ] {
        all.push_str(&format!("$ {}\n{}\n", words.join(" "), world.cli(words.iter().copied()).run().shown()));
    }
    let key = world.cli(["config", "set", "openai_api_key", "-"]).input("sk-from-standard-input\n").run();
    all.push_str(&key.shown());
    expect![[r#"
        $ config path
        exit 0
        [FOLDER]/home/.telecoder/config.toml

        $ config set max_sessions 7
        exit 0
        Set max_sessions in [FOLDER]/home/.telecoder/config.toml. A running server takes it over when it is started again.

        $ config set max_sessions 0
        exit 2
        ! error: the setting `max_sessions` (flag) has a bad value: expected a whole number from 1 to 1000

        $ config set nonsense 1
        exit 2
        ! error: `nonsense` is not a setting; `telecoder config` shows all

        $ config set max_sessions
        exit 2
        ! error: the following required arguments were not provided:
        !   <VALUE>
        ! 
        ! Usage: telecoder config set <KEY> <VALUE>
        ! 
        ! For more information, try '--help'.

        $ config set agents.mine /bin/true --acp
        exit 0
        Set agents.mine in [FOLDER]/home/.telecoder/config.toml. A running server takes it over when it is started again.

        $ config unset
        exit 2
        ! error: unrecognized subcommand 'unset'
        ! 
        ! Usage: telecoder config [OPTIONS] [COMMAND]
        ! 
        ! For more information, try '--help'.

        exit 0
        Set openai_api_key in [FOLDER]/home/.telecoder/config.toml. A running server takes it over when it is started again.
    "#]].assert_eq(&all);
    let path = world.path("home/.telecoder/config.toml");
    expect![[r#"
        max_sessions = "7"
        openai_api_key = "sk-from-standard-input"

        [agents]
        mine = "/bin/true --acp"
    "#]]
    .assert_eq(&std::fs::read_to_string(&path).unwrap());
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let shown = world.cli(["config", "--output", "text"]).run().stdout;
    assert!(
        world.filtered(&shown).contains("max_sessions\t7\tfile [FOLDER]/home/.telecoder/config.toml\n"),
        "{shown}"
    );
}

#[test]
fn a_bad_value_stops_every_command_with_its_name() {
    let world = World::without_server(&[("TELECODER_MAX_SESSIONS", "many")]);
    expect![[r#"
        exit 2
        ! error: the setting `max_sessions` (environment TELECODER_MAX_SESSIONS) has a bad value: expected a whole number from 1 to 1000
    "#]].assert_eq(&world.cli(["serve"]).run().shown());
    expect![[r#"
        exit 2
        ! error: [FOLDER]/home: Is a directory (os error 21)
    "#]]
    .assert_eq(&world.cli(["serve"]).env("TELECODER_CONFIG", world.path("home")).run().shown());
    std::fs::write(world.path("bad.toml"), "max_sessions = [").unwrap();
    expect![[r#"
        exit 2
        ! error: [FOLDER]/bad.toml: TOML parse error at line 1, column 17
        !   |
        ! 1 | max_sessions = [
        !   |                 ^
        ! unclosed array, expected `]`
    "#]]
    .assert_eq(&world.cli(["list"]).env("TELECODER_CONFIG", world.path("bad.toml")).run().shown());
}

#[test]
fn setup_asks_checks_keys_and_keeps_what_is_there() {
    let model = ScriptedModel::start_with_key("sk-the-right-key-1234");
    let address = model.openai_base_url();
    let world = World::without_server(&[("OPENAI_BASE_URL", &address)]);
    // Nothing for Anthropic; a wrong key, then the right one; the rest is kept; an agent.
    let input = "\nsk-a-wrong-key-123456\nsk-the-right-key-1234\n\n\ngoose\n";
    let setup = world.cli(["config", "setup"]).input(input).run();
    expect![[r#"
        exit 0
        anthropic_api_key: not set
        openai_api_key: not set
          127.0.0.1 answered 401: The key is wrong.
          Try again, or Enter to keep.
          The key works.
        gemini_api_key: not set
        github_token: not set
        default_agent: gym from environment TELECODER_DEFAULT_AGENT
          It counts once the environment does not say otherwise.
        Written to [FOLDER]/home/.telecoder/config.toml. A running server takes it over when it is started again.
    "#]].assert_eq(&setup.shown());
    let kept = world.cli(["config", "setup"]).input("\n").run();
    expect![[r#"
        exit 0
        anthropic_api_key: not set
        openai_api_key: sk-t…1234 from file [FOLDER]/home/.telecoder/config.toml
        gemini_api_key: not set
        github_token: not set
        default_agent: gym from environment TELECODER_DEFAULT_AGENT
        Nothing was changed.
    "#]]
    .assert_eq(&kept.shown());
}
