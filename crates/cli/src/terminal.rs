//! What is written to the terminal (layer 4): the only place that prints. Foreign text is made harmless before it gets here
//! or here; a reader that went away ends the program quietly.

use crate::exit::Failure;
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// Tables and colour
    Table,
    /// JSON
    Json,
    /// Plain lines, with tabs where a command lists
    Text,
}

/// Standard output and error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    wanted: Option<Output>,
}

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const RED: Style = AnsiColor::Red.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();

impl Terminal {
    pub(crate) fn new(wanted: Option<Output>) -> Self {
        if wanted == Some(Output::Text) {
            anstream::ColorChoice::Never.write_global();
        }
        Self { wanted }
    }
    /// The output of commands that list: JSON where standard output is not a terminal.
    pub(crate) fn listing(self) -> Output {
        self.wanted.unwrap_or(if self.is_terminal() { Output::Table } else { Output::Json })
    }
    /// The output of commands that tell: text unless JSON was asked for.
    pub(crate) fn telling(self) -> Output {
        self.wanted.unwrap_or(Output::Text)
    }
    pub(crate) fn is_terminal(self) -> bool {
        std::io::stdout().is_terminal()
    }
    /// Writes a line.
    pub(crate) fn line(self, text: &str) -> Result<(), Failure> {
        self.write(&format!("{text}\n"))
    }
    /// Writes text as it is.
    pub(crate) fn write(self, text: &str) -> Result<(), Failure> {
        let mut out = anstream::stdout().lock();
        quiet_pipe(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }
    /// Writes bytes as they are.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        quiet_pipe(out.write_all(bytes).and_then(|()| out.flush()))
    }
    /// Writes a value as JSON: indented on a terminal.
    pub(crate) fn json<T: Serialize>(self, value: &T) -> Result<(), Failure> {
        let text = if self.is_terminal() {
            serde_json::to_string_pretty(value)
        } else {
            serde_json::to_string(value)
        };
        self.line(&text.map_err(|error| Failure::failed(error.to_string()))?)
    }
    /// Asks for a line, where somebody can see it.
    pub(crate) fn prompt(self, text: &str) -> Result<(), Failure> {
        if self.is_terminal() { self.write(text) } else { Ok(()) }
    }
    /// Says something beside the answer, on standard error.
    pub(crate) fn note(self, text: &str) {
        let mut err = anstream::stderr().lock();
        drop(writeln!(err, "{text}"));
    }
}

/// Text in a style; anstream strips it where there is no terminal.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// `telecoder logs X | head` is no failure.
fn quiet_pipe(written: std::io::Result<()>) -> Result<(), Failure> {
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe =>
        {
            #[expect(clippy::exit, reason = "nobody reads any more; there is nothing left to do")]
            std::process::exit(0)
        }
        Err(error) => Err(Failure::failed(format!("cannot write: {error}"))),
    }
}
