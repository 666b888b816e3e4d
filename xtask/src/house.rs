//! Development tool: where things lie: the repository, its packages and binaries, and the cache outside it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::environment;
use crate::process::Program;

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The cache folder, made if it is missing: never inside the repository.
pub(crate) fn cache() -> Result<PathBuf> {
    let folder = match environment::read(environment::CACHE) {
        Some(folder) => PathBuf::from(folder),
        None => {
            let home = environment::read("HOME").context("neither TELECODER_CACHE nor HOME is set")?;
            Path::new(&home).join(".cache/telecoder")
        }
    };
    ensure!(folder.is_absolute(), "{} must be an absolute path", environment::CACHE);
    ensure!(!folder.starts_with(root()), "{} must lie outside the repository", environment::CACHE);
    std::fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    Ok(folder)
}

/// The data folder into which the tests' agents are installed.
pub(crate) fn test_data_dir() -> Result<PathBuf> {
    match environment::read(environment::TEST_DATA_DIR) {
        Some(folder) => Ok(PathBuf::from(folder)),
        None => Ok(cache()?.join("test")),
    }
}

/// What `cargo metadata` says of the packages of this workspace.
#[derive(Deserialize)]
pub(crate) struct Workspace {
    /// Our packages.
    pub(crate) packages: Vec<Package>,
    /// Where cargo builds.
    pub(crate) target_directory: PathBuf,
}

/// One of our packages.
#[derive(Deserialize)]
pub(crate) struct Package {
    /// The package's name.
    pub(crate) name: String,
    /// Its `Cargo.toml`.
    pub(crate) manifest_path: PathBuf,
    /// What it declares to depend on.
    pub(crate) dependencies: Vec<Dependency>,
    /// What is built of it.
    pub(crate) targets: Vec<Target>,
}

/// A declared dependency.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    /// The package's name.
    pub(crate) name: String,
    /// `None` for an ordinary one, else `dev` or `build`.
    pub(crate) kind: Option<String>,
    /// The features it asks for.
    pub(crate) features: Vec<String>,
}

/// A library, binary, test or example.
#[derive(Deserialize)]
pub(crate) struct Target {
    /// The root file of the target.
    pub(crate) src_path: PathBuf,
}

/// Asks cargo for the packages of this workspace; needs no network.
pub(crate) fn workspace() -> Result<Workspace> {
    let text = Program::cargo().args(["metadata", "--format-version=1", "--no-deps"]).output()?;
    serde_json::from_str(&text).context("could not read what `cargo metadata` wrote")
}

/// The folder that cargo builds into.
pub(crate) fn target() -> Result<PathBuf> {
    Ok(workspace()?.target_directory)
}
