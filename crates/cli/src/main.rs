//! Layer 4: the binary `telecoder`: server, worker, command line and in-sandbox supervisor.
//!
//! Commands on sessions, agents and pull requests are HTTP through `telecoder-api`, so that they can do nothing that the API
//! cannot; `serve`, `config`, `openapi`, `completions` and `doctor` without a server are local calls into the facade.

mod arguments;
mod command;
mod connect;
mod exit;
mod follow;
mod repository;
mod start_server;
mod table;
mod terminal;
mod unit;
mod words;
mod writer;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything else: the supervisor makes namespaces, which only a process with one thread may.
    if let Some(code) = telecoder::supervise_if_asked(std::env::args_os()) {
        return code;
    }
    let arguments = match arguments::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return exit::usage(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(arguments.threads())
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return exit::Failure::failed(format!("no threads can be started: {error}")).tell(),
    };
    let code = match runtime.block_on(command::run(arguments)) {
        Ok(code) => code,
        Err(failure) => failure.tell(),
    };
    runtime.shutdown_background();
    code
}
