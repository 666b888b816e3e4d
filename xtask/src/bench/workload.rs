//! Development tool, `bench`: the workloads: each measures one thing that a user waits for and gives one row.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::fixture::{Fixture, HANG, NOTHING, create, resident, until_done};
use super::floors::Floors;
use super::sample::{Goal, Row, Sample};
use super::{agents, events, flood, recovery, requests, sessions, subscribers};
use crate::process::pause;
use crate::server::Server;

/// What it does so that each chunk carries the time at which it was written, in nanoseconds.
const CLOCK: &str = r#"GYM{"do":[{"repeat":ROUNDS,"do":[{"shell":"date +%s%N"}]}]}"#;

/// A thing to measure.
pub(super) struct Workload {
    pub(super) name: &'static str,
    pub(super) measure: fn(&Fixture<'_>, &Floors) -> Result<Vec<Row>>,
}

/// Every workload.
pub(super) const fn all() -> &'static [Workload] {
    &[
        Workload { name: "start to healthy", measure: start },
        Workload { name: "memory at rest", measure: memory },
        Workload { name: "session accepted", measure: accepted },
        Workload { name: "do-nothing session", measure: nothing },
        Workload { name: "2,000 files against 5", measure: large },
        Workload { name: "first chunk", measure: first_chunk },
        Workload { name: "first page of many", measure: first_page },
        Workload { name: "requests", measure: requests::measure },
        Workload { name: "long answers", measure: requests::long_answers },
        Workload { name: "sessions at once", measure: sessions::measure },
        Workload { name: "events to subscribers", measure: events::measure },
        Workload { name: "idle subscribers", measure: subscribers::measure },
        Workload { name: "agents held", measure: agents::measure },
        Workload { name: "flood", measure: flood::measure },
        Workload { name: "recovery", measure: recovery::measure },
    ]
}

impl Workload {
    pub(super) fn is_wanted(&self, only: &[String]) -> bool {
        only.is_empty() || only.iter().any(|text| self.name.contains(text))
    }
}

fn start(fixture: &Fixture<'_>, floors: &Floors) -> Result<Vec<Row>> {
    let mut number = 0_u32;
    let mut times = Vec::new();
    while number < fixture.rounds.min(20) {
        number = number.saturating_add(1);
        let start = Instant::now();
        let server = fixture.server(&format!("data-{number}"), &[])?;
        times.push(start.elapsed());
        drop(server);
    }
    let goal = Goal::Above(30.0);
    Ok(vec![Row::of_times(
        "start to the first healthy answer",
        &Sample::new(times),
        floors.spawn.p50(),
        "start /bin/true",
        goal,
    )])
}

/// Against half of what the newest system before this one needed, which has no smaller floor of its own.
fn memory(fixture: &Fixture<'_>, _floors: &Floors) -> Result<Vec<Row>> {
    const BEFORE: f64 = 38.6;
    let server = fixture.server("data", &[])?;
    pause(Duration::from_secs(3));
    let megabytes = resident(&server)? / 1024.0;
    Ok(vec![Row {
        what: "memory at rest, 3 s after the start".to_owned(),
        figure: megabytes,
        p99: None,
        unit: "MB",
        floor: BEFORE,
        floor_name: "the system before".to_owned(),
        goal: Goal::Times(0.5),
    }])
}

/// One session keeps the server's only place, so that nothing but acceptance is measured.
fn accepted(fixture: &Fixture<'_>, floors: &Floors) -> Result<Vec<Row>> {
    let repository = fixture.repository(5)?;
    let server = fixture.server("data", &[("TELECODER_MAX_SESSIONS", "1")])?;
    let mut client = server.client()?;
    create(&mut client, &repository, HANG)?;
    let sample = Sample::of(fixture.rounds, || create(&mut client, &repository, NOTHING).map(drop))?;
    Ok(vec![Row::of_times(
        "a session durably accepted",
        &sample,
        floors.commit.p50(),
        "one FULL commit",
        Goal::Above(2.0),
    )])
}

