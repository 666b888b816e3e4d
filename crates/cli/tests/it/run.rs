//! `run`.

use crate::world::World;
use expect_test::expect;
use telecoder_testkit::git_fixture::Fixture;

#[test]
fn a_task_becomes_a_pull_request() {
    let world = World::new();
    world.repo.write("notes.txt", "not committed\n");
    let before = world.repo.head();
    let prompt = r#"GYM{"do":[{"think":"Let me see."},{"say":"I write it."},{"write":["a.txt","hi\n"]},{"shell":"cat a.txt"},{"say":"Wrote the file."}]}"#;
    let output = world.cli(["run", prompt]).run();
    expect![[r#"
        exit 0
        ● pending
        ● preparing
        prepare workspace …
        prepare workspace: main at [COMMIT] ([N] s)
        git base main [COMMIT]
        create sandbox ([N] s)
        start agent ([N] s)
        you: GYM{"do":[{"think":"Let me see."},{"say":"I write it."},{"write":["a.txt","hi\n"]},{"shell":"cat a.txt"},{"say":"Wrote the file."}]}
        ● running
        Let me see.
        I write it.
        ▸ edit write /workspace/a.txt
          write /workspace/a.txt: done
        ▸ execute cat a.txt
          hi
        Wrote the file.
        take over ([N] s)
        git commit telecoder/[ID] [COMMIT]  1 file +1 −0
        outcome Wrote the file
        git push telecoder/[ID] [COMMIT]  1 file +1 −0
        pull request #1 opened  http://[ADDRESS]/pulls/1
        ● complete

        complete  Wrote the file
          Changed    a.txt (+1 −0)
          Uncertain  No check was run by TeleCoder on this change.

          Pull request #1 (open)  http://[ADDRESS]/pulls/1
        ! Working on [REPO]/repository (main at [COMMIT]); the pull request will be a local one, in that repository.
        ! warning: 1 uncommitted file is not included: notes.txt
        ! Session [ID] · agent gym · policy standard
        !   See the change: telecoder diff [ID]
        !   See it whole: telecoder pr show 1   merge it: telecoder pr merge 1
    "#]].assert_eq(&output.shown());
    // The branch is there; what is checked out has not moved.
    let branches = world.repo.git(&["branch", "--list", "--format=%(refname:short) %(contents:subject)"]);
    expect![[r#"
        main first
        telecoder/[ID] Wrote the file
    "#]]
    .assert_eq(&world.filtered(&branches));
    assert_eq!(world.repo.head(), before);
    assert_eq!(world.repo.git(&["status", "--short"]), "?? notes.txt\n");
}

#[test]
fn a_question_ends_as_text_without_a_pull_request() {
    let world = World::new();
    let prompt = r#"What is it? GYM{"do":[{"say":"It is 42.\n\nAll of it."}]}"#;
    let id = world.ran(prompt);
    let session = world.session(&id);
    assert_eq!(session["result"], "text");
    assert_eq!(session["resultText"], "It is 42.\n\nAll of it.");
    assert_eq!(session["prNumber"], serde_json::Value::Null);
    assert_eq!(session["requester"], serde_json::Value::Null);
    assert_eq!(session["source"], "cli");
    let shown = world.cli(["attach", &id]).run().shown();
    expect![[r#"
        exit 0

        complete  It is 42

        It is 42.

        All of it.
    "#]]
    .assert_eq(&shown);
}

#[test]
fn every_flag_reaches_the_session() {
    let world = World::new();
    world.repo.branch("release");
    world.repo.git(&["config", "user.name", "Ada Example"]);
    world.repo.git(&["config", "user.email", "ada@example.org"]);
    let words = [
        "run",
        "--detach",
        "-a",
        "gym",
        "--policy",
        "standard",
        "--base",
        "release",
        "--model",
        "some/model-1",
        "--publish",
        "manual",
        "--pipeline",
        "none",
        "--title",
        "A title",
        "--forge",
        "local",
        "Do",
        "it",
    ];
    let output = world.cli(words).run();
    expect![[r#"
        exit 0
        [ID]
        ! Working on [REPO]/repository (release); no pull request until you publish.
        ! Session [ID] · agent gym · policy standard
    "#]]
    .assert_eq(&output.shown());
    let session = world.session(output.stdout.trim());
    let fields = ["agent", "base", "model", "pipeline", "title", "prompt", "requester", "mode"];
    let given: Vec<String> = fields.iter().map(|name| format!("{name} {}", session[name])).collect();
    expect![[r#"
        agent "gym"
        base "release"
        model "some/model-1"
        pipeline "none"
        title "A title"
        prompt "Do it"
        requester {"name":"Ada Example","email":"ada@example.org"}
        mode "task""#]]
    .assert_eq(&given.join("\n"));
}

#[test]
fn the_repository_is_the_one_around_the_folder_unless_another_is_named() {
    // Where tokens are needed, only some folders are allowed, whoever runs the server.
    let world = World::with(&[("TELECODER_API_TOKEN", "0123456789abcdef0123456789abcdef")]);
    let other = Fixture::small();
    let sub = world.repo.path().join("src");
    let repo = |session: &str| world.session(session)["repo"].as_str().unwrap().to_owned();
    let detached = |words: &[&str]| {
        let all = ["run", "--detach"].into_iter().chain(words.iter().copied());
        let output = world.cli(all).dir(&sub).run();
        assert_eq!(output.code, 0, "{output:?}");
        output.stdout.trim().to_owned()
    };
    let here = world.repo.path().display().to_string();
    assert_eq!(repo(&detached(&["hi"])), here);
    assert_eq!(repo(&detached(&["-r", "..", "hi"])), here);
    assert_eq!(repo(&detached(&["-r", &here, "hi"])), here);
    let outside = world.cli(["run", "-r", &other.path().display().to_string(), "hi"]).run();
    assert_eq!(outside.code, 1);
    assert!(outside.stderr.contains("is not below a folder that this server may use"), "{outside:?}");
}

#[test]
fn without_a_repository_the_workspace_is_empty() {
    let world = World::new();
    let prompt = r#"GYM{"do":[{"shell":"ls -A | grep -v '^.git$'; pwd"},{"write":["a.txt","hi\n"]},{"say":"Made a file."}]}"#;
    let output = world.cli(["run", prompt]).dir(world.path("home")).run();
    expect![[r#"
        exit 0
        ● pending
        ● preparing
        prepare workspace ([N] s)
        create sandbox ([N] s)
        start agent ([N] s)
        you: GYM{"do":[{"shell":"ls -A | grep -v '^.git$'; pwd"},{"write":["a.txt","hi\n"]},{"say":"Made a file."}]}
        ● running
        ▸ execute ls -A | grep -v '^.git$'; pwd
          /workspace
        ▸ edit write /workspace/a.txt
          write /workspace/a.txt: done
        Made a file.
        take over ([N] s)
        git commit telecoder/[ID] [COMMIT]  1 file +1 −0
        outcome Made a file
        ● complete

        complete  Made a file
          Changed    a.txt (+1 −0)
          Uncertain  No check was run by TeleCoder on this change.
        ! Working in an empty workspace; there will be no pull request.
        ! Session [ID] · agent gym · policy standard
        !   See the change: telecoder diff [ID]
    "#]].assert_eq(&output.shown());
    let id = world.ran(r#"GYM{"do":[{"say":"Nothing."}]}"#);
    let named = world.cli(["run", "-r", "none", "--output", "json", r#"GYM{"do":[{"say":"x"}]}"#]).run();
    assert_eq!(named.json()["repo"], serde_json::Value::Null);
    assert_ne!(named.json()["id"], id.as_str());
}

#[test]
fn what_cannot_be_done_is_told_with_what_to_do() {
    let world = World::new();
    std::fs::create_dir(world.path("plain")).unwrap();
    let unborn = world.repo.beside("unborn");
    world.repo.git(&["init", "--quiet", "--initial-branch=main", unborn.to_str().unwrap()]);
    let plain = world.path("plain").display().to_string();
    let unborn = unborn.display().to_string();
    let mut all = String::new();
    for words in [
        &["-r", "/nowhere/at/all", "x"] as &[&str],
        &["-r", &plain, "x"],
        &["-r", &unborn, "x"],
        &["-r", "/", "x"],
        &["-r", "https://forge.example/acme/api", "x"],
        &["-r", "ext::sh -c true", "x"],
        &["-r", "-x", "x"],
        &["-r", "", "x"],
        &["-a", "nobody", "x"],
        &["-a", "goose", "x"],
        &["--policy", "loose", "x"],
        &["--policy", "observe", "--publish", "auto", "x"],
        &["--base", "../x", "x"],
        &["--model", "a b", "x"],
        &["--publish", "never", "x"],
        &["--chat", "--detach", "x"],
        &["  "],
        &["-x"],
        &[],
    ] {
        let output = world.cli(["run"].into_iter().chain(words.iter().copied())).run();
        // What an install weighs changes with its version.
        let shown = output.shown().split(" (about ").next().unwrap().to_owned();
        all.push_str(&format!("$ run {}\n{}\n", words.join(" "), shown));
    }
    expect![[r#"
        $ run -r /nowhere/at/all x
        exit 1
        ! error: `/nowhere/at/all` cannot be used as a repository: No such file or directory (os error 2)
        !  hint: give the path of a git repository, owner/name, or a URL

        $ run -r [FOLDER]/plain x
        exit 1
        ! error: [FOLDER]/plain is not a git repository
        !  hint: Run `git init` there and make a first commit, or name another folder.

        $ run -r [REPO]/unborn x
        exit 1
        ! error: [REPO]/unborn has no commit yet
        !  hint: make a first one (git commit --allow-empty -m start), or name a branch: --base BRANCH

        $ run -r / x
        exit 2
        ! error: `repo`: `/` is not a repository: the root folder is not a repository

        $ run -r https://forge.example/acme/api x
        exit 1
        ! error: no forge is configured for `https://forge.example/acme/api`
        !  hint: give a repository of github.com, the path of a local clone, or another GITHUB_SERVER_URL to the server

        $ run -r ext::sh -c true x
        exit 2
        ! error: `repo`: `ext::sh -c true` is not a repository: transports that run programs are refused; use owner/name, an https or ssh URL, or a path

        $ run -r -x x
        exit 2
        ! error: unexpected argument '-x' found
        ! 
        !   tip: to pass '-x' as a value, use '-- -x'
        ! 
        ! Usage: telecoder run [OPTIONS] [PROMPT]...
        ! 
        ! For more information, try '--help'.

        $ run -r  x
        exit 2
        ! error: `repo`: `` is not a repository: it is empty

        $ run -a nobody x
        exit 2
        ! error: there is no agent `nobody`
        !  hint: agents: goose, opencode, codex, claude-code, gemini, gym

        $ run -a goose x
        exit 1
        ! error: the agent `goose` is not installed
        !  hint: telecoder agents install goose
        $ run --policy loose x
        exit 2
        ! error: there is no policy `loose`
        !  hint: policies: locked, observe, standard

        $ run --policy observe --publish auto x
        exit 2
        ! error: policy `observe` never publishes; leave `publish` out or choose another policy

        $ run --base ../x x
        exit 2
        ! error: `base`: `../x` is not a valid branch, tag or full commit id: it has a misplaced `/` or `.`

        $ run --model a b x
        exit 2
        ! error: a model name has at most 200 characters of A-Z a-z 0-9 . _ - : / @

        $ run --publish never x
        exit 2
        ! error: invalid value 'never' for '--publish <WHEN>'
        !   [possible values: auto, ask, manual]
        ! 
        ! For more information, try '--help'.

        $ run --chat --detach x
        exit 2
        ! error: the argument '--chat' cannot be used with '--detach'
        ! 
        ! Usage: telecoder run --chat <PROMPT>...
        ! 
        ! For more information, try '--help'.

        $ run   
        exit 2
        ! error: the prompt is empty: say what is to be done

        $ run -x
        exit 2
        ! error: unexpected argument '-x' found
        ! 
        !   tip: to pass '-x' as a value, use '-- -x'
        ! 
        ! Usage: telecoder run [OPTIONS] [PROMPT]...
        ! 
        ! For more information, try '--help'.

        $ run 
        exit 2
        ! error: the following required arguments were not provided:
        !   <PROMPT>...
        ! 
        ! Usage: telecoder run <PROMPT>...
        ! 
        ! For more information, try '--help'.

    "#]].assert_eq(&world.filtered(&all));
    assert_eq!(world.cli(["list"]).run().stdout, "[]\n");
}

#[test]
fn a_session_that_fails_exits_1_with_the_reason_and_what_to_do() {
    let world = World::new();
    expect![[r#"
        exit 1
        ● pending
        ● preparing
        prepare workspace …
        prepare workspace: main at [COMMIT] ([N] s)
        git base main [COMMIT]
        create sandbox ([N] s)
        start agent ([N] s)
        you: GYM{"do":[{"exit":3}]}
        ● running
        agent_error the agent ended in the middle of a turn: it exited with code 3
        ● error

        error  GYM{"do":[{"exit":3}]}
          agent_error the agent ended in the middle of a turn: it exited with code 3
        ! Working on [REPO]/repository (main at [COMMIT]); the pull request will be a local one, in that repository.
        ! Session [ID] · agent gym · policy standard
        !   Try it again: telecoder rerun [ID]
    "#]].assert_eq(&world.cli(["run", r#"GYM{"do":[{"exit":3}]}"#]).run().shown());
    expect![[r#"
        exit 1
        ● pending
        ● preparing
        prepare workspace …
        setup_error [REPO]/repository has no branch or tag `nowhere`
          hint: Name a branch, a tag or a full commit id of that repository.
        ● error

        error  hi
          setup_error [REPO]/repository has no branch or tag `nowhere`
          hint: Name a branch, a tag or a full commit id of that repository.
        ! Working on [REPO]/repository (nowhere); the pull request will be a local one, in that repository.
        ! Session [ID] · agent gym · policy standard
        !   Try it again: telecoder rerun [ID]
    "#]]
    .assert_eq(&world.cli(["run", "--base", "nowhere", "hi"]).run().shown());
    let json =
        world.cli(["run", "--output", "json", r#"GYM{"do":[{"fail":{"code":-1,"message":"no"}}]}"#]).run();
    assert_eq!((json.code, json.json()["status"].as_str()), (1, Some("error")));
}

#[test]
fn the_prompt_may_come_from_standard_input() {
    let world = World::new();
    let output = world.cli(["run", "--detach", "-"]).input("Do this\nand that.\n").run();
    assert_eq!(world.session(output.stdout.trim())["prompt"], "Do this\nand that.");
    let bad = world.cli(["run", "-"]).input(b"a\xffb".as_slice()).run();
    expect![[r#"
        exit 2
        ! error: standard input is not valid UTF-8
    "#]]
    .assert_eq(&bad.shown());
}
