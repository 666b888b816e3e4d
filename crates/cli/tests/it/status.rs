//! `status`.

use crate::world::World;
use expect_test::expect;

#[test]
fn a_session_is_shown_with_its_outcome() {
    let world = World::new();
    let prompt = r#"Do it. GYM{"do":[{"write":["a.txt","x\ny\n"]},{"say":"Made a file. It is good."},{"claim":{"changed":["a.txt"],"verified":["It was read."],"uncertain":["Whether it is wanted."],"next":["Look at it."]}}]}"#;
    let id = world.ran(prompt);
    expect![[r#"
        exit 0
        complete  Made a file
          Changed    a.txt (+2 −0)
          Uncertain  Whether it is wanted.
                     No check was run by TeleCoder on this change.
          Next       Look at it.
          The agent says that it verified
                     It was read.

          Pull request #1 (open)  http://[ADDRESS]/pulls/1

          Session    [ID]
          Prompt     Do it. GYM{"do":[{"write":["a.txt","x\ny\n"]},{"say":"Made a file. It is good."},{"claim":{"changed":["a.txt"],"verified":["It was read."],"uncertain":["Whether it is wanted."],"next":["Look at it."]}}]}
          Repository [REPO]/repository
          Branch     telecoder/[ID]
          Base       main
          Commit     [COMMIT]
          Agent      gym
          Policy     standard
          Tokens     0 in, 0 out, 0 cached
          At work    [N] s
          Created    [TIME]
          Finished   [TIME]
    "#]].assert_eq(&world.cli(["status", "--output", "table", &id]).run().shown());
    let json = world.cli(["status", &id]).run().json();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    expect![[r#"["id", "repo", "prompt", "title", "mode", "agent", "model", "policy", "pipeline", "status", "failureKind", "error", "hint", "branch", "base", "headSha", "parentSessionId", "attempt", "source", "requester", "outcome", "checks", "diffStat", "result", "resultText", "prUrl", "prNumber", "prState", "prHeadSha", "prBase", "prRepo", "prMergeable", "prChecks", "prReviews", "sourcePr", "sourceIssue", "usage", "budgetUsd", "createdAt", "startedAt", "finishedAt", "updatedAt", "workspaceRemovedAt"]"#]].assert_eq(&format!("{keys:?}"));
    assert_eq!(json["outcome"]["claims"]["verified"][0], "It was read.");
    assert_eq!(json["outcome"]["verified"], serde_json::json!([]));
    // Any unique prefix will do, in any case.
    assert_eq!(world.session(&id[..11])["id"], id.as_str());
    assert_eq!(world.session(&id.to_uppercase())["id"], id.as_str());
}

#[test]
fn an_unknown_or_ambiguous_id_is_told() {
    // One at a time is at work, and it waits: the others cost nothing.
    let world = World::with(&[("TELECODER_MAX_SESSIONS", "1")]);
    let mut ids = vec![world.detached(&[r#"GYM{"do":[{"hang":true}]}"#])];
    // 32 characters can begin an id, so that two of 33 begin alike.
    let prefix = loop {
        let id = world.detached(&["wait"]);
        let first = id[..1].to_owned();
        if ids.iter().any(|other| other.starts_with(&first)) {
            break first;
        }
        ids.push(id);
    };
    let ambiguous = world.cli(["status", &prefix]).run();
    expect![[r#"
        exit 2
        ! error: 2 sessions begin with `[PREFIX]`
        !  hint: give more characters of the id
    "#]]
    .assert_eq(&ambiguous.shown().replace(&format!("`{prefix}`"), "`[PREFIX]`"));
    for id in ["aaaaaaaaaaaa", "0000", "no such id", "..", "-x"] {
        let output = world.cli(["status", "--", id]).run();
        assert_eq!((output.code == 1 || output.code == 2, output.stdout.as_str()), (true, ""), "{output:?}");
    }
    expect![[r#"
        exit 1
        ! error: there is no session `[COMMIT]`
        !  hint: `telecoder list` shows all sessions
    "#]]
    .assert_eq(&world.cli(["status", "aaaaaaaaaaaa"]).run().shown());
    expect![[r#"
        exit 1
        ! error: no session has this id
        !  hint: a session id has 12 characters of a-z and 2-7, or is a unique prefix of one; see `telecoder list`
    "#]].assert_eq(&world.cli(["status", "00"]).run().shown());
    expect![[r#"
        exit 2
        ! error: the following required arguments were not provided:
        !   <ID>
        ! 
        ! Usage: telecoder status <ID>
        ! 
        ! For more information, try '--help'.
    "#]]
    .assert_eq(&world.cli(["status"]).run().shown());
}
