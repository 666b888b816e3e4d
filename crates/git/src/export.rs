//! Layer 1: the export of a session's tree: a fixed script that runs inside the sandbox. Invariant: nothing of a session,
//! a repository or a person is part of the script's text; it comes as arguments.

use crate::call::ENVIRONMENT;
use crate::options::Git;
use crate::record::{BaseFacts, Workspace};
use std::collections::BTreeMap;
use std::path::PathBuf;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::sandbox::{HOME_DIR, ProcessSpec, WORKSPACE_DIR};
use telecoder_model::refs::ObjectId;

const SCRIPT: &str = include_str!("export.sh");

/// Settings of the script's own repository.
const SETTINGS: &[(&str, &str)] = &[
    ("safe.directory", "*"),
    ("core.bare", "false"),
    ("core.checkStat", "minimal"),
    ("core.fileMode", "true"),
    ("core.symlinks", "true"),
    ("core.ignoreCase", "false"),
    ("core.autocrlf", "false"),
    ("core.safecrlf", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.looseCompression", "1"),
    ("core.fsync", "none"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("advice.addEmbeddedRepo", "false"),
    ("advice.addIgnoredFile", "false"),
];

impl Git {
    /// The process that exports a session's tree.
    pub(crate) fn export_process(
        &self,
        session: &SessionId,
        base: Option<&ObjectId>,
        number: u32,
    ) -> Result<ProcessSpec, PortError> {
        let workspace = Workspace::of(&self.layout, session)?;
        if workspace.base_commit.as_ref() != base {
            return Err(PortError::conflict(format!(
                "session {session} was prepared on another commit than the export names"
            )));
        }
        let facts = BaseFacts::read(&self.layout, &workspace.key(), base)?
            .ok_or_else(|| PortError::not_found("the base of the session is not on this host"))?;
        let mut argv: Vec<String> = ["/bin/sh", "-c", SCRIPT, "telecoder-export"].map(str::to_owned).to_vec();
        argv.push(workspace.format().as_str().to_owned());
        argv.push(facts.tree.to_string());
        argv.push(self.options.max_export_bytes.to_string());
        argv.extend(facts.forced);
        Ok(ProcessSpec {
            id: format!("export-{number}")
                .parse()
                .map_err(|error| PortError::permanent("cannot name an export").because(error))?,
            argv,
            env: environment(),
            cwd: PathBuf::from(WORKSPACE_DIR),
        })
    }
}

fn environment() -> BTreeMap<String, String> {
    let mut env: BTreeMap<String, String> =
        ENVIRONMENT.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    env.insert("PATH".to_owned(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned());
    env.insert("HOME".to_owned(), HOME_DIR.to_owned());
    env.insert("GIT_ALLOW_PROTOCOL".to_owned(), "none".to_owned());
    for (index, (name, value)) in SETTINGS.iter().enumerate() {
        env.insert(format!("GIT_CONFIG_KEY_{index}"), (*name).to_owned());
        env.insert(format!("GIT_CONFIG_VALUE_{index}"), (*value).to_owned());
    }
    env.insert("GIT_CONFIG_COUNT".to_owned(), SETTINGS.len().to_string());
    env
}
