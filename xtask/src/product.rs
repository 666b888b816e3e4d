//! Development tool: the product's binaries, built in one way, so that nothing is compiled twice for another set of features.

use std::path::PathBuf;

use anyhow::Result;

use crate::house;
use crate::process::Program;

/// The binaries that verbs start.
pub(crate) struct Product {
    /// Server, worker, command line and supervisor.
    pub(crate) telecoder: PathBuf,
    /// Plays a model from a script.
    pub(crate) scripted_model: PathBuf,
    /// Plays an agent from its prompt.
    pub(crate) gym_agent: PathBuf,
}

/// How to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build.
    Development,
    /// As it is released.
    Release,
}

impl Profile {
    /// Its name for people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Release => "release",
        }
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::Development => "debug",
            Self::Release => "release",
        }
    }
}

/// Builds every binary of the workspace, and shows cargo's progress.
pub(crate) fn build_binaries() -> Result<Product> {
    Program::cargo().args(["build", "--workspace", "--bins"]).run()?;
    product(Profile::Development)
}

/// Builds every binary, example and test of the workspace in one go.
pub(crate) fn build_all() -> Result<Product> {
    Program::cargo().args(["build", "--workspace", "--all-targets"]).run()?;
    product(Profile::Development)
}

/// Builds what is measured.
pub(crate) fn build_measured(profile: Profile) -> Result<Product> {
    if profile == Profile::Development {
        return build_binaries();
    }
    let packages = ["--package", "telecoder-cli", "--package", "telecoder-testkit"];
    Program::cargo().args(["build", "--release", "--bins"]).args(packages).run()?;
    product(profile)
}

fn product(profile: Profile) -> Result<Product> {
    let folder = house::target()?.join(profile.folder());
    Ok(Product {
        telecoder: folder.join("telecoder"),
        scripted_model: folder.join("telecoder-scripted-model"),
        gym_agent: folder.join("telecoder-gym-agent"),
    })
}
