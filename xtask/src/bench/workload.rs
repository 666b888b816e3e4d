//! Development tool, `bench`: the workloads: each measures one thing that a user waits for and gives one row.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::fixture::{Fixture, create, until_done};
use super::floors::Floors;
use super::sample::{Goal, Row, Sample};
use crate::process::pause;
use crate::server::Server;

/// What the agent does in a session that does nothing.
const NOTHING: &str = r#"GYM{"steps":[{"say":"done"}]}"#;
/// What it does in a session that keeps the only place busy.
const HANG: &str = r#"GYM{"steps":[{"hang":true}]}"#;

/// A thing to measure.
pub(super) struct Workload {
    pub(super) name: &'static str,
    pub(super) measure: fn(&Fixture<'_>, &Floors) -> Result<Row>,
}

/// Every workload.
pub(super) const fn all() -> &'static [Workload] {
    &[
        Workload {
            name: "start to healthy",
            measure: start,
        },
        Workload {
            name: "memory at rest",
            measure: memory,
        },
        Workload {
            name: "session accepted",
            measure: accepted,
        },
        Workload {
            name: "do-nothing session",
            measure: nothing,
        },
        Workload {
            name: "2,000 files against 5",
            measure: large,
        },
        Workload {
            name: "first chunk",
            measure: first_chunk,
        },
        Workload {
            name: "first page of many",
            measure: first_page,
        },
    ]
}

impl Workload {
    pub(super) fn is_wanted(&self, only: Option<&str>) -> bool {
        only.is_none_or(|text| self.name.contains(text))
    }
}

fn start(fixture: &Fixture<'_>, floors: &Floors) -> Result<Row> {
    let mut number = 0_u32;
    let mut times = Vec::new();
    while number < fixture.rounds.min(20) {
        number = number.saturating_add(1);
        let start = Instant::now();
        let server = fixture.server(&format!("data-{number}"), &[])?;
        times.push(start.elapsed());
        drop(server);
    }
    let goal = Goal::AtMost(30.0);
    Ok(Row::of_times(
        "start to the first healthy answer",
        &Sample::new(times),
        floors.spawn.p50(),
        "start /bin/true",
        goal,
    ))
}

/// Against half of what the newest system before this one needed, which has no smaller floor of its own.
fn memory(fixture: &Fixture<'_>, _floors: &Floors) -> Result<Row> {
    const BEFORE: f64 = 38.6;
    let server = fixture.server("data", &[])?;
    pause(Duration::from_secs(3));
    let path = format!("/proc/{}/status", server.process().pid());
    let status = std::fs::read_to_string(&path).with_context(|| format!("could not read {path}"))?;
    let kilobytes = status.lines().find_map(|line| {
        line.strip_prefix("VmRSS:")?
            .split_whitespace()
            .next()?
            .parse::<f64>()
            .ok()
    });
    Ok(Row {
        what: "memory at rest, 3 s after the start".to_owned(),
        figure: kilobytes.context("no VmRSS")? / 1024.0,
        p99: None,
        unit: "MB",
        floor: BEFORE,
        floor_name: "the system before".to_owned(),
        goal: Goal::Times(0.5),
    })
}

/// One session keeps the server's only place, so that nothing but acceptance is measured.
fn accepted(fixture: &Fixture<'_>, floors: &Floors) -> Result<Row> {
    let repository = fixture.repository(5)?;
    let server = fixture.server("data", &[("TELECODER_MAX_SESSIONS", "1")])?;
    let mut client = server.client()?;
    create(&mut client, &repository, HANG)?;
    let sample = Sample::of(fixture.rounds, || {
        create(&mut client, &repository, NOTHING).map(drop)
    })?;
    Ok(Row::of_times(
        "a session durably accepted",
        &sample,
        floors.commit.p50(),
        "one FULL commit",
        Goal::AtMost(2.0),
    ))
}

fn nothing(fixture: &Fixture<'_>, floors: &Floors) -> Result<Row> {
    let server = fixture.server("data", &[])?;
    let sample = sessions(fixture, &server, 5)?;
    let goal = Goal::Above(15.0);
    Ok(Row::of_times(
        "a session that does nothing",
        &sample,
        floors.session(),
        "sandbox + 8 commits",
        goal,
    ))
}

fn large(fixture: &Fixture<'_>, _floors: &Floors) -> Result<Row> {
    let server = fixture.server("data", &[])?;
    let small = sessions(fixture, &server, 5)?;
    let large = sessions(fixture, &server, 2000)?;
    Ok(Row::of_times(
        "the same in 2,000 files",
        &large,
        small.p50(),
        "in 5 files",
        Goal::Times(1.3),
    ))
}

/// One after the other, warm: the first rounds do not count.
fn sessions(fixture: &Fixture<'_>, server: &Server, files: u32) -> Result<Sample> {
    let repository = fixture.repository(files)?;
    let mut client = server.client()?;
    Sample::of(fixture.rounds.min(40), || {
        let session = create(&mut client, &repository, NOTHING)?;
        until_done(server, &session)
    })
}

fn first_chunk(fixture: &Fixture<'_>, floors: &Floors) -> Result<Row> {
    let _ = (fixture, floors);
    anyhow::bail!("not written")
}

fn first_page(fixture: &Fixture<'_>, _floors: &Floors) -> Result<Row> {
    let repository = fixture.repository(5)?;
    let server = fixture.server("data", &[])?;
    let session = create(&mut server.client()?, &repository, NOTHING)?;
    until_done(&server, &session)?;
    drop(server);
    let few = page(fixture, 1000)?;
    let many = page(fixture, fixture.sessions)?;
    let what = format!("first page of {} sessions", fixture.sessions);
    Ok(Row::of_times(
        &what,
        &many,
        few.p50(),
        "of 1,000 sessions",
        Goal::Times(1.3),
    ))
}

fn page(fixture: &Fixture<'_>, sessions: u32) -> Result<Sample> {
    fixture.multiply("data", sessions)?;
    let server = fixture.server("data", &[])?;
    let mut client = server.client()?;
    Sample::of(fixture.rounds, || {
        let page: Vec<serde_json::Value> = client.json("/api/sessions?limit=50")?;
        anyhow::ensure!(page.len() == 50, "{} sessions instead of 50", page.len());
        Ok(())
    })
}
