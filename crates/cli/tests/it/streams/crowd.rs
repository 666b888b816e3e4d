//! Many readers at once, idle ones and slow ones.

use super::reader::{Body, Got, Place, Server};
use crate::figures::{Figures, tell};
use crate::world::World;
use std::rc::Rc;
use telecoder_testkit::wait::{LONGEST, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinHandle, LocalSet, spawn_local};

/// Readers at once.
const READERS: usize = 1000;
/// What the server may hold for one that waits, in KiB. What is built for development holds more.
const EACH: u64 = if cfg!(debug_assertions) { 24 } else { 15 };

/// One reader: how far it has come, and everything that it got in the end.
struct One {
    beats: watch::Receiver<u64>,
    ended: JoinHandle<Vec<u64>>,
}

impl One {
    /// Connects, and reads only while `reads` says so.
    async fn open(server: &Server, session: &str, mut reads: watch::Receiver<bool>) -> Self {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(server.request(session, Place::Query(0)).as_bytes()).await.unwrap();
        let (beat, beats) = watch::channel(0);
        let ended = spawn_local(async move {
            let mut body = Body::default();
            let mut all = Vec::new();
            let mut bytes = vec![0; 8 << 10];
            loop {
                reads.wait_for(|reads| *reads).await.unwrap();
                let read = stream.read(&mut bytes).await.unwrap();
                assert!(read > 0, "the stream was cut after {all:?}");
                body.push(&bytes[..read]);
                while let Some(got) = body.next() {
                    match got {
                        Got::Event(seq) => all.push(seq),
                        Got::Beat => beat.send_modify(|beats| *beats += 1),
                        Got::End => return all,
                    }
                }
            }
        });
        Self { beats, ended }
    }
}

/// Sockets for all of them, also where a process gets few.
fn more_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_thousand_idle_readers_are_kept_over_heartbeats_and_get_everything() {
    more_descriptors();
    let world = World::with(&[("TELECODER_PROMPT_TIMEOUT_SECONDS", "300")]);
    let id = world.detached(&[
        "--publish",
        "manual",
        r#"GYM{"do":[{"say":"Waiting."},{"waitFor":"/home/agent/go"},{"say":"It goes on.","chunks":11}]}"#,
    ]);
    world.until_status(&id, "running");
    let server = Server::of(&world);
    let pid = world.server_pid();
    let (_reads, reading) = watch::channel(true);
    let all = LocalSet::new().block_on(&runtime(), async {
        // What the first one brings about is no matter of each.
        let mut readers = vec![One::open(&server, &id, reading.clone()).await];
        readers[0].beats.wait_for(|beats| *beats > 0).await.unwrap();
        let before = Figures::of(pid);
        for _ in 1..READERS {
            readers.push(One::open(&server, &id, reading.clone()).await);
        }
        // Two heartbeats later all of them are there.
        for reader in &mut readers {
            let beats = reader.beats.wait_for(|beats| *beats >= 2);
            tokio::time::timeout(LONGEST + LONGEST, beats).await.expect("a beat in time").unwrap();
        }
        let after = Figures::of(pid);
        let each = after.resident_kib.saturating_sub(before.resident_kib) / (READERS as u64 - 1);
        tell(&format!("{READERS} idle readers: {each} KiB each; {before:?} {after:?}"));
        assert!(each <= EACH, "{each} KiB for each idle reader");
        world.release(&id, "go");
        let mut all = Vec::new();
        for reader in readers {
            all.push(tokio::time::timeout(LONGEST, reader.ended).await.expect("an end in time").unwrap());
        }
        all
    });
    let last = world.events(&id).len() as u64;
    for got in all {
        assert_eq!(got, (1..=last).collect::<Vec<u64>>());
    }
}

#[test]
fn readers_that_do_not_read_cost_nothing_and_lose_nothing() {
    let world = World::new();
    let id = world.detached(&[
        "--publish",
        "manual",
        r#"GYM{"do":[{"waitFor":"/home/agent/go"},{"flood":4000000},{"say":"Done."}]}"#,
    ]);
    world.until_status(&id, "running");
    let server = Server::of(&world);
    let pid = world.server_pid();
    let world = Rc::new(world);
    let all = LocalSet::new().block_on(&runtime(), async {
        let (reads, reading) = watch::channel(false);
        let mut readers = Vec::new();
        for _ in 0..50 {
            readers.push(One::open(&server, &id, reading.clone()).await);
        }
        let before = Figures::anew(pid);
        world.release(&id, "go");
        // Nothing is read before the last event is there.
        until("the end of the session", || {
            let (world, id) = (Rc::clone(&world), id.clone());
            async move { (world.session(&id)["status"] == "complete").then_some(()) }
        })
        .await;
        let after = Figures::of(pid);
        let grown = after.peak_kib.saturating_sub(before.resident_kib);
        tell(&format!("50 readers that do not read: {grown} KiB more"));
        assert!(grown <= 32 << 10, "{grown} KiB {before:?} {after:?}");
        reads.send_replace(true);
        let mut all = Vec::new();
        for reader in readers {
            all.push(tokio::time::timeout(LONGEST, reader.ended).await.expect("an end in time").unwrap());
        }
        all
    });
    let last = world.events(&id).len() as u64;
    assert!(last > 3000, "{last}");
    for got in all {
        assert!(got == (1..=last).collect::<Vec<u64>>(), "{got:?}");
    }
}
