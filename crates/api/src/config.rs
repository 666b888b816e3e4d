//! Wire type: the configuration (layer 0), without secrets, and changes of it.

use crate::policy::PublishRule;
use crate::session::Pipeline;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A model provider, as far as everybody may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderState {
    /// `anthropic`, `openai`, `gemini`.
    pub provider: String,
    /// Whether there is a key for it, or it needs none.
    pub ready: bool,
}

/// What tasks that do not say get, and what there is to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Defaults {
    /// The agent that a task gets now; `null` where none is ready.
    pub agent: Option<String>,
    /// The agent that the configuration names; `null`: the server chooses.
    pub agent_setting: Option<String>,
    /// The policy's name.
    pub policy: String,
    /// When tasks are published; `null`: as their policy says.
    pub publish: Option<PublishRule>,
    /// The stages.
    pub pipeline: Pipeline,
    /// The model providers.
    pub providers: Vec<ProviderState>,
    /// Whether paths of the server's host may be repositories.
    pub local_paths: bool,
    /// Folders below which they must lie; empty: anywhere, where they may at all.
    pub local_roots: Vec<String>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    /// Its key.
    pub key: String,
    /// Its value, masked where it is a secret; `null` where it is not set.
    pub value: Option<String>,
    /// Where it came from, in words.
    pub source: String,
    /// What it does.
    pub about: String,
    /// Whether it is a secret.
    pub secret: bool,
    /// Whether it can be changed here.
    pub editable: bool,
    /// Whether a change counts at once.
    pub live: bool,
}

/// What a check of a provider's key found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyCheck {
    /// The provider.
    pub provider: String,
    /// Whether the key works.
    pub ok: bool,
    /// What is wrong.
    pub problem: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
    /// When it was checked.
    #[schema(format = DateTime)]
    pub checked_at: String,
}

/// A model provider and its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderKey {
    /// `anthropic`, `openai`, `gemini`.
    pub provider: String,
    /// Whether it can be used.
    pub ready: bool,
    /// Its endpoint.
    pub base_url: String,
    /// The setting that holds its key.
    pub key_setting: String,
    /// The key, masked.
    pub key: Option<String>,
    /// Where the key came from, in words.
    pub source: String,
    /// Whether the key can be changed here.
    pub editable: bool,
    /// What the last check of the key found, since the server started.
    pub check: Option<KeyCheck>,
}

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// All settings, in the order of the reference.
    pub settings: Vec<Setting>,
    /// The model providers.
    pub providers: Vec<ProviderKey>,
    /// Settings that were changed by this request and count only after a restart.
    pub restart: Vec<String>,
}

/// A change of settings, all or none.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigChange {
    /// New values, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub set: BTreeMap<String, String>,
    /// Keys whose values are taken away.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub unset: Vec<String>,
}

/// Shows no value: it may be a secret.
impl std::fmt::Debug for ConfigChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigChange").field("set", &self.set.keys()).field("unset", &self.unset).finish()
    }
}

/// Which key to check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyToCheck {
    /// `anthropic`, `openai`, `gemini`.
    pub provider: String,
}
