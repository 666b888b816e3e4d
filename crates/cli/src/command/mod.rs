//! Commands (layer 4), one noun a file.

mod agents;
mod approvals;
mod backup;
mod chat;
mod config;
mod config_setup;
mod diff;
mod doctor;
mod document;
mod events;
mod following;
mod forge_pull;
mod inbox;
mod list;
mod message;
mod open;
mod policy;
mod pr;
mod publish;
mod remove;
mod run;
mod serve;
mod service;
mod session;
mod token;

use crate::arguments::{Arguments, Command};
use crate::connect::Place;
use crate::exit::{Failure, Outcome};
use crate::terminal::Terminal;
use telecoder_api::Client;

/// What every command works with.
pub(crate) struct Context {
    pub(crate) terminal: Terminal,
    server: Option<String>,
}

impl Context {
    /// A client for the server.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.place()?.client()
    }
    /// Where the server is.
    pub(crate) fn place(&self) -> Result<Place, Failure> {
        Place::find(self.server.as_deref(), None)
    }
    /// The server that was named, if one was.
    pub(crate) fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }
}

/// Runs a command.
pub(crate) async fn run(arguments: Arguments) -> Outcome {
    let context = Context { terminal: Terminal::new(arguments.output), server: arguments.server };
    if !matches!(arguments.command, Command::Serve(_)) {
        for warning in telecoder::Given::from_process().outdated_places() {
            context.terminal.note(&format!("warning: {warning}"));
        }
    }
    match arguments.command {
        Command::Serve(options) => serve::serve(options).await,
        Command::StopServer(options) => serve::stop(&context, &options).await,
        Command::Run(options) => run::run(&context, *options).await,
        Command::Open(options) => open::open(&context, &options).await,
        Command::List(options) => list::list(&context, options).await,
        Command::Status(one) => session::status(&context, &one.id).await,
        Command::Lineage(one) => list::lineage(&context, &one.id).await,
        Command::Stop(one) => session::stop(&context, &one.id).await,
        Command::Rerun(one) => session::rerun(&context, &one.id, one.detach).await,
        Command::Attach(one) => session::attach(&context, &one.id).await,
        Command::Rm(options) => remove::remove(&context, &options).await,
        Command::Prune(options) => remove::prune(&context, &options).await,
        Command::Rename(options) => session::rename(&context, &options.id, &options.title.join(" ")).await,
        Command::Logs(options) => events::logs(&context, &options.id, options.follow).await,
        Command::Events(options) => events::events(&context, &options).await,
        Command::Diff(one) => diff::diff(&context, &one.id).await,
        Command::Apply(one) => diff::apply(&context, &one.id).await,
        Command::Inbox(options) => inbox::inbox(&context, &options).await,
        Command::Message(options) => message::message(&context, options).await,
        Command::Approvals(options) => approvals::list(&context, options.id.as_deref()).await,
        Command::Approve(options) => approvals::answer(&context, options, true).await,
        Command::Deny(options) => approvals::answer(&context, options, false).await,
        Command::Publish(options) => publish::publish(&context, options).await,
        Command::Pr(command) => pr::run(&context, command).await,
        Command::Policy(command) => policy::run(&context, command).await,
        Command::Agents(command) => agents::run(&context, command).await,
        Command::Config(options) => config::run(&context, options.command).await,
        Command::Doctor(options) => doctor::doctor(&context, &options).await,
        Command::Token(command) => token::run(&context, command).await,
        Command::Backup(options) => backup::backup(&context, &options).await,
        Command::Restore(options) => backup::restore(&context, &options).await,
        Command::Service(command) => service::run(&context, command).await,
        Command::Openapi => document::openapi(&context),
        Command::Completions(options) => document::completions(&context, options.shell),
    }
}

/// Words that were given as arguments, or on standard input where they are `-`.
pub(crate) fn words(given: &[String]) -> Result<String, Failure> {
    if given != ["-"] {
        return Ok(given.join(" "));
    }
    let mut bytes = Vec::new();
    let limit = 1 << 20;
    std::io::Read::read_to_end(&mut std::io::Read::take(std::io::stdin().lock(), limit + 1), &mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(Failure::usage("standard input is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| Failure::usage("standard input is not valid UTF-8"))
}
