//! Development tool, `bench`: an agent that prints 200 MB.

use std::path::Path;

use anyhow::Result;

use super::fixture::{Fixture, NOTHING, create, forget_peak, peak, until_done};
use super::floors::Floors;
use super::sample::Row;

/// Bytes that the agent prints.
const BYTES: f64 = 200_000_000.0;
/// What the agent does.
pub(super) const SCRIPT: &str = r#"GYM{"do":[{"flood":200000000},{"say":"done"}]}"#;

/// Memory, and bytes on the disk for each that was printed.
pub(super) fn measure(fixture: &Fixture<'_>, _floors: &Floors) -> Result<Vec<Row>> {
    let repository = fixture.repository(5)?;
    let server = fixture.server("data", &[])?;
    let mut client = server.client()?;
    let warm = create(&mut client, &repository, NOTHING)?;
    until_done(&server, &warm)?;
    let data = fixture.data_dir("data");
    let (memory, disk) = (forget_peak(&server)?, bytes_below(&data));
    let start = std::time::Instant::now();
    let session = create(&mut client, &repository, SCRIPT)?;
    until_done(&server, &session)?;
    let took = start.elapsed().as_secs_f64();
    let grown = (peak(&server)? - memory) / 1024.0;
    let stored = (bytes_below(&data) - disk) / BYTES;
    Ok(vec![
        Row::of_bound("memory for an agent that prints 200 MB", grown, "MB", 32.0, "MB allowed"),
        Row::of_bound("bytes on the disk for each that it prints", stored, "×", 1.1, "× allowed"),
        Row::of_bound("time for it", took, "s", 60.0, "s allowed"),
    ])
}

/// Without the log ahead of the database, which has a bound of its own.
fn bytes_below(folder: &Path) -> f64 {
    let mut sum = 0.0;
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            sum += bytes_below(&entry.path());
        } else if !entry.file_name().to_string_lossy().ends_with("-wal") {
            let blocks = std::os::unix::fs::MetadataExt::blocks(&metadata);
            sum += f64::from(u32::try_from(blocks).unwrap_or(u32::MAX)) * 512.0;
        }
    }
    sum
}
