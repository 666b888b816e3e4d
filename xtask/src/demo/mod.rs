//! Development tool, verb `demo`: a real agent finishes a real task while you watch, from an empty machine, with nothing typed.
//!
//! It lives in a temporary folder: its own data folder, its own server on a free port, its own sample project. All of it ends
//! and goes with the demo, unless `--keep` leaves it.

mod crash;
mod model;
mod sample;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;

use self::model::Model;
use self::sample::Sample;
use crate::console;
use crate::house;
use crate::process::Program;
use crate::product::{self, Product};
use crate::server::{Server, Start, data_dir_with_agents};
use crate::setup::{self, Purpose, agents};
use crate::web;

/// Options of `cargo xtask demo`.
#[derive(Args)]
pub(crate) struct Options {
    /// The agent that does the work
    #[arg(long, default_value = "goose", value_parser = agents::ALL.to_vec())]
    agent: String,
    /// Leave the server running, and say where it is
    #[arg(long)]
    keep: bool,
    /// Kill the server twice while the agent works: the task ends all the same, with one pull request
    #[arg(long)]
    crash: bool,
}

/// A session, as far as the demo speaks of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    id: String,
    status: String,
    branch: Option<String>,
    pr_number: Option<u64>,
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    console::heading("What this needs");
    console::note("the Rust crates of the workspace (built here, about 6 minutes on 2 cores the first time)");
    console::note(&format!(
        "the agent {} ({}), kept in {}",
        options.agent,
        agents::size(&options.agent),
        house::cache()?.display()
    ));
    let done = setup::machine(Purpose::Demo)?;
    if !done.is_empty() {
        console::note(&format!("installed {}", done.join(", ")));
    }
    console::heading("Building TeleCoder");
    web::ensure();
    let product = product::build_binaries()?;
    console::heading(&format!("The agent {}", options.agent));
    agents::install(&product, &[&options.agent], &house::test_data_dir()?)?;

    let folder = tempfile::Builder::new()
        .prefix("demo-")
        .tempdir_in(house::cache()?)
        .context("could not make a folder for the demo")?;
    let mut shown = Demo::start(options, &product, folder.path())?;
    shown.walk(options)?;
    if options.keep {
        shown.keep(&folder.keep());
    } else {
        drop(shown);
        console::heading("Done");
        console::note(
            "The server, the model and the sample project are gone; the agent stays installed for the next time.",
        );
        console::note("To look around yourself: cargo xtask demo --keep");
        console::note("To work on a repository of yours: README.md, \"By hand\".");
    }
    Ok(())
}

/// Everything that runs while the demo does.
struct Demo {
    /// Ends before the model it talks to.
    server: Server,
    model: Model,
    sample: Sample,
    checkout: PathBuf,
}

impl Demo {
    fn start(options: &Options, product: &Product, folder: &Path) -> Result<Self> {
        let sample = Sample::make(&folder.join("cart"))?;
        console::heading("A sample project with a failing test");
        console::note(&format!("{}", sample.folder().display()));
        sample.show_failing_test()?;

        console::heading("The model");
        let model = Model::choose(&options.agent, &product.scripted_model, folder, options.keep)?;
        for line in model.said() {
            console::note(&line);
        }
        let data_dir = folder.join("data");
        data_dir_with_agents(&data_dir, &house::test_data_dir()?)?;
        let mut env = model.server_env();
        env.push(("TELECODER_LOCAL_ROOTS".to_owned(), folder.display().to_string()));
        let server = Server::start(&Start {
            telecoder: &product.telecoder,
            data_dir: &data_dir,
            env,
            own_group: options.keep,
        })?;
        console::note(&format!(
            "the server listens at {} (process {})",
            server.url(),
            server.process().pid()
        ));
        Ok(Self { server, model, sample, checkout: folder.join("checkout") })
    }

    /// What a user would do, in the same commands.
    fn walk(&mut self, options: &Options) -> Result<()> {
        let repository = self.sample.folder().display().to_string();
        console::heading("The task");
        console::note(sample::PROMPT);
        console::note(&format!("$ telecoder run \"…\" --repo {repository} --agent {}", options.agent));
        let task = ["run", sample::PROMPT, "--repo", &repository, "--agent", &options.agent];
        let ran = if options.crash {
            crash::run(&mut self.server, &task)?
        } else {
            self.server.command(&task).status()?
        };
        let session = self.session();
        if !ran.success() {
            console::heading("The end of the server's log");
            console::line(&self.server.process().last_words());
            bail!("`telecoder run` ended with {ran}");
        }
        let session = session?;
        self.step("What was changed", &["diff", &session.id])?;
        self.step("How it ended", &["status", &session.id, "--output", "text"])?;
        let Some(number) = session.pr_number else {
            bail!("the session {} ended as {}, but there is no pull request", session.id, session.status);
        };
        self.step("The pull request, in this server", &["pr", "show", &number.to_string()])?;

        if options.crash {
            console::heading("What the two kills have left");
            console::note(&crash::left(&self.server, &session.id)?);
        }
        let branch = session.branch.context("the session names no branch")?;
        console::heading(&format!("The test on the branch {branch}"));
        self.sample.test_on_branch(&branch, &self.checkout)
    }

    fn step(&self, heading: &str, arguments: &[&str]) -> Result<()> {
        console::heading(heading);
        console::note(&format!("$ telecoder {}", arguments.join(" ")));
        self.server.command(arguments).run()
    }

    /// The newest session of the server.
    fn session(&self) -> Result<Session> {
        let text = self.server.command(&["list", "--limit", "1", "--output", "json"]).output()?;
        let sessions: Vec<Session> =
            serde_json::from_str(&text).context("`telecoder list` did not print sessions")?;
        sessions.into_iter().next().context("the server knows no session")
    }

    /// Leaves everything running, and says how to go on and how to end it.
    fn keep(self, folder: &Path) {
        let (url, telecoder) = (self.server.url().to_owned(), self.server.telecoder().to_owned());
        let session = self.session();
        let sample = self.sample.folder().display().to_string();
        let data_dir = folder.join("data").display().to_string();
        let mut pids = vec![self.server.let_go().to_string()];
        pids.extend(self.model.let_go().map(|pid| pid.to_string()));
        console::heading("Left running");
        console::note(&format!("the server at {url}, with the reference of its API at {url}/api/docs"));
        console::note("in a shell of yours:");
        console::note(&format!("  export TELECODER_DATA_DIR={data_dir}"));
        if let Some(programs) = telecoder.parent() {
            console::note(&format!("  export PATH={}:$PATH", programs.display()));
        }
        console::note("  telecoder list                # and: telecoder pr merge 1");
        console::note(&format!("  git -C {sample} log --all --oneline"));
        console::note(&format!("to end it: kill {} && rm -r {}", pids.join(" "), folder.display()));
        if let Ok(session) = session {
            console::heading("The same session in a browser");
            console::note(&format!("{url}/sessions/{}", session.id));
            console::note(&format!("signed in, by a link that works once: telecoder open {}", session.id));
        }
    }
}

/// A program whose success is all that counts, run in a folder.
fn quietly(folder: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    Program::new(program).args(arguments).dir(folder).output().map(drop)
}
