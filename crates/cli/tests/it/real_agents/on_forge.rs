//! A real agent on a repository of a forge, through the command line only: cloned from there, worked on, pushed, and a pull
//! request whose title, text, commit and author are by the rules. A question has none.

use super::scene::{Scene, Wire, fix, task};
use serde_json::json;
use telecoder_testkit::fake_forge::{FakeForge, NewRepository};

#[test]
fn goose_on_a_forge() {
    on_a_forge("goose", Wire::OpenAi);
}

fn on_a_forge(agent: &'static str, wire: Wire) {
    let forge = FakeForge::start();
    let demo = forge.add(
        NewRepository::new("octo/demo")
            .file("greeting.sh", "echo hullo\n")
            .file("check.sh", "test \"$(sh greeting.sh)\" = hello && echo it says hello\n"),
    );
    let secret = forge.token("octo");
    let (server, api) = (forge.base_url(), forge.api_url());
    let settings =
        [("GITHUB_TOKEN", secret.as_str()), ("GITHUB_SERVER_URL", &server), ("GITHUB_API_URL", &api)];
    let scene = Scene::with("forge", agent, wire, &settings);
    scene.world.repo.git(&["config", "user.name", "Ada Example"]);
    scene.world.repo.git(&["config", "user.email", "ada@example.org"]);
    let run = |words: &str| scene.done(&["run", "-r", "octo/demo", words]);

    let answer = json!([{"read": "greeting.sh"}, {"text": "It says hullo."}]);
    let asked = run(&task("What does the greeting say?", &answer));
    assert!(
        asked.stdout.contains("It says hullo.") && !asked.stdout.contains("Pull request"),
        "{}",
        asked.stdout
    );
    assert_eq!((demo.pulls().len(), demo.branches().len()), (0, 1));

    let words = "Fixed the greeting: it says hello now";
    let done = run(&task("Fix the greeting.", &fix(&format!("{words}."))));
    let session = scene.session("Fix the greeting.");
    let (id, number) = (session["id"].as_str().unwrap(), session["prNumber"].as_u64().unwrap());
    assert!(
        done.stdout.contains(&format!("Pull request #{number} (open)  {server}/octo/demo/pull/{number}"))
    );
    let (pull, branch) = (demo.pull(number), format!("telecoder/{id}"));
    assert_eq!(
        (pull.title.as_str(), pull.base.as_str(), pull.head, pull.state, pull.draft),
        (words, "main", format!("octo:{branch}"), "open", false)
    );
    assert_eq!(session["outcome"]["headline"], words);
    for part in [
        "### Request\n\n> Fix the greeting.",
        "### Outcome\n\nFixed the greeting: it says hello now\n",
        "**Changed:**\n\n- greeting.sh (+1 −1)",
        "**Verified:** nothing was checked by TeleCoder",
        &format!("/sessions/{id}) · agent {agent} · policy standard"),
        &format!("<!-- telecoder:session={id} -->"),
    ] {
        assert!(pull.body.contains(part), "{part}\n{}", pull.body);
    }
    let git = |words: &[&str]| scene.world.repo.git_in(&demo.path(), words);
    let format = "--format=%s|%an <%ae>|%cn|%P";
    assert_eq!(
        git(&["log", "-1", format, &branch]).trim(),
        format!("{words}|Ada Example <ada@example.org>|TeleCoder|{}", demo.head("main").unwrap())
    );
    assert_eq!(git(&["diff", "--name-only", "main", &branch]).trim(), "greeting.sh");
    assert_eq!(demo.file(&branch, "greeting.sh").as_deref(), Some("echo hello\n"));

    // It goes on in the same workspace, with the same memory, on the same branch.
    let before = demo.head(&branch).unwrap();
    let steps = json!([
        {"write": ["notes.txt", "It says hello now.\n"]},
        {"text": "Left a note."},
    ]);
    scene.done(&["message", id, &task("Leave a note.", &steps)]);
    assert!(scene.was_told(&["Fix the greeting.", "Leave a note."]), "it has forgotten what it did");
    assert_eq!(demo.log(&branch)[..2], ["Left a note", words]);
    assert_eq!(git(&["rev-parse", &format!("{branch}~1")]).trim(), before);
    assert_eq!((demo.pulls().len(), demo.pull(number).state), (1, "open"));
    assert_eq!(forge.violations(), [""; 0]);
    scene.no_key_outside("Fix the greeting.");
    let told = format!("{:?} {:?}", demo.pulls(), scene.events(id));
    assert!(!told.contains(&secret), "the forge's token is told");
}
