//! The doctor without a server (layer 3): nothing is kept of it, and a data folder that is not there yet is not made.

use crate::builder::Builder;
use crate::config::Config;
use crate::wiring;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use telecoder_api::doctor::{Finding, FindingState};
use telecoder_engine::request::FindingState as State;
use telecoder_model::PortError;
use telecoder_model::principal::Principal;

/// Looks at everything that a server with this configuration would need.
///
/// # Errors
/// If a server uses the data folder, or a part cannot be made; with the remedy.
pub async fn doctor(config: Config, prove: bool) -> Result<Vec<Finding>, PortError> {
    let data = config.data_dir.clone();
    let scratch = if data.is_dir() { None } else { Some(Scratch::make()?) };
    let folder = scratch.as_ref().map_or(data.as_path(), Scratch::path);
    let engine = wiring::engine(Builder::new(config), folder).await?;
    let found = engine.doctor(&Principal::local(), prove).await;
    let found = found.map_err(|error| PortError::permanent("the doctor failed").because(error))?;
    Ok(found
        .into_iter()
        .map(|finding| Finding {
            subject: finding.subject,
            state: match finding.state {
                State::Ok => FindingState::Ok,
                State::Warning => FindingState::Warning,
                State::Failed => FindingState::Failed,
            },
            detail: finding.detail,
            remedy: finding.remedy,
        })
        .collect())
}

/// A folder that is gone with this value.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> Result<Self, PortError> {
        let path = std::env::temp_dir().join(format!("telecoder-doctor-{}", std::process::id()));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|error| PortError::io(format!("cannot make {}", path.display()), error))?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed lies where the system clears up by itself.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
