//! Development tool, `demo`: the sample project: a few lines of Python with a mistake in them, and a test that finds it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::quietly;
use crate::console;
use crate::process::Program;

/// What the agent is asked to do.
pub(super) const PROMPT: &str = "A test of this project fails. Find out why, mend the code (not the test), and run \
    `python3 -m unittest` until it passes. Then say in two sentences what was wrong and how you checked it.";

const README: &str =
    "# cart\n\nPrices of a shopping cart, in cents.\n\nRun the tests: `python3 -m unittest`\n";

const CODE: &str = r#""""Prices of a shopping cart, in cents."""


def total(prices, discount_percent=0):
    """Adds the prices up and takes the discount off."""
    whole = sum(prices)
    return whole - whole * discount_percent


def cheapest(prices):
    """Finds the lowest price; an empty cart has none."""
    return min(prices, default=None)
"#;

const TEST: &str = r#"import unittest

from cart import cheapest, total


class CartTest(unittest.TestCase):
    def test_prices_are_added_up(self):
        self.assertEqual(total([250, 750]), 1000)

    def test_a_discount_is_taken_off(self):
        self.assertEqual(total([250, 750], discount_percent=20), 800)

    def test_the_lowest_price_is_found(self):
        self.assertEqual(cheapest([250, 750]), 250)
        self.assertIsNone(cheapest([]))


if __name__ == "__main__":
    unittest.main()
"#;

/// The line that is wrong, and what the scripted model makes of it.
const WRONG: &str = "whole * discount_percent";
const RIGHT: &str = "whole * discount_percent // 100";

/// The arguments of Python that run the tests.
const TESTS: &[&str] = &["-B", "-m", "unittest"];

/// A git repository with the sample project.
pub(super) struct Sample {
    folder: PathBuf,
}

impl Sample {
    /// Writes it and makes the first commit.
    pub(super) fn make(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
        for (name, text) in [
            ("README.md", README),
            ("cart.py", CODE),
            ("test_cart.py", TEST),
            (".gitignore", "__pycache__/\n"),
        ] {
            std::fs::write(folder.join(name), text).with_context(|| format!("could not write {name}"))?;
        }
        quietly(folder, "git", &["init", "--quiet", "--initial-branch=main"])?;
        quietly(folder, "git", &["config", "user.name", "Demo"])?;
        quietly(folder, "git", &["config", "user.email", "demo@example.com"])?;
        quietly(folder, "git", &["add", "--all"])?;
        quietly(
            folder,
            "git",
            &["commit", "--quiet", "--no-gpg-sign", "--message", "A cart, with a mistake in it"],
        )?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where it lies.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs its test and shows how it fails.
    pub(super) fn show_failing_test(&self) -> Result<()> {
        let (passed, said) = tests(&self.folder)?;
        console::line(&indented(&said));
        ensure!(!passed, "the sample's test should fail before the task");
        Ok(())
    }

    /// Checks the branch out elsewhere and runs the test there.
    pub(super) fn test_on_branch(&self, branch: &str, checkout: &Path) -> Result<()> {
        Program::new("git")
            .args(["clone", "--quiet", "--branch", branch, "--"])
            .arg(&self.folder)
            .arg(checkout)
            .output()
            .with_context(|| format!("the sample project has no branch {branch}"))?;
        let (passed, said) = tests(checkout)?;
        console::line(&indented(&said));
        if !passed {
            bail!("the test still fails on the branch {branch}");
        }
        Ok(())
    }
}

fn tests(folder: &Path) -> Result<(bool, String)> {
    Program::new("/usr/bin/python3").args(TESTS).dir(folder).keep_both()
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.trim_end().lines().map(|line| format!("    | {line}")).collect();
    lines.join("\n")
}

/// The steps of a scripted model that does what a good agent would.
pub(super) fn script() -> serde_json::Value {
    let mended = CODE.replace(WRONG, RIGHT);
    serde_json::json!([
        {"say": "I run the tests first.", "shell": "cd /workspace && python3 -B -m unittest 2>&1 || true"},
        {"say": "The discount is off by a factor of 100. I look at the code.", "shell": "cat /workspace/cart.py"},
        {"say": "`discount_percent` is used as if it were a fraction.", "write": ["/workspace/cart.py", mended]},
        {"say": "Now the tests again.", "shell": "cd /workspace && python3 -B -m unittest 2>&1"},
        {"text": "Discounts are percentages again. `total` used the percentage as if it were a fraction; it divides by 100 now. \
            `python3 -m unittest` passes: all three tests."},
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_fails_until_it_is_mended() {
        let folder = tempfile::tempdir().expect("a folder");
        let sample = Sample::make(&folder.path().join("cart")).expect("made");
        sample.show_failing_test().expect("it fails first");
        let on = |branch: &str, name: &str| sample.test_on_branch(branch, &folder.path().join(name));
        assert!(on("main", "one").expect_err("still broken").to_string().contains("still fails"));

        quietly(sample.folder(), "git", &["switch", "--quiet", "--create", "mended"]).expect("a branch");
        std::fs::write(sample.folder().join("cart.py"), CODE.replace(WRONG, RIGHT)).expect("written");
        quietly(
            sample.folder(),
            "git",
            &["commit", "--quiet", "--no-gpg-sign", "--all", "--message", "mend"],
        )
        .expect("a commit");
        on("mended", "two").expect("it passes now");
    }

    #[test]
    fn the_script_writes_what_mends_it() {
        let script = script();
        let written = script.pointer("/2/write/1").and_then(serde_json::Value::as_str);
        assert!(written.is_some_and(|text| text.contains(RIGHT)), "{script}");
    }
}
