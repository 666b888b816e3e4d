//! Landlock, the second wall around files (layer 1): the first one is that nothing else is mounted.
//!
//! TCP is not restricted: the network namespace holds nothing but its own loopback, and programs under test choose
//! their ports freely.

use crate::failure::failed;
use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, PathFdError, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};
use std::path::Path;
use telecoder_model::PortError;

/// The newest interface whose rights this file knows; newer kernels behave as this one.
const NEWEST: ABI = ABI::V7;
/// What may be written, beside the workspace.
const WRITABLE: &[&str] = &["/tmp", "/var/tmp", "/run", "/dev", telecoder_model::port::sandbox::HOME_DIR];
const REMEDY: &str = "Landlock is part of Linux 5.13 and newer; where it is built but off, add `landlock` to the \
                      kernel's lsm= parameter";

/// Restricts this process and all that it starts, for ever. Files are a requirement; the scopes for signals and
/// abstract sockets apply where the kernel has them (Linux 6.12).
pub(super) fn restrict(workspace: Option<&Path>) -> Result<(), PortError> {
    let error = |text: String| PortError::denied(format!("cannot apply Landlock: {text}")).remedy(REMEDY);
    let read = AccessFs::from_read(NEWEST);
    let write = AccessFs::from_all(NEWEST);
    let made = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(|ruleset| {
            ruleset
                .set_compatibility(CompatLevel::BestEffort)
                .handle_access(write)?
                .scope(Scope::from_all(NEWEST))
        })
        .and_then(Ruleset::create)
        .map_err(|cause| error(cause.to_string()))?;
    let mut ruleset = allow(made, Path::new("/"), read)?;
    for path in WRITABLE.iter().map(Path::new).chain(workspace) {
        ruleset = allow(ruleset, path, write)?;
    }
    let status = ruleset.restrict_self().map_err(|cause| error(cause.to_string()))?;
    match status.ruleset {
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
        RulesetStatus::NotEnforced => Err(error("this kernel does not enforce it".to_owned())),
    }
}

fn allow(
    ruleset: RulesetCreated,
    path: &Path,
    access: landlock::BitFlags<AccessFs>,
) -> Result<RulesetCreated, PortError> {
    let what = || format!("cannot allow {} in Landlock", path.display());
    let opened = PathFd::new(path).map_err(|error| match error {
        PathFdError::OpenCall { source, .. } => PortError::io(what(), source),
        other => PortError::permanent(what()).because(other),
    })?;
    ruleset
        .add_rule(PathBeneath::new(opened, access))
        .map_err(|error| failed(what())(std::io::Error::other(error)))
}
