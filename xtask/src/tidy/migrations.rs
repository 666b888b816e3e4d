//! Development tool, `tidy`: migrations of all dialects are numbered alike, without gaps, and never change once they are sealed.
//!
//! A seal is a SHA-256 in `xtask/migrations.toml`. `cargo xtask tidy --seal` adds the seals of new migrations, never changes one.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::Finding;
use super::tree::{File, Tree};
use crate::house;

/// Where migrations lie, one folder a dialect.
const FOLDER: &str = "crates/store/migrations/";
/// Where the seals lie.
const SEALS: &str = "xtask/migrations.toml";
/// What the seals' file says of itself.
const HEAD: &str =
    "# Checksums of the migrations: a sealed one never changes. `cargo xtask tidy --seal` adds new ones.\n";

type Seals = BTreeMap<String, String>;

pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let seals = seals(tree)?;
    let mut findings = numbering(tree);
    for file in migrations(tree) {
        match seals.get(&file.path) {
            None => {
                findings.push(Finding::new(&file.path, "is not sealed; `cargo xtask tidy --seal` does it"))
            }
            Some(sealed) if *sealed != seal_of(file) => {
                findings
                    .push(Finding::new(&file.path, "was changed after it was sealed; write a new migration"));
            }
            Some(_) => {}
        }
    }
    for path in seals.keys().filter(|path| tree.get(path).is_none()) {
        findings.push(Finding::new(path, "is sealed, but it is gone"));
    }
    Ok(findings)
}

/// Adds the missing seals and gives back whose they are.
pub(super) fn seal(tree: &Tree) -> Result<Vec<String>> {
    let mut seals = seals(tree)?;
    let mut added = Vec::new();
    for file in migrations(tree).filter(|file| !seals.contains_key(&file.path)).collect::<Vec<_>>() {
        seals.insert(file.path.clone(), seal_of(file));
        added.push(file.path.clone());
    }
    if !added.is_empty() {
        let lines: String = seals.iter().map(|(path, seal)| format!("\"{path}\" = \"{seal}\"\n")).collect();
        std::fs::write(house::root().join(SEALS), format!("{HEAD}{lines}"))
            .with_context(|| format!("could not write {SEALS}"))?;
    }
    Ok(added)
}

fn seals(tree: &Tree) -> Result<Seals> {
    tree.get(SEALS).map_or_else(|| Ok(Seals::new()), |file| toml::from_str(&file.text).context(SEALS))
}

fn migrations(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.files.iter().filter(|file| file.path.starts_with(FOLDER) && file.path.ends_with(".sql"))
}

fn seal_of(file: &File) -> String {
    Sha256::digest(&file.text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `sqlite/0001_sessions.sql` has its twin in every other dialect, and the numbers count from 1.
fn numbering(tree: &Tree) -> Vec<Finding> {
    let mut dialects: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in migrations(tree) {
        let rest = file.path.trim_start_matches(FOLDER);
        let (dialect, name) = rest.split_once('/').unwrap_or(("", rest));
        dialects.entry(dialect).or_default().insert(name);
    }
    let every: BTreeSet<&str> = dialects.values().flatten().copied().collect();
    let mut findings = Vec::new();
    for (dialect, names) in &dialects {
        for missing in every.difference(names) {
            findings.push(Finding::new(
                format!("{FOLDER}{dialect}"),
                format!("has no {missing}, which another dialect has"),
            ));
        }
    }
    for (number, name) in (1_usize..).zip(&every) {
        let begins = name.split('_').next().and_then(|digits| digits.parse::<usize>().ok());
        if begins != Some(number) {
            findings.push(Finding::new(
                format!("{FOLDER}*/{name}"),
                format!("should have the number {number:04}"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(files: &[(&str, &str)]) -> Vec<String> {
        let findings = check(&Tree::of(files)).expect("works");
        findings.into_iter().map(|finding| format!("{}: {}", finding.place, finding.what)).collect()
    }

    #[test]
    fn a_sealed_migration_never_changes() {
        let path = "crates/store/migrations/sqlite/0001_sessions.sql";
        let seal = seal_of(Tree::of(&[(path, "create")]).files.first().expect("one file"));
        let seals = format!("\"{path}\" = \"{seal}\"\n");
        assert_eq!(places(&[(path, "create"), (SEALS, &seals)]), [""; 0]);
        assert!(
            places(&[(path, "drop"), (SEALS, &seals)]).concat().contains("was changed after it was sealed")
        );
        assert!(places(&[(SEALS, &seals)]).concat().contains("it is gone"));
        assert!(places(&[(path, "create")]).concat().contains("is not sealed"));
    }

    #[test]
    fn dialects_are_numbered_alike() {
        let tree = Tree::of(&[
            ("crates/store/migrations/sqlite/0001_a.sql", ""),
            ("crates/store/migrations/sqlite/0003_b.sql", ""),
            ("crates/store/migrations/postgres/0001_a.sql", ""),
        ]);
        let said: Vec<String> = numbering(&tree)
            .into_iter()
            .map(|finding| format!("{}: {}", finding.place, finding.what))
            .collect();
        expect_test::expect![[r#"
            crates/store/migrations/postgres: has no 0003_b.sql, which another dialect has
            crates/store/migrations/*/0003_b.sql: should have the number 0002"#]]
        .assert_eq(&said.join("\n"));
    }
}
