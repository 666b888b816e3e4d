//! Development tool, `bench`: many clients at once.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::sample::{Load, Sample};
use crate::http::Client;

/// Connections at once.
pub(super) const CONNECTIONS: usize = 16;
/// How long requests are sent.
const WHILE: Duration = Duration::from_secs(3);

/// Sends one GET after the other on each of the connections.
pub(super) fn requests(connect: impl Fn() -> Result<Client> + Sync, path: &str) -> Result<Load> {
    together(CONNECTIONS, || {
        let mut client = connect()?;
        Ok(move || {
            let answer = client.get(path)?;
            ensure!(answer.status == 200, "GET {path}: {} {}", answer.status, answer.text());
            Ok(())
        })
    })
}

/// Does something again and again, so many at once, each with what `begin` gives it.
pub(super) fn together<W: FnMut() -> Result<()>>(
    many: usize,
    begin: impl Fn() -> Result<W> + Sync,
) -> Result<Load> {
    let start = Instant::now();
    let one = || -> Result<Vec<Duration>> {
        let mut work = begin()?;
        let mut times = Vec::new();
        while start.elapsed() < WHILE {
            let begun = Instant::now();
            work()?;
            times.push(begun.elapsed());
        }
        Ok(times)
    };
    let times: Result<Vec<Vec<Duration>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..many).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().ok().context("a client panicked")?).collect()
    });
    let took = start.elapsed();
    let times: Vec<Duration> = times?.into_iter().flatten().collect();
    ensure!(!times.is_empty(), "nothing was done");
    // Counts of a benchmark are far below what a float holds exactly.
    let count = u32::try_from(times.len()).unwrap_or(u32::MAX);
    Ok(Load { per_second: f64::from(count) / took.as_secs_f64(), times: Sample::new(times) })
}
