//! `approvals`, `approve`, `deny`, and waiting for a person (exit code 5).
//!
//! No built-in policy asks a person, so that a session that waits in the queue is given such a policy in the database
//! before its work begins.

use crate::world::World;
use expect_test::expect;
use sqlx::Connection;
use telecoder_testkit::wait::until_blocking;

/// Runs a prompt under a policy by which a person answers.
fn asking(world: &World, prompt: &str) -> String {
    let first = world.detached(&["-r", "none", r#"GYM{"do":[{"waitFor":"/home/agent/go"}]}"#]);
    world.until_status(&first, "running");
    let id = world.detached(&[prompt]);
    let path = format!("sqlite://{}", world.data().join("server.db").display());
    let change = async {
        let mut database = sqlx::SqliteConnection::connect(&path).await.unwrap();
        let changed = sqlx::query(
            "UPDATE documents SET document = json_set(document, '$.policy.permissions', 'ask') WHERE session = ?",
        )
        .bind(&id)
        .execute(&mut database)
        .await
        .unwrap();
        assert_eq!(changed.rows_affected(), 1);
        database.close().await.unwrap();
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(change);
    assert_eq!(world.session(&id)["status"], "pending");
    world.release(&first, "go");
    id
}

/// One session at work at a time.
fn world() -> World {
    World::with(&[("TELECODER_MAX_SESSIONS", "1")])
}

#[test]
fn what_waits_is_listed_and_goes_on_when_it_is_approved() {
    let world = world();
    let id =
        asking(&world, r#"GYM{"do":[{"ask":"Delete the universe","kind":"delete"},{"say":"Went on."}]}"#);
    // Where nobody can answer, following ends there.
    let followed = world.cli(["attach", &id]).run();
    expect![[r#"
        exit 5
        ● pending
        ● preparing
        prepare workspace …
        prepare workspace: main at [COMMIT] ([N] s)
        git base main [COMMIT]
        create sandbox ([N] s)
        start agent ([N] s)
        you: GYM{"do":[{"ask":"Delete the universe","kind":"delete"},{"say":"Went on."}]}
        ● running
        ▸ delete Delete the universe
        permission asked: Delete the universe
          answer with: telecoder approve [APPROVAL]   or: telecoder deny [APPROVAL]
        ● waiting

        waiting  GYM{"do":[{"ask":"Delete the universe","kind":"delete"},{"say":"Went on…
        !   It waits for you: telecoder approvals [ID]
    "#]]
    .assert_eq(&followed.shown());
    expect![[r#"
        exit 0
        ID              SESSION       KIND    TITLE
        [APPROVAL]  [ID]  delete  Delete the universe
    "#]]
    .assert_eq(&world.cli(["approvals", "--output", "table"]).run().shown());
    expect![[r#"
        exit 0
        Needs an answer
          [APPROVAL]  Delete the universe  (GYM{"do":[{"ask":"Delete the universe","kind":"delete"},{"say":"Went on…)
        Finished
        ● [ID]  complete  No change was needed
    "#]].assert_eq(&world.cli(["inbox", "--output", "table", "--limit", "1"]).run().shown());
    assert_eq!(world.cli(["approvals", &id[..11]]).run().json()[0]["sessionId"], id.as_str());
    let approval = world.cli(["approvals"]).run().json()[0]["id"].as_str().unwrap().to_owned();
    let approved = world.cli(["approve", &approval, "--why", "It is old."]).run();
    expect![[r#"
        exit 0
        approved: Delete the universe
    "#]]
    .assert_eq(&approved.shown());
    world.until_status(&id, "complete");
    expect![[r#"
        exit 1
        ! error: this approval was answered before, or is no longer needed
    "#]]
    .assert_eq(&world.cli(["approve", &approval]).run().shown());
    expect![[r#"
        exit 1
        ! error: session [ID] (complete) waits for no approval
        !  hint: `telecoder approvals` shows what waits
    "#]]
    .assert_eq(&world.cli(["deny", &id]).run().shown());
    expect![[r#"
        exit 0
        ! Nothing waits for you.
    "#]]
    .assert_eq(&world.cli(["approvals", "--output", "table"]).run().shown());
    let logs = world.cli(["logs", &id]).run().stdout;
    assert!(logs.contains("permission allowed by local: Delete the universe\n"), "{logs}");
    assert!(logs.contains("The permission was allowed."), "{logs}");
}

#[test]
fn what_is_denied_goes_on_without_it() {
    let world = world();
    let id = asking(&world, r#"GYM{"do":[{"ask":"Edit it","kind":"edit"},{"say":"Went on."}]}"#);
    world.until_status(&id, "waiting");
    let mut follower = world.cli(["logs", "-f", &id]).spawn();
    let denied = world.cli(["deny", &id[..10], "--output", "json"]).run();
    assert_eq!(denied.json()["state"], "denied");
    assert_eq!(follower.wait().unwrap().code(), Some(0));
    let logs = world.cli(["logs", &id]).run().stdout;
    assert!(logs.contains("The permission was rejected."), "{logs}");
}

#[test]
fn two_that_wait_in_one_session_must_be_named() {
    let world = world();
    let id = asking(
        &world,
        r#"GYM{"do":[{"meanwhile":[{"ask":"One"},{"write":["/home/agent/one",""]}]},{"ask":"Two"},{"waitFor":"/home/agent/one"}]}"#,
    );
    let all = || world.cli(["approvals", &id]).run().json();
    until_blocking("both questions", || (all().as_array().unwrap().len() == 2).then_some(()));
    expect![[r#"
        exit 2
        ! error: `[ID]` stands for several approvals
        !  hint: name one: `telecoder approvals` shows them
    "#]]
    .assert_eq(&world.cli(["approve", &id]).run().shown().replace(&id, "[ID]"));
    for row in all().as_array().unwrap() {
        assert_eq!(world.cli(["approve", row["id"].as_str().unwrap()]).run().code, 0);
    }
    world.until_status(&id, "complete");
}

#[test]
fn what_does_not_wait_is_told() {
    let world = World::new();
    let id = world.ran(r#"GYM{"do":[{"say":"Done."}]}"#);
    let mut all = String::new();
    for words in [
        &["approve", &id as &str] as &[&str],
        &["approve", "d-aaaaaaaaaaaa"],
        &["deny", "zzz"],
        &["approvals", "zzz"],
        &["approve"],
    ] {
        all.push_str(&world.cli(words.iter().copied()).run().shown());
        all.push('\n');
    }
    expect![[r#"
        exit 1
        ! error: session [ID] (complete) waits for no approval
        !  hint: `telecoder approvals` shows what waits

        exit 1
        ! error: there is no approval `[APPROVAL]`
        !  hint: `telecoder approvals` shows what waits

        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions

        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions

        exit 2
        ! error: the following required arguments were not provided:
        !   <ID>
        ! 
        ! Usage: telecoder approve <ID>
        ! 
        ! For more information, try '--help'.

    "#]]
    .assert_eq(&all);
}

#[test]
fn what_waits_survives_the_end_of_the_server() {
    let mut world = world();
    let id =
        asking(&world, r#"GYM{"do":[{"ask":"Delete the universe","kind":"delete"},{"say":"Went on."}]}"#);
    world.until_status(&id, "waiting");
    world.kill();
    world.start();
    let waiting = world.cli(["approvals"]).run().json();
    assert_eq!(waiting[0]["title"], "Delete the universe", "{waiting}");
    assert_eq!(world.session(&id)["status"], "waiting");
    assert_eq!(world.cli(["approve", &id]).run().code, 0);
    world.until_status(&id, "complete");
    let asked = world.events(&id).iter().filter(|event| event["type"] == "permission").count();
    assert_eq!(asked, 2, "asked once and answered once");
}
