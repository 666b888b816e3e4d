//! Development tool, `tidy`: how long files and functions may be.
//!
//! What is longer today stands in `xtask/ratchet.toml` with its length. An entry that is larger than the truth is an error,
//! so the list can only shrink.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Finding;
use super::outline::Kind;
use super::tree::Tree;

/// Lines of a file, unless the list names it.
const FILE: usize = 400;
/// Lines of any file.
const FILE_EVER: usize = 800;
/// Lines of a function, unless the list names it.
const FUNCTION: usize = 60;
/// Lines of a test, which may hold the whole value that it expects.
const TEST: usize = 120;
/// Where the list lies.
const LIST: &str = "xtask/ratchet.toml";

/// What is longer than it should be: file, or `file::function`, and its lines.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct List {
    files: BTreeMap<String, usize>,
    functions: BTreeMap<String, usize>,
    tests: BTreeMap<String, usize>,
}

pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let list = match tree.get(LIST) {
        Some(file) => toml::from_str(&file.text).context(LIST)?,
        None => List::default(),
    };
    let mut findings = Vec::new();
    let mut files = BTreeMap::new();
    let mut functions: BTreeMap<String, usize> = BTreeMap::new();
    let mut tests: BTreeMap<String, usize> = BTreeMap::new();
    for (file, outline) in tree.rust() {
        files.insert(file.path.clone(), file.text.lines().count());
        for item in outline.items.iter().filter(|item| item.kind == Kind::Function) {
            let of_tests = item.of_tests || file.path.contains("/tests/");
            let lengths = if of_tests { &mut tests } else { &mut functions };
            let longest = lengths.entry(format!("{}::{}", file.path, item.name)).or_default();
            *longest = item.lines.max(*longest);
        }
    }
    for (path, lines) in files.iter().filter(|(_, lines)| **lines > FILE_EVER) {
        findings.push(Finding::new(path, format!("has {lines} lines; {FILE_EVER} is the most for any file")));
    }
    compare("file", FILE, &files, &list.files, &mut findings);
    compare("function", FUNCTION, &functions, &list.functions, &mut findings);
    compare("test", TEST, &tests, &list.tests, &mut findings);
    Ok(findings)
}

fn compare(
    noun: &str,
    limit: usize,
    lengths: &BTreeMap<String, usize>,
    list: &BTreeMap<String, usize>,
    findings: &mut Vec<Finding>,
) {
    for (place, lines) in lengths {
        match list.get(place) {
            None if *lines > limit => {
                let what = format!(
                    "has {lines} lines; a {noun} has {limit} at most: what is new belongs in another"
                );
                findings.push(Finding::new(place, what));
            }
            Some(listed) if lines > listed => {
                findings.push(Finding::new(
                    place,
                    format!("grew from {listed} to {lines} lines; it may only shrink"),
                ));
            }
            Some(_) if *lines <= limit => {
                findings.push(Finding::new(
                    LIST,
                    format!("{place} has {lines} lines and needs no entry any more"),
                ));
            }
            Some(listed) if lines < listed => {
                findings.push(Finding::new(
                    LIST,
                    format!("{place} has {lines} lines now; write that, not {listed}"),
                ));
            }
            None | Some(_) => {}
        }
    }
    for place in list.keys().filter(|place| !lengths.contains_key(*place)) {
        findings.push(Finding::new(LIST, format!("{place} is not there any more")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_only_shrinks() {
        let lengths = |pairs: &[(&str, usize)]| -> BTreeMap<String, usize> {
            pairs.iter().map(|(place, lines)| ((*place).to_owned(), *lines)).collect()
        };
        let mut findings = Vec::new();
        compare(
            "file",
            400,
            &lengths(&[("a", 400), ("b", 401), ("c", 450), ("d", 450), ("e", 450), ("f", 399)]),
            &lengths(&[("c", 450), ("d", 440), ("e", 460), ("f", 500), ("g", 500)]),
            &mut findings,
        );
        let said: Vec<String> =
            findings.iter().map(|finding| format!("{}: {}", finding.place, finding.what)).collect();
        expect_test::expect![[r#"
            b: has 401 lines; a file has 400 at most: what is new belongs in another
            d: grew from 440 to 450 lines; it may only shrink
            xtask/ratchet.toml: e has 450 lines now; write that, not 460
            xtask/ratchet.toml: f has 399 lines and needs no entry any more
            xtask/ratchet.toml: g is not there any more"#]]
        .assert_eq(&said.join("\n"));
    }

    #[test]
    fn files_and_functions_are_measured() {
        let long = format!("//! x\nfn long() {{\n{}}}\n", "let a = 1;\n".repeat(60));
        let tree = Tree::of(&[("a.rs", &long), ("b.rs", &"\n".repeat(801))]);
        let said: Vec<String> =
            check(&tree).expect("works").into_iter().map(|finding| finding.place).collect();
        assert_eq!(said, ["b.rs", "b.rs", "a.rs::long"]);
    }
}
