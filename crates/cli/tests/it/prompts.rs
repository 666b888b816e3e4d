//! Prompts of every sort do what they say and nothing else.

use crate::world::World;
use expect_test::expect;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use telecoder_testkit::wait::until_blocking;

/// What the scripted agent was given as its prompt, by its own record.
fn received(world: &World, id: &str) -> String {
    let path = world.agent_home(id).join(".gym/sessions/gym-1/history.jsonl");
    let line = until_blocking("the agent's record", || {
        // A long line comes in pieces.
        Some(std::fs::read_to_string(&path).ok()?.split_once('\n')?.0.to_owned())
    });
    let update: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(update["sessionUpdate"], "user_message_chunk");
    update["content"]["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_shell_finds_nothing_to_do_in_a_prompt() {
    let world = World::new();
    let mark = world.path("mark");
    let mark = mark.display();
    let prompts = [
        format!("$(touch {mark}) `touch {mark}` ; touch {mark} | touch {mark} && touch {mark} > {mark}"),
        format!("'\"; touch {mark}; \"' \\ %s %n {{}} * ? ~ ! # $HOME ${{HOME}}\n\ttouch {mark}\n\"EOF\""),
        "--help -r /etc -- --policy locked".to_owned(),
        "\u{1b}[31mred\u{202e}drow\u{7} \u{1f600} e\u{301}".to_owned(),
    ];
    let ids: Vec<String> = prompts.iter().map(|prompt| world.detached(&["--", prompt])).collect();
    for (id, prompt) in ids.iter().zip(&prompts) {
        world.until_status(id, "complete");
        assert_eq!(&received(&world, id), prompt);
        assert_eq!(world.session(id)["prompt"], prompt.as_str());
    }
    assert!(!world.path("mark").exists());
    // On their way back they cannot move the terminal.
    let logs = world.cli(["logs", &ids[3]]).run().stdout;
    assert!(!logs.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{logs:?}");
}

#[test]
fn a_prompt_of_100_000_characters_is_whole_and_one_more_is_refused() {
    let world = World::new();
    let prompt = "x".repeat(100_000);
    let id = world.detached(&[&prompt]);
    // Four bytes a character are more than an argument may have.
    let wide = "\u{1f600}".repeat(100_000);
    let output = world.cli(["run", "--detach", "-"]).input(wide.clone()).run();
    assert_eq!(output.code, 0, "{}", output.stderr);
    let wide_id = output.stdout.trim().to_owned();
    assert!(received(&world, &id) == prompt);
    assert!(received(&world, &wide_id) == wide);
    let more = world.cli(["run", &"x".repeat(100_001)]).run();
    expect![[r#"
        exit 2
        ! error: the prompt has 100001 characters; 100000 are allowed
    "#]]
    .assert_eq(&more.shown());
    let far_more = world.cli(["run", "-"]).input("x".repeat((1 << 20) + 1)).run();
    expect![[r#"
        exit 2
        ! error: standard input is larger than 1 MiB
    "#]]
    .assert_eq(&far_more.shown());
    // What was typed is not repeated at length.
    world.until_status(&id, "complete");
    assert!(world.cli(["logs", &id]).run().stdout.len() < 5000);
}

#[test]
fn an_argument_that_is_no_utf8_is_refused_in_words() {
    let world = World::without_server(&[]);
    let broken = OsStr::from_bytes(b"a\xffb");
    expect![[r#"
        exit 2
        ! error: invalid UTF-8 was detected in one or more arguments
        ! 
        ! Usage: telecoder run [OPTIONS] [PROMPT]...
        ! 
        ! For more information, try '--help'.
    "#]]
    .assert_eq(&world.cli(["run"]).word(broken).run().shown());
    expect![[r#"
        exit 2
        ! error: invalid UTF-8 was detected in one or more arguments
        ! 
        ! Usage: telecoder run [OPTIONS] [PROMPT]...
        ! 
        ! For more information, try '--help'.
    "#]]
    .assert_eq(&world.cli(["run", "hi", "-r"]).word(broken).run().shown());
    expect![[r#"
        exit 2
        ! error: invalid UTF-8 was detected in one or more arguments
        ! 
        ! Usage: telecoder status [OPTIONS] <ID>
        ! 
        ! For more information, try '--help'.
    "#]]
    .assert_eq(&world.cli(["status"]).word(broken).run().shown());
    // A variable that is none is as if it were not there.
    let output = world.cli(["list"]).env("TELECODER_SERVER", broken).run();
    assert_eq!(output.code, 3, "{output:?}");
}
