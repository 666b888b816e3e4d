//! Development tool, `bench`: events from an agent to 1, 10, 100 and 1,000 subscribers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::fixture::{Fixture, create};
use super::floors::Floors;
use super::sample::{Goal, Load, Row, Sample};
use crate::server::Server;

/// Subscribers, and how many events each gets.
const STEPS: [(u32, u32); 4] = [(1, 10_000), (10, 10_000), (100, 4_000), (1_000, 500)];

/// What an agent does that says so many chunks, as fast as it can.
pub(super) fn script(events: u32) -> String {
    format!(r#"GYM{{"do":[{}]}}"#, says(events))
}

/// The same, once it may.
fn waiting(events: u32) -> String {
    format!(r#"GYM{{"do":[{{"waitFor":"/home/agent/go"}},{}]}}"#, says(events))
}

fn says(events: u32) -> String {
    format!(r#"{{"repeat":{events},"do":[{{"say":"{}"}}]}}"#, "x".repeat(60))
}

/// All steps, each on a server of its own.
pub(super) fn measure(fixture: &Fixture<'_>, floors: &Floors) -> Result<Vec<Row>> {
    let commits = 1.0 / floors.commit.p50().as_secs_f64().max(f64::EPSILON);
    STEPS.into_iter().map(|(subscribers, events)| step(fixture, commits, subscribers, events)).collect()
}

fn step(fixture: &Fixture<'_>, commits: f64, subscribers: u32, events: u32) -> Result<Row> {
    let repository = fixture.repository(5)?;
    let name = format!("data-{subscribers}");
    let server = fixture.server(&name, &[])?;
    let session = create(&mut server.client()?, &repository, &waiting(events))?;
    running(&server, &session.id)?;
    let mut open = Vec::new();
    for _ in 0..subscribers {
        open.push(subscribe(&server, &session.id)?);
    }
    let home = fixture.data_dir(&name).join("sessions").join(&session.id).join("home");
    let start = Instant::now();
    std::fs::write(home.join("go"), "").context("could not let the agent go")?;
    let ends: Result<Vec<(usize, Duration)>> = std::thread::scope(|scope| {
        let threads: Vec<_> = open
            .into_iter()
            .map(|stream| {
                std::thread::Builder::new()
                    .stack_size(256 << 10)
                    .spawn_scoped(scope, move || drain(stream).map(|bytes| (bytes, start.elapsed())))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.context("no thread")?.join().ok().context("a subscriber panicked")?)
            .collect()
    });
    let ends = ends?;
    let (bytes, _) = ends.first().copied().context("no subscriber")?;
    // All of them got the same, from the first event to the end.
    ensure!(ends.iter().all(|end| end.0 == bytes), "subscribers got different bytes: {ends:?}");
    let least = usize::try_from(events).unwrap_or(0).saturating_mul(150);
    ensure!(bytes > least, "{bytes} bytes are too few");
    let times = Sample::new(ends.into_iter().map(|end| end.1).collect());
    let deliveries = f64::from(events) * f64::from(subscribers);
    let load = Load { per_second: deliveries / times.p99().as_secs_f64(), times };
    let what = format!("events delivered, {events} to each of {subscribers}");
    Ok(Row {
        p99: None,
        ..Row::of_rate(&what, &load, commits, "FULL commits one by one", Goal::AtLeast(2.0))
    })
}

/// Waits until the agent is at work.
fn running(server: &Server, id: &str) -> Result<()> {
    server
        .client()?
        .follow(&format!("/api/sessions/{id}/events"), |_, text| text.contains("\"running\"").then_some(()))
}

/// A connection that is answered by everything up to the end of the session.
pub(super) fn subscribe(server: &Server, id: &str) -> Result<TcpStream> {
    let host = server.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&host).with_context(|| format!("could not connect to {host}"))?;
    let token = server.token().map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let request = format!(
        "GET /api/sessions/{id}/events HTTP/1.0\r\nHost: {host}\r\nAccept: text/event-stream\r\n{token}\r\n"
    );
    stream.write_all(request.as_bytes()).context("could not ask for events")?;
    stream.set_read_timeout(Some(Duration::from_secs(120))).context("SO_RCVTIMEO")?;
    Ok(stream)
}

/// Reads to the end and counts the bytes behind the answer's head, which names the request.
fn drain(mut stream: TcpStream) -> Result<usize> {
    let mut buffer = vec![0; 64 << 10];
    let mut head = Vec::new();
    let mut bytes = 0_usize;
    let mut in_body = false;
    loop {
        let read = stream.read(&mut buffer).context("a stream broke")?;
        if read == 0 {
            return Ok(bytes);
        }
        if in_body {
            bytes = bytes.saturating_add(read);
            continue;
        }
        head.extend_from_slice(buffer.get(..read).unwrap_or_default());
        if let Some(at) = head.windows(4).position(|end| end == b"\r\n\r\n") {
            in_body = true;
            bytes = head.len().saturating_sub(at.saturating_add(4));
        }
    }
}
