//! What a layer holds, read without git.

use crate::world::{World, put, session};
use rustix::fs::{CWD, FileType, Mode, XattrFlags, mknodat};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use telecoder_model::port::git::{LayerContent, Workspaces};
use telecoder_model::port::sandbox::WorkspaceSource;

async fn overlay() -> (World, PathBuf) {
    let world = World::with(|_| {});
    let person = world.person("demo").await;
    let workspace = world.prepare(&session(1), &person).await;
    let WorkspaceSource::Overlay { layer, .. } = workspace.source else { panic!("no overlay") };
    (world, layer.join("upper"))
}

async fn content(world: &World) -> LayerContent {
    world.processes.take();
    let content = world.git.layer(&session(1)).await.unwrap();
    assert!(world.processes.take().is_empty(), "git was called");
    content
}

fn white_out(path: &Path) {
    mknodat(CWD, path, FileType::CharacterDevice, Mode::empty(), 0).unwrap();
}

#[tokio::test]
async fn an_untouched_layer_is_empty() {
    let (world, _) = overlay().await;
    assert_eq!(content(&world).await, LayerContent::default());
}

#[tokio::test]
async fn writes_deletions_and_replaced_folders_are_listed() {
    let (world, upper) = overlay().await;
    put(&upper, "new/deep/file.txt", "x");
    put(&upper, "README.md", "# changed\n");
    fs::create_dir(upper.join("src")).unwrap();
    fs::write(upper.join("src/calc.py"), "def add(a, b):\n    return a - b\n").unwrap();
    white_out(&upper.join("src/run.sh"));
    white_out(&upper.join("never-there"));
    symlink("x", upper.join(".gitignore")).unwrap();
    let found = content(&world).await;
    assert_eq!(found.paths, [".gitignore", "README.md", "new/deep/file.txt", "src/run.sh"]);
    assert_eq!((found.total, found.git_touched), (4, false));
}

#[tokio::test]
async fn an_opaque_folder_hides_what_the_base_has() {
    let (world, upper) = overlay().await;
    put(&upper, "src/new.py", "x");
    rustix::fs::setxattr(upper.join("src"), "user.overlay.opaque", b"y", XattrFlags::empty()).unwrap();
    assert_eq!(content(&world).await.paths, ["src/calc.py", "src/new.py", "src/run.sh"]);
}

#[tokio::test]
async fn what_was_only_copied_up_or_touched_is_no_change() {
    let (world, upper) = overlay().await;
    put(&upper, "README.md", "# Demo\n");
    put(&upper, "src/run.sh", "#!/bin/sh\necho run\n");
    fs::set_permissions(upper.join("src/run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(upper.join("empty")).unwrap();
    assert_eq!(content(&world).await, LayerContent::default());
    fs::set_permissions(upper.join("src/run.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(content(&world).await.paths, ["src/run.sh"]);
}

#[tokio::test]
async fn the_agents_own_git_is_told_apart() {
    let (world, upper) = overlay().await;
    put(&upper, ".git/refs/heads/mine", "x");
    let found = content(&world).await;
    assert_eq!((found.total, found.git_touched), (0, true));
    fs::remove_file(upper.join(".git/refs/heads/mine")).unwrap();
    fs::write(upper.join(".git/HEAD"), "ref: refs/heads/other\n").unwrap();
    assert!(content(&world).await.git_touched);
}

#[tokio::test]
async fn hostile_layers_are_read_within_bounds() {
    let (world, upper) = overlay().await;
    symlink("/etc", upper.join("etc")).unwrap();
    symlink("loop", upper.join("loop")).unwrap();
    fs::create_dir(upper.join("closed")).unwrap();
    fs::remove_file(upper.join(".git/HEAD")).unwrap();
    symlink("/etc/passwd", upper.join(".git/HEAD")).unwrap();
    mknodat(CWD, upper.join("pipe"), FileType::Fifo, Mode::from(0o600), 0).unwrap();
    mknodat(CWD, upper.join("README.md"), FileType::Fifo, Mode::from(0o600), 0).unwrap();
    let odd: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"odd\xff\n");
    fs::write(upper.join(odd), "x").unwrap();
    for number in 0..1_200 {
        fs::write(upper.join(format!("z{number:04}")), "x").unwrap();
    }
    // Deeper than any path can name.
    let mut deep = rustix::fs::open(&upper, rustix::fs::OFlags::DIRECTORY, Mode::empty()).unwrap();
    for _ in 0..1_000 {
        rustix::fs::mkdirat(&deep, "deeperdeeperdeeper", Mode::from(0o755)).unwrap();
        deep = rustix::fs::openat(&deep, "deeperdeeperdeeper", rustix::fs::OFlags::DIRECTORY, Mode::empty())
            .unwrap();
    }
    let found = content(&world).await;
    assert_eq!(found.paths.len(), 1_000);
    assert_eq!(found.total, 1_200 + 6);
    assert!(found.paths.iter().all(|path| !path.starts_with("etc/")));
    // And all of it can be thrown away.
    world.git.discard(&session(1)).await.unwrap();
    assert_eq!(content(&world).await, LayerContent::default());
}

#[tokio::test]
async fn a_copy_is_compared_with_its_base() {
    let world = World::new();
    let person = world.person("demo").await;
    let workspace = world.prepare(&session(1), &person).await;
    let tree = crate::world::tree_of(&workspace);
    assert_eq!(content(&world).await, LayerContent::default());
    put(&tree, "src/new.py", "x");
    put(&tree, "README.md", "# Dem0\n");
    fs::remove_file(tree.join("src/run.sh")).unwrap();
    let found = content(&world).await;
    assert_eq!(found.paths, ["README.md", "src/new.py", "src/run.sh"]);
    assert!(!found.git_touched);
    crate::world::git_in(&tree, &["checkout", "-q", "-b", "mine"]).await;
    assert!(content(&world).await.git_touched);
}
