//! Finding the server (layer 4): the one that was named, else the one of this host.

use crate::exit::Failure;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use telecoder::{Given, Values, setting};
use telecoder_api::Client;

/// What `serve` writes into its data folder.
#[derive(Debug, Deserialize)]
pub(crate) struct ServerFile {
    pub(crate) url: String,
    pub(crate) pid: u32,
}

/// Where the server is, and what to say to it.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) url: String,
    token: Option<String>,
    /// Whether it was found by this host's data folder.
    pub(crate) is_local: bool,
    pub(crate) data_dir: PathBuf,
}

impl Place {
    /// Finds the server without talking to it.
    pub(crate) fn find(server: Option<&str>, data_dir: Option<&Path>) -> Result<Self, Failure> {
        let given = Given::from_process()
            .flag("server", server.map(str::to_owned))
            .flag("data_dir", data_dir.map(|dir| dir.display().to_string()));
        let values = Values::read(&given)?;
        let data_dir = values.data_dir(&given).unwrap_or_else(|| PathBuf::from(".telecoder"));
        let value =
            |key| setting::by_key(key).and_then(|setting| values.get(setting)).map(|value| value.text);
        let token = value("token").map(|token| token.trim().to_owned());
        if let Some(url) = value("server") {
            return Ok(Self { url, token, is_local: false, data_dir });
        }
        let file = server_file(&data_dir);
        let token = token.or_else(|| read_token(&data_dir));
        let url = match file {
            Some(file) => file.url,
            None => format!("http://{}", value("listen").unwrap_or_default()),
        };
        Ok(Self { url, token, is_local: true, data_dir })
    }
    /// A client for it.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Ok(Client::with_user_agent(
            &self.url,
            self.token.as_deref(),
            concat!("telecoder-cli/", env!("CARGO_PKG_VERSION")),
        )?)
    }
}

/// What the server of a data folder said about itself.
pub(crate) fn server_file(data_dir: &Path) -> Option<ServerFile> {
    serde_json::from_str(&std::fs::read_to_string(data_dir.join("server.json")).ok()?).ok()
}

fn read_token(data_dir: &Path) -> Option<String> {
    Some(std::fs::read_to_string(data_dir.join("token")).ok()?.trim().to_owned())
}
