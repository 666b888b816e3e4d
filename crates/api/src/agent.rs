//! Wire type: agent (layer 0), what is known of a coding agent on the server's host.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is known of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// One line about it.
    pub description: String,
    /// Whether it is part of the catalogue (else it comes from the configuration).
    pub in_catalogue: bool,
    /// Whether it can be started.
    pub installed: bool,
    /// The installed version, or the pinned one where it is not installed.
    pub version: Option<String>,
    /// Bytes on disk if installed, else what an install takes.
    pub size_bytes: Option<u64>,
    /// The folder or command it is started from.
    pub location: Option<String>,
    /// The model providers that it can use; empty where that is not known.
    pub providers: Vec<String>,
    /// What is missing, in words; `null` where it is ready.
    pub problem: Option<String>,
}

/// One line of progress of an install that is followed as a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallLine {
    /// For a person.
    pub line: String,
}
