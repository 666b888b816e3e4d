//! Real agents inside the real sandbox, with a model that follows a script: Goose, `OpenCode` and Codex. (Those that are
//! large or slow to install are in `all_agents`.)

mod canary;
mod on_forge;
mod processes;
mod scene;

pub(crate) use scene::Wire;

use expect_test::expect;
use processes::Tree;
use scene::{Scene, fix, task};
use serde_json::{Value, json};
use std::time::Duration;
use telecoder_testkit::wait::until_blocking_within;

/// How long an agent may take until its tool runs, on a busy machine.
const START: Duration = Duration::from_secs(180);

#[test]
fn goose() {
    works("goose", Wire::OpenAi);
}

#[test]
fn opencode() {
    works("opencode", Wire::Anthropic);
}

#[test]
fn codex() {
    works("codex", Wire::OpenAi);
}

/// An agent edits a repository; it is stopped in the middle of another task, and goes on with it. In the second turn of the
/// first task the server is killed while the model answers.
pub(crate) fn works(agent: &'static str, wire: Wire) {
    let mut scene = Scene::new(agent, agent, wire);
    // The two tasks have nothing to do with each other.
    let id = std::thread::scope(|scope| {
        scope.spawn(|| {
            let id = is_stopped_in_the_middle(&scene);
            // OpenCode takes ten seconds of a processor for each start; three are enough.
            if agent != "opencode" {
                goes_on_after_the_stop(&scene, &id);
            }
        });
        edits(&scene)
    });
    takes_a_second_turn_over_the_servers_end(&mut scene, &id);
    scene.requests();
    scene.no_key_outside("Fix the greeting.");
}

