//! Development tool: the product's binaries, built in one way, so that nothing is compiled twice for another set of features.

use std::path::PathBuf;

use anyhow::Result;

use crate::house;
use crate::process::Program;

/// The binaries in the development profile.
pub(crate) struct Product {
    /// Server, worker, command line and supervisor.
    pub(crate) telecoder: PathBuf,
    /// Plays a model from a script.
    pub(crate) scripted_model: PathBuf,
}

/// Builds every binary of the workspace, and shows cargo's progress.
pub(crate) fn build_binaries() -> Result<Product> {
    Program::cargo().args(["build", "--workspace", "--bins"]).run()?;
    product()
}

/// Builds every binary, example and test of the workspace in one go.
pub(crate) fn build_all() -> Result<Product> {
    Program::cargo()
        .args(["build", "--workspace", "--all-targets"])
        .run()?;
    product()
}

fn product() -> Result<Product> {
    let folder = house::target()?.join("debug");
    Ok(Product {
        telecoder: folder.join("telecoder"),
        scripted_model: folder.join("telecoder-scripted-model"),
    })
}
