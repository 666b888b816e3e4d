//! The export of a session's tree without a sandbox (dev layer), for adapters whose workspaces are plain folders: the
//! script that the engine runs inside a sandbox runs on the host instead.

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::git::Workspaces;
use telecoder_model::port::process::{HostCommand, HostOutput, OutputTo, Processes};
use telecoder_model::port::sandbox::WorkspaceSource;
use telecoder_model::refs::ObjectId;

/// The folder that holds a session's tree; of an overlay, its base.
pub fn tree_of(source: &WorkspaceSource) -> PathBuf {
    match source {
        WorkspaceSource::Bind { path } => path.clone(),
        WorkspaceSource::Overlay { lower, .. } => lower.clone(),
    }
}

/// Runs the export of a session where its tree stands.
///
/// # Panics
/// If the script cannot be started, or leaves anything in its home.
#[expect(clippy::panic, reason = "only tests call this, and they cannot go on without the export")]
pub async fn run(
    workspaces: &dyn Workspaces,
    processes: &dyn Processes,
    session: &SessionId,
    tree: &Path,
    base: Option<&ObjectId>,
) -> HostOutput {
    let fail = |what: &str, error: &dyn std::fmt::Display| -> ! { panic!("cannot {what}: {error}") };
    let process =
        workspaces.export(session, base, 1).unwrap_or_else(|error| fail("name the export", &error.chain()));
    let home = tempfile::tempdir().unwrap_or_else(|error| fail("make a home", &error));
    let mut words = process.argv.iter().map(OsString::from);
    let mut command = HostCommand::new(words.next().unwrap_or_default(), tree);
    command.args = words.collect();
    command.env = process.env.iter().map(|(name, value)| (name.into(), value.into())).collect();
    command.env.insert("HOME".into(), home.path().into());
    command.stdout = OutputTo::Memory(64 << 20);
    let output = processes.run(command).await.unwrap_or_else(|error| fail("run the export", &error.chain()));
    let left = std::fs::read_dir(home.path()).unwrap_or_else(|error| fail("read the home", &error)).count();
    assert_eq!(left, 0, "the script left something in its home");
    output
}

/// Cuts output into small pieces, as a sandbox's stream would.
pub fn stream(bytes: &Bytes) -> BoxStream<'static, Result<Bytes, PortError>> {
    let pieces: Vec<_> = bytes.chunks(777).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    futures::stream::iter(pieces).boxed()
}
