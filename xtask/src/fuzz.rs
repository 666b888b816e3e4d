//! Development tool, verb `fuzz`: runs each fuzz target for a while, from its committed corpus.
//!
//! One toolchain only: what the fuzzer needs of the compiler is unlocked for it. What it finds goes to `fuzz/artifacts`; the
//! corpus that it grows goes to the cache folder, so that the committed one only changes by hand.

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::console;
use crate::house;
use crate::process::Program;
use crate::setup;

/// The targets, each a file of `fuzz/targets`.
const TARGETS: [&str; 3] = ["acp_lines", "supervisor_frames", "sse_resume"];

/// Options of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct Options {
    /// How long each target runs
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// Only this target
    #[arg(long, value_parser = TARGETS)]
    target: Option<String>,
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    setup::cargo_fuzz()?;
    let said = all(options.seconds, options.target.as_deref())?;
    console::result(&said);
    Ok(())
}

/// Runs the targets; gives what they tell at the end.
pub(crate) fn all(seconds: u32, only: Option<&str>) -> Result<String> {
    let mut told = Vec::new();
    for target in TARGETS.into_iter().filter(|target| only.is_none_or(|only| only == *target)) {
        console::heading(target);
        let grown = house::cache()?.join("fuzz").join(target);
        std::fs::create_dir_all(&grown).with_context(|| format!("could not make {}", grown.display()))?;
        let program = Program::new(setup::cargo_fuzz_path()?)
            .args(["run", "--fuzz-dir", "fuzz", "--sanitizer", "none", "--target-dir"])
            .arg(house::target()?.join("fuzz"))
            .arg(target)
            .arg(&grown)
            .arg(format!("fuzz/corpus/{target}"))
            .args(["--", &format!("-max_total_time={seconds}"), "-max_len=65536", "-rss_limit_mb=2048"])
            .env("RUSTC_BOOTSTRAP", "1");
        let (succeeded, said) = program.run_and_keep()?;
        if !succeeded {
            bail!("{target}: something does not hold; the bytes are in fuzz/artifacts/{target}");
        }
        told.push(format!("{target} {}", runs(&said).context("the fuzzer told nothing")?));
    }
    Ok(told.join(", "))
}

/// `Done 12345 runs in 61 second(s)` in the fuzzer's words.
fn runs(said: &str) -> Option<String> {
    let line = said.lines().rev().find_map(|line| line.strip_prefix("Done "))?;
    Some(line.trim_end_matches(" second(s)").to_owned() + " s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_run_is_told() {
        let said = "#4\tDONE   cov: 8 ft: 9\nDone 1234 runs in 61 second(s)\n";
        assert_eq!(runs(said).as_deref(), Some("1234 runs in 61 s"));
        assert_eq!(runs("nothing"), None);
    }

    #[test]
    fn every_target_has_its_file_and_its_corpus() {
        for target in TARGETS {
            let fuzz = house::root().join("fuzz");
            assert!(fuzz.join("targets").join(target).with_extension("rs").is_file(), "{target}");
            assert!(fuzz.join("corpus").join(target).read_dir().is_ok_and(|mut all| all.next().is_some()));
        }
    }
}
