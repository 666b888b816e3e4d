//! Finding the server (layer 4): the one that was named, else the one of this host.
//!
//! Invariant: the token in a data folder goes only to the server that holds the folder's lock, never to whoever else
//! listens on its address.

use crate::exit::Failure;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use telecoder::{Given, Values, setting};
use telecoder_api::{Client, ClientError};

/// What `serve` writes into its data folder.
#[derive(Debug, Deserialize)]
pub(crate) struct ServerFile {
    pub(crate) url: String,
    pub(crate) pid: u32,
}

/// Where the server is, and what to say to it.
#[derive(Debug)]
pub(crate) struct Place {
    url: String,
    token: Option<String>,
    /// Whether no server was named, so that the one of this host is meant.
    pub(crate) is_local: bool,
    /// Whether a server holds the data folder.
    pub(crate) runs: bool,
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
        let runs = telecoder::server_runs(&data_dir);
        let here = server_file(&data_dir).filter(|_| runs);
        let own_token = || here.as_ref().and_then(|_| read_token(&data_dir));
        let token = value("token").map(|token| token.trim().to_owned());
        let named = value("server");
        let is_local = named.is_none();
        let (url, token) = match (named, &here) {
            (Some(url), Some(file)) if same_address(&url, &file.url) => (url, token.or_else(own_token)),
            (Some(url), _) => (url, token),
            (None, Some(file)) => (file.url.clone(), token.or_else(own_token)),
            (None, None) => (url_of(&value("listen").unwrap_or_default()), token),
        };
        Ok(Self { url, token, is_local, runs, data_dir })
    }

    /// Whether no server runs, and the next one will take any free port.
    fn has_no_address(&self) -> bool {
        self.is_local && !self.runs && self.url.ends_with(":0")
    }

    /// A client for it.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        if self.has_no_address() {
            return Err(no_server(&self.data_dir));
        }
        Ok(Client::with_user_agent(
            &self.url,
            self.token.as_deref(),
            concat!("telecoder-cli/", env!("CARGO_PKG_VERSION")),
        )?)
    }

    /// A client, if the server answers; `None` where none runs on this host.
    pub(crate) async fn reachable(&self) -> Result<Option<Client>, Failure> {
        if self.has_no_address() {
            return Ok(None);
        }
        let client = self.client()?;
        match client.health().await {
            Ok(_) => Ok(Some(client)),
            Err(ClientError::Unreachable { .. }) if self.is_local => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// No server uses this data folder.
pub(crate) fn no_server(data_dir: &Path) -> Failure {
    Failure::unreachable(format!("no server runs on the data folder {}", data_dir.display()))
        .hint("start one: telecoder serve; or name one: --server URL")
}

/// What the server of a data folder said about itself.
pub(crate) fn server_file(data_dir: &Path) -> Option<ServerFile> {
    serde_json::from_str(&std::fs::read_to_string(data_dir.join("server.json")).ok()?).ok()
}

fn read_token(data_dir: &Path) -> Option<String> {
    Some(std::fs::read_to_string(data_dir.join("token")).ok()?.trim().to_owned())
}

/// Where a server that listens there is reached from this host.
fn url_of(listen: &str) -> String {
    match listen.trim().strip_prefix("0.0.0.0").unwrap_or(listen.trim()) {
        port if port.starts_with(':') => format!("http://127.0.0.1{port}"),
        address => format!("http://{address}"),
    }
}

fn same_address(one: &str, other: &str) -> bool {
    let plain = |url: &str| url.trim_end_matches('/').replacen("//localhost:", "//127.0.0.1:", 1);
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_written_in_several_ways() {
        assert!(same_address("http://localhost:7080/", "http://127.0.0.1:7080"));
        assert!(!same_address("http://127.0.0.1:7081", "http://127.0.0.1:7080"));
        assert!(!same_address("https://127.0.0.1:7080", "http://127.0.0.1:7080"));
        assert_eq!(url_of(":7080"), "http://127.0.0.1:7080");
        assert_eq!(url_of("0.0.0.0:7080"), "http://127.0.0.1:7080");
        assert_eq!(url_of("[::1]:7080"), "http://[::1]:7080");
    }
}
