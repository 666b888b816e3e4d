//! Development tool, `bench`: sessions accepted by 16 clients at once, and do-nothing sessions, 32 at a time.

use anyhow::Result;

use super::fixture::{Fixture, HANG, NOTHING, create, until_done};
use super::floors::Floors;
use super::load::{self, CONNECTIONS};
use super::sample::{Goal, Row, Sample};

/// Sessions at a time.
const AT_ONCE: usize = 32;

/// Both.
pub(super) fn measure(fixture: &Fixture<'_>, floors: &Floors) -> Result<Vec<Row>> {
    let commits = 1.0 / floors.commit.p50().as_secs_f64().max(f64::EPSILON);
    let one_by_one = 1.0 / floors.session().as_secs_f64().max(f64::EPSILON);
    Ok(vec![accepted(fixture, commits)?, finished(fixture, one_by_one)?])
}

/// One session keeps the server's only place, so that nothing but acceptance is measured.
fn accepted(fixture: &Fixture<'_>, commits: f64) -> Result<Row> {
    let repository = fixture.repository(5)?;
    let server = fixture.server("accepted", &[("TELECODER_MAX_SESSIONS", "1")])?;
    create(&mut server.client()?, &repository, HANG)?;
    let load = load::together(CONNECTIONS, || {
        let mut client = server.client()?;
        let repository = repository.clone();
        Ok(move || create(&mut client, &repository, NOTHING).map(drop))
    })?;
    Ok(Row::of_rate(
        "sessions accepted, 16 connections",
        &load,
        commits,
        "FULL commits one by one",
        Goal::AtLeast(1.0),
    ))
}

fn finished(fixture: &Fixture<'_>, one_by_one: f64) -> Result<Row> {
    let repository = fixture.repository(5)?;
    let places = AT_ONCE.to_string();
    let server = fixture.server("finished", &[("TELECODER_MAX_SESSIONS", places.as_str())])?;
    // Warm.
    let mut client = server.client()?;
    Sample::of(3, || until_done(&server, &create(&mut client, &repository, NOTHING)?))?;
    let load = load::together(AT_ONCE, || {
        let mut client = server.client()?;
        let (repository, server) = (repository.clone(), &server);
        Ok(move || until_done(server, &create(&mut client, &repository, NOTHING)?))
    })?;
    Ok(Row::of_rate(
        "sessions that do nothing, 32 at a time",
        &load,
        one_by_one,
        "sandbox + 8 commits, one by one",
        Goal::AtLeast(1.0),
    ))
}
