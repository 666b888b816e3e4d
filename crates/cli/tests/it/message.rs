//! `message`.

use crate::world::World;
use expect_test::expect;

/// The person's words in the events, with the turn that they began.
fn turns(world: &World, id: &str) -> Vec<String> {
    let events = world.events(id);
    let words = events.iter().filter(|event| event["data"]["author"] == "user");
    words
        .map(|event| {
            let text = event["data"]["text"].as_str().unwrap();
            format!("{}: {}", event["data"]["turn"], text.split(" GYM").next().unwrap().replace('\n', "|"))
        })
        .collect()
}

#[test]
fn a_message_after_the_end_begins_another_turn_and_brings_the_pull_request_up_to_date() {
    let world = World::new();
    let id = world.ran(r#"GYM{"do":[{"write":["a.txt","one\n"]},{"say":"Made it."}]}"#);
    let more = r#"More, please. GYM{"do":[{"append":["a.txt","two\n"]},{"say":"Made more."}]}"#;
    let output = world.cli(["message", &id, more]).run();
    expect![[r#"
        exit 0
        ● pending (a message came)
        ● preparing
        create sandbox ([N] s)
        start agent ([N] s)
        you: More, please. GYM{"do":[{"append":["a.txt","two\n"]},{"say":"Made more."}]}
        ● running
        ▸ edit append to /workspace/a.txt
          append to /workspace/a.txt: done
        Made more.
        take over ([N] s)
        git commit telecoder/[ID] [COMMIT]  1 file +2 −0
        outcome Made more
        git push telecoder/[ID] [COMMIT]  1 file +2 −0
        pull request #1 updated  http://[ADDRESS]/pulls/1
        ● complete

        complete  Made more
          Changed    a.txt (+2 −0)
          Uncertain  No check was run by TeleCoder on this change.

          Pull request #1 (open)  http://[ADDRESS]/pulls/1
        !   See the change: telecoder diff [ID]
        !   See it whole: telecoder pr show 1   merge it: telecoder pr merge 1
    "#]]
    .assert_eq(&output.shown());
    let branch = format!("telecoder/{id}:a.txt");
    assert_eq!(world.repo.git(&["show", &branch]), "one\ntwo\n");
    assert_eq!(world.cli(["pr", "list"]).run().json().as_array().unwrap().len(), 1);
}

#[test]
fn messages_during_a_turn_wait_for_its_end_in_their_order() {
    let world = World::new();
    let id = world.detached(&[r#"First. GYM{"do":[{"waitFor":"/home/agent/go"},{"say":"one"}]}"#]);
    world.until_status(&id, "running");
    let say = |text: &str, words: &[&str]| {
        let all = ["message", "--detach"].into_iter().chain(words.iter().copied());
        world.cli(all.chain([id.as_str(), text])).run()
    };
    expect![[r#"
        exit 0
        Message 2 is queued.
    "#]]
    .assert_eq(&say(r#"Second. GYM{"do":[{"say":"two"}]}"#, &[]).shown());
    say(r#"Third. GYM{"do":[{"say":"three"}]}"#, &["--queue", "followup"]);
    say("Fourth,", &["--queue", "collect"]);
    say(r#"joined. GYM{"do":[{"say":"four"}]}"#, &["--queue", "collect"]);
    world.release(&id, "go");
    world.until_status(&id, "complete");
    assert_eq!(turns(&world, &id), ["1: First.", "2: Second.", "3: Third.", "4: Fourth,||joined."]);
    assert_eq!(world.session(&id)["resultText"], "four");
}

#[test]
fn a_message_that_steers_interrupts_the_turn() {
    let world = World::new();
    let id = world.detached(&[r#"First. GYM{"do":[{"write":["/home/agent/started",""]},{"hang":true}]}"#]);
    world.until_written(&id, "started");
    let output = world
        .cli(["message", "--queue", "steer", &id, r#"No, this. GYM{"do":[{"say":"As you wish."}]}"#])
        .run();
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(turns(&world, &id), ["1: First.", "2: No, this."]);
    assert_eq!(world.session(&id)["resultText"], "As you wish.");
}

#[test]
fn wrong_messages_are_told() {
    let world = World::new();
    let id = world.ran(r#"GYM{"do":[{"say":"Done."}]}"#);
    let mut all = String::new();
    for words in [
        &["message", &id as &str] as &[&str],
        &["message", &id, ""],
        &["message", &id, "--queue", "soon", "x"],
        &["message", "zzz", "x"],
    ] {
        all.push_str(&world.cli(words.iter().copied()).run().shown());
        all.push('\n');
    }
    expect![[r#"
        exit 2
        ! error: the following required arguments were not provided:
        !   <TEXT>...
        ! 
        ! Usage: telecoder message <ID> <TEXT>...
        ! 
        ! For more information, try '--help'.

        exit 2
        ! error: the prompt is empty: say what is to be done

        exit 2
        ! error: invalid value 'soon' for '--queue <HOW>'
        !   [possible values: followup, steer, collect]
        ! 
        ! For more information, try '--help'.

        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions

    "#]]
    .assert_eq(&all);
    let long = world.cli(["message", &id, &"x".repeat(100_001)]).run();
    assert_eq!(long.code, 2, "{long:?}");
    let typed = world.cli(["message", "--detach", &id, "-"]).input("from a file\n").run();
    assert_eq!(typed.stdout, "Message 2 is queued.\n");
    let json = world.cli(["message", "--detach", "--output", "json", &id, "x"]).run().json();
    assert_eq!(json["number"], 3);
    world.until_status(&id, "complete");
}
