//! `list` and `lineage`.

use crate::world::World;
use expect_test::expect;

#[test]
fn sessions_are_listed_newest_first_and_filtered() {
    let world = World::new();
    let fine = world.ran(r#"GYM{"do":[{"write":["a.txt","x"]},{"say":"One file."}]}"#);
    let failed = world.detached(&[r#"GYM{"do":[{"exit":1}]}"#]);
    let looked = world.detached(&["--policy", "observe", "-r", "none", r#"GYM{"do":[{"say":"Looked."}]}"#]);
    world.until_status(&failed, "error");
    world.until_status(&looked, "complete");
    let again = world.cli(["rerun", "--detach", &looked]).run().stdout.trim().to_owned();
    world.until_status(&again, "complete");
    let here = world.repo.path().display().to_string();
    for (words, expected) in [
        (&[] as &[&str], vec![&again, &looked, &failed, &fine]),
        (&["--status", "error"], vec![&failed]),
        (&["--status", "error,complete", "--limit", "2"], vec![&again, &looked]),
        (&["--status", "active"], vec![]),
        (&["--agent", "gym", "--policy", "standard"], vec![&failed, &fine]),
        (&["--agent", "goose"], vec![]),
        (&["--policy", "observe"], vec![&again, &looked]),
        (&["--parent", &looked[..6]], vec![&again]),
        (&["--lineage", &again], vec![&again, &looked]),
        (&["--repo", "."], vec![&failed, &fine]),
        (&["--repo", &here], vec![&failed, &fine]),
    ] {
        let output = world.cli(["list"].into_iter().chain(words.iter().copied())).run();
        let rows = output.json();
        let ids: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{words:?}");
    }
    expect![[r#"
        exit 0
        ID            STATUS    AGENT  REPO        PR  CREATED (UTC)     TITLE
        [ID]  complete  gym    –               [DATE] [TIME]  Looked
        [ID]  complete  gym    –               [DATE] [TIME]  Looked
        [ID]  error     gym    repository      [DATE] [TIME]  GYM{"do":[{"exit":1}]}
        [ID]  complete  gym    repository  #1  [DATE] [TIME]  One file
    "#]]
    .assert_eq(&world.cli(["list", "--output", "table"]).run().shown());
    expect![[r#"
        exit 0
        [ID]	complete	gym	–		[DATE] [TIME]	Looked
        [ID]	complete	gym	–		[DATE] [TIME]	Looked
    "#]]
    .assert_eq(&world.cli(["list", "--output", "text", "--limit", "2"]).run().shown());
    expect![[r#"
        exit 0
        ID            STATUS    AGENT  REPO  PR  CREATED (UTC)     TITLE
        [ID]  complete  gym    –         [DATE] [TIME]  Looked
        [ID]  complete  gym    –         [DATE] [TIME]  Looked
    "#]]
    .assert_eq(&world.cli(["lineage", "--output", "table", &looked]).run().shown());
    let line = world.cli(["lineage", &again]).run().json();
    assert_eq!((&line[0]["id"], &line[1]["id"]), (&looked.into(), &again.into()));
    assert_eq!(line[1]["parentSessionId"], line[0]["id"]);
}

#[test]
fn wrong_filters_are_told() {
    let world = World::new();
    let mut all = String::new();
    for words in [
        &["list", "--output", "table"] as &[&str],
        &["list", "--status", "done"],
        &["list", "--limit", "0"],
        &["list", "--limit", "many"],
        &["list", "--parent", "zzz"],
        &["list", "--lineage", "zzz"],
        &["list", "--agent", "A B"],
        &["list", "--repo", "/nowhere"],
        &["lineage", "zzz"],
        &["lineage"],
    ] {
        all.push_str(&format!("$ {}\n{}\n", words.join(" "), world.cli(words.iter().copied()).run().shown()));
    }
    expect![[r#"
        $ list --output table
        exit 0
        ! No sessions. Begin with: telecoder run "…"

        $ list --status done
        exit 2
        ! error: invalid value 'done' for '--status <STATUS>': `done` is not a status: pending, preparing, running, waiting, idle, hibernated, complete, error, stopped, active
        ! 
        ! For more information, try '--help'.

        $ list --limit 0
        exit 2
        ! error: invalid value '0' for '--limit <N>': a number from 1 to 1000 was expected
        ! 
        ! For more information, try '--help'.

        $ list --limit many
        exit 2
        ! error: invalid value 'many' for '--limit <N>': a number from 1 to 1000 was expected
        ! 
        ! For more information, try '--help'.

        $ list --parent zzz
        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions

        $ list --lineage zzz
        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions

        $ list --agent A B
        exit 2
        ! error: `agent`: `A B` is not a valid agent name: only a-z, 0-9 and - are allowed

        $ list --repo /nowhere
        exit 0
        []

        $ lineage zzz
        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions

        $ lineage
        exit 2
        ! error: the following required arguments were not provided:
        !   <ID>
        ! 
        ! Usage: telecoder lineage <ID>
        ! 
        ! For more information, try '--help'.

    "#]].assert_eq(&all);
}
