//! The bus's conformance suite on `PostgreSQL` (dev layer), and wake-ups between two servers.

use super::{fresh, open};
use std::sync::Arc;
use telecoder_model::id::SessionId;
use telecoder_model::port::bus::{Bus, Topic};
use telecoder_store::PostgresOptions;
use telecoder_testkit::conformance::Subject;
use telecoder_testkit::wait::soon;

async fn make() -> Subject<dyn Bus> {
    let (postgres, database) = fresh(PostgresOptions::default()).await;
    Subject::with(Arc::new(postgres.bus), (postgres.store, database))
}

telecoder_testkit::bus_conformance!(make);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wake_up_reaches_the_readers_of_another_server() {
    let (first, database) = fresh(PostgresOptions::default()).await;
    let second = open(&database, PostgresOptions::default()).await;
    let session = Topic::Session(SessionId::from_random([7; 8]));
    for topic in [session, Topic::Jobs, Topic::Outbox, Topic::Everything] {
        let mut place = second.bus.subscribe(&topic);
        // Also one that is sent before the other listens is seen: whoever begins to listen wakes everybody.
        for _ in 0..3 {
            first.bus.wake(&topic);
            soon("a wake-up of the other server", place.changed()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_whose_connection_is_ended_listens_again_and_everybody_looks() {
    let (first, database) = fresh(PostgresOptions::default()).await;
    let mut place = first.bus.subscribe(&Topic::Jobs);
    soon("the first look", place.changed()).await;
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'telecoder'";
    assert_ne!(database.sql(ended), "0");
    soon("a look after the break", place.changed()).await;
    let second = open(&database, PostgresOptions::default()).await;
    second.bus.wake(&Topic::Jobs);
    soon("a wake-up", place.changed()).await;
}
