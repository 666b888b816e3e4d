//! A GitHub App: its key and its tokens are found nowhere, and a session that outlives a token gets the next one.

use super::{MAKES_A_FILE, MAKES_ANOTHER, Scene, canary, processes};
use expect_test::expect;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use telecoder_testkit::fake_forge::App;

/// What tokens of an installation, the form in which git sends them, and an App's own proofs begin with.
const TOKENS: [&str; 3] = ["ghs_fake", "eC1hY2Nlc3MtdG9rZW46", "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9"];

/// A scene whose server acts as an App, with the App.
fn with_app(installed_for: &[&str], key: Option<&str>) -> (Scene, App) {
    let mut scene = Scene::without_server();
    let app = scene.forge.add_app("telecoder-bot");
    if !installed_for.is_empty() {
        scene.forge.install(&app, "octo", installed_for);
    }
    let file = scene.world.path("app.pem");
    std::fs::write(&file, key.unwrap_or(&app.pem)).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    scene.world.set("TELECODER_GITHUB_APP_ID", Some(&app.id.to_string()));
    scene.world.set("TELECODER_GITHUB_APP_KEY_FILE", Some(file.to_str().unwrap()));
    // The interface is at its usual place.
    scene.world.set("GITHUB_API_URL", None);
    scene.world.start();
    (scene, app)
}

/// A line from the middle of a key.
fn line_of(pem: &str) -> String {
    pem.lines().nth(5).unwrap().to_owned()
}

fn tokens_made(scene: &Scene) -> usize {
    scene.forge.count("apps/create-installation-access-token")
}

#[test]
fn a_session_that_outlives_a_token_gets_the_next_and_neither_they_nor_the_key_are_anywhere() {
    let (scene, app) = with_app(&["octo/demo"], None);
    let waits = r#"{"write":["/home/agent/looked",""]},{"waitFor":"/home/agent/go"},"#;
    let prompt = canary::LOOKS.replace('\n', "").replace("[THEN]", waits);
    let id = scene.world.detached(&["-r", "octo/demo", &prompt]);
    scene.world.until_written(&id, "looked");
    let key = line_of(&app.pem);
    let secrets: Vec<&str> = TOKENS.into_iter().chain([key.as_str()]).collect();
    let shown_by = |what: &str| {
        for (words, bytes) in processes::all() {
            let holds = secrets.iter().any(|secret| processes::holds(&bytes, secret));
            assert!(!holds, "{what}: shown by: {words}");
        }
    };
    shown_by("while the agent works");
    assert_eq!(tokens_made(&scene), 1);
    // Nobody tells the server that its token has ended meanwhile.
    scene.forge.advance(Duration::from_secs(2 * 3600));
    scene.world.release(&id, "go");
    scene.world.until_status(&id, "complete");
    let session = scene.world.session(&id);
    assert_eq!(session["result"], "pr", "{session}\n{}", scene.world.log());
    assert_eq!(tokens_made(&scene), 2);
    let pull = scene.demo.pulls().remove(0);
    assert_eq!((pull.author.as_str(), scene.demo.pulls().len()), ("telecoder-bot[bot]", 1));
    // And the next, hours later.
    scene.forge.advance(Duration::from_secs(2 * 3600));
    assert_eq!(scene.world.cli(["message", &id, MAKES_ANOTHER]).run().code, 0);
    let branch = format!("telecoder/{id}");
    assert_eq!(scene.demo.log(&branch)[..2], ["Made another one", "Made a file"]);
    assert_eq!((tokens_made(&scene), scene.demo.pulls().len(), scene.our_branches()), (3, 1, vec![branch]));
    shown_by("afterwards");
    canary::is_nowhere(&scene, &id, &secrets);
    scene.is_as_described();
}

#[test]
fn what_an_app_lacks_is_told_with_what_helps() {
    let mut all = String::new();
    let mut told = |scene: &Scene, app: &App, words: &[&str]| {
        let lines = scene.told(words);
        let lines = lines.lines().skip_while(|line| !line.contains("forge github") && words[0] == "doctor");
        let lines: Vec<&str> =
            lines.take(3).filter(|line| line.starts_with(['w', 'o', 'e', '!', ' '])).collect();
        all.push_str(&format!("{}: {}\n", words[0], lines.join("\n")).replace(&app.id.to_string(), "[APP]"));
    };
    let (scene, app) = with_app(&[], None);
    told(&scene, &app, &["run", "-r", "octo/demo", MAKES_A_FILE]);
    let (scene, app) = with_app(&["octo/demo"], Some("not a key"));
    told(&scene, &app, &["doctor", "--output", "text"]);
    told(&scene, &app, &["run", "-r", "octo/demo", MAKES_A_FILE]);
    let (mut scene, app) = with_app(&["octo/demo"], None);
    told(&scene, &app, &["doctor", "--output", "text"]);
    scene.world.kill();
    scene.world.set("TELECODER_GITHUB_APP_ID", Some("4711"));
    scene.world.start();
    told(&scene, &app, &["run", "-r", "octo/demo", MAKES_A_FILE]);
    expect![[r#"
        run: exit 1
        ! error: the GitHub App [APP] is not installed for octo/demo, or there is no such repository
        !  hint: Install the App for this repository (its page, Install App), or check the name.
        doctor: warning  forge github: the private key of the GitHub App [APP] cannot be read
                 → Set TELECODER_GITHUB_APP_KEY_FILE to the .pem file that GitHub gave when the key was made (an RSA key).
        run: exit 1
        ! error: the private key of the GitHub App [APP] cannot be read
        !  hint: Set TELECODER_GITHUB_APP_KEY_FILE to the .pem file that GitHub gave when the key was made (an RSA key).
        doctor: ok       forge github: telecoder-bot[bot], by GitHub App [APP]
        run: exit 1
        ! error: GET /repos/octo/demo/installation failed: GitHub said: Integration not found
        !  hint: The credentials (GitHub App 4711) are wrong, expired or revoked: check TELECODER_GITHUB_APP_ID and its key, and that the App is installed there.
    "#]]
    .assert_eq(&all);
}
