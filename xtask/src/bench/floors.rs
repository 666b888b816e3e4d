//! Development tool: the floors of this machine, measured through the standard library alone.

use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Sample;
use crate::house;
use crate::process::Program;

/// Something that no session can do without.
pub(super) struct Floor {
    /// What is measured, as the table says it.
    pub(super) name: &'static str,
    prepare: fn() -> Result<Work>,
}

type Work = Box<dyn FnMut() -> Result<()>>;

/// Every floor.
pub(super) const fn all() -> &'static [Floor] {
    &[
        Floor {
            name: "start and reap /bin/true",
            prepare: process,
        },
        Floor {
            name: "write 4 KiB and fdatasync",
            prepare: synced_write,
        },
    ]
}

impl Floor {
    /// Measures it so many times, after a tenth as many rounds that do not count.
    pub(super) fn measure(&self, rounds: u32) -> Result<Sample> {
        let mut work = (self.prepare)().with_context(|| format!("could not prepare: {}", self.name))?;
        for _ in 0..rounds.div_ceil(10) {
            timed(&mut work)?;
        }
        let times: Result<Vec<Duration>> = (0..rounds).map(|_| timed(&mut work)).collect();
        times.map(Sample::new)
    }
}

fn timed(work: &mut Work) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn process() -> Result<Work> {
    Ok(Box::new(|| Program::new("/bin/true").run()))
}

/// On the disk of the cache folder, which is where data folders of `xtask` lie.
fn synced_write() -> Result<Work> {
    let mut file =
        tempfile::tempfile_in(house::cache()?).context("could not make a file in the cache folder")?;
    Ok(Box::new(move || {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&[0x5a; 4096])?;
        file.sync_data().context("fdatasync")
    }))
}
