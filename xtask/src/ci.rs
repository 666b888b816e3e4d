//! Development tool, verb `ci`: the one gate. From a fresh clone it needs nothing typed but its name.
//!
//! The stages run in order; the first that fails ends the run, and the table is printed either way.

use anyhow::{Context, Result};
use clap::Args;

use crate::console;
use crate::house;
use crate::process::Program;
use crate::product;
use crate::setup::{self, Purpose, agents};
use crate::stage::Stages;
use crate::test::{self, Agents};
use crate::{bench, codegen, fuzz, tidy, web};

/// Options of `cargo xtask ci`.
#[derive(Args)]
pub(crate) struct Options {
    /// Also install and drive Claude Code and Gemini CLI
    #[arg(long)]
    all_agents: bool,
    /// Also run cargo-deny, built first where it is missing (about 3 minutes)
    #[arg(long)]
    deny: bool,
    /// Also try every fail point, fuzz each target for a minute and run a thousand sessions (about 25 minutes)
    #[arg(long)]
    extended: bool,
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut stages = Stages::default();
    let result = gate(&mut stages, options);
    console::line("");
    console::result(stages.table().trim_end());
    result
}

fn gate(stages: &mut Stages, options: &Options) -> Result<()> {
    let chosen = Agents::from_flag(options.all_agents);
    stages.run("setup", || Ok(installed(&setup::machine(Purpose::Tests)?)))?;
    stages.run("format", || quiet(Program::cargo().args(["fmt", "--all", "--check"])))?;
    stages.run("tidy", || Ok(tidy::check()?.to_string()))?;
    // Before the binaries are built, so that the UI is in them.
    web::gate(stages)?;
    stages.run("clippy", || {
        quiet(Program::cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    if options.deny {
        stages.run("deny", deny)?;
    }
    let mut built = None;
    stages
        .run("build", || product::build_all().map(|product| built = Some(product)).map(|()| String::new()))?;
    let product = built.context("the build gave no binaries")?;
    stages.run("agents", || {
        agents::install(&product, chosen.names(), &house::test_data_dir()?)
            .map(|()| chosen.names().join(", "))
    })?;
    stages.run("tests", || test::all(chosen, &[]).map(|counts| counts.to_string()))?;
    stages.run("web e2e", || web::end_to_end(&product))?;
    stages.run("rustdoc", || {
        quiet(
            Program::cargo()
                .args(["doc", "--workspace", "--no-deps", "--locked"])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    })?;
    if options.extended {
        extended(stages, &product)?;
    }
    stages
        .run("drift", || codegen::check(&product).map(|count| format!("{count} generated files are current")))
}

/// What takes too long for every change.
fn extended(stages: &mut Stages, product: &product::Product) -> Result<()> {
    stages.run("fail points", || {
        let tests = ["test", "--workspace", "--test", "it", "--", "fail_points::", "--test-threads", "1"];
        quiet(Program::cargo().args(tests).env("TELECODER_TEST_FAIL_POINTS", "all"))
    })?;
    stages.run("fuzz", || {
        setup::cargo_fuzz()?;
        fuzz::all(60, None)
    })?;
    stages.run("soak", || bench::soak::sessions(1000, product))
}

fn quiet(program: Program) -> Result<String> {
    console::note(program.shown());
    program.run().map(|()| String::new())
}

fn deny() -> Result<String> {
    let built = setup::cargo_deny()?;
    Program::new(setup::cargo_deny_path()?).args(["check", "licenses", "bans", "sources"]).run()?;
    Ok(installed(&built))
}

fn installed(what: &[String]) -> String {
    if what.is_empty() { String::new() } else { format!("installed {}", what.join(", ")) }
}
