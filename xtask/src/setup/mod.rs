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

/// Options of `cargo xtask setup`.
#[derive(Args)]
pub(crate) struct Options {
    /// Also install these agents for the tests
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    agents: Vec<String>,
    /// Also install every agent of the catalogue (about 1.5 GB)
    #[arg(long, conflicts_with = "agents")]
    all_agents: bool,
    /// Also build cargo-deny (about 3 minutes on 2 idle cores)
    #[arg(long)]
    deny: bool,
    /// Say nothing where nothing is missing
    #[arg(long)]
    quiet: bool,
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut done = machine()?;
    if options.deny {
        done.extend(tools::cargo_deny()?);
    }
    let names: Vec<&str> = if options.all_agents {
        agents::ALL.to_vec()
    } else {
        options.agents.iter().map(String::as_str).collect()
    };
    if !names.is_empty() {
        agents::install(&names, &crate::house::test_data_dir()?)?;
        done.push(format!("agents {}", names.join(", ")));
    }
    if done.is_empty() && !options.quiet {
        console::note("everything needed is here");
    }
    Ok(())
}

/// What every build and test needs of the machine. Gives back what was installed.
pub(crate) fn machine() -> Result<Vec<String>> {
    let mut done = debian::install_missing()?;
    done.extend(tools::rust_components()?);
    done.extend(tools::nextest()?);
    Ok(done)
}

pub(crate) use node::{bin as node_bin, install as install_node};
pub(crate) use tools::{cargo_deny, cargo_deny_path, has_nextest, nextest_program};
