//! Development tool, `bench`: what is only read: small answers at 16 connections, pages among many sessions, long answers, and
//! whether others wait for those.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::fixture::{Fixture, create, until_done};
use super::floors::Floors;
use super::load;
use super::sample::{Goal, Row, Sample, milliseconds};
use crate::http::Client;

/// Sessions among which pages are read.
const SESSIONS: u32 = 10_000;
/// Events of the session that is read whole.
const EVENTS: u32 = 10_000;
/// What the newest system before this one took for the same, in milliseconds.
const LIST_BEFORE: Duration = Duration::from_millis(285);
const EVENTS_BEFORE: Duration = Duration::from_millis(58);

/// Small answers, 16 connections; the floor is a server that answers two bytes.
pub(super) fn measure(fixture: &Fixture<'_>, floors: &Floors) -> Result<Vec<Row>> {
    let server = fixture.server_with("data", SESSIONS, 0, 0)?;
    let first: Vec<serde_json::Value> = server.client()?.json("/api/sessions?limit=1")?;
    let id = first.first().and_then(|row| row.get("id")?.as_str()).context("no session")?.to_owned();
    let mut rows = Vec::new();
    for (what, path, least, before) in [
        ("GET /health, 16 connections", "/health".to_owned(), 0.25, "10,500"),
        ("GET a session, 16 connections", format!("/api/sessions/{id}"), 0.1, "12,100"),
        ("GET 50 of 10,000 sessions, 16 connections", "/api/sessions?limit=50".to_owned(), 0.01, "3.7"),
        ("GET 20 of the inbox among 10,000, 16 connections", "/api/inbox?limit=20".to_owned(), 0.01, "13.4"),
    ] {
        // Health is asked for without a token: what it says to one who has one is a look at the host.
        let anonymous = path == "/health";
        let load = load::requests(
            || if anonymous { Client::new(server.url(), None) } else { server.client() },
            &path,
        )?;
        rows.push(Row::of_rate(
            what,
            &load,
            floors.answer.per_second,
            &format!("answers of two bytes; the system before: {before}"),
            Goal::AtLeast(least),
        ));
    }
    Ok(rows)
}

/// All sessions and all events of one, and how long another one waits meanwhile.
pub(super) fn long_answers(fixture: &Fixture<'_>, _floors: &Floors) -> Result<Vec<Row>> {
    let repository = fixture.repository(5)?;
    let server = fixture.server_with("data", SESSIONS, 0, 0)?;
    let many = create(&mut server.client()?, &repository, &super::events::script(EVENTS))?;
    until_done(&server, &many)?;
    let done = AtomicBool::new(false);
    let (list, events, others) = std::thread::scope(|scope| -> Result<_> {
        let other = scope.spawn(|| -> Result<Vec<Duration>> {
            let mut client = Client::new(server.url(), None)?;
            let mut times = Vec::new();
            while !done.load(Ordering::Relaxed) {
                let start = Instant::now();
                client.get("/health")?;
                times.push(start.elapsed());
            }
            Ok(times)
        });
        let mut client = server.client()?;
        let rounds = fixture.rounds.min(10);
        let list = Sample::of(rounds, || {
            let rows = everything(&mut client, "/api/sessions?limit=1000")?;
            ensure!(rows >= SESSIONS, "{rows} sessions");
            Ok(())
        });
        let path = format!("/api/sessions/{}/events?limit=1000", many.id);
        let events = Sample::of(rounds, || {
            let rows = everything(&mut client, &path)?;
            ensure!(rows >= EVENTS, "{rows} events");
            Ok(())
        });
        done.store(true, Ordering::Relaxed);
        let others = other.join().ok().context("the other client panicked")??;
        Ok((list?, events?, Sample::new(others)))
    })?;
    let goal = Goal::Times(0.33);
    Ok(vec![
        Row::of_times("all of 10,000 sessions", &list, LIST_BEFORE, "the system before", goal),
        Row::of_times("10,000 events as JSON", &events, EVENTS_BEFORE, "the system before", goal),
        Row::of_bound("p99 of /health meanwhile", milliseconds(others.p99()), "ms", 5.0, "ms allowed"),
    ])
}

/// Reads page after page and counts the rows.
fn everything(client: &mut Client, path: &str) -> Result<u32> {
    let mut next = Some(path.to_owned());
    let mut rows = 0_u32;
    while let Some(path) = next {
        let answer = client.get(&path)?;
        ensure!(answer.status == 200, "GET {path}: {} {}", answer.status, answer.text());
        // Each row is an object at the second level; taking them apart would cost more than getting them.
        let page: Vec<&serde_json::value::RawValue> =
            serde_json::from_slice(&answer.body).context("not a list")?;
        rows = rows.saturating_add(u32::try_from(page.len()).unwrap_or(u32::MAX));
        ensure!(answer.next.as_deref() != Some(path.as_str()), "{path} is its own next page");
        next = answer.next;
    }
    Ok(rows)
}
