//! Development tool: the real agents that the tests and the demo drive.
//!
//! The recipes are the product's: this only calls `telecoder agents install`, which calls npm. Agents bring the Node that
//! they run with; the machine's own only has to run npm.

use std::path::Path;

use anyhow::{Context, Result};

use crate::console;
use crate::environment;
use crate::product::Product;
use crate::server::isolated;
use crate::setup::node;

/// The agents of the default test run: about 1.1 GB.
pub(crate) const DEFAULT: &[&str] = &["goose", "opencode", "codex"];

/// Every agent of the catalogue.
pub(crate) const ALL: &[&str] = &["goose", "opencode", "codex", "claude-code", "gemini"];

/// Installs agents into the `agents` folder of a data folder; what is there already is left alone.
pub(crate) fn install(product: &Product, names: &[&str], data_dir: &Path) -> Result<()> {
    for name in names {
        console::note(&format!("agent {name}: {} in {}", size(name), data_dir.display()));
        let mut program = isolated(&product.telecoder, data_dir)
            .args(["agents", "install", name, "--data-dir"])
            .arg(data_dir);
        if !node::is_new_enough() {
            node::install()?;
            program = program.env("PATH", environment::path_with(&node::bin()?));
        }
        program.run().with_context(|| format!("could not install the agent {name}"))?;
    }
    Ok(())
}

/// How large an installed agent is, measured on Linux x86-64.
pub(crate) fn size(name: &str) -> &'static str {
    match name {
        "goose" => "282 MB",
        "opencode" => "186 MB",
        "codex" => "601 MB",
        "claude-code" => "508 MB",
        "gemini" => "228 MB",
        _ => "size unknown",
    }
}
