//! Summaries, patches and hunks.

use crate::world::{Person, World, git_in, put, session, tree_of};
use expect_test::expect;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use telecoder_model::port::git::{DiffLine, Diffs, PreparedWorkspace, Workspaces};
use telecoder_model::port::sandbox::Access;
use telecoder_model::refs::ObjectId;

/// A session that changed its tree in every way there is.
async fn changed(world: &World) -> (Person, PreparedWorkspace, ObjectId) {
    let person = world.person("demo").await;
    let long: String = (0..50).map(|n| format!("line {n}\n")).collect();
    person.write("moved.txt", &long).await;
    person.write("became-link", "text\n").await;
    fs::write(person.path.join("picture.bin"), [0_u8, 1, 2, 3]).unwrap();
    person.commit("more").await;
    let id = session(1);
    let workspace = world.prepare(&id, &person).await;
    let tree = tree_of(&workspace);
    put(&tree, "src/calc.py", "def add(a, b):\n    return a + b");
    fs::rename(tree.join("moved.txt"), tree.join("new \"name\"\n.txt")).unwrap();
    fs::remove_file(tree.join("became-link")).unwrap();
    symlink("README.md", tree.join("became-link")).unwrap();
    fs::write(tree.join("picture.bin"), [0_u8, 9, 9, 9, 9]).unwrap();
    fs::remove_file(tree.join("README.md")).unwrap();
    fs::set_permissions(tree.join("src/run.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    put(&tree, "grün.txt", "ä\r\n");
    put(&tree, "empty", "");
    let commit = world.snapshot(&id, &workspace).await;
    (person, workspace, commit)
}

#[tokio::test]
async fn a_change_is_told_three_ways_that_agree() {
    let world = World::new();
    let id = session(1);
    let (person, workspace, commit) = changed(&world).await;
    let base = workspace.base_commit.as_ref();

    let summary = world.git.summary(&id, base, &commit).await.unwrap();
    let mut text = format!("{:?}\n", summary.stat);
    for file in &summary.files {
        writeln!(text, "{:?} +{} -{}", file.path, file.additions, file.deletions).unwrap();
    }
    for file in world.git.files(&id, base, &commit).await.unwrap() {
        writeln!(
            text,
            "{:?} {:?} from {:?} binary {} +{} -{}",
            file.change, file.path, file.old_path, file.binary, file.additions, file.deletions
        )
        .unwrap();
        for hunk in file.hunks {
            writeln!(text, "  @{} @{} {:?} {:?}", hunk.old_start, hunk.new_start, hunk.heading, hunk.lines)
                .unwrap();
        }
    }
    expect![[r##"
        DiffStat { files: 8, additions: 3, deletions: 3 }
        "README.md" +0 -1
        "became-link" +1 -1
        "empty" +0 -0
        "grün.txt" +1 -0
        "new \"name\"\n.txt" +0 -0
        "picture.bin" +0 -0
        "src/calc.py" +1 -1
        "src/run.sh" +0 -0
        Deleted "README.md" from None binary false +0 -1
          @1 @0 "" [Removed("# Demo")]
        Modified "became-link" from None binary false +1 -1
          @1 @0 "" [Removed("text")]
          @0 @1 "" [Added("README.md")]
        Added "empty" from None binary false +0 -0
        Added "grün.txt" from None binary false +1 -0
          @0 @1 "" [Added("ä\r")]
        Renamed "new \"name\"\n.txt" from Some("moved.txt") binary false +0 -0
        Modified "picture.bin" from None binary true +0 -0
        Modified "src/calc.py" from None binary false +1 -1
          @1 @1 "" [Context("def add(a, b):"), Removed("    return a - b"), Added("    return a + b")]
        Modified "src/run.sh" from None binary false +0 -0
    "##]]
    .assert_eq(&text);

    // The patch, applied to a clean checkout of the base, gives the committed tree.
    let patch = world.git.patch(&id, base, &commit).await.unwrap();
    let file = world.folder.path().join("change.patch");
    fs::write(&file, &patch).unwrap();
    person.git(&["apply", "--index", file.to_str().unwrap()]).await;
    assert_eq!(
        person.git(&["write-tree"]).await,
        world.look(&id, &["rev-parse", &format!("{commit}^{{tree}}")]).await
    );
}

#[tokio::test]
async fn a_first_commit_is_compared_with_nothing() {
    let world = World::new();
    let id = session(1);
    let workspace = world.git.prepare(&id, None, None, Access::ReadWrite).await.unwrap();
    put(&tree_of(&workspace), "a", "1\n2\n");
    let commit = world.snapshot(&id, &workspace).await;
    let summary = world.git.summary(&id, None, &commit).await.unwrap();
    assert_eq!((summary.stat.files, summary.stat.additions), (1, 2));
    assert_eq!(world.git.files(&id, None, &commit).await.unwrap()[0].hunks[0].lines.len(), 2);
    assert!(world.git.summary(&id, Some(&commit), &commit).await.unwrap().files.is_empty());
    assert!(world.git.patch(&id, Some(&commit), &commit).await.unwrap().is_empty());
}

#[tokio::test]
async fn large_changes_keep_their_numbers_and_lose_only_hunks() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let workspace = world.prepare(&id, &person).await;
    let tree = tree_of(&workspace);
    let lines: String = (0..10_000).map(|n| format!("line {n}\n")).collect();
    put(&tree, "long.txt", &lines);
    let first = world.snapshot(&id, &workspace).await;
    let base = workspace.base_commit.as_ref();
    let files = world.git.files(&id, base, &first).await.unwrap();
    assert_eq!(files[0].hunks[0].lines.len(), 10_000);
    assert_eq!(files[0].hunks[0].lines[9_999], DiffLine::Added("line 9999".to_owned()));

    put(&tree, "huge.txt", &"0123456789abcde\n".repeat(1 << 20));
    put(&tree, "small.txt", "small\n");
    let second = world.snapshot(&id, &workspace).await;
    let files = world.git.files(&id, base, &second).await.unwrap();
    let told: Vec<_> = files.iter().map(|f| (f.path.as_str(), f.additions, f.hunks.len())).collect();
    assert_eq!(told, [("huge.txt", 1 << 20, 0), ("long.txt", 10_000, 1), ("small.txt", 1, 1)]);
}

#[tokio::test]
async fn attributes_of_the_tree_hide_nothing() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let workspace = world.prepare(&id, &person).await;
    let tree = tree_of(&workspace);
    put(&tree, ".gitattributes", "*.py -diff\n*.md diff=evil\n");
    put(&tree, "src/calc.py", "changed\n");
    put(&tree, "README.md", "changed\n");
    let commit = world.snapshot(&id, &workspace).await;
    let files = world.git.files(&id, workspace.base_commit.as_ref(), &commit).await.unwrap();
    assert!(files.iter().all(|file| !file.binary && file.hunks.len() == 1), "{files:?}");
    // Another session cannot look at them.
    world.prepare(&session(2), &person).await;
    let error = world.git.summary(&session(2), None, &commit).await.unwrap_err();
    assert_eq!(error.class, telecoder_model::error::ErrorClass::NotFound);
    git_in(&tree, &["status"]).await;
}
