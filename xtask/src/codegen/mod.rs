//! Development tool, verb `codegen`: writes the files that are generated from the product, or checks that they are current.
//!
//! A generated file is made of what the binary prints, so that a reference never says what the product does not. Adding one is
//! one function and one line in `all()`.

mod command_line;
mod configuration;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::console;
use crate::environment;
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

/// A generated file.
struct Generated {
    /// Where it lies, from the repository's root.
    path: &'static str,
    /// Makes its whole text.
    make: fn(&Product) -> Result<String>,
}

/// Every generated file.
const fn all() -> &'static [Generated] {
    &[
        Generated { path: "docs/reference/cli.md", make: command_line::reference },
        Generated { path: "docs/reference/configuration.md", make: configuration::reference },
        Generated { path: "docs/reference/openapi.json", make: openapi },
    ]
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
        std::fs::write(&path, generated.text(&product)?)
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
        if current != generated.text(product)? {
            stale.push(generated.path);
        }
    }
    if !stale.is_empty() {
        bail!("not current: {}; `cargo xtask codegen` writes them", stale.join(", "));
    }
    Ok(all().len())
}

impl Generated {
    fn path(&self) -> PathBuf {
        house::root().join(self.path)
    }

    /// The text, with exactly one line break at its end.
    fn text(&self, product: &Product) -> Result<String> {
        let text = (self.make)(product).with_context(|| format!("could not make {}", self.path))?;
        Ok(format!("{}\n", text.trim_end()))
    }
}

fn openapi(product: &Product) -> Result<String> {
    telecoder(product).arg("openapi").output()
}

/// `telecoder` in an environment in which its answers are the same on every machine.
fn telecoder(product: &Product) -> Program {
    Program::new(&product.telecoder)
        .without_env(environment::PREFIX)
        .env("HOME", "/home/you")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_files_lie_in_the_reference() {
        for generated in all() {
            assert!(generated.path.starts_with("docs/reference/"), "{}", generated.path);
        }
    }
}
