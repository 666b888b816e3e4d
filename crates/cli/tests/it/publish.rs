//! `publish`, also by its earlier name.

use crate::world::World;
use expect_test::expect;

const MAKES_A_FILE: &str = r#"GYM{"do":[{"write":["a.txt","x\n"]},{"say":"Made a file."}]}"#;

#[test]
fn a_person_publishes_what_was_left_to_them() {
    let world = World::new();
    let run = world.cli(["run", "--publish", "manual", MAKES_A_FILE]).run();
    expect![[r#"
        exit 0
        ● pending
        ● preparing
        prepare workspace …
        prepare workspace: main at [COMMIT] ([N] s)
        git base main [COMMIT]
        create sandbox ([N] s)
        start agent ([N] s)
        you: GYM{"do":[{"write":["a.txt","x\n"]},{"say":"Made a file."}]}
        ● running
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
          Next       Publish it: telecoder publish [ID]
        ! Working on [REPO]/repository (main at [COMMIT]); no pull request until you publish.
        ! Session [ID] · agent gym · policy standard
        !   See the change: telecoder diff [ID]
    "#]]
    .assert_eq(&run.shown());
    let id = world.cli(["list"]).run().json()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.cli(["pr", "list"]).run().stdout, "[]\n");
    world.repo.branch("release");
    let words = ["publish", &id, "--base", "release", "--title", "My title", "--body", "My body", "--draft"];
    expect![[r#"
        exit 0
        Opened pull request #1: My title
          http://[ADDRESS]/pulls/1  (telecoder/[ID])
    "#]]
    .assert_eq(&world.cli(words).run().shown());
    expect![[r#"
        exit 0
        #1  My title
          State      draft
          Repository [REPO]/repository
          Branches   release ← telecoder/[ID]
          Commit     [COMMIT]
          Session    [ID]

        My body

        <!-- telecoder:session=[ID] -->
    "#]]
    .assert_eq(&world.cli(["pr", "show", "1"]).run().shown());
    assert_eq!(world.session(&id)["prState"], "draft");
    // The same again, by the name that an earlier program gave it, opens no second one.
    expect![[r#"
        exit 0
        Already open: pull request #1: My title
          http://[ADDRESS]/pulls/1  (telecoder/[ID])
    "#]]
    .assert_eq(&world.cli(["publish-session", &id, "--base", "release"]).run().shown());
    assert_eq!(world.session(&id)["prState"], "draft");
    let ready = ["publish", "--output", "json", &id, "--base", "release", "--draft=false"];
    let json = world.cli(ready).run().json();
    expect![[r#"
        {
          "sessionId": "[ID]",
          "branch": "telecoder/[ID]",
          "title": "My title",
          "pullRequestNumber": 1,
          "pullRequestUrl": "http://[ADDRESS]/pulls/1",
          "number": 1,
          "url": "http://[ADDRESS]/pulls/1"
        }"#]]
    .assert_eq(&world.filtered(&serde_json::to_string_pretty(&json).unwrap()));
    // And what is published without that word is a draft no more.
    assert_eq!(world.session(&id)["prState"], "open");
}

#[test]
fn what_was_closed_is_opened_anew_and_what_was_merged_is_not() {
    let world = World::new();
    let id = world.ran(MAKES_A_FILE);
    expect![[r#"
        exit 0
        Already open: pull request #1: Made a file
          http://[ADDRESS]/pulls/1  (telecoder/[ID])
    "#]]
    .assert_eq(&world.cli(["publish", &id]).run().shown());
    assert_eq!(world.cli(["pr", "close", "1"]).run().code, 0);
    expect![[r#"
        exit 0
        Opened pull request #2: Made a file
          http://[ADDRESS]/pulls/2  (telecoder/[ID])
    "#]]
    .assert_eq(&world.cli(["publish", &id]).run().shown());
    expect![[r#"
        exit 0
        Already open: pull request #2: Made a file
          http://[ADDRESS]/pulls/2  (telecoder/[ID])
    "#]]
    .assert_eq(&world.cli(["publish", &id]).run().shown());
    assert_eq!(world.cli(["pr", "merge", "2"]).run().code, 0);
    expect![[r#"
        exit 1
        ! error: pull request #2 with this change is merged
    "#]]
    .assert_eq(&world.cli(["publish", &id]).run().shown());
    // More work after the merge is another pull request.
    let more = r#"GYM{"do":[{"append":["a.txt","y\n"]},{"say":"Added a line."}]}"#;
    let output = world.cli(["message", &id, more]).run();
    assert!(output.code == 0 && output.stdout.contains("pull request #3 opened"), "{output:?}");
}

#[test]
fn what_cannot_be_published_is_told() {
    let world = World::new();
    let observed = world.detached(&["--policy", "observe", MAKES_A_FILE]);
    let nothing = world.detached(&[r#"GYM{"do":[{"say":"No."}]}"#]);
    let homeless = world.detached(&["-r", "none", MAKES_A_FILE]);
    let fine = world.detached(&["--publish", "manual", MAKES_A_FILE]);
    for id in [&observed, &nothing, &homeless, &fine] {
        world.until_status(id, "complete");
    }
    let active = world.detached(&[r#"GYM{"do":[{"hang":true}]}"#]);
    world.until_status(&active, "running");
    let mut all = String::new();
    for words in [
        &[observed.as_str()] as &[&str],
        &[&nothing],
        &[&homeless],
        &[&active],
        &["zzz"],
        &[&fine, "--base", "nowhere"],
        &[&fine, "--base", "../x"],
        &[&fine, "--base", &format!("telecoder/{fine}")],
        &[],
    ] {
        let output = world.cli(["publish"].into_iter().chain(words.iter().copied())).run();
        all.push_str(&output.shown());
        all.push('\n');
    }
    expect![[r#"
        exit 1
        ! error: policy `observe` never publishes
        !  hint: run the task again with another policy: telecoder run --policy standard …

        exit 1
        ! error: the session changed nothing

        exit 1
        ! error: the session has no repository to publish to
        !  hint: `telecoder apply` puts its change onto your working tree

        exit 1
        ! error: session `[ID]` is running
        !  hint: publish it when its turn has ended

        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions

        exit 1
        ! error: [REPO]/repository has no branch `nowhere`
        !  hint: Create the branch there, or choose another base.

        exit 2
        ! error: `base`: `../x` is not a valid branch name: it has a misplaced `/` or `.`

        exit 2
        ! error: the base is the session's own branch

        exit 2
        ! error: the following required arguments were not provided:
        !   <ID>
        ! 
        ! Usage: telecoder publish <ID>
        ! 
        ! For more information, try '--help'.

    "#]]
    .assert_eq(&all);
    assert_eq!(world.cli(["pr", "list"]).run().stdout, "[]\n");
}

const CHANGES_IT: &str = r##"GYM{"do":[{"write":["README.md","mine\n"]},{"say":"Changed it."}]}"##;
const MAKES_ANOTHER: &str = r#"GYM{"do":[{"write":["b.txt","y\n"]},{"say":"Made another one."}]}"#;

#[test]
fn a_local_change_is_brought_up_to_date_with_its_base() {
    let world = World::new();
    let begun = |prompt: &str| {
        let words = ["run", "--publish", "manual", "--output", "json", prompt];
        world.cli(words).run().json()["id"].as_str().unwrap().to_owned()
    };
    let (id, conflicting) = (begun(MAKES_A_FILE), begun(CHANGES_IT));
    let branch = format!("telecoder/{id}");
    let log = || -> Vec<String> {
        let log = world.repo.git(&["log", "--first-parent", "--format=%s", &branch]);
        log.lines().map(str::to_owned).collect()
    };
    world.repo.write("README.md", "theirs\n").commit("Theirs");
    let mut all = world.cli(["publish", &id, "--rebase"]).run().shown();
    assert_eq!(log()[..2], ["Made a file", "Theirs"]);
    let first = world.repo.resolve(&branch).to_string();
    // What others can see is only added to.
    assert_eq!(world.cli(["message", &id, MAKES_ANOTHER]).run().code, 0);
    world.repo.write("README.md", "theirs again\n").commit("Theirs again");
    all.push_str(&world.cli(["publish", &id, "--rebase"]).run().shown());
    let merged = format!("Merge branch 'main' into {branch}");
    assert_eq!(log()[..4], [merged.as_str(), "Made another one", "Made a file", "Theirs"]);
    world.repo.git(&["merge-base", "--is-ancestor", &first, &branch]);
    all.push_str(&world.cli(["publish", &conflicting, "--rebase"]).run().shown());
    expect![[r#"
        exit 0
        Opened pull request #1: Made a file
          http://[ADDRESS]/pulls/1  (telecoder/[ID])
        ! note: the change is rebased onto `main` at [COMMIT]; TeleCoder ran no check on the result
        exit 0
        Already open: pull request #1: Made a file
          http://[ADDRESS]/pulls/1  (telecoder/[ID])
        ! note: `main` at [COMMIT] is merged into the branch, which others can see already; TeleCoder ran no check on the result
        exit 1
        ! error: the change cannot be brought up to date with `main`: conflicts in README.md; nothing was pushed
        !  hint: publish it as it is and solve them in the pull request: telecoder publish [ID]; or do the task again on the base as it is now: telecoder rerun [ID]
    "#]]
    .assert_eq(&all);
    let branches = world.repo.git(&["branch", "--list", "telecoder/*", "--format=%(refname:short)"]);
    assert_eq!(branches.trim(), branch);
    assert_eq!(world.session(&conflicting)["status"], "complete");
    // The tree of the person is as it was, and the pull request merges cleanly.
    assert_eq!(world.repo.git(&["status", "--porcelain"]), "");
    assert_eq!(world.cli(["pr", "merge", "1"]).run().code, 0);
    assert_eq!(world.repo.git(&["show", "main:b.txt", "main:README.md"]), "y\ntheirs again\n");
}

#[test]
fn work_that_began_at_no_branch_is_complete_and_left_to_a_person() {
    let world = World::new();
    world.repo.git(&["checkout", "--quiet", "--detach"]);
    // Where it came from changes nothing, as long as nothing can be pushed there.
    world.repo.git(&["remote", "add", "origin", "https://github.com/octo/demo.git"]);
    let told = world.cli(["run", r#"GYM{"do":[{"write":["a.txt","x\n"]},{"say":"Made a file."}]}"#]).run();
    let shown = told.shown();
    for part in [
        "no branch is checked out: no pull request until you publish for one (--base).",
        "publish: no pull request: it is not known which branch the change is for; name it: telecoder publish [ID] --base BRANCH",
        "complete  Made a file",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    assert_eq!(told.code, 0);
    let id = world.cli(["list"]).run().json()[0]["id"].as_str().unwrap().to_owned();
    let published = world.cli(["publish", &id, "--base", "main"]).run();
    assert!(published.stdout.contains("Opened pull request #1"), "{published:?}");
}
