//! `agents list|install|check`.

use crate::world::World;
use expect_test::expect;

/// Text without what an agent weighs.
fn sizes(text: &str) -> String {
    let words = text.split(' ').collect::<Vec<_>>();
    let follows = |at: usize| words.get(at + 1).is_some_and(|next| next.starts_with("MB"));
    let word = |(at, word): (usize, &&str)| {
        let bare = word.trim_start_matches('(');
        if follows(at) { format!("{}[N]", &word[..word.len() - bare.len()]) } else { (*word).to_owned() }
    };
    words.iter().enumerate().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_server_tells_of_its_agents() {
    let world = World::new();
    let table = world.cli(["agents", "list", "--output", "table"]).run().shown();
    let states: Vec<String> = crate::shown::squeezed(&table)
        .lines()
        .map(|line| line.split("  ").take(2).collect::<Vec<_>>().join("  "))
        .collect();
    expect![[r#"
        exit 0
        NAME  STATE
        goose  not installed
        opencode  not installed
        codex  not installed
        claude-code  not installed
        gemini  not installed
        gym  installed"#]]
    .assert_eq(&states.join("\n"));
    assert!(table.ends_with("the command of TELECODER_AGENT_GYM_COMMAND\n"), "{table}");
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
        goose [VERSION]: not installed, [N] MB
          not installed; run `telecoder agents install goose` ([N] MB)
    "#]]
    .assert_eq(&sizes(&world.cli(["agents", "check", "goose"]).run().shown()));
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
