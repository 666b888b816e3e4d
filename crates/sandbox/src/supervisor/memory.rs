//! What the sandbox's memory comes to (layer 1): the kernel's own counters where there is a cgroup, and a watch by the
//! supervisor where there is none.
//!
//! The watch is weaker than a cgroup: between two looks a program may take more than its share. `doctor` says so.

use super::log;
use super::process::Processes;
use crate::launcher::Counters;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// The time between two looks while something runs.
const LOOK: Duration = Duration::from_millis(100);
/// The time between two looks while nothing runs.
const IDLE_LOOK: Duration = Duration::from_secs(1);

/// The kernel's counters.
#[derive(Debug)]
pub(super) struct Memory {
    counters: Counters<File>,
}

impl Memory {
    /// Takes over the counters that the launcher opened.
    pub(super) fn new(counters: Counters<File>) -> Self {
        Self { counters }
    }

    /// The most memory that was in use at once, in bytes.
    pub(super) fn peak(&self) -> Option<u64> {
        read(self.counters.peak.as_ref()?)?.trim().parse().ok()
    }

    /// How many processes the kernel ended because the limit was reached.
    pub(super) fn kills(&self) -> Option<u64> {
        let text = read(self.counters.kills.as_ref()?)?;
        text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
    }
}

fn read(file: &File) -> Option<String> {
    let mut bytes = vec![0; 4096];
    let length = file.read_at(&mut bytes, 0).ok()?;
    bytes.truncate(length);
    String::from_utf8(bytes).ok()
}

/// Ends the largest process whenever all together take more than `limit` bytes; for ever.
pub(super) async fn watch(limit: u64, processes: &Processes) {
    loop {
        let busy = processes.all().iter().any(|process| process.alive());
        tokio::time::sleep(if busy { LOOK } else { IDLE_LOOK }).await;
        let seen = look();
        let total: u64 = seen.values().map(|one| one.bytes).sum();
        if total <= limit {
            continue;
        }
        let Some((pid, _)) = seen.iter().filter(|(pid, _)| **pid > 1).max_by_key(|(_, one)| one.bytes) else {
            continue;
        };
        log::line(&format!("{total} bytes are in use, {limit} are allowed: ending process {pid}"));
        for process in processes.all() {
            if process.alive() && descends(&seen, *pid, process.keeper_pid()) {
                process.out_of_memory();
            }
        }
        if let Ok(pid) = i32::try_from(*pid) {
            // It may have ended meanwhile.
            kill(Pid::from_raw(pid), Signal::SIGKILL).ok();
        }
    }
}

struct Seen {
    parent: u32,
    bytes: u64,
}

/// Looks at every process of the sandbox.
fn look() -> HashMap<u32, Seen> {
    let mut seen = HashMap::new();
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return seen;
    };
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if let Some(one) = look_at(pid) {
            seen.insert(pid, one);
        }
    }
    seen
}

fn look_at(pid: u32) -> Option<Seen> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let parent = stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()?;
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let mut pages = statm.split_ascii_whitespace().skip(1).map(str::parse::<u64>);
    // Pages of files are shared among processes and can be dropped; what counts is a process's own.
    let (resident, shared) = (pages.next()?.ok()?, pages.next()?.ok()?);
    Some(Seen { parent, bytes: resident.saturating_sub(shared) * page_size() })
}

fn page_size() -> u64 {
    u64::try_from(rustix::param::page_size()).unwrap_or(4096)
}

fn descends(seen: &HashMap<u32, Seen>, pid: u32, ancestor: u32) -> bool {
    let mut at = pid;
    // No chain of parents is longer than the number of processes.
    for _ in 0..=seen.len() {
        if at == ancestor {
            return true;
        }
        match seen.get(&at) {
            Some(one) => at = one.parent,
            None => return false,
        }
    }
    false
}
