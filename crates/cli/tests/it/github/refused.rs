//! What stands in the way of publishing is told with its remedy, before any work where it can be known, and the session is
//! as it was: once it is out of the way, the same change is published.

use super::{MAKES_A_FILE, Scene, id};
use expect_test::expect;
use serde_json::Value;
use telecoder_testkit::fake_forge::{Access, NewPull, Token};

#[test]
fn what_is_known_before_is_refused_before_any_work() {
    let scene = Scene::new();
    let mut all = String::new();
    scene.demo.archive();
    all.push_str(&scene.told(&["run", "-r", "octo/demo", MAKES_A_FILE]));
    scene.demo.unarchive();
    all.push_str(&scene.told(&["run", "-r", "octo/nothing", MAKES_A_FILE]));
    all.push_str(&scene.told(&["run", "-r", "https://github.com/octo/demo", MAKES_A_FILE]));
    all.push_str(&scene.told(&["run", "-r", "octo/demo", "--forge", "local", MAKES_A_FILE]));
    all.push_str(&scene.told(&["run", "-r", "octo/demo", "--pr", "99", MAKES_A_FILE]));
    all.push_str(&scene.told(&["run", "-r", "octo/demo", "--issue", "99"]));
    scene.forge.expire(&scene.secret);
    all.push_str(&scene.told(&["run", "-r", "octo/demo", MAKES_A_FILE]));
    expect![[r#"
        exit 1
        ! error: [FORGE]/octo/demo is archived: nothing can be published there
        !  hint: unarchive it in its settings, or keep the change here: --publish manual
        exit 1
        ! error: cannot reach [FORGE]/octo/nothing: git said: remote: Repository not found.; fatal: repository '[FORGE]/octo/nothing.git/' not found
        !  hint: Check its name, and that the server's token may see it.
        exit 1
        ! error: no forge is configured for `https://github.com/octo/demo`
        !  hint: give a repository of [FORGE], the path of a local clone, or another GITHUB_SERVER_URL to the server
        exit 2
        ! error: [FORGE]/octo/demo is not on this host: a local pull request needs a local clone
        !  hint: clone it and give the clone's path, or leave `forge` out
        exit 1
        ! error: octo/demo has no pull request #99
        !  hint: Check the name and number, and that the server's account (GITHUB_TOKEN) may see the repository.
        exit 1
        ! error: octo/demo has no issue #99
        !  hint: Check the name and number, and that the server's account (GITHUB_TOKEN) may see the repository.
        exit 1
        ! error: cannot reach [FORGE]/octo/demo: git said: remote: Invalid username or token. Password authentication is not supported for Git operations.; fatal: Authentication failed for '[FORGE]/octo/demo.git/'
        !  hint: The credentials (GITHUB_TOKEN) are wrong, expired or revoked, or may not use this repository: make a new token with the scopes `repo` and `workflow`, set GITHUB_TOKEN and restart the server.
    "#]].assert_eq(&all);
    assert_eq!(scene.world.cli(["list"]).run().stdout, "[]\n");
}

#[test]
fn an_account_that_may_only_read_is_refused_before_any_work() {
    let scene = Scene::new();
    scene.demo.grant("reader", Access::Read);
    let world = scene.world_of(&scene.forge.token("reader"));
    let output = world.cli(["run", "-r", "octo/demo", MAKES_A_FILE]).run();
    assert!(output.code == 1 && output.stderr.contains("hint:"), "{output:?}");
    assert_eq!(world.cli(["list"]).run().stdout, "[]\n");
    // Looking needs no more.
    let words = ["run", "-r", "octo/demo", "--policy", "observe", r#"GYM{"do":[{"say":"Fine."}]}"#];
    let output = world.cli(words).run();
    assert_eq!(output.code, 0, "{output:?}");
}

/// GitHub tells what the account may, not what its token may: that shows when the change is pushed.
#[test]
fn a_token_that_may_only_read_keeps_the_change_and_tells_what_it_lacks() {
    let scene = Scene::new();
    let token = Token::fine_grained("octo", &[("octo/demo", Access::Read)]);
    let world = scene.world_of(&scene.forge.add_token(token));
    let output = world.cli(["run", "-r", "octo/demo", "--output", "json", MAKES_A_FILE]).run();
    let session = output.json();
    assert_eq!((output.code, session["failureKind"].as_str()), (1, Some("forge_error")), "{output:?}");
    let hint = session["hint"].as_str().unwrap();
    assert!(hint.contains("Contents, read and write"), "{hint}");
    let events = world.events(&id(&session));
    assert_eq!(events.iter().filter(|event| event["type"] == "error").count(), 1, "it is told once");
    assert!(world.cli(["diff", &id(&session)]).run().stdout.contains("a.txt"));
    assert!(scene.our_branches().is_empty());
}

#[test]
fn what_comes_in_between_is_told_and_passes() {
    let scene = Scene::new();
    scene.demo.commit("release", &[("r.txt", "r\n")], "Release");
    let session = scene.ran(&["--publish", "manual", "--base", "release", MAKES_A_FILE]);
    let id = id(&session);
    let mut all = String::new();
    let mut publish = |why: &str| {
        let told = scene.told(&["publish", &id]);
        all.push_str(&format!("{why}: {told}"));
        assert_eq!(scene.world.session(&id)["status"], "complete");
    };
    scene.demo.archive();
    publish("archived");
    scene.demo.unarchive();
    scene.demo.delete_branch("release");
    publish("deleted base");
    scene.demo.commit("release", &[("r.txt", "r\n")], "Release");
    assert_eq!((scene.demo.pulls().len(), scene.our_branches().len()), (0, 0));
    publish("at last");
    expect![[r#"
        archived: exit 1
        ! error: cannot push `telecoder/[ID]` to [FORGE]/octo/demo: the repository is archived: git said: remote: This repository was archived so it is read-only.; fatal: unable to access '[FORGE]/octo/demo.git/': The requested URL returned error: 403
        !  hint: Unarchive it in the repository's settings, or publish elsewhere.
        deleted base: exit 1
        ! error: [FORGE]/octo/demo has no branch `release`
        !  hint: Choose another base, or create the branch there.
        at last: exit 0
        Opened pull request #1: Made a file
          [FORGE]/octo/demo/pull/1  (telecoder/[ID])
    "#]].assert_eq(&all);
    let errors = scene.world.events(&id).iter().filter(|event| event["type"] == "error").count();
    assert_eq!((scene.demo.pulls().len(), errors), (1, 2));
    let question = scene.ran(&[r#"GYM{"do":[{"say":"No."}]}"#]);
    let told = scene.told(&["publish", question["id"].as_str().unwrap()]);
    assert!(told.starts_with("exit 1\n! error: the session changed nothing"), "{told}");
    scene.forge.expire(&scene.secret);
    let told = scene.told(&["publish", &id, "--title", "Anew"]);
    assert!(told.starts_with("exit 1") && told.contains("hint:"), "{told}");
    scene.is_as_described();
}

#[test]
fn a_session_whose_change_could_not_leave_is_complete_once_a_person_has_published_it() {
    let scene = Scene::new();
    let waits =
        r#"GYM{"do":[{"waitFor":"/home/agent/go"},{"write":["a.txt","x\n"]},{"say":"Made a file."}]}"#;
    let id = scene.world.detached(&["-r", "octo/demo", waits]);
    scene.world.until_status(&id, "running");
    scene.demo.archive();
    scene.world.release(&id, "go");
    scene.world.until_status(&id, "error");
    assert_eq!(scene.world.session(&id)["failureKind"], "forge_error");
    let told = scene.told(&["attach", &id]);
    assert!(told.contains("!   Publish it when that is mended: telecoder publish [ID]"), "{told}");
    let refused = scene.told(&["publish", &id]);
    assert!(refused.starts_with("exit 1"), "{refused}");
    assert_eq!(scene.world.session(&id)["status"], "error");
    scene.demo.unarchive();
    assert_eq!(scene.world.cli(["publish", &id]).run().code, 0);
    let session = scene.world.session(&id);
    assert_eq!(
        (&session["status"], &session["error"], &session["hint"], &session["failureKind"]),
        (&"complete".into(), &Value::Null, &Value::Null, &Value::Null)
    );
    let events = scene.world.events(&id);
    assert_eq!(events.last().unwrap()["type"], "done", "{events:?}");
    let status = scene.told(&["status", &id, "--output", "text"]);
    assert!(
        status.starts_with("exit 0\ncomplete  Made a file") && !status.contains("forge_error"),
        "{status}"
    );
    scene.is_as_described();
}

#[test]
fn conflicts_with_the_base_are_told_before_it_is_published() {
    let scene = Scene::new();
    let words = [r#"GYM{"do":[{"write":["calc.py","x = 2\n"]},{"say":"Changed it."}]}"#];
    let session = scene.ran(&["--publish", "manual", words[0]]);
    scene.demo.commit("main", &[("calc.py", "x = 3\n")], "Theirs");
    let id = id(&session);
    expect![[r#"
        exit 0
        Opened pull request #1: Changed it
          [FORGE]/octo/demo/pull/1  (telecoder/[ID])
        ! note: the change conflicts with `main` in calc.py
    "#]]
    .assert_eq(&scene.told(&["publish", &id]));
    let logs = scene.world.cli(["logs", &id]).run().stdout;
    assert!(logs.contains("publish: the change conflicts with `main` in calc.py"), "{logs}");
    assert!(scene.demo.pulls()[0].body.contains("**Conflicts with the base:**\n\n- calc.py"));
    scene.is_as_described();
}

#[test]
fn a_protected_or_deleted_head_and_a_missing_scope_are_told_with_what_helps() {
    let scene = Scene::new();
    scene.demo.commit("feature", &[("f.txt", "f\n")], "Feature");
    let number = scene.demo.add_pull(NewPull::new("Feature", "feature", "main")).to_string();
    let session = scene.ran(&["--pr", &number, "--publish", "manual", MAKES_A_FILE]);
    let (id, before) = (id(&session), scene.demo.head("feature"));
    let refused = |word: &str, hint: &str| {
        let told = scene.told(&["publish", &id]);
        assert!(told.starts_with("exit 1") && told.contains(word) && told.contains(hint), "{told}");
    };
    scene.demo.protect("feature");
    refused("the branch is protected", "hint: Let the server's account push to it");
    assert_eq!((scene.demo.head("feature"), scene.demo.comments(1).len()), (before, 0));
    scene.demo.unprotect("feature").delete_branch("feature");
    // A forge closes a pull request whose branch is gone.
    refused("pull request #1 of [FORGE]/octo/demo is closed by now", "hint: reopen it");
    assert_eq!((scene.demo.head("feature"), scene.demo.comments(1).len()), (None, 0));
    // A token that may see nothing of it.
    let world = scene.world_of(&scene.forge.add_token(Token::classic("octo", &[])));
    let doctor = world.cli(["doctor", "--output", "text"]).run().stdout;
    assert!(doctor.contains("the token (GITHUB_TOKEN) lacks the scope `repo`"), "{doctor}");
    let output = world.cli(["run", "-r", "octo/demo", MAKES_A_FILE]).run();
    assert!(
        output.code == 1 && output.stderr.contains("hint: Check its name, and that the server's token"),
        "{output:?}"
    );
    assert_eq!(world.cli(["list"]).run().stdout, "[]\n");
}
