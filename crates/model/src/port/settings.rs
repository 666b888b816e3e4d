//! Port: settings (layer 0): the configuration as people see and change it while the server runs.
//!
//! Contract: a secret goes in and never comes out; what is shown of one is masked. A change is checked before anything is
//! written, written whole where only the server's user can read it, and counts at once where [`Row::live`] says so.

use crate::error::PortError;
use crate::id::AgentName;
use crate::policy::PublishRule;
use crate::port::gateway::Provider;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::fmt;

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its key.
    pub key: String,
    /// Its value, masked where it is a secret; `None` where it is not set.
    pub value: Option<String>,
    /// Where it came from, in words.
    pub source: String,
    /// What it does.
    pub about: String,
    /// Whether it is a secret.
    pub secret: bool,
    /// Whether it can be changed here: some settings cannot, and what the environment or another file sets stays.
    pub editable: bool,
    /// Whether a change counts at once.
    pub live: bool,
    /// The provider whose key it is.
    pub key_of: Option<Provider>,
}

/// What tasks that do not say get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// The agent; `None`: the server chooses.
    pub agent: Option<AgentName>,
    /// The policy's name.
    pub policy: String,
    /// When they are published; `None`: as policy and mode say.
    pub publish: Option<PublishRule>,
}

/// What a change brought about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The defaults from now on.
    pub defaults: Defaults,
    /// Keys that count only after a restart.
    pub restart: Vec<String>,
}

/// A wish for a change: values by key; `None` takes a value away. Never shown: values may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Wishes(pub BTreeMap<String, Option<String>>);

impl fmt::Debug for Wishes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The configuration.
#[async_trait]
pub trait Settings: Send + Sync + fmt::Debug {
    /// All settings, in the order of the reference.
    async fn rows(&self) -> Result<Vec<Row>, PortError>;
    /// Changes settings, all or none. Class `Permanent` for a key or value that cannot be, `Conflict` where another place
    /// sets it; with the remedy.
    async fn change(&self, wishes: Wishes) -> Result<Changed, PortError>;
}
