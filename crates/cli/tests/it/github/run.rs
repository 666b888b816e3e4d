//! `run -r owner/name`: cloned, worked on, pushed, and a pull request there.

use super::{MAKES_A_FILE, MAKES_ANOTHER, Scene, id};
use expect_test::expect;

#[test]
fn a_task_on_a_repository_of_the_forge_ends_as_a_pull_request_there() {
    let scene = Scene::new();
    scene.world.repo.git(&["config", "user.name", "Ada Example"]);
    scene.world.repo.git(&["config", "user.email", "ada@example.org"]);
    let told = scene.told(&["run", "-r", "octo/demo", MAKES_A_FILE]);
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
        git push telecoder/[ID] [COMMIT]  1 file +1 −0
        pull request #1 opened  [FORGE]/octo/demo/pull/1
        ● complete

        complete  Made a file
          Changed    a.txt (+1 −0)
          Uncertain  No check was run by TeleCoder on this change.

          Pull request #1 (open)  [FORGE]/octo/demo/pull/1
        ! Working on [FORGE]/octo/demo (main at [COMMIT]); the pull request goes to [FORGE]/octo/demo.
        ! Session [ID] · agent gym · policy standard
        !   See the change: telecoder diff [ID]
    "#]]
    .assert_eq(&told);
    let sessions = scene.world.cli(["list"]).run().json();
    let session = &sessions[0];
    let (id, number) = (id(session), session["prNumber"].as_u64().unwrap());
    let branch = format!("telecoder/{id}");
    assert_eq!(scene.our_branches(), std::slice::from_ref(&branch));
    let pull = scene.demo.pull(number);
    assert_eq!(
        (pull.title.as_str(), pull.base.as_str(), pull.head),
        ("Made a file", "main", format!("octo:{branch}"))
    );
    assert_eq!((pull.state, pull.draft, pull.author.as_str()), ("open", false, "octo"));
    expect![[r#"
        <!-- telecoder:begin -->
        ### Request

        > GYM{"do":[{"write":["a.txt","x\n"]},{"say":"Made a file."}]}

        ### Outcome

        Made a file

        **Changed:**

        - a.txt (+1 −0)

        **Verified:** nothing was checked by TeleCoder

        **Uncertain:**

        - No check was run by TeleCoder on this change.

        <details><summary>Steps</summary>

        - prepare workspace ([N] s)
        - create sandbox ([N] s)
        - start agent ([N] s)
        - turn 1: 1 tool call
        - take over ([N] s)

        </details>

        ---
        Session [[ID]](http://[ADDRESS]/sessions/[ID]) · agent gym · policy standard

        <!-- telecoder:session=[ID] -->
        <!-- telecoder:end -->
    "#]]
    .assert_eq(&scene.shown(&pull.body));
    assert_eq!(scene.demo.log(&branch)[0], "Made a file");
    assert_eq!(scene.demo.file(&branch, "a.txt").as_deref(), Some("x\n"));
    let who =
        scene.world.repo.git_in(&scene.demo.path(), &["log", "-1", "--format=%an <%ae> / %cn", &branch]);
    assert_eq!(who.trim(), "Ada Example <ada@example.org> / TeleCoder");
    // A further message goes to the same branch and pull request, forward.
    let before = scene.demo.head(&branch).unwrap();
    assert_eq!(scene.world.cli(["message", &id, MAKES_ANOTHER]).run().code, 0);
    assert_eq!(scene.demo.log(&branch)[..2], ["Made another one", "Made a file"]);
    assert_ne!(scene.demo.head(&branch).unwrap(), before);
    assert_eq!((scene.demo.pulls().len(), scene.our_branches().len()), (1, 1));
    assert_eq!(scene.pull_events(&id)[..2], ["opened", "updated"]);
    // Nothing new is nothing to do.
    let again = scene.told(&["publish", &id]);
    assert!(again.starts_with("exit 0\nAlready open: pull request #1"), "{again}");
    scene.is_as_described();
}

#[test]
fn a_question_has_no_pull_request() {
    let scene = Scene::new();
    let session = scene.ran(&[r#"GYM{"do":[{"say":"Forty-two."}]}"#]);
    assert_eq!((session["status"].as_str(), session["result"].as_str()), (Some("complete"), Some("text")));
    assert_eq!((scene.demo.pulls().len(), scene.our_branches().len()), (0, 0));
    scene.is_as_described();
}

#[test]
fn urls_name_it_too() {
    let scene = Scene::new();
    let host = scene.forge.base_url();
    let address = host.trim_start_matches("http://");
    for url in
        [format!("{host}/octo/demo"), format!("{host}/octo/demo.git"), format!("https://{address}/octo/demo")]
    {
        let output =
            scene.world.cli(["run", "-r", &url, "--output", "json", r#"GYM{"do":[{"say":"Hi."}]}"#]).run();
        assert_eq!(output.json()["repo"], format!("https://{address}/octo/demo"), "{output:?}");
    }
}
