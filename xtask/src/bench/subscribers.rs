//! Development tool, `bench`: subscribers that wait for a session in which nothing happens.

use std::io::Read;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::events::subscribe;
use super::fixture::{Fixture, HANG, create, resident};
use super::floors::Floors;
use super::sample::Row;
use crate::process::pause;

/// How long they are held; a heartbeat is 15 s.
const HELD: Duration = Duration::from_secs(35);
/// What each may take in the server, in KiB.
const EACH: f64 = 15.0;
/// Bytes of the answer's head and of what has happened before are fewer than this.
const BEGINNING: usize = 16 << 10;

/// Holds all of them, and looks whether each was kept alive.
pub(super) fn measure(fixture: &Fixture<'_>, _floors: &Floors) -> Result<Vec<Row>> {
    let repository = fixture.repository(5)?;
    let server = fixture.server("data", &[])?;
    let session = create(&mut server.client()?, &repository, HANG)?;
    let mut open = vec![subscribe(&server, &session.id)?];
    pause(Duration::from_secs(1));
    let before = resident(&server)?;
    for _ in 0..fixture.subscribers {
        open.push(subscribe(&server, &session.id)?);
    }
    pause(HELD);
    let after = resident(&server)?;
    for stream in &mut open {
        stream.set_nonblocking(true).context("O_NONBLOCK")?;
        let mut got = vec![0; BEGINNING];
        let mut read = 0;
        while let Ok(more) = stream.read(got.get_mut(read..).unwrap_or_default()) {
            ensure!(more > 0, "a stream was cut");
            read = read.saturating_add(more);
        }
        let text = String::from_utf8_lossy(got.get(..read).unwrap_or_default()).into_owned();
        let beats = text.matches(": keep-alive").count();
        ensure!(beats >= 2, "a stream got {beats} heartbeats in {} s", HELD.as_secs());
    }
    let each = (after - before) / f64::from(fixture.subscribers);
    let what = format!("each of {} idle subscribers, held {} s", fixture.subscribers, HELD.as_secs());
    Ok(vec![Row::of_bound(&what, each, "KiB", EACH, "KiB allowed")])
}
