//! Tests of the configuration as a whole: what is given, and what is made of it.

use super::*;

fn read(env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let mut given = Given::default();
    for (name, value) in env {
        given.env.insert((*name).to_owned(), (*value).to_owned());
    }
    Config::read(&given)
}

#[test]
fn aliases_and_ports_on_all_interfaces() {
    assert_eq!(read(&[]).unwrap().listen.to_string(), "127.0.0.1:7080");
    assert_eq!(read(&[("TELECODER_ADDR", ":8080")]).unwrap().listen.to_string(), "0.0.0.0:8080");
    let both = [("TELECODER_LISTEN_HOST", "127.0.0.1"), ("TELECODER_LISTEN_PORT", "9000")];
    assert_eq!(read(&both).unwrap().listen.to_string(), "127.0.0.1:9000");
}

#[test]
fn names_of_earlier_systems_are_accepted_and_told() {
    let config = read(&[
        ("OPENTL_ADDR", "127.0.0.1:8081"),
        ("OPENTL_DATA_DIR", "/var/lib/opentl"),
        ("OPENTL_DOCKER_IMAGE", "x"),
        ("OPENTL_DOCKER_NETWORK", "x"),
        ("OPENTL_SERVER", "http://127.0.0.1:8081"),
        ("TELECODER_DOCKER_NETWORK", "x"),
        ("TELECODER_ACPX_COMMAND", "acpx"),
    ])
    .unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8081");
    assert_eq!(config.data_dir, PathBuf::from("/var/lib/opentl"));
    expect_test::expect![[r#"
        OPENTL_ADDR is a setting of an earlier system: use TELECODER_LISTEN
        OPENTL_DATA_DIR is a setting of an earlier system: use TELECODER_DATA_DIR
        OPENTL_SERVER is a setting of an earlier system: use TELECODER_SERVER
        OPENTL_DOCKER_IMAGE is a setting of an earlier system: it has no effect with the local sandbox
        OPENTL_DOCKER_NETWORK is a setting of an earlier system: it has no effect: a sandbox has no network of its own
        TELECODER_DOCKER_NETWORK is a setting of an earlier system: it has no effect: a sandbox has no network of its own
        TELECODER_ACPX_COMMAND is a setting of an earlier system: it has no effect: agents are spoken to directly"#]]
    .assert_eq(&config.warnings.join("\n"));
    let both = [("OPENTL_ADDR", ":1"), ("TELECODER_ADDR", ":2")];
    assert_eq!(read(&both).unwrap().listen.to_string(), "0.0.0.0:2");
}

#[test]
fn files_of_variables_count_as_variables_do() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(folder.path().join("key"), "sk-of-a-file-123456\n").unwrap();
    let env_file = format!(
        "# words\n\nexport TELECODER_MAX_SESSIONS='5'\nTELECODER_DATA_DIR=\"{}\"\nTELECODER_AGENT_OPENCODE_COMMAND=/usr/local/bin/opencode\n",
        data.display()
    );
    std::fs::write(folder.path().join(".env"), env_file).unwrap();
    let config_env = format!(
        "TELECODER_MAX_SESSIONS=6\nTELECODER_MAX_REVISIONS=3\nOPENAI_API_KEY_FILE={}\n",
        folder.path().join("key").display()
    );
    std::fs::write(data.join("config.env"), config_env).unwrap();
    let given = Given::default().env_file_of(folder.path().to_owned());
    let config = Config::read(&given).unwrap();
    assert_eq!((config.max_sessions, config.max_revisions, config.data_dir), (5, 3, data));
    assert_eq!(config.agent_commands.values().next().unwrap(), "/usr/local/bin/opencode");
    let key = config.providers[&Provider::Openai].key.as_ref().unwrap();
    assert_eq!(key.expose(), "sk-of-a-file-123456");
    // What stands in a repository may be a stranger's.
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    let given = Given::default().env_file_of(folder.path().to_owned());
    assert_eq!(Config::read(&given).unwrap().max_sessions, 4);
    std::fs::remove_dir(folder.path().join(".git")).unwrap();
    std::fs::write(folder.path().join(".env"), "nonsense\n").unwrap();
    let given = Given::default().env_file_of(folder.path().to_owned());
    let error = Config::read(&given).unwrap_err().to_string();
    assert!(error.ends_with("/.env: line 1 is not KEY=VALUE"), "{error}");
}

#[test]
fn the_data_folder_is_absolute() {
    let folder = |text| read(&[("TELECODER_DATA_DIR", text), ("HOME", "/home/me")]).unwrap().data_dir;
    assert_eq!(folder("some/data"), std::env::current_dir().unwrap().join("some/data"));
    assert_eq!(folder("~/data"), PathBuf::from("/home/me/data"));
}

#[test]
fn both_spellings_of_agent_commands_work() {
    let config = read(&[
        ("TELECODER_AGENT_CLAUDE_COMMAND", "claude --model sonnet"),
        ("TELECODER_AGENT_MY_AGENT_COMMAND", "/usr/local/bin/x"),
    ])
    .unwrap();
    let names: Vec<&str> = config.agent_commands.keys().map(AgentName::as_str).collect();
    assert_eq!(names, ["claude-code", "my-agent"]);
}

#[test]
fn a_bad_value_names_the_setting_and_what_was_expected() {
    for (name, value, expect) in [
        (
            "TELECODER_MAX_SESSIONS",
            "many",
            "the setting `max_sessions` (environment TELECODER_MAX_SESSIONS) has a bad value: expected a whole number from 1 to 1000",
        ),
        (
            "TELECODER_CHAT_IDLE_TIMEOUT",
            "soon",
            "the setting `chat_idle_timeout` (environment TELECODER_CHAT_IDLE_TIMEOUT) has a bad value: expected a duration such as 90s, 30m or 2h, got `soon`",
        ),
        (
            "TELECODER_DATABASE_URL",
            "mysql://ann:s3cret@db/tasks",
            "the setting `database_url` (environment TELECODER_DATABASE_URL) has a bad value: expected an address that begins with postgres://",
        ),
        (
            "TELECODER_LISTEN",
            "x",
            "the setting `listen` (environment TELECODER_LISTEN) has a bad value: expected ADDRESS:PORT or :PORT, got `x`",
        ),
    ] {
        assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), expect);
    }
}

#[test]
fn secrets_never_show() {
    let config = read(&[("OPENAI_API_KEY", "sk-very-secret-value")]).unwrap();
    assert!(config.providers[&Provider::Openai].key.is_some());
    assert!(!format!("{:?}", config.providers).contains("very-secret"));
}

#[test]
fn the_environment_wins_over_files_and_flags_over_both() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(
        &file,
        "max_sessions = 7\npublish = \"manual\"\nnonsense = 1\n[agents]\nmine = \"/bin/x\"\n",
    )
    .unwrap();
    let mut given = Given::default();
    given.env.insert("TELECODER_CONFIG".to_owned(), file.display().to_string());
    given.env.insert("TELECODER_DATA_DIR".to_owned(), folder.path().display().to_string());
    let config = Config::read(&given).unwrap();
    assert_eq!((config.max_sessions, config.publish), (7, Some(PublishRule::Manual)));
    assert_eq!(config.warnings.len(), 1);
    given.env.insert("TELECODER_MAX_SESSIONS".to_owned(), "8".to_owned());
    assert_eq!(Config::read(&given).unwrap().max_sessions, 8);
    let given = given.flag("max_sessions", Some("9".to_owned()));
    assert_eq!(Config::read(&given).unwrap().max_sessions, 9);
}
