//! Development tool, verb `codegen`: writes the files that are generated from the product, or checks that they are current.
//!
//! A generated file is what one command of the product prints, so that the reference never says what the binary does not.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::console;
use crate::house;
use crate::process::Program;
use crate::product::{self, Product};

/// Options of `cargo xtask codegen`.
#[derive(Args)]
pub(crate) struct Options {
    /// Change nothing; fail where a file is not current
    #[arg(long)]
    check: bool,
}

/// A generated file, and the arguments of `telecoder` that print it.
struct Generated {
    path: &'static str,
    arguments: &'static [&'static str],
}

/// Every generated file.
const fn all() -> &'static [Generated] {
    &[Generated {
        path: "docs/reference/openapi.json",
        arguments: &["openapi"],
    }]
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    let product = product::build_binaries()?;
    if options.check {
        let count = check(&product)?;
        console::note(&format!("{count} generated files are current"));
        return Ok(());
    }
    for generated in all() {
        let path = generated.path();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("could not make {}", folder.display()))?;
        }
        std::fs::write(&path, generated.print(&product)?)
            .with_context(|| format!("could not write {}", generated.path))?;
        console::note(&format!("wrote {}", generated.path));
    }
    Ok(())
}

/// Compares every generated file with what the product prints now, and gives back how many there are.
pub(crate) fn check(product: &Product) -> Result<usize> {
    let mut stale = Vec::new();
    for generated in all() {
        let current = std::fs::read_to_string(generated.path()).unwrap_or_default();
        if current != generated.print(product)? {
            stale.push(generated.path);
        }
    }
    if !stale.is_empty() {
        bail!(
            "not current: {}; `cargo xtask codegen` writes them",
            stale.join(", ")
        );
    }
    Ok(all().len())
}

impl Generated {
    fn path(&self) -> PathBuf {
        house::root().join(self.path)
    }

    fn print(&self, product: &Product) -> Result<String> {
        Program::new(&product.telecoder).args(self.arguments).output()
    }
}
