//! Development tool, `tidy`: what every Rust source opens with, and how many tests the workspace has for its size.

use anyhow::Result;

use super::Finding;
use super::tree::Tree;

/// Tests for a thousand lines, at least.
const ENOUGH: usize = 10;

pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (file, _) in tree.rust() {
        let first = file.text.lines().find(|line| !line.starts_with("#!"));
        if !first.is_some_and(|line| line.starts_with("//! ")) {
            findings.push(Finding::new(
                &file.path,
                "must open with `//!`: what it is, its layer, its invariants",
            ));
        }
    }
    let share = Share::of(tree);
    if share.per_thousand() < ENOUGH {
        findings.push(Finding::new(
            "the workspace",
            format!("has too few tests: {share}; at least {ENOUGH} are wanted"),
        ));
    }
    Ok(findings)
}

/// The tests of the workspace, and the lines that they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    tests: usize,
    /// Lines with code outside `tests/` folders.
    lines: usize,
}

impl Share {
    pub(super) fn of(tree: &Tree) -> Self {
        let tests = tree.rust().map(|(_, outline)| outline.tests()).sum();
        let sources = tree.rust().filter(|(file, _)| !file.path.contains("/tests/"));
        let lines = sources.flat_map(|(file, _)| file.text.lines()).filter(|line| is_code(line)).count();
        Self { tests, lines }
    }

    fn per_thousand(self) -> usize {
        self.tests.saturating_mul(1000).checked_div(self.lines).unwrap_or_default()
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (tests, lines) = (self.tests, self.lines);
        write!(formatter, "{tests} tests for {lines} lines of Rust, {} per 1,000", self.per_thousand())
    }
}

fn is_code(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_tests_are_wanted() {
        let tree = Tree::of(&[
            ("a.rs", "//! Says what it is.\nfn a() {}\n\n// no\n#[test]\nfn b() {}\n"),
            ("crates/x/tests/it/b.rs", "fn c() {}\n#[test]\nfn d() {}\n"),
        ]);
        let said: Vec<String> =
            check(&tree).expect("works").into_iter().map(|finding| finding.place).collect();
        assert_eq!(said, ["crates/x/tests/it/b.rs"]);
        assert_eq!(Share::of(&tree).to_string(), "2 tests for 3 lines of Rust, 666 per 1,000");
        let bare = Tree::of(&[("a.rs", "//! Says what it is.\nfn a() {}\n")]);
        let found = check(&bare).expect("works");
        expect_test::expect![[
            r#"[Finding { place: "the workspace", what: "has too few tests: 0 tests for 1 lines of Rust, 0 per 1,000; at least 10 are wanted" }]"#
        ]]
        .assert_eq(&format!("{found:?}"));
    }
}
