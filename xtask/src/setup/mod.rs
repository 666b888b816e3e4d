//! Development tool, verb `setup`: installs what the build, the tests and the demo need.
//!
//! It asks nothing, says what it installs, why, and how large it is, and shows the progress of each program it runs. What is
//! there already is left alone, so a second run does nothing. Everything but Debian packages goes to the cache folder.

pub(crate) mod agents;
mod debian;
mod node;
mod tools;

use anyhow::Result;
use clap::Args;

use crate::console;
use crate::house;
use crate::process::Program;
use crate::product;

/// Options of `cargo xtask setup`.
#[derive(Args)]
pub(crate) struct Options {
    /// Install these agents for the tests, in place of the default three
    #[arg(long, value_delimiter = ',', value_name = "NAME,…", value_parser = agents::ALL.to_vec())]
    agents: Option<Vec<String>>,
    /// Install every agent of the catalogue (about 2 GB)
    #[arg(long, conflicts_with = "agents")]
    all_agents: bool,
    /// Install no agent
    #[arg(long, conflicts_with_all = ["agents", "all_agents"])]
    no_agents: bool,
    /// Also build cargo-deny (about 3 minutes on 2 idle cores)
    #[arg(long)]
    deny: bool,
}

/// What things are needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To build the product and let an agent work.
    Demo,
    /// For that, and for every test.
    Tests,
}

impl Options {
    fn agents(&self) -> Vec<&str> {
        match &self.agents {
            Some(names) => names.iter().map(String::as_str).collect(),
            None if self.no_agents => Vec::new(),
            None if self.all_agents => agents::ALL.to_vec(),
            None => agents::DEFAULT.to_vec(),
        }
    }
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut done = machine(Purpose::Tests)?;
    if options.deny {
        done.extend(tools::cargo_deny()?);
    }
    let names = options.agents();
    if !names.is_empty() {
        console::note("building telecoder, which installs the agents");
        let product = product::build_binaries()?;
        agents::install(&product, &names, &house::test_data_dir()?)?;
    }
    if done.is_empty() {
        console::note("everything else that is needed is here");
    }
    Ok(())
}

/// What every build and test needs of the machine. Gives back what was installed.
pub(crate) fn machine(purpose: Purpose) -> Result<Vec<String>> {
    let mut done = debian::install_missing(purpose)?;
    if purpose == Purpose::Tests {
        done.extend(tools::rust_components()?);
    }
    if !crates_are_here() {
        console::note("downloading the crates of others that the workspace is built from");
        fetch().run()?;
        done.push("crates".to_owned());
    }
    Ok(done)
}

/// Whether every crate of others lies in cargo's own cache.
fn crates_are_here() -> bool {
    fetch().arg("--offline").succeeds()
}

fn fetch() -> Program {
    let system = if cfg!(target_os = "macos") { "apple-darwin" } else { "unknown-linux-gnu" };
    Program::cargo().args(["fetch", "--locked", "--target", &format!("{}-{system}", std::env::consts::ARCH)])
}

pub(crate) use node::{bin as node_bin, install as install_node};
pub(crate) use tools::{cargo_deny, cargo_deny_path, cargo_fuzz, cargo_fuzz_path, has_nextest};
