//! Sessions outlive their server.

use crate::world::World;
use expect_test::expect;
use std::io::Read;

const SCRIPT: &str = r#"GYM{"do":[{"append":["log.txt","begun\n"]},{"say":"Before. "},{"write":["/home/agent/started",""]},{"waitFor":"/home/agent/go"},{"append":["log.txt","ended\n"]},{"say":"After."}]}"#;

/// What happened, without what a restart adds.
fn told(world: &World, id: &str) -> String {
    let events = world.events(id);
    let tell = |event: &serde_json::Value| {
        let data = &event["data"];
        let what = ["status", "step", "action", "title", "text", "headline"]
            .iter()
            .find_map(|key| data[key].as_str());
        format!(
            "{} {}",
            event["type"].as_str().unwrap(),
            what.unwrap_or_default().split(" GYM").next().unwrap()
        )
    };
    world.filtered(&events.iter().map(tell).collect::<Vec<_>>().join("\n"))
}

#[test]
fn a_server_that_is_killed_in_the_middle_of_a_turn_goes_on_where_it_was() {
    let mut world = World::new();
    let id = world.detached(&[&format!("Do it. {SCRIPT}")]);
    world.until_written(&id, "started");
    let address = world.url().replace("http://", "");
    // Whoever follows stays, over the gap.
    let mut follower = world.cli(["attach", &id]).spawn();
    let mut first = [0; 1];
    follower.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    world.kill();
    assert_eq!(world.cli(["list"]).run().code, 3);
    world.start_on(&address);
    world.release(&id, "go");
    let output = follower.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    expect![[r#"
        status pending
        status preparing
        step prepare_workspace
        step prepare_workspace
        git base
        step create_sandbox
        step start_agent
        message Do it.
        status running
        tool_call in_progress
        tool_update completed
        message Before. 
        tool_call in_progress
        tool_update completed
        tool_call in_progress
        tool_update completed
        message After.
        step take_over
        git commit
        outcome After
        git push
        pull_request opened
        status complete
        done complete"#]]
    .assert_eq(&told(&world, &id));
    assert_eq!(world.repo.git(&["show", &format!("telecoder/{id}:log.txt")]), "begun\nended\n");
    assert_eq!(world.cli(["pr", "list"]).run().json().as_array().unwrap().len(), 1);
}

#[test]
fn an_agent_goes_on_while_no_server_is_there() {
    let mut world = World::new();
    let id = world.detached(&[&format!("Do it. {SCRIPT}")]);
    world.until_written(&id, "started");
    assert_eq!(world.cli(["stop-server"]).run().code, 0);
    world.release(&id, "go");
    world.start();
    world.until_status(&id, "complete");
    assert_eq!(world.repo.git(&["show", &format!("telecoder/{id}:log.txt")]), "begun\nended\n");
    world.events(&id);
}
