//! The adapters that an engine works with (layer 1).

use std::sync::Arc;
use telecoder_model::port::agent::AgentRuntime;
use telecoder_model::port::blobs::Blobs;
use telecoder_model::port::bus::Bus;
use telecoder_model::port::clock::Clock;
use telecoder_model::port::forge::Forge;
use telecoder_model::port::gateway::ModelGateway;
use telecoder_model::port::git::{Diffs, LocalRemote, RemotePush, Workspaces};
use telecoder_model::port::ids::Ids;
use telecoder_model::port::rebase::Rebase;
use telecoder_model::port::sandbox::SandboxDriver;
use telecoder_model::port::settings::Settings;
use telecoder_model::port::stage::Stage;
use telecoder_model::port::store::Store;
use telecoder_model::port::tree::Trees;
use telecoder_model::port::upkeep::Upkeep;

/// One adapter for each port.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Truth.
    pub store: Arc<dyn Store>,
    /// Large payloads.
    pub blobs: Arc<dyn Blobs>,
    /// Wake-ups.
    pub bus: Arc<dyn Bus>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub ids: Arc<dyn Ids>,
    /// Sandboxes.
    pub driver: Arc<dyn SandboxDriver>,
    /// Workspaces.
    pub workspaces: Arc<dyn Workspaces>,
    /// Diffs.
    pub diffs: Arc<dyn Diffs>,
    /// What the host's disk keeps.
    pub upkeep: Arc<dyn Upkeep>,
    /// Files of snapshots.
    pub trees: Arc<dyn Trees>,
    /// Repositories of this host.
    pub local: Arc<dyn LocalRemote>,
    /// Repositories of other hosts.
    pub remote: Arc<dyn RemotePush>,
    /// Bringing commits to where others have gone on.
    pub rebase: Arc<dyn Rebase>,
    /// Agents.
    pub agents: Arc<dyn AgentRuntime>,
    /// The way to the models.
    pub gateway: Arc<dyn ModelGateway>,
    /// Forges, in the order in which they are asked whether they serve a repository.
    pub forges: Vec<Arc<dyn Forge>>,
    /// The configuration while the server runs.
    pub settings: Arc<dyn Settings>,
    /// Stages, in order.
    pub stages: Vec<Arc<dyn Stage>>,
}
