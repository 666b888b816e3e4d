//! Development tool, `bench`: a server that was killed comes back to many sessions, some of them at work.

use std::time::Duration;

use anyhow::{Context, Result};

use super::fixture::Fixture;
use super::floors::Floors;
use super::sample::{Row, Sample, milliseconds};
use crate::process::Program;

/// Sessions in the database.
const SESSIONS: u32 = 10_000;
/// Events of each.
const EVENTS: u32 = 100;
/// Sessions that the dead server had at work.
const AT_WORK: u32 = 500;

/// Time to the first healthy answer, and until no session belongs to the dead server any more.
pub(super) fn measure(fixture: &Fixture<'_>, _floors: &Floors) -> Result<Vec<Row>> {
    drop(fixture.server_with("data", SESSIONS, EVENTS, AT_WORK)?);
    let mut healthy = Vec::new();
    let mut adopted = Vec::new();
    for _ in 0..fixture.rounds.clamp(1, 5) {
        // The servers in between have adopted and worked: the dead one gets its sessions back.
        fixture.multiply("data", SESSIONS, EVENTS, AT_WORK)?;
        let data = fixture.data_dir("data");
        let watch = std::thread::Builder::new().spawn(move || {
            Program::new("/usr/bin/python3").args(["-c", include_str!("adopted.py")]).arg(&data).output()
        });
        let begun = now();
        let server = fixture.server("data", &[("TELECODER_MAX_SESSIONS", "1")])?;
        healthy.push(now().saturating_sub(begun));
        let said = watch.context("no thread")?.join().ok().context("the watch panicked")??;
        let at: u64 = said.trim().parse().with_context(|| format!("no time: {said}"))?;
        adopted.push(Duration::from_nanos(at).saturating_sub(begun));
        drop(server);
    }
    let many = format!("{SESSIONS} sessions, {} events", SESSIONS.saturating_mul(EVENTS));
    let row = |what: &str, times: Vec<Duration>, most: f64| {
        let figure = milliseconds(Sample::new(times).p50());
        Row::of_bound(&format!("{many}: {what}"), figure, "ms", most, "ms allowed")
    };
    Ok(vec![row("healthy", healthy, 500.0), row(&format!("{AT_WORK} at work adopted"), adopted, 2000.0)])
}

#[expect(
    clippy::disallowed_methods,
    reason = "compared with the clock of a program that looks at the database"
)]
fn now() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}
