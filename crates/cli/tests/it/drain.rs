//! SIGTERM: what costs money or has an effect outside is finished, everything else is handed over.

use crate::beside::with_mounts;
use crate::world::{World, terminate};
use serde_json::json;
use std::time::{Duration, Instant};
use telecoder_testkit::scripted_model::{ScriptedModel, prompt};
use telecoder_testkit::wait::until_blocking;

/// How long an end may take, from the signal to the last word.
const LONGEST_END: Duration = Duration::from_secs(10);

fn ends_of_calls(world: &World, id: &str) -> Vec<String> {
    let events = world.events(id);
    let usage = events.iter().filter(|event| event["type"] == "usage");
    usage.map(|event| event["data"]["end"].as_str().unwrap().to_owned()).collect()
}

/// Tells the server to end and waits for that.
fn end(world: &mut World) {
    let begun = Instant::now();
    terminate(world.server_pid());
    until_blocking("the server's end", || world.died().then_some(()));
    assert!(begun.elapsed() < LONGEST_END, "{:?}\n{}", begun.elapsed(), world.log());
}

#[test]
fn a_model_call_under_way_is_finished_and_the_next_one_waits_for_the_next_server() {
    let model = ScriptedModel::start_with_key("the-key-of-the-model");
    let address = model.openai_base_url();
    let mut world = World::with(&[("OPENAI_BASE_URL", &address), ("OPENAI_API_KEY", "the-key-of-the-model")]);
    let first = prompt(&json!([{"sleep": 1.5}, {"text": "one"}]));
    let second = prompt(&json!([{"text": "two"}]));
    let script = json!({"do": [
        {"model": first, "api": "chat"}, {"model": second, "api": "chat"}, {"write": ["done.txt", "x"]}, {"say": "Done."},
    ]});
    let id = world.detached(&[&format!("Ask. GYM{script}")]);
    until_blocking("the first call", || (model.requests().len() == 1).then_some(()));
    end(&mut world);
    // Its answer was waited for, and nothing was begun after that.
    assert_eq!(model.requests().len(), 1);
    world.start();
    world.until_status(&id, "complete");
    assert_eq!(ends_of_calls(&world, &id), ["finished", "finished"]);
    assert_eq!(model.requests().len(), 2);
    let text = world.cli(["logs", &id]).run().stdout;
    assert_eq!(text.matches("model: 200").count(), 2, "{text}");
    assert_eq!(world.session(&id)["prNumber"], 1);
}

#[test]
fn a_call_that_does_not_end_in_time_is_cut_off_and_the_session_goes_on() {
    let model = ScriptedModel::start_with_key("the-key-of-the-model");
    let address = model.openai_base_url();
    let mut world = World::with(&[("OPENAI_BASE_URL", &address), ("OPENAI_API_KEY", "the-key-of-the-model")]);
    let stalls = prompt(&json!([{"stall": "middle"}, {"text": "never whole"}]));
    let script = json!({"do": [
        {"model": stalls, "api": "chat"}, {"model": prompt(&json!([{"text": "two"}])), "api": "chat"}, {"say": "Done."},
    ]});
    let id = world.detached(&["-r", "none", &format!("Ask. GYM{script}")]);
    until_blocking("the first call", || (model.requests().len() == 1).then_some(()));
    end(&mut world);
    assert!(world.log().contains("cut off"), "{}", world.log());
    world.start();
    world.until_status(&id, "complete");
    assert_eq!(ends_of_calls(&world, &id).last().map(String::as_str), Some("finished"));
}

#[test]
fn what_was_stopped_is_ended_before_the_server_goes() {
    let mut world = World::new();
    // It takes the whole grace time to be ended.
    let script = r#"GYM{"do":[{"ignoreCancel":true},{"ignoreSigterm":true},{"write":["/home/agent/started",""]},{"hang":true}]}"#;
    let id = world.detached(&[script]);
    world.until_written(&id, "started");
    assert_eq!(world.cli(["stop", &id]).run().code, 0);
    end(&mut world);
    assert_eq!(with_mounts(&world), [""; 0]);
    assert_eq!(std::fs::read_dir(world.data().join("run")).unwrap().count(), 0);
}

#[test]
fn sessions_are_handed_over_and_none_is_claimed_meanwhile() {
    let mut world = World::with(&[("TELECODER_MAX_SESSIONS", "1")]);
    let waits =
        r#"GYM{"do":[{"write":["/home/agent/started",""]},{"waitFor":"/home/agent/go"},{"say":"Went on."}]}"#;
    let first = world.detached(&["-r", "none", waits]);
    world.until_written(&first, "started");
    let second = world.detached(&["-r", "none", r#"GYM{"do":[{"say":"Second."}]}"#]);
    end(&mut world);
    world.release(&first, "go");
    world.start();
    for id in [&first, &second] {
        world.until_status(id, "complete");
        let failed = world.events(id).iter().filter(|event| event["type"] == "error").count();
        assert_eq!(failed, 0);
    }
}
