//! Development tool, verb `web`: builds the web UI, which the next `cargo build` puts into the binary; and its part of the gate:
//! lint, types, tests, build, sizes, and the end-to-end tests. Without a `web/` folder there is none.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use clap::Args;

use crate::console;
use crate::environment;
use crate::house;
use crate::process::Program;
use crate::product::Product;
use crate::setup;
use crate::stage::Stages;

/// Options of `cargo xtask web`.
#[derive(Args)]
pub(crate) struct Options {
    /// Build it even where it is current
    #[arg(long)]
    force: bool,
}

/// The scripts of `web/package.json` that the gate runs, in order.
const SCRIPTS: &[&str] = &["lint", "types", "test", "build", "budget"];

/// What the UI is made of, below `web/`.
const SOURCES: &[&str] = &[
    "src",
    "public",
    "scripts",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
];

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    if !options.force && is_current() {
        console::note("the web UI is current");
        return Ok(());
    }
    build()
}

/// Builds the UI where it is not current. Where that fails, it is said, and the binary is built with what there is.
pub(crate) fn ensure() {
    if !is_here() || is_current() {
        return;
    }
    if let Err(error) = build() {
        console::note(&format!("without a current web UI: {error:#}"));
    }
}

/// Runs the stages of the web UI.
pub(crate) fn gate(stages: &mut Stages) -> Result<()> {
    if !is_here() {
        return Ok(());
    }
    stages.run("web install", || {
        setup::install_node()?;
        install().map(|()| String::new())
    })?;
    for script in SCRIPTS {
        stages.run(&format!("web {script}"), || npm(&["run", script]).map(|()| String::new()))?;
    }
    Ok(())
}

/// Runs the end-to-end tests: the binary with the UI in it, real sandboxes, and a real browser.
pub(crate) fn end_to_end(product: &Product) -> Result<String> {
    if !is_here() {
        return Ok(String::new());
    }
    npm_with(&["run", "e2e"], |npm| {
        npm.env("TELECODER_E2E_BINARY", &product.telecoder).env("TELECODER_E2E_AGENT", &product.gym_agent)
    })
    .map(|()| String::new())
}

fn build() -> Result<()> {
    console::note("building the web UI: Node and its packages take about 400 MB, once");
    setup::install_node()?;
    install()?;
    npm(&["run", "build"])
}

/// Installs the packages that the lock file names, where others or none are there.
fn install() -> Result<()> {
    let here = changed(&folder().join("node_modules/.package-lock.json"));
    if here.is_some() && here >= changed(&folder().join("package-lock.json")) {
        return Ok(());
    }
    // Not `npm ci`: it refuses a lock file without the packages of other systems, which not every registry has.
    npm(&["install", "--no-save", "--no-audit", "--no-fund"])
}

fn npm(arguments: &[&str]) -> Result<()> {
    npm_with(arguments, |npm| npm)
}

fn npm_with(arguments: &[&str], more: impl FnOnce(Program) -> Program) -> Result<()> {
    let npm = Program::new("npm").args(arguments).dir(&folder());
    more(npm).env("PATH", environment::path_with(&setup::node_bin()?)).run().context("the web UI")
}

fn folder() -> PathBuf {
    house::root().join("web")
}

fn is_here() -> bool {
    folder().join("package.json").exists()
}

/// Whether the built UI is younger than everything that it is made of.
fn is_current() -> bool {
    let built = changed(&folder().join("dist/index.html"));
    built.is_some() && SOURCES.iter().all(|source| newest(&folder().join(source)) <= built)
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|found| found.modified()).ok()
}

/// When a file, or anything in a folder, last changed; nothing where there is nothing.
fn newest(path: &Path) -> Option<SystemTime> {
    let below =
        std::fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| newest(&entry.path()));
    below.chain(changed(path)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_as_new_as_its_newest_file() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("deep")).expect("a folder");
        let file = folder.path().join("deep/file");
        std::fs::write(&file, "x").expect("a file");
        let later = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(4_000_000_000);
        std::fs::File::options().write(true).open(&file).expect("open").set_modified(later).expect("a time");
        assert_eq!(newest(folder.path()), Some(later));
        assert_eq!(newest(&folder.path().join("none")), None);
    }
}
