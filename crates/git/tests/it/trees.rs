//! Files of a snapshot, and what is kept of a repository.

use crate::world::{World, put, session, tree_of};
use expect_test::expect;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use telecoder_model::error::ErrorClass;
use telecoder_model::port::tree::{EntryKind, TreeContent, Trees};

#[tokio::test]
async fn a_snapshot_is_read_path_by_path() {
    let world = World::new();
    let id = session(1);
    let person = world.person("demo").await;
    let workspace = world.prepare(&id, &person).await;
    let tree = tree_of(&workspace);
    put(&tree, "deep/er/note.txt", "hello\n");
    put(&tree, "-dash", "d");
    put(&tree, ":(glob)*", "g");
    symlink("/etc/passwd", tree.join("out")).unwrap();
    symlink("deep", tree.join("in")).unwrap();
    fs::write(tree.join("picture.bin"), [0_u8, 159, 146, 150]).unwrap();
    fs::write(tree.join("large.txt"), "x".repeat((1 << 20) + 10)).unwrap();
    fs::set_permissions(tree.join("-dash"), fs::Permissions::from_mode(0o755)).unwrap();
    let commit = world.snapshot(&id, &workspace).await;
    // What the agent writes later is no part of it.
    put(&tree, "deep/later.txt", "later");
    let at = async |path: &str| world.git.at(&id, &commit, path).await;

    let mut text = String::new();
    for path in ["", "deep", "deep/er/"] {
        let TreeContent::Folder { entries, total } = at(path).await.unwrap() else { panic!("{path}") };
        writeln!(text, "{path:?} {total}").unwrap();
        for entry in entries {
            let mark = if entry.executable { " *" } else { "" };
            writeln!(text, "  {:?} {:?} {:?}{mark}", entry.kind, entry.name, entry.size).unwrap();
        }
    }
    expect![[r#"
        "" 10
          Folder "deep" None
          Folder "src" None
          File "-dash" Some(1) *
          File ".gitignore" Some(14)
          File ":(glob)*" Some(1)
          File "README.md" Some(7)
          Link "in" None
          File "large.txt" Some(1048586)
          Link "out" None
          File "picture.bin" Some(4)
        "deep" 1
          Folder "er" None
        "deep/er/" 1
          File "note.txt" Some(6)
    "#]]
    .assert_eq(&text);

    let file = async |path: &str| {
        let found = at(path).await.unwrap();
        let TreeContent::File { head, size, executable } = found else { panic!("{found:?}") };
        (head, size, executable)
    };
    assert_eq!(file("deep/er/note.txt").await, ("hello\n".into(), 6, false));
    assert_eq!(file("-dash").await, ("d".into(), 1, true));
    assert_eq!(file(":(glob)*").await, ("g".into(), 1, false));
    assert_eq!(file("picture.bin").await.0.as_ref(), [0, 159, 146, 150]);
    let (head, size, _) = file("large.txt").await;
    assert_eq!((head.len(), size), (1 << 20, (1 << 20) + 10));
    assert_eq!(at("out").await.unwrap(), TreeContent::Link("/etc/passwd".into()));
    for gone in [
        "deep/later.txt",
        "out/passwd",
        "in/er",
        "nothing",
        "deep/er/note.txt/x",
        "../x",
        "/etc/passwd",
        "a//b",
    ] {
        assert_eq!(at(gone).await.unwrap_err().class, ErrorClass::NotFound, "{gone}");
    }
    let foreign = "a".repeat(40).parse().unwrap();
    assert_eq!(world.git.at(&id, &foreign, "").await.unwrap_err().class, ErrorClass::NotFound);
}

#[tokio::test]
async fn folders_are_bounded_and_come_first() {
    let world = World::new();
    let id = session(1);
    let person = world.person("demo").await;
    let workspace = world.prepare(&id, &person).await;
    let tree = tree_of(&workspace);
    for n in 0..2100 {
        put(&tree, &format!("many/f{n:04}"), "");
    }
    put(&tree, "many/zz/file", "");
    let commit = world.snapshot(&id, &workspace).await;
    let TreeContent::Folder { entries, total } = world.git.at(&id, &commit, "many").await.unwrap() else {
        panic!()
    };
    assert_eq!((entries.len(), total), (2000, 2101));
    assert_eq!((entries[0].name.as_str(), entries[0].kind), ("zz", EntryKind::Folder));
    assert_eq!(entries[1999].name, "f1998");
}

#[tokio::test]
async fn what_is_kept_of_a_repository_is_counted() {
    let world = World::new();
    let person = world.person("demo").await;
    let before = world.git.stock(&person.repository()).await.unwrap();
    assert_eq!(before, telecoder_model::port::tree::Stock::default());
    world.prepare(&session(1), &person).await;
    let kept = world.git.stock(&person.repository()).await.unwrap();
    assert!(kept.mirrored && kept.mirror_bytes > 0 && kept.bases_bytes > 0 && !kept.at_least, "{kept:?}");
    assert_eq!(kept.bases, 1);
}
