//! Toolchains of a home really work inside: builds and tests of three languages run, offline.
//!
//! What must be installed: rust (by rustup or by the distribution), node with npm, and pytest.

use crate::ground::{Ground, Ran, Running, code, process};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use telecoder_model::port::sandbox::SandboxSpec;
use telecoder_sandbox::toolchains::{self, Toolchains};

const SYSTEM_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The home of the user that runs the tests, if it has one.
fn home() -> Option<PathBuf> {
    nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().map(|user| user.dir)
}

/// Runs a program with the toolchains found in front of the system's.
async fn run(running: &Running<'_>, found: &Toolchains, id: &str, argv: &[&str]) -> Ran {
    let mut wanted = process(id, argv);
    let path: Vec<&str> = found.path.iter().map(String::as_str).chain([SYSTEM_PATH]).collect();
    wanted.env.insert("PATH".to_owned(), path.join(":"));
    wanted.env.extend(found.env.clone());
    running.sandbox.start(&wanted).await.unwrap();
    running.ended(id).await
}

fn write(ground: &Ground, name: &str, text: &str) {
    let mut folder = PathBuf::from("base");
    for part in Path::new(name).parent().unwrap().components() {
        folder.push(part);
        ground.folder(folder.to_str().unwrap());
    }
    ground.file(&format!("base/{name}"), text);
}

/// Whether this user can run a program outside.
fn can_run(found: &Toolchains, name: &str) -> bool {
    let folders = found.path.iter().map(String::as_str).chain(SYSTEM_PATH.split(':'));
    folders.map(|folder| Path::new(folder).join(name)).any(|path| path.is_file())
}

#[tokio::test]
async fn the_machines_own_toolchains_build_and_test() {
    let ground = Ground::new();
    let found = home().map(|home| toolchains::find(&home)).unwrap_or_default();
    write(&ground, "Cargo.toml", "[package]\nname = \"inside\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    write(&ground, "src/lib.rs", "#[test]\nfn one_and_one() {\n    assert_eq!(1 + 1, 2);\n}\n");
    write(
        &ground,
        "package.json",
        r#"{"name": "inside", "version": "0.1.0", "scripts": {"test": "node --test inside.test.js"}}"#,
    );
    let javascript =
        "const test = require('node:test');\ntest('one', (t) => { if (1 + 1 !== 2) throw 1; });\n";
    write(&ground, "inside.test.js", javascript);
    write(&ground, "test_inside.py", "def test_one_and_one():\n    assert 1 + 1 == 2\n");
    let running = ground.sandbox(&SandboxSpec { read_only: found.binds.clone(), ..ground.spec() }).await;

    // An account without a home of its own has no rustup; the one that builds this has some cargo.
    assert!(can_run(&found, "cargo") || !home().is_some_and(|home| home.is_dir()), "install rust");
    if can_run(&found, "cargo") {
        let cargo = run(&running, &found, "cargo", &["cargo", "test", "--offline"]).await;
        assert_eq!(cargo.exit, code(0), "{cargo:?}");
        assert!(cargo.stdout.contains("test one_and_one ... ok"), "{cargo:?}");
    }
    let npm = run(&running, &found, "npm", &["npm", "test"]).await;
    assert_eq!(npm.exit, code(0), "{npm:?}");
    assert!(npm.stdout.contains("pass 1"), "{npm:?}");
    let pytest = run(&running, &found, "pytest", &["/usr/bin/pytest", "-q"]).await;
    assert_eq!(pytest.exit, code(0), "{pytest:?}");
    assert!(pytest.stdout.contains("1 passed"), "{pytest:?}");
    let python =
        run(&running, &found, "python", &["python3", "-c", "import ssl, sqlite3; print(6 * 7)"]).await;
    assert_eq!(python.stdout, "42\n", "{python:?}");
    running.destroy().await;
}

/// Makes a home as version managers leave it, with the machine's own programs behind their names.
fn fake_home(ground: &Ground) -> PathBuf {
    let home = ground.path("person");
    let program = |path: &str, text: &str| {
        let path = home.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let link = |target: &str, path: &str| {
        let path = home.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    };
    let root = home.display();
    link("/usr/bin/node", ".nvm/versions/node/v20.1.0/bin/node");
    program(".pyenv/shims/python3", "#!/bin/sh\nexec \"$PYENV_ROOT/versions/3.12.1/bin/python3\" \"$@\"\n");
    link("/usr/bin/python3", ".pyenv/versions/3.12.1/bin/python3");
    program(".rustup/toolchains/stable/bin/rustc", "#!/bin/sh\necho rustc 1.95.0\n");
    // As rustup's proxies: found by the variable, not by the place of the program.
    program(".cargo/bin/rustc", "#!/bin/sh\nexec \"$RUSTUP_HOME/toolchains/stable/bin/rustc\" \"$@\"\n");
    program(".local/share/uv/tools/ruff/bin/ruff", "#!/bin/sh\necho ruff 1\n");
    link(&format!("{root}/.local/share/uv/tools/ruff/bin/ruff"), ".local/bin/ruff");
    program("go/bin/gopls", "#!/bin/sh\necho gopls 1\n");
    program(".bun/bin/bun", "#!/bin/sh\necho bun 1\n");
    for secret in [
        ".cargo/credentials.toml",
        ".cargo/config.toml",
        ".npmrc",
        ".pypirc",
        ".netrc",
        ".config/gh/hosts.yml",
        ".aws/credentials",
        ".ssh/id_ed25519",
        ".nvm/.npmrc",
        ".local/share/uv/credentials/credentials.toml",
        ".rustup/credentials",
        ".bash_history",
        "Documents/letter",
    ] {
        program(secret, "CANARY");
    }
    // As root's home: nobody else may enter.
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    home
}

#[tokio::test]
async fn toolchains_of_a_closed_home_work_and_its_secrets_are_not_there() {
    let ground = Ground::new();
    let home = fake_home(&ground);
    let found = toolchains::find(&home);
    let running = ground.sandbox(&SandboxSpec { read_only: found.binds.clone(), ..ground.spec() }).await;
    for (id, argv, expected) in [
        ("node", &["node", "-p", "6 * 7"][..], "42\n"),
        ("python", &["python3", "-c", "print(6 * 7)"], "42\n"),
        ("rustc", &["rustc", "--version"], "rustc 1.95.0\n"),
        ("ruff", &["ruff"], "ruff 1\n"),
        ("gopls", &["gopls"], "gopls 1\n"),
        ("bun", &["bun"], "bun 1\n"),
    ] {
        let ran = run(&running, &found, id, argv).await;
        assert_eq!((ran.stdout.as_str(), ran.exit.clone()), (expected, code(0)), "{id}: {ran:?}");
    }
    let looked = running.run(&format!("ls -A {0}; grep -rls CANARY {0} /home /root", home.display())).await;
    assert_eq!(looked.stdout, ".bun\n.cargo\n.local\n.nvm\n.pyenv\n.rustup\ngo\n");
    let written = running.run(&format!("touch {0}/.cargo/bin/x {0}/.rustup/x", home.display())).await;
    assert_ne!(written.exit, code(0));
    assert_eq!(written.stderr.matches("Read-only file system").count(), 2, "{}", written.stderr);
    running.destroy().await;
}
