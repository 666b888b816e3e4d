//! Event streams of the real server: whoever reads, however slowly and however often it is interrupted, gets every event once and
//! in order.

mod crowd;
mod reader;

use crate::figures::tell;
use crate::world::World;
use reader::{Got, Place, Reader, Server};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, spawn};
use telecoder_testkit::wait::until_blocking;

/// Random numbers that are the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// A client that breaks off and comes back at random until the stream has ended. Gives all that it got.
fn restless(
    server: Arc<Mutex<Server>>,
    session: String,
    seed: u64,
    seen: Arc<AtomicU64>,
) -> JoinHandle<Vec<u64>> {
    spawn(move || {
        let mut chance = Chance(seed);
        let mut all: Vec<u64> = Vec::new();
        loop {
            let last = all.last().copied().unwrap_or(0);
            let place = match chance.below(3) {
                0 => Place::Header(last),
                1 => Place::Query(last),
                _ => Place::Both(last),
            };
            let server = server.lock().unwrap().clone();
            // While no server is there, whoever waits for it is not counted.
            let reader = until_blocking("the server", || Reader::open(&server, &session, place));
            let mut reader = reader;
            let patience = 1 + chance.below(60);
            let piece = usize::try_from(1 + chance.below(3000)).unwrap();
            for _ in 0..patience {
                match reader.next(piece) {
                    Some(Got::Event(seq)) => {
                        all.push(seq);
                        seen.fetch_max(seq, Ordering::SeqCst);
                    }
                    Some(Got::Beat) => {}
                    Some(Got::End) => return all,
                    None => break,
                }
            }
        }
    })
}

fn check(seed: u64) {
    let mut world = World::new();
    let script = r#"GYM{"do":[{"say":"It goes on and on.","chunks":18},{"repeat":60,"do":[
        {"think":"hm"},{"tool":"Looks","statuses":["in_progress","completed"]},{"say":"So it goes on.","chunks":14},
        {"wait":60}]}]}"#;
    let id = world.detached(&["--publish", "manual", script]);
    let address = world.url().replace("http://", "");
    let server = Arc::new(Mutex::new(Server::of(&world)));
    let mut chance = Chance(seed);
    let seen = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..6)
        .map(|_| restless(Arc::clone(&server), id.clone(), 1 + chance.below(u64::MAX - 1), Arc::clone(&seen)))
        .collect();
    let mut at = 0;
    for _ in 0..4 {
        at += 20 + chance.below(200);
        until_blocking("more events", || (seen.load(Ordering::SeqCst) >= at).then_some(()));
        world.kill();
        world.start_on(&address);
    }
    let all: Vec<Vec<u64>> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    let last = world.events(&id).len() as u64;
    assert!(last > 900, "{last}");
    for got in all {
        assert!(got == (1..=last).collect::<Vec<u64>>(), "seed {seed}: {got:?}");
    }
}

#[test]
fn a_client_that_comes_back_after_any_break_has_every_event_once() {
    let seed = std::env::var("TELECODER_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| 1 + u64::from(std::process::id()));
    tell(&format!("TELECODER_TEST_SEED={seed}"));
    check(seed);
}
