//! Development tool, `bench`: agents that are at work at the same time and do nothing.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::fixture::{Fixture, HANG, create, resident};
use super::floors::Floors;
use super::load;
use super::sample::{Row, milliseconds};
use crate::process::pause;
use crate::server::Server;

/// How long all of them may take to be at work, each.
const EACH: Duration = Duration::from_secs(2);
/// What a session at work may take in the server, in KiB.
const MEMORY: f64 = 100.0;

/// Holds them, and asks for health meanwhile.
pub(super) fn measure(fixture: &Fixture<'_>, _floors: &Floors) -> Result<Vec<Row>> {
    let repository = fixture.repository(5)?;
    let places = fixture.agents.saturating_add(1).to_string();
    let server = fixture.server("data", &[("TELECODER_MAX_SESSIONS", places.as_str())])?;
    let mut client = server.client()?;
    create(&mut client, &repository, HANG)?;
    until_running(&server, 1)?;
    let before = resident(&server)?;
    let start = Instant::now();
    for _ in 0..fixture.agents {
        create(&mut client, &repository, HANG)?;
    }
    until_running(&server, fixture.agents.saturating_add(1))?;
    let took = start.elapsed();
    let health = load::together(1, || {
        let mut client = crate::http::Client::new(server.url(), None)?;
        Ok(move || client.get("/health").map(drop))
    })?;
    let after = resident(&server)?;
    let agents = fixture.agents;
    let each = (after - before) / f64::from(agents);
    stop_all(&server)?;
    Ok(vec![
        Row::of_bound(
            &format!("p99 of /health while {agents} agents are held"),
            milliseconds(health.times.p99()),
            "ms",
            10.0,
            "ms allowed",
        ),
        Row::of_bound("the server's memory for each of them", each, "KiB", MEMORY, "KiB allowed"),
        Row::of_bound(
            &format!("until all {agents} are at work, each"),
            milliseconds(took) / f64::from(agents),
            "ms",
            83.0,
            "ms a session, the system before",
        ),
    ])
}

fn until_running(server: &Server, wanted: u32) -> Result<()> {
    let start = Instant::now();
    let mut client = server.client()?;
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    loop {
        let rows: Vec<serde_json::Value> = client.json("/api/sessions?status=running&limit=1000")?;
        if rows.len() >= wanted {
            return Ok(());
        }
        let most = EACH.saturating_mul(u32::try_from(wanted).unwrap_or(u32::MAX));
        anyhow::ensure!(start.elapsed() < most, "only {} of {wanted} agents are at work", rows.len());
        pause(Duration::from_millis(50));
    }
}

/// Nothing is left behind by those that hang.
fn stop_all(server: &Server) -> Result<()> {
    let mut client = server.client()?;
    let rows: Vec<serde_json::Value> = client.json("/api/sessions?status=active&limit=1000")?;
    for row in rows {
        let id = row.get("id").and_then(serde_json::Value::as_str).context("no id")?;
        client.post(&format!("/api/sessions/{id}/stop"), &serde_json::json!({}))?;
    }
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
        let rows: Vec<serde_json::Value> = client.json("/api/sessions?status=active&limit=1")?;
        if rows.is_empty() {
            break;
        }
        pause(Duration::from_millis(50));
    }
    Ok(())
}