fn edits(scene: &Scene) -> String {
    let words = "Fixed the greeting; the check passes now, and nothing else had to change.";
    let output = scene.done(&["run", &task("Fix the greeting.", &fix(words))]);
    let session = scene.session("Fix the greeting.");
    let pull = format!("Pull request #{} (open)", session["prNumber"]);
    assert!(output.stdout.contains(&pull), "{}", output.stdout);
    assert_eq!(session["agent"], scene.agent);
    let id = session["id"].as_str().unwrap().to_owned();

    let tried = scene.home_file(&id, "tried.txt");
    assert_eq!(String::from_utf8_lossy(&tried), "it says hello\n M greeting.sh\n1000\n");
    expect![[r"
        diff --git a/greeting.sh b/greeting.sh
        index [OLD]..[NEW] 100644
        --- a/greeting.sh
        +++ b/greeting.sh
        @@ -1 +1 @@
        -echo hullo
        +echo hello
    "]]
    .assert_eq(&without_blobs(&scene.done(&["diff", &id]).stdout));
    assert_eq!(scene.published(&id, "greeting.sh"), "echo hello\n");
    assert_eq!(scene.world.repo.read("greeting.sh"), "echo hullo\n", "the user's own tree is left alone");

    // The script breaks the model's last answer in the middle, once.
    let events = scene.events(&id);
    let ends: Vec<&str> =
        of_type(&events, "usage").filter_map(|event| event["data"]["end"].as_str()).collect();
    assert_eq!(ends.iter().filter(|end| **end == "broken").count(), 1, "{ends:?}");
    assert_eq!(ends.last(), Some(&"finished"), "{ends:?}");
    assert!(said(&events, 1).ends_with(words), "{}", said(&events, 1));

    let seen = scene.home_file(&id, "seen.txt");
    scene.canary.is_not_in("what the agent sees", &seen);
    assert!(String::from_utf8_lossy(&seen).contains("HOME=/home/agent"), "nothing was seen");
    id
}

fn takes_a_second_turn_over_the_servers_end(scene: &mut Scene, id: &str) {
    let steps = json!([
        {"write": ["notes.txt", "It says hello now.\n"]},
        {"shell": "cat greeting.sh notes.txt > /home/agent/second.txt; until [ -e /home/agent/go ]; do sleep 0.1; done"},
        {"stall": "middle", "times": 1},
        {"text": "Left a note."},
    ]);
    scene.done(&["message", "--detach", id, &task("Leave a note.", &steps)]);
    let second = scene.world.agent_home(id).join("second.txt");
    until_blocking_within(START, "the agent's tool", || second.exists().then_some(()));
    let before = scene.model.faults();
    scene.world.release(id, "go");
    until_blocking_within(START, "the answer that stalls", || (scene.model.faults() > before).then_some(()));
    scene.world.kill();
    scene.world.start();
    until_blocking_within(START, "the end of the turn", || {
        (scene.session("Fix the greeting.")["status"] == "complete").then_some(())
    });
    let second = scene.home_file(id, "second.txt");
    assert_eq!(String::from_utf8_lossy(&second), "echo hello\nIt says hello now.\n");
    assert_eq!(scene.published(id, "greeting.sh"), "echo hello\n");
    assert_eq!(scene.published(id, "notes.txt"), "It says hello now.\n");

    let events = scene.world.events(id);
    let pulls: Vec<&Value> = of_type(&events, "pull_request").map(|event| &event["data"]["action"]).collect();
    assert_eq!(pulls, ["opened", "updated"]);
    let starts = of_type(&events, "step")
        .filter(|event| event["data"]["step"] == "start_agent" && event["data"]["state"] == "finished");
    assert_eq!(starts.count(), 2, "each turn had a sandbox of its own");
    // The agent knows what was before, and telling it again made no second events.
    let known = ["Fix the greeting.", "I see.", "Leave a note."];
    assert!(scene.was_told(&known), "the second turn knows nothing of the first");
    let asked = of_type(&events, "message").filter(|event| event["data"]["author"] == "user").count();
    assert_eq!(asked, 2);
    assert!(said(&events, 2).ends_with("Left a note."), "{}", said(&events, 2));
    assert_eq!(scene.session("Fix the greeting.")["error"], Value::Null);
}

/// A file that nobody else on this machine works on.
fn half(scene: &Scene) -> String {
    format!("half-{}-{}.txt", scene.agent, std::process::id())
}

fn is_stopped_in_the_middle(scene: &Scene) -> String {
    let name = half(scene);
    let path = format!("/workspace/{name}");
    let steps = json!([
        {"write": [name, "half of it\n"]},
        {"shell": format!(": > /home/agent/begun; timeout 600 tail -f {path}")},
        {"text": "This is never said."},
    ]);
    let id = scene.done(&["run", "--detach", &task("Work for long.", &steps)]).stdout.trim().to_owned();
    let begun = scene.world.agent_home(&id).join("begun");
    until_blocking_within(START, "the agent's tool", || begun.exists().then_some(()));
    let tree = Tree::of("tail", &path);
    assert!(tree.names().len() > 2, "an agent, its tool, and more: {:?}", tree.names());
    scene.canary.only_given_to(scene.world.server_pid());

    let output = scene.done(&["stop", &id]);
    assert_eq!(output.stdout.trim(), format!("Session {id} is stopped."));
    tree.until_gone();
    let kept = until_blocking_within(Duration::from_secs(60), "what was done until then", || {
        let events = scene.events(&id);
        let is_kept = of_type(&events, "git").any(|event| event["data"]["action"] == "keep");
        is_kept.then_some(events)
    });
    assert!(!said(&kept, 1).contains("never said"), "{kept:?}");
    let diff = scene.done(&["diff", &id]).stdout;
    assert!(diff.contains(&format!("+++ b/{name}\n")) && diff.ends_with("\n+half of it\n"), "{diff}");
    let session = scene.session("Work for long.");
    assert_eq!((&session["status"], &session["prNumber"]), (&json!("stopped"), &Value::Null));
    let branches = scene.world.repo.git(&["branch", "--list", "--all", &format!("*{id}*")]);
    assert_eq!(branches, "", "a stopped session publishes nothing");
    id
}

fn goes_on_after_the_stop(scene: &Scene, id: &str) {
    let name = half(scene);
    let steps = json!([{"shell": format!("echo the rest >> {name}")}, {"text": "Went on."}]);
    let output = scene.done(&["message", id, &task("Go on.", &steps)]);
    assert!(output.stdout.contains(" (open)"), "{}", output.stdout);
    assert_eq!(scene.published(id, &name), "half of it\nthe rest\n");
    assert_eq!(said(&scene.events(id), 2), "Went on.");
    assert!(scene.was_told(&["Work for long.", "Go on."]), "the agent has forgotten what it was stopped in");
}

/// What a policy is tried with: an edit by a tool, an edit by the shell, and a look.
fn trespass(policy: &str, wire: Wire) -> (Scene, Vec<Value>) {
    let scene = Scene::new(policy, "goose", wire);
    let steps = json!([
        {"write": ["notes.txt", "a note\n"]},
        {"shell": "echo built > build.out; sh check.sh; cat greeting.sh"},
        {"text": "Looked at it."},
    ]);
    let output = scene.done(&["run", "--policy", policy, &task("Look at the greeting.", &steps)]);
    assert!(output.stderr.contains("no change will leave the sandbox"), "{}", output.stderr);
    let session = scene.session("Look at the greeting.");
    assert_eq!(
        (&session["status"], &session["prNumber"], &session["headSha"]),
        (&json!("complete"), &Value::Null, &Value::Null)
    );
    assert_eq!(session["resultText"], "Looked at it.");
    let id = session["id"].as_str().unwrap();
    assert_eq!(scene.world.repo.git(&["status", "--short"]), "");
    assert_eq!(scene.world.repo.git(&["branch", "--list", "--all"]), "* main\n");
    let events = scene.events(id);
    scene.requests();
    scene.no_key_outside("Look at the greeting.");
    (scene, events)
}

/// How each permission request was answered, and which paths were discarded.
fn verdicts(events: &[Value]) -> Vec<String> {
    let told = events.iter().filter_map(|event| match event["type"].as_str()? {
        "permission" => Some(format!("{} {}", event["data"]["kind"], event["data"]["state"])),
        "file_change" => Some(format!("{} {}", event["data"]["action"], event["data"]["paths"])),
        _ => None,
    });
    told.map(|line| line.replace('"', "")).collect()
}

#[test]
fn goose_may_run_but_not_edit_when_it_observes() {
    let (_scene, events) = trespass("observe", Wire::Anthropic);
    assert_eq!(verdicts(&events), ["edit denied", "execute allowed", "discarded [build.out]"]);
}

#[test]
fn goose_may_do_nothing_when_it_is_locked() {
    let (_scene, events) = trespass("locked", Wire::Gemini);
    assert_eq!(verdicts(&events), ["edit denied", "execute denied"]);
}

fn of_type<'a>(events: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    events.iter().filter(move |event| event["type"] == kind)
}

/// What the agent has said in a turn.
fn said(events: &[Value], turn: u64) -> String {
    let chunks = of_type(events, "message").map(|event| &event["data"]);
    let mine = chunks.filter(|data| data["author"] == "agent" && data["turn"] == turn);
    mine.filter_map(|data| data["text"].as_str()).collect()
}

/// A patch without the names of its blobs.
fn without_blobs(patch: &str) -> String {
    let lines = patch.lines().map(|line| match line.strip_prefix("index ") {
        Some(rest) => format!("index [OLD]..[NEW]{}\n", rest.find(' ').map_or("", |at| &rest[at..])),
        None => format!("{line}\n"),
    });
    lines.collect()
}
