//! Development tool, verb `test`: builds every binary and runs every test.
//!
//! Tests that need an agent beyond the default three live in modules named `all_agents`; they run with `--all-agents` only,
//! and then their agents must be there. No test is ever skipped from within.

use anyhow::{Result, bail};
use clap::Args;

use crate::console;
use crate::environment;
use crate::house;
use crate::process::Program;
use crate::product;
use crate::setup::{self, Purpose, agents};

/// Options of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct Options {
    /// Also install and drive Claude Code and Gemini CLI
    #[arg(long)]
    all_agents: bool,
    /// Passed on to `cargo nextest run`, for instance a part of a test's name
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Which agents the tests drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agents {
    /// Goose, OpenCode and Codex.
    Default,
    /// Every agent of the catalogue.
    All,
}

impl Agents {
    /// What the flag `--all-agents` means.
    pub(crate) const fn from_flag(all_agents: bool) -> Self {
        if all_agents { Self::All } else { Self::Default }
    }

    /// The names in the catalogue.
    pub(crate) const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Default => agents::DEFAULT,
            Self::All => agents::ALL,
        }
    }
}

/// How many tests ran, and how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl std::fmt::Display for Counts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let run = self.passed.saturating_add(self.failed);
        write!(
            formatter,
            "{run} tests run: {} passed, {} failed, {} not selected",
            self.passed, self.failed, self.skipped
        )
    }
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    let chosen = Agents::from_flag(options.all_agents);
    setup::machine(Purpose::Tests)?;
    let product = product::build_all()?;
    agents::install(&product, chosen.names(), &house::test_data_dir()?)?;
    console::heading("tests");
    let counts = all(chosen, &options.arguments)?;
    console::result(&counts.to_string());
    Ok(())
}

/// Runs the tests and counts them; a failed test is an error that holds the counts.
pub(crate) fn all(chosen: Agents, arguments: &[String]) -> Result<Counts> {
    let (program, summary) = if setup::has_nextest() {
        (nextest(chosen, arguments)?, NEXTEST)
    } else {
        console::note("cargo-nextest is not installed: `cargo test` runs the same tests");
        (libtest(chosen, arguments)?, HARNESS)
    };
    let (succeeded, said) = program.run_and_keep()?;
    let mut counts = count(&said, summary);
    if !succeeded {
        bail!("{counts}");
    }
    if arguments.is_empty() {
        let documentation = with_agents(Program::cargo())?.args(["test", "--workspace", "--doc", "--quiet"]);
        let (succeeded, said) = documentation.run_and_keep()?;
        counts.add(count(&said, HARNESS));
        if !succeeded {
            bail!("a documentation test failed; {counts}");
        }
    }
    if counts.passed == 0 {
        bail!("no test was run, which proves nothing");
    }
    Ok(counts)
}

fn nextest(chosen: Agents, arguments: &[String]) -> Result<Program> {
    let mut program = with_agents(Program::cargo())?.args(["nextest", "run", "--workspace"]);
    if chosen == Agents::Default {
        program = program.args(["--filterset", "not test(/(^|::)all_agents::/)"]);
    }
    Ok(program.args(arguments))
}

fn libtest(chosen: Agents, arguments: &[String]) -> Result<Program> {
    let mut program = with_agents(Program::cargo())?
        .args(["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests", "--"])
        .args(arguments);
    if chosen == Agents::Default {
        program = program.args(["--skip", "all_agents::"]);
    }
    Ok(program)
}

fn with_agents(program: Program) -> Result<Program> {
    Ok(program.env(environment::TEST_DATA_DIR, house::test_data_dir()?))
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
        self.skipped = self.skipped.saturating_add(other.skipped);
    }
}

/// How the summary line of cargo-nextest begins.
const NEXTEST: &str = "Summary [";
/// How the summary lines of Rust's own test harness begin, one a binary.
const HARNESS: &str = "test result:";

/// Reads the counts out of the summary lines. A test that runs a harness itself may show that one's lines too.
fn count(said: &str, summary: &str) -> Counts {
    let mut counts = Counts::default();
    for line in said.lines() {
        let line = without_colour(line);
        let line = line.trim_start();
        if line.starts_with(summary) {
            counts.add(Counts {
                passed: number_before(line, "passed"),
                failed: number_before(line, "failed").saturating_add(number_before(line, "timed")),
                skipped: number_before(line, "skipped").saturating_add(number_before(line, "filtered")),
            });
        }
    }
    counts
}

fn number_before(line: &str, word: &str) -> u64 {
    let words: Vec<&str> = line.split([' ', ',', ';', '(', ')']).filter(|word| !word.is_empty()).collect();
    words
        .windows(2)
        .filter_map(|pair| match pair {
            [number, after] if *after == word => number.parse::<u64>().ok(),
            _ => None,
        })
        .sum()
}

fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            letters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(letter);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: &str, summary: &str, expect: &str) {
        assert_eq!(count(said, summary).to_string(), expect);
    }

    #[test]
    fn counts_what_nextest_says() {
        check(
            "    Finished\n     Summary [   0.512s] 14 tests run: 12 passed (1 slow), 2 failed, 3 skipped\n",
            NEXTEST,
            "14 tests run: 12 passed, 2 failed, 3 not selected",
        );
        check(
            "\u{1b}[1m     Summary\u{1b}[0m [  60.0s] \u{1b}[1m3\u{1b}[0m tests run: 1 passed, 1 failed, 1 timed out, 0 skipped",
            NEXTEST,
            "3 tests run: 1 passed, 2 failed, 0 not selected",
        );
    }

    #[test]
    fn counts_what_the_harness_says() {
        check(
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.00s\n\
             test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
            HARNESS,
            "6 tests run: 4 passed, 2 failed, 1 not selected",
        );
    }

    #[test]
    fn other_lines_count_nothing() {
        check("12 passed, said the agent", HARNESS, "0 tests run: 0 passed, 0 failed, 0 not selected");
        check(
            "test result: ok. 3 passed; 0 failed",
            NEXTEST,
            "0 tests run: 0 passed, 0 failed, 0 not selected",
        );
    }
}
