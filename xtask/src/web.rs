//! Development tool: the web UI's part of the gate: lint, types, tests and build. Without a `web/` folder there is none.

use anyhow::{Context, Result};

use crate::environment;
use crate::house;
use crate::process::Program;
use crate::setup;
use crate::stage::Stages;

/// The scripts of `web/package.json` that the gate runs, in order.
const SCRIPTS: &[&str] = &["lint", "types", "test", "build"];

/// Runs the stages of the web UI.
pub(crate) fn gate(stages: &mut Stages) -> Result<()> {
    if !house::root().join("web/package.json").exists() {
        return Ok(());
    }
    stages.run("web install", || {
        setup::install_node()?;
        npm(&["ci", "--no-audit", "--no-fund"])
    })?;
    for script in SCRIPTS {
        stages.run(&format!("web {script}"), || npm(&["run", script]))?;
    }
    Ok(())
}

fn npm(arguments: &[&str]) -> Result<String> {
    Program::new("npm")
        .args(arguments)
        .dir(&house::root().join("web"))
        .env("PATH", environment::path_with(&setup::node_bin()?))
        .run()
        .context("the web UI")
        .map(|()| String::new())
}
