//! A server of one's own: configure, compose, serve until Ctrl-C. What `telecoder serve` does is not much more.

use std::process::ExitCode;
use telecoder::{Builder, Config};

#[expect(clippy::print_stdout, reason = "a program tells whoever started it where it is")]
fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    // This program is also the first process of its sandboxes; as such it must not have started a thread yet.
    if let Some(code) = telecoder::supervise_if_asked(std::env::args_os()) {
        return Ok(code);
    }
    tokio::runtime::Runtime::new()?.block_on(async {
        let app = Builder::new(Config::from_process()?).build().await?;
        println!("{}", app.url());
        app.run(telecoder::interrupted()).await?;
        Ok(ExitCode::SUCCESS)
    })
}
