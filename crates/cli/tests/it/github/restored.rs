//! A server that was restored from a backup does nothing again that the old one did on the forge.

use super::{MAKES_A_FILE, Scene, id};
use crate::world::World;
use sqlx::Connection;
use telecoder_testkit::fake_forge::{Fault, FaultKind};
use telecoder_testkit::wait::until_blocking;

/// Makes a file when it is let.
const WAITS: &str = r#"GYM{"do":[{"write":["/home/agent/begun",""]},{"waitFor":"/home/agent/go"},{"write":["a.txt","x\n"]},{"say":"Made a file."}]}"#;

/// A data folder of the backup, with its server.
fn restored(scene: &Scene, file: &str) -> World {
    let (server, api) = (scene.forge.base_url(), scene.forge.api_url());
    let mut copy = World::without_server(&[
        ("GITHUB_TOKEN", scene.secret.as_str()),
        ("GITHUB_SERVER_URL", &server),
        ("GITHUB_API_URL", &api),
    ]);
    let done = copy.cli(["restore", file]).run();
    assert_eq!(done.code, 0, "{done:?}");
    copy.start();
    copy
}

/// Orders to publish that are not carried out.
fn orders(world: &World) -> i64 {
    let path = format!("sqlite://{}?mode=ro", world.data().join("server.db").display());
    let read = async {
        let mut database = sqlx::SqliteConnection::connect(&path).await.unwrap();
        let count = "SELECT count(*) FROM outbox WHERE kind = 'publish' AND state = 'pending'";
        let count = sqlx::query_scalar(count).fetch_one(&mut database).await.unwrap();
        database.close().await.unwrap();
        count
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(read)
}

#[test]
fn a_pull_request_that_was_being_opened_is_found_and_not_opened_again() {
    let mut scene = Scene::new();
    let by_hand = id(&scene.ran(&["--publish", "manual", MAKES_A_FILE]));
    let asked = id(&scene.ran(&["--publish", "ask", MAKES_A_FILE]));
    let automatic = scene.world.detached(&["-r", "octo/demo", WAITS]);
    scene.world.until_written(&automatic, "begun");
    // The forge wants to be left alone for a while, so that both orders wait.
    scene.forge.fault(Fault::on("pulls/create", FaultKind::RateLimited { seconds: 15 }));
    let mut publishing = scene.world.cli(["publish", &by_hand]).spawn();
    until_blocking("the forge was asked", || (scene.forge.faults_left() == 0).then_some(()));
    scene.world.release(&automatic, "go");
    until_blocking("both wait", || (orders(&scene.world) == 2).then_some(()));
    let file = scene.world.path("backup.tar").display().to_string();
    assert_eq!(scene.world.cli(["backup", &file]).run().code, 0);
    // The old server goes on, and opens them all.
    assert_eq!(scene.world.cli(["approve", &asked]).run().code, 0);
    for session in [&by_hand, &automatic, &asked] {
        until_blocking("its pull request", || scene.world.session(session)["prNumber"].as_u64());
    }
    scene.world.until_status(&automatic, "complete");
    assert_eq!(scene.demo.pulls().len(), 3);
    assert!(publishing.wait().unwrap().success());
    scene.world.kill();

    let copy = restored(&scene, &file);
    let seen = |session: &str| {
        let session = copy.session(session);
        let word = |name: &str| session[name].as_str().unwrap_or("-").to_owned();
        (word("status"), word("failureKind"), word("hint"))
    };
    let hint = format!("publish it; what is there already is found: telecoder publish {automatic}");
    assert_eq!(seen(&automatic), ("error".to_owned(), "abandoned".to_owned(), hint));
    assert_eq!(seen(&by_hand).0, "complete");
    assert_eq!(seen(&asked).0, "waiting");
    let events = copy.events(&by_hand);
    let told: Vec<_> = events.iter().filter_map(|event| event["data"]["message"].as_str()).collect();
    assert!(
        told.last().unwrap().starts_with("publishing failed: the server was restored from a backup"),
        "{told:?}"
    );
    // Ordered again by a person, each finds what is there.
    for session in [&automatic, &by_hand] {
        let told = copy.cli(["publish", session]).run();
        assert_eq!(told.code, 0, "{told:?}");
    }
    assert_eq!(copy.cli(["approve", &asked]).run().code, 0);
    copy.until_status(&asked, "complete");
    let numbers: std::collections::BTreeSet<_> = [&automatic, &by_hand, &asked]
        .map(|session| copy.session(session)["prNumber"].as_u64().unwrap())
        .into();
    assert_eq!((numbers.len(), scene.demo.pulls().len(), scene.our_branches().len()), (3, 3, 3));
    for number in numbers {
        assert_eq!(scene.demo.comments(number).len(), 0);
    }
    scene.is_as_described();
}
