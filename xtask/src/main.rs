//! Development tool, outside the product's layers: `cargo xtask VERB` is everything a developer runs.
//!
//! One verb a file; a verb is one function that takes its options. What verbs share: `console` (what is printed), `process`
//! (the only place that starts programs), `environment` (the only place that reads variables), `house` (where things lie),
//! `product` (its binaries), `server` and `background` (what runs beside us), `http`.

mod background;
mod bench;
mod ci;
mod codegen;
mod console;
mod demo;
mod dev;
mod environment;
mod fuzz;
mod house;
mod http;
mod process;
mod product;
mod server;
mod setup;
mod stage;
mod test;
mod tidy;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Everything a developer of TeleCoder runs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Invocation {
    #[command(subcommand)]
    verb: Verb,
}

/// One verb, with its options.
#[derive(Subcommand)]
enum Verb {
    /// Install what the build, the tests and the demo need; says what and how large
    Setup(setup::Options),
    /// Show a real agent finish a real task, end to end
    Demo(demo::Options),
    /// Run the server from this tree with a data folder of its own
    Dev(dev::Options),
    /// Build every binary and run every test
    Test(test::Options),
    /// The one gate: setup, format, lints, tidy, build, tests, documentation, drift, web
    Ci(ci::Options),
    /// Check the rules of the house that no compiler knows
    Tidy(tidy::Options),
    /// Write the generated files, or check that they are current
    Codegen(codegen::Options),
    /// Build the web UI, which the next `cargo build` puts into the binary
    Web(web::Options),
    /// Measure against floors of the same run
    Bench(bench::Options),
    /// Try hostile bytes on what reads them, a minute for each target
    Fuzz(fuzz::Options),
    /// Run a thousand sessions and look whether anything is left of them
    Soak(bench::soak::Options),
}

fn main() -> ExitCode {
    let invocation = Invocation::parse();
    let result = match invocation.verb {
        Verb::Setup(options) => setup::run(&options),
        Verb::Demo(options) => demo::run(&options),
        Verb::Dev(options) => dev::run(&options),
        Verb::Test(options) => test::run(&options),
        Verb::Ci(options) => ci::run(&options),
        Verb::Tidy(options) => tidy::run(&options),
        Verb::Codegen(options) => codegen::run(&options),
        Verb::Web(options) => web::run(&options),
        Verb::Bench(options) => bench::run(&options),
        Verb::Fuzz(options) => fuzz::run(&options),
        Verb::Soak(options) => bench::soak::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Invocation::command().debug_assert();
    }

    #[test]
    fn verbs_are_the_documented_ones() {
        let verbs: Vec<String> =
            Invocation::command().get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
        expect_test::expect![[
            r#"["setup", "demo", "dev", "test", "ci", "tidy", "codegen", "web", "bench", "fuzz", "soak"]"#
        ]]
        .assert_eq(&format!("{verbs:?}"));
    }
}
