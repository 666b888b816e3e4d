//! Development tool, verb `bench`: what the released binary does, as ratios against floors measured in the same run.
//!
//! A floor is what this machine cannot beat at this moment. A figure without a floor is not printed, and a shortfall is
//! printed like any other row. Absolute times mean little: the load average is printed with them.

mod agents;
mod events;
mod fixture;
mod flood;
mod floors;
mod load;
mod recovery;
mod requests;
mod sample;
mod sessions;
pub(crate) mod soak;
mod subscribers;
mod workload;

use anyhow::{Result, bail};
use clap::Args;

use self::fixture::Fixture;
use self::floors::Floors;
use self::sample::{milliseconds, table};
use crate::console;
use crate::product::{self, Profile};
use crate::setup::{self, Purpose};

/// Options of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct Options {
    /// How often each thing is measured
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How many sessions the long list has
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..))]
    sessions: u32,
    /// How many agents are held at once
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    agents: u32,
    /// How many idle subscribers are held at once
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(10..=12_000))]
    subscribers: u32,
    /// Measure the development build: quick to build, its figures say nothing about the product
    #[arg(long)]
    debug: bool,
    /// Only what holds this text in its name; may be given several times
    #[arg(long)]
    only: Vec<String>,
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    setup::machine(Purpose::Demo)?;
    more_descriptors();
    let profile = if options.debug { Profile::Development } else { Profile::Release };
    let product = product::build_measured(profile)?;
    console::heading("Floors");
    let floors = Floors::measure(options.rounds)?;
    for (name, sample) in [
        ("start and reap /bin/true", &floors.spawn),
        ("commit one row, WAL, synchronous=FULL", &floors.commit),
        ("start a program in its own namespaces", &floors.sandbox),
        ("answer a request with two bytes, 16 connections", &floors.answer.times),
    ] {
        console::note(&format!(
            "{name}: p50 {:.3} ms, p99 {:.3} ms",
            milliseconds(sample.p50()),
            milliseconds(sample.p99())
        ));
    }
    if !floors.with_overlay {
        console::note("overlayfs cannot be mounted here: the floor of a session is without it");
    }
    let mut rows = Vec::new();
    let mut failed = 0_usize;
    for workload in workload::all().iter().filter(|workload| workload.is_wanted(&options.only)) {
        console::heading(workload.name);
        let fixture = Fixture::new(&product, options)?;
        match (workload.measure)(&fixture, &floors) {
            Ok(more) => rows.extend(more),
            Err(error) => {
                failed = failed.saturating_add(1);
                console::error(&format!("{error:#}"));
            }
        }
    }
    console::result(&format!("{} build, load average {}", profile.name(), load_average()));
    console::result(table(&rows).trim_end());
    let short = rows.iter().filter(|row| !row.is_met()).count();
    console::result(&format!(
        "{} of {} goals met, {failed} not measured",
        rows.len().saturating_sub(short),
        rows.len()
    ));
    if failed > 0 {
        bail!("{failed} could not be measured");
    }
    Ok(())
}

/// A socket for each subscriber, also where a process gets few at first.
fn more_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
        .unwrap_or_default();
}

fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}
