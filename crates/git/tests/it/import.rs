//! Hostile exports: whatever a sandbox sends, nothing unsafe reaches the quarantine's refs or a commit.

use crate::processes::programs;
use crate::world::{World, git_in, session, stream};
use bytes::Bytes;
use futures::StreamExt;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use telecoder_model::PortError;
use telecoder_model::error::ErrorClass;
use telecoder_model::port::git::Workspaces;
use telecoder_model::port::process::{HostCommand, Input, Processes};
use telecoder_model::refs::ObjectId;
use tempfile::TempDir;

/// Mode, name and object of an entry of a tree.
type Entry<'a> = (&'a str, &'a [u8], &'a str);

/// A repository in which an attacker builds objects by hand.
struct Forge {
    folder: TempDir,
}

impl Forge {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        git_in(folder.path(), &["init", "-q", "--bare"]).await;
        Self { folder }
    }
    /// Stores an object of any content.
    async fn object(&self, kind: &str, content: &[u8]) -> String {
        let file = self.folder.path().join("content");
        fs::write(&file, content).unwrap();
        git_in(self.folder.path(), &["hash-object", "-w", "--literally", "-t", kind, file.to_str().unwrap()])
            .await
    }
    /// A tree of raw entries, unsorted and unchecked.
    async fn tree(&self, entries: &[Entry<'_>]) -> String {
        let mut content = Vec::new();
        for (mode, name, id) in entries {
            content.extend_from_slice(mode.as_bytes());
            content.push(b' ');
            content.extend_from_slice(name);
            content.push(0);
            content.extend((0..20).map(|n| u8::from_str_radix(&id[2 * n..2 * n + 2], 16).unwrap()));
        }
        self.object("tree", &content).await
    }
    /// A pack of exactly these objects, behind an honest-looking first line.
    async fn export(&self, tree: &str, objects: &[&str]) -> Bytes {
        let list: PathBuf = self.folder.path().join("list");
        fs::write(&list, objects.join("\n") + "\n").unwrap();
        let mut command = HostCommand::new("git", self.folder.path());
        command.args = ["pack-objects", "--stdout", "-q"].map(Into::into).to_vec();
        command.stdin = Input::File(list);
        let output = programs().run(command).await.unwrap();
        assert_eq!(output.code, Some(0), "{:?}", output.stderr);
        let mut bytes = format!("telecoder-export 1 tree {tree}\n").into_bytes();
        bytes.extend_from_slice(&output.stdout);
        bytes.into()
    }
}

async fn import(world: &World, bytes: Bytes) -> Result<ObjectId, PortError> {
    world.git.import(&session(1), stream(&bytes)).await
}

