//! Finds the binaries of this workspace for tests that start them (dev layer).
//!
//! `cargo xtask test` builds them all before it runs a test. A plain `cargo test -p NAME` builds only what that package
//! needs, so that a missing binary is built here, once; a binary that is there is taken as it is.

use crate::surroundings;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The binaries and their packages.
const BINARIES: &[(&str, &str)] = &[
    ("telecoder", "telecoder-cli"),
    ("telecoder-fake-forge", "telecoder-testkit"),
    ("telecoder-gym-agent", "telecoder-testkit"),
    ("telecoder-scripted-model", "telecoder-testkit"),
];

static FOUND: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);

/// The path of a built binary of this workspace, in the profile of the running test.
///
/// # Panics
/// If the name is unknown, or the binary is missing and cannot be built.
pub fn path(name: &str) -> PathBuf {
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let found = found.get_or_insert_with(HashMap::new);
    if let Some(path) = found.get(name) {
        return path.clone();
    }
    #[expect(clippy::panic, reason = "only tests call this, and they cannot go on without the binary")]
    let path = find_or_build(name).unwrap_or_else(|problem| panic!("no binary `{name}`: {problem}"));
    found.insert(name.to_owned(), path.clone());
    path
}

fn find_or_build(name: &str) -> Result<PathBuf, String> {
    let package = BINARIES.iter().find(|(binary, _)| *binary == name).map(|(_, package)| *package);
    let package = package.ok_or("it is not one of this workspace's")?;
    let test =
        std::env::current_exe().map_err(|error| format!("where this test lies is unknown: {error}"))?;
    let profile =
        profile_folder(&test).ok_or_else(|| format!("{} is in no target folder", test.display()))?;
    let path = profile.join(name);
    if !path.is_file() {
        build(package, name, profile)?;
    }
    if path.is_file() { Ok(path) } else { Err(format!("cargo built it, but not as {}", path.display())) }
}

/// `target/debug` of `target/debug/deps/test-0123`.
fn profile_folder(test: &Path) -> Option<&Path> {
    let folder = test.parent()?;
    if folder.file_name()? == "deps" { folder.parent() } else { Some(folder) }
}

fn build(package: &str, name: &str, profile: &Path) -> Result<(), String> {
    let target = profile.parent().ok_or("there is no target folder")?;
    let mut cargo =
        surroundings::command(surroundings::variable("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    cargo.args(["build", "--quiet", "--package", package, "--bin", name, "--target-dir"]).arg(target);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => {}
        Some(other) => {
            cargo.args(["--profile", other]);
        }
    }
    let output = cargo.output().map_err(|error| format!("cargo cannot be started to build it: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("it was missing, and `cargo build -p {package} --bin {name}` failed:\n{said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_folder_is_above_deps() {
        assert_eq!(profile_folder(Path::new("/t/debug/deps/x-1")), Some(Path::new("/t/debug")));
        assert_eq!(profile_folder(Path::new("/t/debug/telecoder")), Some(Path::new("/t/debug")));
    }

    #[test]
    fn an_unknown_name_is_refused() {
        assert_eq!(find_or_build("nothing").unwrap_err(), "it is not one of this workspace's");
    }
}