fn nothing(fixture: &Fixture<'_>, floors: &Floors) -> Result<Vec<Row>> {
    let server = fixture.server("data", &[])?;
    let sample = sessions(fixture, &server, 5)?;
    let goal = Goal::Above(15.0);
    Ok(vec![Row::of_times(
        "a session that does nothing",
        &sample,
        floors.session(),
        "sandbox + 8 commits",
        goal,
    )])
}

fn large(fixture: &Fixture<'_>, _floors: &Floors) -> Result<Vec<Row>> {
    let server = fixture.server("data", &[])?;
    let small = sessions(fixture, &server, 5)?;
    let large = sessions(fixture, &server, 2000)?;
    Ok(vec![Row::of_times("the same in 2,000 files", &large, small.p50(), "in 5 files", Goal::Times(1.3))])
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

/// From a program's print inside the sandbox to a subscriber; the end of the program that printed is part of it.
fn first_chunk(fixture: &Fixture<'_>, floors: &Floors) -> Result<Vec<Row>> {
    let repository = fixture.repository(5)?;
    let server = fixture.server("data", &[])?;
    let prompt = CLOCK.replace("ROUNDS", &fixture.rounds.to_string());
    let session = create(&mut server.client()?, &repository, &prompt)?;
    let mut times = Vec::new();
    let path = format!("/api/sessions/{}/events", session.id);
    server.client()?.follow(&path, |name, text| {
        let late = written_at(text).and_then(|written| now().checked_sub(written));
        times.extend(late.filter(|_| name == "tool_update"));
        (name == "done").then_some(())
    })?;
    anyhow::ensure!(!times.is_empty(), "no chunk told its time");
    let goal = Goal::Above(5.0);
    Ok(vec![Row::of_times(
        "a chunk from sandbox to subscriber",
        &Sample::new(times),
        floors.commit.p50(),
        "one FULL commit",
        goal,
    )])
}

/// The first number of 19 digits in an event.
fn written_at(text: &str) -> Option<Duration> {
    let numbers = text.split(|letter: char| !letter.is_ascii_digit());
    numbers
        .filter(|digits| digits.len() == 19)
        .find_map(|digits| digits.parse().ok())
        .map(Duration::from_nanos)
}

#[expect(clippy::disallowed_methods, reason = "compared with the clock of a program in the sandbox")]
fn now() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

fn first_page(fixture: &Fixture<'_>, _floors: &Floors) -> Result<Vec<Row>> {
    let repository = fixture.repository(5)?;
    let server = fixture.server("data", &[])?;
    let session = create(&mut server.client()?, &repository, NOTHING)?;
    until_done(&server, &session)?;
    drop(server);
    let few = page(fixture, 1000)?;
    let more = page(fixture, 10_000)?;
    let many = page(fixture, fixture.sessions)?;
    let row = |sessions: u32, sample: &Sample| {
        let what = format!("first page of {sessions} sessions");
        Row::of_times(&what, sample, few.p50(), "of 1,000 sessions", Goal::Times(1.3))
    };
    Ok(vec![row(10_000, &more), row(fixture.sessions, &many)])
}

fn page(fixture: &Fixture<'_>, sessions: u32) -> Result<Sample> {
    fixture.multiply("data", sessions, 0, 0)?;
    let server = fixture.server("data", &[])?;
    let mut client = server.client()?;
    Sample::of(fixture.rounds, || {
        let page: Vec<serde_json::Value> = client.json("/api/sessions?limit=50")?;
        anyhow::ensure!(page.len() == 50, "{} sessions instead of 50", page.len());
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_tells_when_it_was_written() {
        let event = r#"{"seq":12,"data":{"output":"1763683200123456789\n"}}"#;
        assert_eq!(written_at(event), Some(Duration::from_nanos(1_763_683_200_123_456_789)));
        assert_eq!(written_at(r#"{"seq":12}"#), None);
    }

    #[test]
    fn prompts_are_scripts() {
        let all = [
            NOTHING.to_owned(),
            HANG.to_owned(),
            CLOCK.replace("ROUNDS", "3"),
            events::script(7),
            flood::SCRIPT.to_owned(),
        ];
        for prompt in all {
            let script = prompt.strip_prefix("GYM").expect("the marker");
            serde_json::from_str::<serde_json::Value>(script).expect("JSON");
        }
    }
}
