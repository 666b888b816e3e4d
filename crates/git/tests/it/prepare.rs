//! Mirrors, bases and layers.

use crate::world::{World, git_in, put, session, tree_of};
use expect_test::expect;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use telecoder_model::port::git::Workspaces;
use telecoder_model::port::sandbox::{Access, WorkspaceSource};
use telecoder_model::refs::BranchName;

#[tokio::test]
async fn a_tree_is_whole_and_stands_alone() {
    let world = World::new();
    let person = world.person("demo").await;
    let workspace = world.prepare(&session(1), &person).await;
    assert_eq!(workspace.base_commit, Some(person.head().await));
    assert_eq!(workspace.base_branch.as_ref().map(BranchName::as_str), Some("main"));
    let tree = tree_of(&workspace);
    expect![[r#"
        ## telecoder/baebaebaebae"#]]
    .assert_eq(
        &git_in(&tree, &["status", "--porcelain", "-b"]).await.replace(session(1).as_str(), "baebaebaebae"),
    );
    assert_eq!(git_in(&tree, &["log", "--format=%s"]).await, "second\nfirst");
    assert_eq!(git_in(&tree, &["diff", "--stat", "main"]).await, "");
    assert!(git_in(&tree, &["blame", "src/calc.py"]).await.contains("Ada"));
    assert_eq!(fs::metadata(tree.join("src/run.sh")).unwrap().permissions().mode() & 0o111, 0o111);
    // Nothing in it names a path of the host.
    let host = world.folder.path().to_str().unwrap().to_owned();
    for file in [".git/config", ".git/HEAD", ".git/logs/HEAD"] {
        let text = fs::read_to_string(tree.join(file)).unwrap_or_default();
        assert!(!text.contains(&host), "{file}: {text}");
    }
    assert!(!tree.join(".git/objects/info/alternates").exists());
    assert_eq!(git_in(&tree, &["remote"]).await, "");
    // The agent can commit without being asked who it is.
    put(&tree, "new.txt", "x\n");
    git_in(&tree, &["add", "-A"]).await;
    git_in(&tree, &["-c", "user.useConfigOnly=true", "commit", "-q", "-m", "agent"]).await;
}

#[tokio::test]
async fn an_overlay_has_an_immutable_base_and_an_empty_layer() {
    let world = World::with(|_| {});
    let person = world.person("demo").await;
    let first = world.prepare(&session(1), &person).await;
    let second = world.prepare(&session(2), &person).await;
    let (WorkspaceSource::Overlay { lower, layer }, WorkspaceSource::Overlay { lower: other, layer: upper2 }) =
        (&first.source, &second.source)
    else {
        panic!("no overlay");
    };
    assert_eq!(lower, other);
    assert_ne!(layer, upper2);
    assert_eq!(git_in(lower, &["status", "--porcelain"]).await, "");
    assert!(layer.join("work").is_dir());
    assert_eq!(fs::read_dir(layer.join("upper")).unwrap().count(), 1, "only .git");
    let seeded = fs::read_to_string(layer.join("upper/.git/HEAD")).unwrap();
    assert_eq!(seeded, format!("ref: refs/heads/telecoder/{}\n", session(1)));
}

#[tokio::test]
async fn a_first_status_reads_no_file_again() {
    let world = World::with(|_| {});
    let person = world.person("demo").await;
    let workspace = world.prepare(&session(1), &person).await;
    let lower = tree_of(&workspace);
    let index = fs::metadata(lower.join(".git/index")).unwrap();
    let file = fs::metadata(lower.join("README.md")).unwrap();
    assert!(file.mtime() + 5 < index.mtime(), "not racy for git");
    assert_eq!(git_in(&lower, &["config", "core.checkStat"]).await, "minimal");
    let before = fs::read(lower.join(".git/index")).unwrap();
    git_in(&lower, &["status"]).await;
    assert_eq!(before, fs::read(lower.join(".git/index")).unwrap());
}

#[tokio::test]
async fn a_repeated_call_gives_the_same_workspace_though_the_branch_moved() {
    let world = World::new();
    let person = world.person("demo").await;
    let first = world.prepare(&session(1), &person).await;
    put(&tree_of(&first), "kept.txt", "work\n");
    person.write("later.txt", "x").await;
    person.commit("later").await;
    let again = world
        .restarted()
        .prepare(&session(1), Some(&person.repository()), None, Access::ReadWrite)
        .await
        .unwrap();
    assert_eq!(first, again);
    assert!(tree_of(&again).join("kept.txt").exists());
    let other = world.prepare(&session(2), &person).await;
    assert_eq!(other.base_commit, Some(person.head().await));
}

#[tokio::test]
async fn an_empty_workspace_is_a_repository_without_commits() {
    let world = World::new();
    let workspace = world.git.prepare(&session(1), None, None, Access::ReadWrite).await.unwrap();
    assert_eq!((&workspace.base_commit, &workspace.base_branch), (&None, &None));
    let tree = tree_of(&workspace);
    assert!(git_in(&tree, &["status", "-b", "--porcelain"]).await.contains("No commits yet"));
    let content = world.git.layer(&session(1)).await.unwrap();
    assert_eq!((content.total, content.git_touched), (0, false));
}

#[tokio::test]
async fn many_sessions_at_once_share_one_base() {
    let world = World::new();
    let person = world.person("demo").await;
    let repository = person.repository();
    let ids: Vec<_> = (1..=6).map(session).collect();
    let all = ids.iter().map(|id| world.git.prepare(id, Some(&repository), None, Access::ReadWrite));
    for result in futures::future::join_all(all).await {
        let workspace = result.unwrap();
        assert_eq!(git_in(&tree_of(&workspace), &["status", "--porcelain"]).await, "");
    }
    let started = world.processes.take();
    let checkouts = started.iter().filter(|line| line.starts_with("checkout ")).count();
    assert_eq!(checkouts, 1, "{started:?}");
}

#[tokio::test]
async fn a_call_that_is_dropped_at_any_point_leaves_a_usable_state() {
    let world = World::new();
    let person = world.person("demo").await;
    let repository = person.repository();
    // Each run is dropped after one more poll; every poll ends at one of the places where the call waits.
    for polls in (0..250).step_by(2) {
        let id = session(polls);
        let git = world.restarted();
        let mut call = Box::pin(git.prepare(&id, Some(&repository), None, Access::ReadWrite));
        let mut left = polls;
        let done = std::future::poll_fn(|context| {
            if left == 0 {
                return std::task::Poll::Ready(None);
            }
            left -= 1;
            call.as_mut().poll(context).map(Some)
        })
        .await;
        drop(call);
        let workspace = world.prepare(&id, &person).await;
        assert_eq!(git_in(&tree_of(&workspace), &["status", "--porcelain"]).await, "", "{polls}");
        if done.is_some() {
            assert!(polls > 3, "it was never dropped");
            return;
        }
        // The next one begins from nothing again.
        fs::remove_dir_all(world.folder.path().join("git")).unwrap();
    }
    panic!("it never came to its end");
}

#[tokio::test]
async fn only_new_history_is_fetched() {
    let world = World::new();
    let person = world.person("demo").await;
    world.prepare(&session(1), &person).await;
    person.write("more.txt", "more\n").await;
    person.commit("third").await;
    let workspace = world.prepare(&session(2), &person).await;
    let tree = tree_of(&workspace);
    assert_eq!(git_in(&tree, &["log", "--format=%s"]).await, "third\nsecond\nfirst");
    let packs = git_in(&tree, &["count-objects", "-v"]).await;
    assert!(packs.contains("packs: 2"), "{packs}");
    assert_eq!(git_in(&tree, &["fsck", "--full", "--strict"]).await, "");
}

#[tokio::test]
async fn many_packs_are_combined() {
    let world = World::new();
    let person = world.person("demo").await;
    world.prepare(&session(1), &person).await;
    let mirrors = world.folder.path().join("git/mirrors");
    let mirror = fs::read_dir(mirrors).unwrap().next().unwrap().unwrap().path();
    for number in 0..41 {
        let file = world.folder.path().join("file");
        fs::write(&file, format!("number {number}")).unwrap();
        // A large file becomes a pack of its own; everything is large here.
        git_in(&mirror, &["-c", "core.bigFileThreshold=1", "hash-object", "-w", file.to_str().unwrap()])
            .await;
    }
    let packs = |text: String| text.lines().find_map(|line| line.strip_prefix("packs: ").map(str::to_owned));
    assert_eq!(packs(git_in(&mirror, &["count-objects", "-v"]).await).unwrap(), "42");
    person.write("more.txt", "more\n").await;
    person.commit("third").await;
    let workspace = world.prepare(&session(2), &person).await;
    let left = packs(git_in(&mirror, &["count-objects", "-v"]).await).unwrap();
    assert!(left.parse::<u32>().unwrap() < 10, "{left}");
    assert_eq!(git_in(&tree_of(&workspace), &["fsck", "--full", "--no-dangling"]).await, "");
    // An older base has its own links to what was combined.
    let first = world.folder.path().join("sessions").join(session(1).as_str()).join("tree");
    assert_eq!(git_in(&first, &["fsck", "--full", "--no-dangling"]).await, "");
}

#[tokio::test]
async fn discard_and_remove_leave_nothing_of_the_work() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let workspace = world.prepare(&id, &person).await;
    let tree = tree_of(&workspace);
    put(&tree, "closed/inner/file", "x");
    fs::set_permissions(tree.join("closed/inner"), fs::Permissions::from_mode(0o000)).unwrap();
    world.git.discard(&id).await.unwrap();
    assert_eq!(world.git.layer(&id).await.unwrap(), Default::default());
    world.git.discard(&id).await.unwrap();
    world.snapshot(&id, &workspace).await;
    let folder = world.folder.path().join("sessions").join(id.as_str());
    fs::create_dir(folder.join("home")).unwrap();
    world.git.remove(&id).await.unwrap();
    world.git.remove(&id).await.unwrap();
    assert!(!folder.exists(), "the agent's home, which stands there too, goes with it");
    world.git.remove(&session(77)).await.unwrap();
}
