//! Layer 3: the facade. [`Builder`] composes the parts behind their ports into an [`App`]; [`Config`] is read here and nowhere
//! else; this is the only crate that sees every adapter.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let app = telecoder::Builder::new(telecoder::Config::from_process()?).build().await?;
//! println!("{}", app.url());
//! app.run(telecoder::interrupted()).await?;
//! # Ok(()) }
//! ```

mod agents;
mod app;
mod archive;
mod backup;
mod builder;
mod config;
mod descriptors;
mod disk;
mod doctor;
mod fail_points;
mod gh;
mod host;
mod key_check;
mod leftovers;
mod log;
mod private_file;
mod process;
mod registry;
mod restore;
mod settings;
mod storage;
mod wiring;

pub use agents::LocalAgents;
pub use app::{App, interrupted};
pub use builder::Builder;
pub use config::source::file_path as config_file;
pub use config::{
    Config, ConfigError, DatabaseConfig, Given, Row, Source, Value, Values, mask, rows as config_rows,
    setting, write_setting,
};
pub use doctor::doctor;
pub use fail_points::arm_fail_points;
pub use key_check::check_key;
pub use log::init as init_log;
pub use process::{apply_patch, end_server, git_identity, leave_terminal, server_runs, supervise_if_asked};
pub use registry::{Registry, SandboxFactory, SandboxSetting};

pub use restore::{Restored, restore};
pub use telecoder_engine::restored::Settled;
pub use telecoder_engine::{Engine, EngineError, EngineOptions, Ports, request};
pub use telecoder_model as model;
pub use telecoder_model::port::agent::{AgentStatus, InstallProgress};
pub use telecoder_model::text::{cut, harmless};
pub use telecoder_model::{ErrorClass, PortError};

/// Whether this process has the rights of root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The `OpenAPI` document of the HTTP API, as indented JSON.
///
/// # Errors
/// If it cannot be written, which no build that passed its tests does.
pub fn openapi() -> Result<String, PortError> {
    telecoder_server::openapi::document()
        .to_pretty_json()
        .map_err(|error| PortError::permanent("the OpenAPI document cannot be written").because(error))
}
