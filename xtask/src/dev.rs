//! Development tool, verb `dev`: runs the server from this tree with a data folder of its own in the cache.

use anyhow::Result;
use clap::Args;

use crate::console;
use crate::house;
use crate::process::Program;
use crate::product;
use crate::web;

/// Options of `cargo xtask dev`.
#[derive(Args)]
pub(crate) struct Options {
    /// Passed on to `telecoder serve`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs the verb; it ends when the server does.
pub(crate) fn run(options: &Options) -> Result<()> {
    web::ensure();
    let product = product::build_binaries()?;
    let data_dir = house::cache()?.join("dev");
    console::note(&format!("data folder {}", data_dir.display()));
    Program::new(&product.telecoder)
        .args(["serve", "--data-dir"])
        .arg(&data_dir)
        .args(&options.arguments)
        .run()
}