/// What stands in the quarantine's folder of packs.
fn packs(world: &World) -> Vec<String> {
    let session = world.folder.path().join("sessions").join(session(1).as_str());
    fs::read_dir(session.join("quarantine.git/objects/pack"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

async fn ready() -> (World, Forge) {
    let world = World::new();
    let person = world.person("demo").await;
    world.prepare(&session(1), &person).await;
    (world, Forge::new().await)
}

#[tokio::test]
async fn trees_that_git_itself_would_not_write_are_refused() {
    let (world, forge) = ready().await;
    let blob = forge.object("blob", b"#!/bin/sh\n").await;
    let inner = forge.tree(&[("100644", b"config", &blob)]).await;
    let absent = "1".repeat(40);
    let cases: &[(&str, Vec<Entry<'_>>)] = &[
        (".git", vec![("40000", b".git", &inner)]),
        (".GIT", vec![("40000", b".GIT", &inner)]),
        ("git~1", vec![("40000", b"git~1", &inner)]),
        (".git with ignored characters", vec![("40000", ".g\u{200c}it".as_bytes(), &inner)]),
        ("dot dot", vec![("40000", b"..", &inner)]),
        ("dot", vec![("40000", b".", &inner)]),
        ("a slash", vec![("100644", b"a/../../b", &blob)]),
        ("an empty name", vec![("100644", b"", &blob)]),
        ("an odd mode", vec![("100600", b"a", &blob)]),
        ("a submodule", vec![("160000", b"sub", &absent)]),
        ("a missing file", vec![("100644", b"a", &absent)]),
        ("a missing folder", vec![("40000", b"a", &absent)]),
        ("a file as a folder", vec![("40000", b"a", &blob)]),
        ("twice the same name", vec![("100644", b"a", &blob), ("100644", b"a", &blob)]),
        ("unsorted", vec![("100644", b"b", &blob), ("100644", b"a", &blob)]),
        (".gitmodules as a link", vec![("120000", b".gitmodules", &blob)]),
    ];
    for (what, entries) in cases {
        let tree = forge.tree(entries).await;
        let result = import(&world, forge.export(&tree, &[&tree, &blob, &inner]).await).await;
        let error = result.map(|_| *what).unwrap_err();
        assert_eq!(error.class, ErrorClass::Denied, "{what}: {}", error.chain());
        assert_eq!(world.look(&session(1), &["for-each-ref"]).await, "", "{what}");
        assert!(packs(&world).is_empty(), "{what}: {:?}", packs(&world));
    }
    // And an honest one is taken.
    let tree = forge.tree(&[("100644", b"a", &blob)]).await;
    let taken = import(&world, forge.export(&tree, &[&tree, &blob]).await).await.unwrap();
    assert_eq!(taken.as_str(), tree);
}

#[tokio::test]
async fn a_stream_that_is_cut_lies_or_is_no_pack_is_refused() {
    let (world, forge) = ready().await;
    let blob = forge.object("blob", b"x").await;
    let tree = forge.tree(&[("100644", b"a", &blob)]).await;
    let whole = forge.export(&tree, &[&tree, &blob]).await;
    let header_end = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for end in
        [0, 5, header_end - 1, header_end, header_end + 5, header_end + 12, whole.len() - 21, whole.len() - 1]
    {
        let error = import(&world, whole.slice(..end)).await.unwrap_err();
        assert!(
            matches!(error.class, ErrorClass::Transient | ErrorClass::Denied),
            "{end}: {}",
            error.chain()
        );
    }
    for at in (header_end..whole.len()).step_by(7) {
        let mut bytes = whole.to_vec();
        bytes[at] ^= 0x55;
        assert!(import(&world, bytes.into()).await.is_err(), "{at}");
    }
    let mut behind = whole.to_vec();
    behind.extend_from_slice(b"more");
    assert!(import(&world, behind.into()).await.is_err(), "bytes behind the pack");
    // A tree that is not in the pack; a blob as a tree.
    let pack = &whole[header_end..];
    for id in ["2".repeat(40), blob.clone(), "3".repeat(64)] {
        let mut bytes = format!("telecoder-export 1 tree {id}\n").into_bytes();
        bytes.extend_from_slice(pack);
        assert!(import(&world, bytes.into()).await.is_err(), "{id}");
    }
    for bytes in [&b"\n"[..], b"PACK", b"telecoder-export 9 tree x\n", &[0xff; 5000]] {
        assert!(import(&world, Bytes::copy_from_slice(bytes)).await.is_err());
    }
    assert_eq!(world.look(&session(1), &["for-each-ref"]).await, "");
    import(&world, whole).await.unwrap();
}

#[tokio::test]
async fn a_stream_that_breaks_gives_its_own_error_and_leaves_nothing() {
    let (world, _) = ready().await;
    let items = vec![
        Ok(Bytes::from_static(b"telecoder-export 1 tree ")),
        Err(PortError::transient("the sandbox is gone")),
    ];
    let error = world.git.import(&session(1), futures::stream::iter(items).boxed()).await.unwrap_err();
    assert_eq!(error.what, "the sandbox is gone");
    let left = world.folder.path().join("sessions").join(session(1).as_str()).join("tmp");
    assert_eq!(fs::read_dir(left).unwrap().count(), 0);
}

#[tokio::test]
async fn what_grows_beyond_its_bound_when_unpacked_is_refused() {
    let world = World::with(|options| {
        options.overlay = false;
        options.max_export_bytes = 100_000;
    });
    let person = world.person("demo").await;
    world.prepare(&session(1), &person).await;
    let forge = Forge::new().await;
    let bomb = forge.object("blob", &vec![b'a'; 20_000_000]).await;
    let tree = forge.tree(&[("100644", b"bomb", &bomb)]).await;
    let export = forge.export(&tree, &[&tree, &bomb]).await;
    assert!(export.len() < 100_000);
    let error = import(&world, export).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Full, "{}", error.chain());
}

#[tokio::test]
async fn an_import_reads_no_other_sessions_objects() {
    let (world, forge) = ready().await;
    let person = crate::world::Person { path: world.folder.path().join("demo") };
    let other = session(2);
    let workspace = world.prepare(&other, &person).await;
    crate::world::put(&crate::world::tree_of(&workspace), "secret.txt", "unpublished\n");
    let secret = world.take(&other, &workspace).await.unwrap();
    let blob = world.look(&other, &["rev-parse", &format!("{secret}:secret.txt")]).await;
    // Naming the other's tree, or a tree of one's own with the other's file in it.
    let own = forge.object("blob", b"x").await;
    let tree = forge.tree(&[("100644", b"a", &own), ("100644", b"b", &blob)]).await;
    let honest = forge.tree(&[("100644", b"a", &own)]).await;
    let pack = forge.export(&tree, &[&tree, &own]).await;
    assert_eq!(import(&world, pack).await.unwrap_err().class, ErrorClass::Denied);
    let pack = forge.export(secret.as_str(), &[&honest, &own]).await;
    assert_eq!(import(&world, pack).await.unwrap_err().class, ErrorClass::Denied);
    let missing = crate::world::try_git(
        &world.folder.path().join("sessions").join(session(1).as_str()).join("quarantine.git"),
        &["cat-file", "-e", &blob],
        &BTreeMap::new(),
    )
    .await;
    assert_ne!(missing.code, Some(0));
}

#[tokio::test]
async fn imports_commits_and_prepares_at_once_do_not_disturb_each_other() {
    let (world, forge) = ready().await;
    let blob = forge.object("blob", b"x").await;
    let tree = forge.tree(&[("100644", b"a", &blob)]).await;
    let export = forge.export(&tree, &[&tree, &blob]).await;
    let id = session(1);
    let imports = (0..8).map(|_| world.git.import(&id, stream(&export)));
    for result in futures::future::join_all(imports).await {
        assert_eq!(result.unwrap().as_str(), tree);
    }
}
