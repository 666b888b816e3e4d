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
    known(".npm-global", &[".npm-global/bin"], &[]),
    known(".bun/bin", &[".bun/bin"], &[]),
    known(".bun/install/global", &[], &[]),
    known(".deno/bin", &[".deno/bin"], &[]),
    known(".volta", &[".volta/bin"], &[("VOLTA_HOME", Value::Folder)]),
    known(".asdf", &[".asdf/shims", ".asdf/bin"], &[("ASDF_DIR", Value::Folder)]),
    known(".rbenv", &[".rbenv/shims", ".rbenv/bin"], &[("RBENV_ROOT", Value::Folder)]),
    known(".sdkman/candidates", &[], &[]),
    known(".ghcup/bin", &[".ghcup/bin"], &[]),
    known(".ghcup/ghc", &[], &[]),
    known(".juliaup/bin", &[".juliaup/bin"], &[]),
    known(".dotnet", &[".dotnet"], &[("DOTNET_ROOT", Value::Folder)]),
    known("miniconda3", &["miniconda3/bin"], &[]),
    known("go/bin", &["go/bin"], &[]),
    known(".local/bin", &[".local/bin"], &[]),
    known(".local/share/uv", &[], &[]),
    known(".local/share/pipx", &[], &[]),
    known(".local/share/pnpm", &[".local/share/pnpm"], &[]),
    known(".local/share/mise/installs", &[], &[]),
    known(".local/share/fnm", &[".local/share/fnm/aliases/default/bin"], &[]),
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
        match known.folder {
            ".nvm" => found.path.extend(node_of_nvm(&folder)),
            ".sdkman/candidates" => found.path.extend(current_candidates(&folder)),
            _ => {}
        }
        found.binds.push(ReadOnlyBind { hidden: credentials(&folder), inside: folder.clone(), host: folder });
    }
    found
}

fn credentials(folder: &Path) -> Vec<PathBuf> {
    CREDENTIALS.iter().filter(|name| folder.join(name).exists()).map(PathBuf::from).collect()
}

/// The programs of the Node that nvm's alias `default` means, or of the newest one. A shell is needed to ask nvm itself.
fn node_of_nvm(nvm: &Path) -> Option<String> {
    let versions = nvm.join("versions/node");
    let wanted = std::fs::read_to_string(nvm.join("alias/default")).unwrap_or_default();
    let wanted = numbers(&wanted);
    let numbered = || {
        std::fs::read_dir(&versions).into_iter().flatten().filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let number = numbers(&name);
            (number.len() == 3).then_some((number, name))
        })
    };
    let (_, chosen) =
        numbered().filter(|(number, _)| number.starts_with(&wanted)).max().or_else(|| numbered().max())?;
    Some(text(&versions.join(chosen).join("bin")))
}

/// The numbers of a version: of `v22.1.0` and of `22`; none of a name such as `lts/*`.
fn numbers(version: &str) -> Vec<u32> {
    version.trim().trim_start_matches('v').split('.').map_while(|part| part.parse().ok()).collect()
}

/// The programs of each candidate's current version, as sdkman links it.
fn current_candidates(candidates: &Path) -> Vec<String> {
    let mut current: Vec<String> = std::fs::read_dir(candidates)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("current/bin")))
        .filter(|path| path.is_dir())
        .map(|path| text(&path))
        .collect();
    current.sort();
    current
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

    #[test]
    fn the_default_of_a_version_manager_is_honoured() {
        let home = tempfile::tempdir().unwrap();
        let nvm = home.path().join(".nvm");
        for version in ["v18.20.1", "v20.2.0", "v20.11.0", "v22.1.0"] {
            std::fs::create_dir_all(nvm.join("versions/node").join(version).join("bin")).unwrap();
        }
        std::fs::create_dir_all(nvm.join("alias")).unwrap();
        let node = |alias: &str| {
            std::fs::write(nvm.join("alias/default"), alias).unwrap();
            find(home.path()).path[0].rsplit('/').nth(1).unwrap().to_owned()
        };
        for (alias, chosen) in [
            ("v18.20.1\n", "v18.20.1"),
            ("20\n", "v20.11.0"),
            ("20.2", "v20.2.0"),
            ("lts/*", "v22.1.0"),
            ("node", "v22.1.0"),
            ("17", "v22.1.0"),
        ] {
            assert_eq!(node(alias), chosen, "{alias}");
        }
        let java = home.path().join(".sdkman/candidates/java");
        std::fs::create_dir_all(java.join("21.0.2/bin")).unwrap();
        std::os::unix::fs::symlink("21.0.2", java.join("current")).unwrap();
        assert_eq!(find(home.path()).path[1], text(&java.join("current/bin")));
    }
}
