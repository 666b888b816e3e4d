//! What a process takes and what a session leaves behind, as the kernel tells it (dev layer).

use crate::world::World;
use sqlx::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use telecoder_testkit::wait::until_blocking;

/// Figures of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Figures {
    /// The most memory that was resident since the peak was last forgotten, in KiB, without pages of files.
    pub(crate) peak_kib: u64,
    /// Memory that is resident, in KiB, without pages of files.
    pub(crate) resident_kib: u64,
    /// Open file descriptors.
    pub(crate) descriptors: usize,
    /// Threads.
    pub(crate) threads: u64,
}

impl Figures {
    /// Reads them.
    pub(crate) fn of(pid: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
        };
        let files: u64 = number("RssFile:");
        Self {
            peak_kib: number("VmHWM:").saturating_sub(files),
            resident_kib: number("VmRSS:").saturating_sub(files),
            descriptors: fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count(),
            threads: number("Threads:"),
        }
    }

    /// Forgets the peak of a process, and reads its figures.
    pub(crate) fn anew(pid: u32) -> Self {
        fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
        Self::of(pid)
    }
}

/// Bytes on the disk below a folder, without what a log ahead of a database takes: that begins anew by itself.
pub(crate) fn bytes_below(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let of = |entry: fs::DirEntry| {
        let name = entry.file_name();
        match entry.metadata() {
            // What goes while it is looked at takes nothing.
            Err(_) => 0,
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(_) if name.to_string_lossy().ends_with("-wal") => 0,
            Ok(metadata) => metadata.blocks() * 512,
        }
    };
    entries.flatten().map(of).sum()
}

/// Waits until nothing of the sandboxes of a world is left on this host.
pub(crate) fn until_nothing_is_left(world: &World) {
    until_blocking("the end of every process, mount, cgroup and run folder", || {
        left(world).is_empty().then_some(())
    });
    assert_eq!(left(world), Vec::<String>::new());
}

/// What is left on this host of the sandboxes of a world: processes, mounts, cgroups, run folders.
fn left(world: &World) -> Vec<String> {
    let mark = world.path("").display().to_string();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let pid = entry.file_name().to_string_lossy().into_owned();
        if pid.bytes().all(|byte| byte.is_ascii_digit())
            && fs::read_to_string(entry.path().join("mountinfo")).is_ok_and(|mounts| mounts.contains(&mark))
        {
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push(format!("process {pid} {}", String::from_utf8_lossy(&command).replace('\0', " ")));
        }
    }
    let sessions = fs::read_dir(world.data().join("sessions")).into_iter().flatten().flatten();
    let references: Vec<String> =
        sessions.map(|entry| format!("{}-", entry.file_name().to_string_lossy())).collect();
    for folder in cgroups() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if references.iter().any(|reference| name.starts_with(reference)) {
                found.push(format!("cgroup {}", entry.path().display()));
            }
        }
    }
    let run = fs::read_dir(world.data().join("run")).into_iter().flatten().flatten();
    found.extend(run.map(|entry| format!("run folder {}", entry.path().display())));
    found
}

/// The folders in which cgroups of sandboxes stand.
fn cgroups() -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let of = |line: &str| {
        let (before, after) = line.split_once(" - ")?;
        let folder = Path::new(before.split(' ').nth(4)?).join("telecoder");
        after.starts_with("cgroup").then_some(folder)
    };
    mounts.lines().filter_map(of).collect()
}

/// The bytes of a session's events, as they are stored.
pub(crate) fn bytes_of_events(world: &World, id: &str) -> u64 {
    let path = format!("sqlite://{}?mode=ro", world.data().join("server.db").display());
    let sum = async {
        let mut database = sqlx::SqliteConnection::connect(&path).await.unwrap();
        let sum: i64 = sqlx::query_scalar(
            "SELECT coalesce(sum(length(CAST(body AS BLOB))), 0) FROM events WHERE session = ?",
        )
        .bind(id)
        .fetch_one(&mut database)
        .await
        .unwrap();
        database.close().await.unwrap();
        sum
    };
    let sum = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(sum);
    u64::try_from(sum).unwrap()
}

/// Changes a limit in the policy of a session that waits for its turn.
pub(crate) fn change_policy(world: &World, id: &str, limit: &str, value: i64) {
    let path = format!("sqlite://{}", world.data().join("server.db").display());
    let change = async {
        let mut database = sqlx::SqliteConnection::connect(&path).await.unwrap();
        let statement =
            "UPDATE documents SET document = json_set(document, '$.policy.' || ?, ?) WHERE session = ?";
        let changed =
            sqlx::query(statement).bind(limit).bind(value).bind(id).execute(&mut database).await.unwrap();
        assert_eq!(changed.rows_affected(), 1);
        database.close().await.unwrap();
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(change);
}

/// Says a figure; it is seen where the test's output is.
#[expect(clippy::print_stderr, reason = "what was measured is part of a test's output")]
pub(crate) fn tell(words: &str) {
    eprintln!("{words}");
}
