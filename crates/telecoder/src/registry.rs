//! Kinds by name (layer 3): what `TELECODER_SANDBOX` may say. Built-in kinds stand in [`Registry::built_in`]; a program that
//! embeds `TeleCoder` adds its own.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use telecoder_model::PortError;
use telecoder_model::port::sandbox::SandboxDriver;
use telecoder_sandbox::{CgroupChoice, LocalDriver, LocalOptions, host_owner};

/// What a sandbox driver is made from.
#[derive(Debug, Clone)]
pub struct SandboxSetting {
    /// The program that is run as `<program> supervise …`.
    pub program: PathBuf,
    /// A folder of its own, on a disk.
    pub run_dir: PathBuf,
    /// The folder of everything that the server keeps, which no sandbox may see.
    pub data_dir: PathBuf,
}

/// Makes a sandbox driver.
pub type SandboxFactory =
    Arc<dyn Fn(&SandboxSetting) -> Result<Arc<dyn SandboxDriver>, PortError> + Send + Sync>;

/// Factories by the name of their kind.
#[derive(Clone)]
pub struct Registry {
    sandboxes: BTreeMap<String, SandboxFactory>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("sandboxes", &self.sandboxes.keys()).finish()
    }
}

impl Registry {
    /// The kinds that are built in.
    pub fn built_in() -> Self {
        let mut registry = Self { sandboxes: BTreeMap::new() };
        registry.sandbox("local", Arc::new(local));
        registry
    }

    /// Adds a kind of sandbox, or replaces one.
    pub fn sandbox(&mut self, kind: &str, factory: SandboxFactory) {
        self.sandboxes.insert(kind.to_owned(), factory);
    }

    pub(crate) fn driver(
        &self,
        kind: &str,
        setting: &SandboxSetting,
    ) -> Result<Arc<dyn SandboxDriver>, PortError> {
        match self.sandboxes.get(kind) {
            Some(factory) => factory(setting),
            None => {
                let kinds: Vec<&str> = self.sandboxes.keys().map(String::as_str).collect();
                Err(PortError::permanent(format!("there is no kind of sandbox `{kind}`"))
                    .remedy(format!("TELECODER_SANDBOX may be: {}", kinds.join(", "))))
            }
        }
    }
}

fn local(setting: &SandboxSetting) -> Result<Arc<dyn SandboxDriver>, PortError> {
    let driver = LocalDriver::new(LocalOptions {
        program: setting.program.clone(),
        run_dir: setting.run_dir.clone(),
        host_uid: host_owner().uid,
        cgroups: CgroupChoice::default(),
    })?;
    Ok(Arc::new(driver.hiding(&setting.data_dir)))
}
