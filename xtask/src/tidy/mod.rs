//! Development tool, verb `tidy`: the rules of the house that no compiler knows. It also runs as a test of this package.
//!
//! A rule is one function in one file that looks at the tree and gives back what it found; `all()` lists them. Rules change
//! nothing, except that `--seal` writes down the checksums of new migrations.

mod edges;
mod errors;
mod mask;
mod migrations;
mod modules;
mod names;
mod outline;
mod pages;
mod ratchet;
mod reasons;
mod sources;
mod supply;
mod tree;
mod walk;
mod wording;

use anyhow::{Result, bail};
use clap::Args;

use self::tree::Tree;
use crate::console;

/// Options of `cargo xtask tidy`.
#[derive(Args)]
pub(crate) struct Options {
    /// Write down the checksums of migrations that have none yet; from then on they may not change
    #[arg(long)]
    seal: bool,
}

/// Something that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// A file, with a line where that helps, or a crate.
    place: String,
    what: String,
}

impl Finding {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

type Rule = fn(&Tree) -> Result<Vec<Finding>>;

/// Every rule, with its name.
const fn all() -> &'static [(&'static str, Rule)] {
    &[
        ("crate edges", edges::check),
        ("licences and bans", supply::check),
        ("lengths", ratchet::check),
        ("sources", sources::check),
        ("names", names::check),
        ("modules", modules::check),
        ("silenced lints", reasons::check),
        ("migrations", migrations::check),
        ("wording", wording::check),
        ("pages", pages::check),
        ("error codes", errors::check),
        ("the walk", walk::check),
    ]
}

/// What was looked at.
pub(crate) struct Summary {
    files: usize,
    tests: sources::Share,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} rules over {} files; {}", all().len(), self.files, self.tests)
    }
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    if options.seal {
        for path in migrations::seal(&Tree::read()?)? {
            console::note(&format!("sealed {path}"));
        }
    }
    console::result(&check()?.to_string());
    Ok(())
}

/// Checks every rule; the error lists all that was found.
pub(crate) fn check() -> Result<Summary> {
    let tree = Tree::read()?;
    let mut said = String::new();
    let mut count = 0_usize;
    for (name, rule) in all() {
        for finding in rule(&tree)? {
            count = count.saturating_add(1);
            said.push_str(&format!("\n  {}: {} ({name})", finding.place, finding.what));
        }
    }
    if count > 0 {
        bail!(
            "{count} {} the rules of the house:{said}",
            if count == 1 { "thing breaks" } else { "things break" }
        );
    }
    Ok(Summary { files: tree.files.len(), tests: sources::Share::of(&tree) })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_is_tidy() {
        let summary = super::check().unwrap_or_else(|error| panic!("{error:#}"));
        assert!(summary.files > 50, "{summary}");
    }
}
