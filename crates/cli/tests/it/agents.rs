//! `agents list|install|check`.

use crate::world::World;
use expect_test::expect;

#[test]
fn the_server_tells_of_its_agents() {
    let world = World::new();
    let with_server = world.cli(["agents", "list", "--output", "table"]).run();
    expect![[r#"
        exit 0
        NAME         STATE          VERSION  SIZE    ABOUT
        goose        not installed  0.20.1   282 MB  Goose, an open agent in Rust (Apache-2.0); small and fast to start
        opencode     not installed  1.18.33  186 MB  OpenCode, an open agent for any model (MIT)
        codex        not installed  2.6.0    601 MB  Codex CLI of OpenAI, through its ACP adapter (Apache-2.0)
        claude-code  not installed  0.100.0  508 MB  Claude Code of Anthropic, through its ACP adapter (proprietary)
        gemini       not installed  0.61.0   228 MB  Gemini CLI of Google (Apache-2.0)
        gym          installed                       the command of TELECODER_AGENT_GYM_COMMAND
    "#]].assert_eq(&with_server.shown());
    let json = world.cli(["agents", "list"]).run().json();
    let gym = json.as_array().unwrap().iter().find(|agent| agent["name"] == "gym").unwrap();
    assert_eq!((&gym["installed"], &gym["inCatalogue"]), (&true.into(), &false.into()));
    expect![[r#"
        exit 0
        gym: works
    "#]]
    .assert_eq(&world.cli(["agents", "check", "gym"]).run().shown());
    expect![[r#"
        exit 1
        goose 0.20.1: not installed, 282 MB
          not installed; run `telecoder agents install goose` (282 MB)
    "#]]
    .assert_eq(&world.cli(["agents", "check", "goose"]).run().shown());
    expect![[r#"
        exit 1
        ! error: there is no agent `nobody`
        !  hint: known agents: claude-code, codex, gemini, goose, gym, opencode; any other that speaks ACP is added by TELECODER_AGENT_NOBODY_COMMAND
    "#]].assert_eq(&world.cli(["agents", "check", "nobody"]).run().shown());
    expect![[r#"
        exit 1
        ! error: agent `gym` comes from TELECODER_AGENT_GYM_COMMAND; there is nothing to install
    "#]]
    .assert_eq(&world.cli(["agents", "install", "gym"]).run().shown());
    expect![[r#"
        exit 1
        ! error: there is no agent `nobody`
        !  hint: `telecoder agents list` shows all agents
    "#]]
    .assert_eq(&world.cli(["agents", "install", "nobody"]).run().shown());
    expect![[r#"
        exit 2
        ! error: the following required arguments were not provided:
        !   <NAME>
        ! 
        ! Usage: telecoder agents install <NAME>
        ! 
        ! For more information, try '--help'.
    "#]]
    .assert_eq(&world.cli(["agents", "install"]).run().shown());
}

#[test]
fn without_a_server_the_same_is_told() {
    let world = World::without_server(&[]);
    let list = world.cli(["agents", "list", "--output", "text"]).run();
    assert!(list.stdout.contains("gym\tinstalled\t"), "{list:?}");
    let data = world.path("elsewhere").display().to_string();
    assert_eq!(
        world.cli(["agents", "list", "--output", "text", "--data-dir", &data]).run().stdout,
        list.stdout
    );
    expect![[r#"
        exit 0
        gym: works
    "#]]
    .assert_eq(&world.cli(["agents", "check", "gym"]).run().shown());
    expect![[r#"
        exit 1
        ! error: there is no agent `nobody`
        !  hint: known agents: claude-code, codex, gemini, goose, gym, opencode; any other that speaks ACP is added by TELECODER_AGENT_NOBODY_COMMAND
    "#]].assert_eq(&world.cli(["agents", "check", "nobody"]).run().shown());
    let broken =
        world.cli(["agents", "check", "gym"]).env("TELECODER_AGENT_GYM_COMMAND", "/nowhere/gym").run();
    expect![[r#"
        exit 1
        gym: not installed
          the command of agent `gym` cannot be used: `/nowhere/gym` is not there or cannot be run; correct TELECODER_AGENT_GYM_COMMAND
    "#]].assert_eq(&broken.shown());
}
