//! Development tool, verb `soak`: very many sessions that do nothing, through the real binary; what the server and the host hold
//! for them must not grow.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::fixture::{Fixture, NOTHING, create, until_done};
use crate::console;
use crate::product::{self, Profile};
use crate::server::Server;
use crate::setup::{self, Purpose};

/// Sessions at a time.
const AT_ONCE: usize = 4;
/// After so many of each hundred parts of the sessions the server counts as warm.
const WARM: u32 = 20;
/// File descriptors and threads that may come and go.
const SPARE: f64 = 6.0;
/// What the memory may grow by after the server is warm, in MB: SQLite's caches may not be full by then.
const MEMORY: f64 = 2.0;

/// Options of `cargo xtask soak`.
#[derive(Args)]
pub(crate) struct Options {
    /// How many sessions
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(50..))]
    sessions: u32,
    /// Run the development build
    #[arg(long)]
    debug: bool,
}

/// What is held at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    sessions: u32,
    descriptors: f64,
    threads: f64,
    memory: f64,
    mounts: f64,
    cgroups: f64,
    run_folders: f64,
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    setup::machine(Purpose::Demo)?;
    let profile = if options.debug { Profile::Development } else { Profile::Release };
    let said = sessions(options.sessions, &product::build_measured(profile)?)?;
    console::result(&said);
    Ok(())
}

/// Runs so many sessions and compares what is held; gives it in words.
pub(crate) fn sessions(wanted: u32, product: &product::Product) -> Result<String> {
    let fixture = Fixture::plain(product)?;
    let repository = fixture.repository(5)?;
    let server = fixture.server("data", &[])?;
    let data = fixture.data_dir("data");
    let mut table = vec![held(&server, &data, 0)?];
    let warm = wanted / 100 * WARM;
    let step = (wanted / 10).max(1);
    let mut done = 0;
    while done < wanted {
        let next = step.min(wanted.saturating_sub(done));
        batch(&server, &repository, next)?;
        done = done.saturating_add(next);
        table.push(settled(&server, &data, done)?);
    }
    for line in &table {
        console::note(&format!("{line:?}"));
    }
    let first = table.iter().find(|held| held.sessions >= warm).context("nothing was held")?;
    let last = table.last().context("nothing was held")?;
    for (what, before, after, more) in [
        ("file descriptors", first.descriptors, last.descriptors, SPARE),
        ("threads", first.threads, last.threads, SPARE),
        ("MB of memory", first.memory, last.memory, MEMORY),
        ("mounts", first.mounts, last.mounts, 0.0),
        ("cgroups", first.cgroups, last.cgroups, 0.0),
        ("run folders", first.run_folders, last.run_folders, 0.0),
    ] {
        ensure!(after <= before + more, "{what} grew from {before} to {after} over {wanted} sessions");
    }
    Ok(format!(
        "{wanted} sessions: descriptors {} → {}, threads {} → {}, memory {:.1} → {:.1} MB, mounts {}, cgroups {}",
        first.descriptors,
        last.descriptors,
        first.threads,
        last.threads,
        first.memory,
        last.memory,
        last.mounts,
        last.cgroups
    ))
}

/// Runs sessions, some at a time.
fn batch(server: &Server, repository: &Path, wanted: u32) -> Result<()> {
    let left = Mutex::new(wanted);
    let one = || -> Result<()> {
        let mut client = server.client()?;
        loop {
            {
                let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(rest) = left.checked_sub(1) else { return Ok(()) };
                *left = rest;
            }
            until_done(server, &create(&mut client, repository, NOTHING)?)?;
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(one)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().ok().context("a client panicked")?)
    })
}

/// What is held once the sandboxes of ended sessions are gone, within a bounded time.
fn settled(server: &Server, data: &Path, sessions: u32) -> Result<Held> {
    let mut now = held(server, data, sessions)?;
    for _ in 0..400 {
        if now.run_folders == 0.0 {
            break;
        }
        crate::process::pause(std::time::Duration::from_millis(25));
        now = held(server, data, sessions)?;
    }
    Ok(now)
}

fn held(server: &Server, data: &Path, sessions: u32) -> Result<Held> {
    let pid = server.process().pid();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("the server is gone")?;
    let number = |name: &str| -> f64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or_default()
    };
    let mounts = std::fs::read_to_string(format!("/proc/{pid}/mountinfo")).context("no mounts")?;
    let cgroups: f64 = cgroup_folders(&mounts).iter().map(|folder| entries(folder)).sum();
    Ok(Held {
        sessions,
        descriptors: entries(Path::new(&format!("/proc/{pid}/fd"))),
        threads: number("Threads:"),
        memory: (number("VmRSS:") - number("RssFile:")) / 1024.0,
        mounts: count(mounts.lines()),
        // Sandboxes of other servers stand in the same folders: only those of this one's sessions count.
        cgroups: if cgroups > 0.0 { own_cgroups(&mounts, data) } else { 0.0 },
        run_folders: entries(&data.join("run")),
    })
}

fn own_cgroups(mounts: &str, data: &Path) -> f64 {
    let sessions = data.join("sessions");
    let is_own = |name: &str| name.split('-').next().is_some_and(|id| sessions.join(id).is_dir());
    let folders = cgroup_folders(mounts);
    let names = folders.iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten());
    count(names.filter(|entry| entry.path().is_dir() && is_own(&entry.file_name().to_string_lossy())))
}

/// Where the cgroups of sandboxes stand.
fn cgroup_folders(mounts: &str) -> Vec<PathBuf> {
    let of = |line: &str| {
        let (before, after) = line.split_once(" - ")?;
        let folder = Path::new(before.split(' ').nth(4)?).join("telecoder");
        after.starts_with("cgroup").then_some(folder)
    };
    mounts.lines().filter_map(of).collect()
}

fn entries(folder: &Path) -> f64 {
    count(std::fs::read_dir(folder).into_iter().flatten())
}

fn count<T>(all: impl Iterator<Item = T>) -> f64 {
    f64::from(u32::try_from(all.count()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cgroups_are_found_in_both_versions() {
        let mounts = "\
24 1 0:22 / /proc rw - proc proc rw
30 25 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";
        let found = ["/sys/fs/cgroup/memory/telecoder", "/sys/fs/cgroup/unified/telecoder"];
        assert_eq!(cgroup_folders(mounts), found.map(PathBuf::from));
    }
}
