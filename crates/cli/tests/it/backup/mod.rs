//! `backup` and `restore`.

mod broken_off;
mod later;

use crate::beside::sql;
use crate::world::World;
use expect_test::expect;
use std::os::unix::fs::PermissionsExt;

const WRITES: &str = r#"GYM{"do":[{"write":["a.txt","x\n"]},{"say":"Made it."}]}"#;
const WAITS: &str = r#"GYM{"do":[{"write":["b.txt","y\n"]},{"write":["/home/agent/begun",""]},{"waitFor":"/home/agent/go"},{"say":"After."}]}"#;

/// Another place with the same repository, in which no server runs yet.
fn elsewhere(world: &World) -> World {
    let mut copy = World::without_server(&[]);
    let parent = |world: &World| world.repo.path().parent().unwrap().display().to_string();
    let roots = format!("{}:{}", parent(world), parent(&copy));
    copy.set("TELECODER_LOCAL_ROOTS", Some(&roots));
    copy
}

fn file(world: &World) -> String {
    world.path("backup.tar").display().to_string()
}

/// What a backup that broke off has left beside its file.
fn parts(world: &World) -> Vec<String> {
    let names = std::fs::read_dir(world.path("")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".part")).collect()
}

#[test]
fn a_backup_of_a_server_at_work_ends_all_its_sessions_where_it_is_restored() {
    let world = World::with(&[("TELECODER_MAX_SESSIONS", "1")]);
    let published = world.ran(WRITES);
    let told = world.ran(r#"GYM{"do":[{"say":"Hello."}]}"#);
    let running = world.detached(&[WAITS]);
    world.until_written(&running, "begun");
    let waiting = world.detached(&[r#"GYM{"do":[{"write":["c.txt","z\n"]},{"say":"Third."}]}"#]);
    expect![[r#"
        exit 0
        Wrote [FOLDER]/backup.tar ([SIZE]).
        ! It holds tasks, logs and changes, and no keys or tokens: keep config.toml and environment files yourself.
    "#]]
    .assert_eq(&sized(&world.cli(["backup", &file(&world)]).run().shown()));
    let mode = std::fs::metadata(world.path("backup.tar")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert_eq!(parts(&world), [""; 0]);
    let bytes = std::fs::read(world.path("backup.tar")).unwrap();
    if let Ok(token) = std::fs::read(world.data().join("token")) {
        assert!(!bytes.windows(token.len()).any(|part| part == token), "it holds the token");
    }
    assert!(
        !std::fs::read_dir(world.data())
            .unwrap()
            .any(|entry| { entry.unwrap().file_name().to_string_lossy().starts_with(".backup") })
    );
    expect![[r#"
        exit 1
        ! error: [FOLDER]/backup.tar exists
        !  hint: name another file; a backup never replaces one
    "#]]
    .assert_eq(&world.cli(["backup", &file(&world)]).run().shown());

    let mut copy = elsewhere(&world);
    let restored = copy.cli(["restore", &file(&world)]).run();
    assert_eq!(restored.code, 0, "{restored:?}");
    assert!(
        restored.stdout.ends_with(
            "Sessions: 2 had ended, 1 wait to begin, 1 were at work and have ended with an error.\n"
        ),
        "{restored:?}"
    );
    copy.start();
    copy.until_status(&waiting, "complete");
    let ended = copy.session(&running);
    assert_eq!((ended["status"].as_str(), ended["failureKind"].as_str()), (Some("error"), Some("abandoned")));
    assert!(ended["error"].as_str().unwrap().starts_with("the server was restored from a backup"), "{ended}");
    assert_eq!(ended["hint"], format!("run it again: telecoder rerun {running}"));
    copy.events(&running);
    // What was published is there, and is not published again.
    let pulls = copy.cli(["pr", "list"]).run().json();
    let numbers: Vec<_> =
        pulls.as_array().unwrap().iter().map(|pull| (&pull["number"], &pull["sessionId"])).collect();
    assert_eq!(numbers, [(&2.into(), &waiting.into()), (&1.into(), &published.clone().into())]);
    assert!(copy.cli(["diff", &published]).run().stdout.contains("+x"));
    assert_eq!(copy.cli(["publish", &published]).run().code, 0);
    assert_eq!(copy.cli(["pr", "list"]).run().json().as_array().unwrap().len(), 2);
    assert_eq!(copy.cli(["logs", &told]).run().code, 0);
    assert!(
        copy.cli(["message", &told, "more"]).run().stderr.contains("was removed some time after its end")
    );
    assert_eq!(copy.cli(["pr", "merge", "1"]).run().code, 0);
    assert_eq!(copy.ran(r#"GYM{"do":[{"say":"On."}]}"#).len(), 12);

    // The server that it was taken from did not notice, nor did its sandbox.
    world.release(&running, "go");
    world.until_status(&running, "complete");
    assert_eq!(world.repo.git(&["show", &format!("telecoder/{running}:b.txt")]), "y\n");
}

/// The size of a backup depends on the version.
fn sized(text: &str) -> String {
    match (text.find(".tar ("), text.find(").\n")) {
        (Some(begin), Some(end)) => format!("{}.tar ([SIZE]{}", &text[..begin], &text[end..]),
        _ => text.to_owned(),
    }
}

#[test]
fn what_cannot_be_restored_is_refused_and_leaves_the_folder_as_it_was() {
    let world = World::new();
    world.ran(r#"GYM{"do":[{"say":"Hello."}]}"#);
    assert_eq!(world.cli(["backup", &file(&world)]).run().code, 0);
    let mut copy = elsewhere(&world);
    std::fs::write(copy.path("text"), "no backup at all ".repeat(1000)).unwrap();
    let whole = std::fs::read(world.path("backup.tar")).unwrap();
    std::fs::write(copy.path("cut"), &whole[..whole.len() - 4096]).unwrap();
    sql(
        &world.data().join("server.db"),
        "INSERT INTO migrations (number, name, digest, version, applied_at) VALUES (1000, 'teams', 'x', '9.1.0', 0)",
    );
    let newer = world.path("newer.tar").display().to_string();
    assert_eq!(world.cli(["backup", &newer]).run().code, 0);
    let mut all = String::new();
    for name in ["missing", "text", "cut"] {
        all.push_str(&copy.cli(["restore"]).word(copy.path(name)).run().shown());
    }
    let refused = copy.cli(["restore", &newer]).run();
    assert!(
        refused.stderr.contains("the database was written by TeleCoder 9.1.0 (migration 1000, teams)"),
        "{refused:?}"
    );
    expect![[r#"
        exit 1
        ! error: cannot read [FOLDER]/missing: No such file or directory (os error 2)
        exit 1
        ! error: the file is no backup of TeleCoder, or is broken: numeric field was not a number:  all no  when getting cksum for no backup at all no backup at all no backup at all no backup at all no backup at all no backup at al
        exit 1
        ! error: the backup is not whole: its end is missing
        !  hint: Take another one.
    "#]]
    .assert_eq(&all);
    let left: Vec<_> =
        std::fs::read_dir(copy.data()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"]);
    expect![[r#"
        exit 1
        ! error: the data folder [FOLDER]/data is in use by process [PID]
        !  hint: Only one server can use a data folder. Stop that one, or start this one with another data folder.
    "#]]
    .assert_eq(&world.cli(["restore", &file(&world)]).run().shown());
    // One that was cut short: the next finishes it, and no server begins anew meanwhile.
    std::fs::create_dir_all(copy.data().join(".restoring/blobs")).unwrap();
    std::fs::create_dir_all(copy.data().join("git/mirrors")).unwrap();
    expect![[r#"
        exit 1
        ! error: a restore into the data folder [FOLDER]/data was cut short
        !  hint: run it again: telecoder restore FILE; or remove the folder
    "#]]
    .assert_eq(&copy.cli(["serve"]).run().shown());
    assert_eq!(copy.cli(["restore", &file(&world)]).run().code, 0);
    assert!(!copy.data().join(".restoring").exists());
    let again = copy.cli(["restore", &file(&world)]).run();
    assert!(again.stderr.contains("is not empty: it holds"), "{again:?}");
    copy.start();
    assert_eq!(copy.cli(["list"]).run().json().as_array().unwrap().len(), 1);
}

#[test]
fn a_backup_needs_a_token_of_the_highest_scope() {
    let world = World::with(&[("TELECODER_API_TOKEN", "0123456789abcdef0123456789abcdef")]);
    let created = world.cli(["token", "create", "--name", "reader", "--scope", "publish"]).run();
    let refused = world.cli(["backup", &file(&world)]).env("TELECODER_TOKEN", created.stdout.trim()).run();
    assert!(refused.stderr.contains("has the scope `publish`; `admin` is needed"), "{refused:?}");
    assert!(!world.path("backup.tar").exists());
    assert_eq!(parts(&world), [""; 0]);
}

#[test]
fn a_server_on_postgresql_makes_no_backup_and_none_becomes_one() {
    let database = telecoder_testkit::postgres::Database::new();
    let world = World::with(&[("TELECODER_DATABASE_URL", &database.url())]);
    expect![[r#"
        exit 1
        ! error: this server's database is not kept in its data folder, so that it makes no backup
        !  hint: back the database up with its own tools, and the data folder with a copy while the server is stopped
    "#]].assert_eq(&world.cli(["backup", &file(&world)]).run().shown());
    let refused = elsewhere(&world)
        .cli(["restore", "any.tar"])
        .env("TELECODER_DATABASE_URL", "postgres://somebody@127.0.0.1:1/sessions")
        .run();
    assert!(
        refused.code == 1 && refused.stderr.contains("hint: Unset TELECODER_DATABASE_URL"),
        "{refused:?}"
    );
}
