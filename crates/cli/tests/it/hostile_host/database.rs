//! A database that cannot be used, and a data folder that is used already.

use super::SAYS;
use crate::beside::sql;
use crate::world::World;
use expect_test::expect;

#[test]
fn a_database_that_cannot_be_used_is_refused_by_name_and_left_as_it_is() {
    let mut world = World::new();
    world.ran(SAYS);
    // A second server finds the folder in use, whatever else it is told.
    expect![[r#"
        exit 1
        ! error: the data folder [FOLDER]/data is in use by process [PID]
        !  hint: Only one server can use a data folder. Stop that one, or start this one with another data folder.
    "#]].assert_eq(&world.cli(["serve", "--listen", "127.0.0.1:0"]).run().shown());
    assert_eq!(world.cli(["stop-server"]).run().code, 0);
    world.ended();
    let database = world.data().join("server.db");
    sql(&database, "PRAGMA wal_checkpoint(TRUNCATE)");
    let whole = std::fs::read(&database).unwrap();
    sql(
        &database,
        "INSERT INTO migrations (number, name, digest, version, applied_at) VALUES (1000, 'teams', 'x', '9.1.0', 0)",
    );
    let newer = std::fs::read(&database).unwrap();
    expect![[r#"
        exit 1
        ! error: cannot open the database [FOLDER]/data/server.db: the database was written by TeleCoder [VERSION] (migration 1000, teams); this is [VERSION], which knows migrations up to 5
        !  hint: Start TeleCoder [VERSION] or later, or restore a backup from before the upgrade.
    "#]].assert_eq(&world.cli(["serve"]).run().shown());
    assert_eq!(std::fs::read(&database).unwrap(), newer);
    let mut broken = whole.clone();
    broken[..4096].fill(0xa5);
    std::fs::write(&database, &broken).unwrap();
    expect![[r#"
        exit 1
        ! error: cannot open the database [FOLDER]/data/server.db: cannot prepare the database: (code: 26) file is not a database
        !  hint: Stop the server, keep a copy of the data folder, and restore the database from a backup, or save what can be read with `sqlite3 <database> .recover`.
    "#]].assert_eq(&world.cli(["serve"]).run().shown());
    assert_eq!(std::fs::read(&database).unwrap(), broken);
    std::fs::write(&database, &whole).unwrap();
    world.start();
    assert_eq!(world.cli(["list"]).run().json().as_array().unwrap().len(), 1);
}
