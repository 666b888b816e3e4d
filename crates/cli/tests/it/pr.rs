//! `pr list|show|diff|merge|close`.

use crate::world::World;
use expect_test::expect;

#[test]
fn pull_requests_are_listed_shown_merged_and_closed() {
    let world = World::new();
    expect![[r#"
        exit 0
        ! No pull requests.
    "#]]
    .assert_eq(&world.cli(["pr", "list", "--output", "table"]).run().shown());
    let first = world.ran(r#"Write one. GYM{"do":[{"write":["one.txt","1\n"]},{"say":"Wrote one."}]}"#);
    world.ran(r#"Write two. GYM{"do":[{"write":["two.txt","2\n"]},{"say":"Wrote two."}]}"#);
    expect![[r#"
        exit 0
        NUMBER  STATE  REPO        BRANCHES                       TITLE
        #2      open   repository  main ← telecoder/[ID]  Wrote two
        #1      open   repository  main ← telecoder/[ID]  Wrote one
    "#]]
    .assert_eq(&world.cli(["pr", "list", "--output", "table"]).run().shown());
    expect![[r#"
        exit 0
        #1  Wrote one
          State      open
          Repository [REPO]/repository
          Branches   main ← telecoder/[ID]
          Commit     [COMMIT]
          Session    [ID]

        ### Request

        > Write one. GYM{"do":[{"write":["one.txt","1\n"]},{"say":"Wrote one."}]}

        ### Outcome

        Wrote one

        **Changed:**

        - one.txt (+1 −0)

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
    "#]]
    .assert_eq(&world.cli(["pr", "show", "#1"]).run().shown());
    assert_eq!(world.cli(["pr", "diff", "1"]).run().stdout, world.cli(["diff", &first]).run().stdout);
    world.repo.write("mine.txt", "not committed\n");
    let merged = world.cli(["pr", "merge", "1"]).run();
    expect![[r#"
        exit 0
        Pull request #1 is merged as [COMMIT].
    "#]]
    .assert_eq(&merged.shown());
    let told = world.filtered(world.cli(["logs", &first]).run().stdout.lines().last().unwrap());
    assert_eq!(told, "pull request #1 merged  http://[ADDRESS]/pulls/1");
    expect![[r#"
        exit 0
        Pull request #2 is closed.
    "#]]
    .assert_eq(&world.cli(["pr", "close", "2"]).run().shown());
    let states = |words: &[&str]| -> Vec<String> {
        let rows = world.cli(["pr", "list"].into_iter().chain(words.iter().copied())).run().json();
        let row = |row: &serde_json::Value| format!("{} {}", row["number"], row["state"].as_str().unwrap());
        rows.as_array().unwrap().iter().map(row).collect()
    };
    assert_eq!(states(&[]), ["2 closed", "1 merged"]);
    assert_eq!(states(&["--state", "merged"]), ["1 merged"]);
    assert_eq!(states(&["--limit", "1", "--repo", "."]), ["2 closed"]);
    assert_eq!(states(&["--repo", "/no/longer/there"]), [""; 0]);
    assert_eq!(world.session(&first)["prState"], "merged");
    // The merge is on the base; what lies uncommitted was not touched.
    assert_eq!(world.repo.git(&["show", "main:one.txt"]), "1\n");
    assert_eq!(world.repo.read("mine.txt"), "not committed\n");
}

#[test]
fn what_cannot_be_done_with_a_pull_request_is_told() {
    let world = World::new();
    world.ran(r#"GYM{"do":[{"write":["README.md","theirs\n"]},{"say":"Changed it."}]}"#);
    world.repo.write("README.md", "ours\n").commit("ours");
    let mut all = String::new();
    for words in [
        &["show", "2"] as &[&str],
        &["show", "one"],
        &["diff", "2"],
        &["merge", "1"],
        &["close", "1"],
        &["close", "1"],
        &["merge", "1"],
        &["list", "--state", "good"],
        &[],
    ] {
        let output = world.cli(["pr"].into_iter().chain(words.iter().copied())).run();
        all.push_str(&format!("$ pr {}\n{}\n", words.join(" "), output.shown()));
    }
    expect![[r#"
        $ pr show 2
        exit 1
        ! error: no session has a pull request #2
        !  hint: `telecoder pr list` shows all

        $ pr show one
        exit 1
        ! error: no session begins with `one`
        !  hint: `telecoder list` shows all sessions

        $ pr diff 2
        exit 1
        ! error: no session has a pull request #2
        !  hint: `telecoder pr list` shows all

        $ pr merge 1
        exit 1
        ! error: the branches conflict in README.md
        !  hint: Merge by hand in your own checkout, or ask for a rerun on the new base.

        $ pr close 1
        exit 0
        Pull request #1 is closed.

        $ pr close 1
        exit 1
        ! error: pull request #1 is closed

        $ pr merge 1
        exit 1
        ! error: pull request #1 is closed

        $ pr list --state good
        exit 2
        ! error: invalid value 'good' for '--state <STATE>'
        !   [possible values: draft, open, merged, closed]
        ! 
        ! For more information, try '--help'.

        $ pr 
        exit 2
        ! List, show, merge or close the local pull requests of sessions
        ! 
        ! Usage: telecoder pr [OPTIONS] <COMMAND>
        ! 
        ! Commands:
        !   list   List them, newest first
        !   show   Show one, with its checks and reviews where it is on a forge
        !   diff   Show its change as a patch
        !   merge  Merge a local one into its base
        !   close  Close a local one without merging
        !   help   Print this message or the help of the given subcommand(s)
        ! 
        ! Options:
        !   -h, --help  Print help
        ! 
        ! Global options:
        !       --server <URL>     The server to talk to; default: TELECODER_SERVER, else the one of this host
        !       --output <FORMAT>  Table, json or text; default: a table on a terminal, JSON in a pipe where a
        !                          command lists

    "#]]
    .assert_eq(&all);
    assert_eq!(world.repo.read("README.md"), "ours\n");
}
