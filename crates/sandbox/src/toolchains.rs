//! Toolchains that live in a home folder (layer 1): rustup, nvm, pyenv and the like, bound read-only into every sandbox.
//!
//! They stand inside at the same path as outside, since many hold absolute paths to themselves. Nothing else of the home is
//! there. Files that hold credentials are hidden; what a tool writes goes to the session's own home.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use telecoder_model::port::sandbox::{HOME_DIR, ReadOnlyBind};

/// A folder of a home that holds programs.
struct Known {
    /// What is bound, relative to the home.
    folder: &'static str,
    /// What goes into `PATH`, relative to the home, the first one first.
    path: &'static [&'static str],
    /// A variable that names the folder, and what else the tool needs (`~` is the session's home).
    env: &'static [(&'static str, Value)],
}

/// The value of a variable.
#[derive(Clone, Copy)]
enum Value {
    /// The bound folder.
    Folder,
    /// A folder of the session's home.
    Home(&'static str),
}

const fn known(
    folder: &'static str,
    path: &'static [&'static str],
    env: &'static [(&'static str, Value)],
) -> Known {
    Known { folder, path, env }
}

/// All of them. A tool whose own folder is written to when it is used is bound by its programs only.
const ALL: &[Known] = &[
    known(".cargo/bin", &[".cargo/bin"], &[("CARGO_HOME", Value::Home(".cargo"))]),
    known(".rustup", &[], &[("RUSTUP_HOME", Value::Folder)]),
    known(".pyenv", &[".pyenv/shims", ".pyenv/bin"], &[("PYENV_ROOT", Value::Folder)]),
    known(".nvm", &[], &[("NVM_DIR", Value::Folder)]),
    known(".bun/bin", &[".bun/bin"], &[]),
    known(".deno/bin", &[".deno/bin"], &[]),
    known(".volta", &[".volta/bin"], &[("VOLTA_HOME", Value::Folder)]),
    known(".asdf", &[".asdf/shims", ".asdf/bin"], &[("ASDF_DIR", Value::Folder)]),
    known(".rbenv", &[".rbenv/shims", ".rbenv/bin"], &[("RBENV_ROOT", Value::Folder)]),
    known(".sdkman/candidates", &[], &[]),
    known("go/bin", &["go/bin"], &[]),
    known(".local/bin", &[".local/bin"], &[]),
    known(".local/share/uv", &[], &[]),
    known(".local/share/pipx", &[], &[]),
];

/// Files that may hold credentials, wherever they stand in a bound folder's top.
const CREDENTIALS: &[&str] = &[
    "credentials",
    "credentials.toml",
    ".npmrc",
    ".pypirc",
    ".netrc",
    ".git-credentials",
    ".env",
    "auth.json",
    ".yarnrc.yml",
];

/// Toolchains of one home.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Toolchains {
    /// What is bound.
    pub binds: Vec<ReadOnlyBind>,
    /// Folders for the front of `PATH`, in order.
    pub path: Vec<String>,
    /// Variables that the tools need.
    pub env: BTreeMap<String, String>,
}

/// Finds the toolchains of a home. What cannot be read is left out.
pub fn find(home: &Path) -> Toolchains {
    let mut found = Toolchains::default();
    for known in ALL {
        let folder = home.join(known.folder);
        // A link would bind what it points to, which may be anything.
        if !folder.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
            continue;
        }
        for path in known.path {
            found.path.push(text(&home.join(path)));
        }
        for (name, value) in known.env {
            let value = match value {
                Value::Folder => text(&folder),
                Value::Home(below) => format!("{HOME_DIR}/{below}"),
            };
            found.env.insert((*name).to_owned(), value);
        }
        if known.folder == ".nvm" {
            found.path.extend(newest_node(&folder));
        }
        found.binds.push(ReadOnlyBind { hidden: credentials(&folder), inside: folder.clone(), host: folder });
    }
    found
}

fn credentials(folder: &Path) -> Vec<PathBuf> {
    CREDENTIALS.iter().filter(|name| folder.join(name).exists()).map(PathBuf::from).collect()
}

/// The programs of the newest Node that nvm has installed: a shell is needed to ask nvm itself.
fn newest_node(nvm: &Path) -> Option<String> {
    let versions = nvm.join("versions/node");
    let numbered = std::fs::read_dir(&versions).ok()?.filter_map(|entry| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        let number: Vec<u32> =
            name.trim_start_matches('v').split('.').filter_map(|part| part.parse().ok()).collect();
        (number.len() == 3).then_some((number, name))
    });
    let (_, newest) = numbered.max()?;
    Some(text(&versions.join(newest).join("bin")))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_toolchains_are_found_and_credentials_are_hidden() {
        let home = tempfile::tempdir().unwrap();
        let at = |path: &str| home.path().join(path);
        for folder in [
            ".cargo/bin",
            ".rustup",
            ".nvm/versions/node/v9.9.9/bin",
            ".nvm/versions/node/v22.1.0/bin",
            ".ssh",
            ".aws",
        ] {
            std::fs::create_dir_all(at(folder)).unwrap();
        }
        std::fs::write(at(".cargo/credentials.toml"), "secret").unwrap();
        std::fs::write(at(".nvm/.npmrc"), "secret").unwrap();
        std::os::unix::fs::symlink("/etc", at(".volta")).unwrap();
        let found = find(home.path());
        let bound: Vec<PathBuf> = found.binds.iter().map(|bind| bind.host.clone()).collect();
        assert_eq!(bound, [at(".cargo/bin"), at(".rustup"), at(".nvm")]);
        assert_eq!(found.binds[2].hidden, [PathBuf::from(".npmrc")]);
        assert_eq!(found.path, [text(&at(".cargo/bin")), text(&at(".nvm/versions/node/v22.1.0/bin"))]);
        assert_eq!(found.env["RUSTUP_HOME"], text(&at(".rustup")));
        assert_eq!(found.env["CARGO_HOME"], "/home/agent/.cargo");
    }
}
