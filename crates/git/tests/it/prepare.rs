//! Mirrors, bases and layers.

use crate::world::{Person, World, git_in, put, session, tree_of};
use expect_test::expect;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use telecoder_model::error::ErrorClass;
use telecoder_model::port::git::Workspaces;
use telecoder_model::port::sandbox::{Access, WorkspaceSource};
use telecoder_model::refs::{BranchName, Revision};
use telecoder_model::repository::Repository;

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
async fn a_base_is_named_by_branch_tag_or_commit() {
    let world = World::new();
    let person = world.person("demo").await;
    person.git(&["tag", "-a", "v1", "-m", "one", "HEAD~1"]).await;
    person.git(&["branch", "feature/x", "HEAD~1"]).await;
    person.git(&["update-ref", "refs/remotes/origin/there", "HEAD~1"]).await;
    let old = person.git(&["rev-parse", "HEAD~1"]).await;
    for (number, (base, branch)) in
        [("v1", None), ("feature/x", Some("feature/x")), ("there", Some("there")), (old.as_str(), None)]
            .into_iter()
            .enumerate()
    {
        let base: Revision = base.parse().unwrap();
        let id = session(u8::try_from(number).unwrap());
        let workspace =
            world.git.prepare(&id, Some(&person.repository()), Some(&base), Access::ReadOnly).await.unwrap();
        assert_eq!(workspace.base_commit.unwrap().as_str(), old, "{base}");
        assert_eq!(workspace.base_branch.as_ref().map(BranchName::as_str), branch, "{base}");
    }
}

async fn refused(world: &World, repository: &Repository, base: Option<&str>) -> (ErrorClass, String) {
    let base: Option<Revision> = base.map(|base| base.parse().unwrap());
    let error =
        world.git.prepare(&session(9), Some(repository), base.as_ref(), Access::ReadWrite).await.unwrap_err();
    let text = format!("{} | {}", error.what, error.remedy.unwrap_or_default());
    (error.class, text.replace(world.folder.path().to_str().unwrap(), "/R"))
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_by_name() {
    let world = World::new();
    let person = world.person("demo").await;
    let unborn = world.empty_person("unborn").await;
    let at =
        |name: &str| -> Repository { format!("{}/{name}", world.folder.path().display()).parse().unwrap() };
    fs::create_dir(world.folder.path().join("plain")).unwrap();
    let mut text = String::new();
    for (repository, base) in [
        (at("nowhere"), None),
        (at("plain"), None),
        (at("demo/src"), None),
        (at("demo/README.md"), None),
        (unborn.repository(), None),
        (person.repository(), Some("no-such")),
        (person.repository(), Some("1111111111111111111111111111111111111111")),
    ] {
        let (class, said) = refused(&world, &repository, base).await;
        text.push_str(&format!("{class:?}: {said}\n"));
    }
    expect![[r#"
        NotFound: there is no folder /R/nowhere on the server's host | Name an absolute path that exists where the server runs.
        NotFound: /R/plain is not a git repository | Run `git init` there and make a first commit, or name another folder.
        NotFound: /R/demo/src is not a git repository | It lies inside the repository /R/demo: name that folder.
        NotFound: /R/demo/README.md is not a folder | Name the folder of a git repository.
        NotFound: /R/unborn has no commit yet | Make a first commit there (`git commit --allow-empty -m start`), or name a base.
        NotFound: /R/demo has no branch or tag `no-such` | Name a branch, a tag or a full commit id of that repository.
        NotFound: /R/demo has no commit 1111111111111111111111111111111111111111 | Fetch it into that repository, or name a branch.
    "#]]
    .assert_eq(&text);
}

#[tokio::test]
async fn submodules_and_lfs_are_refused_by_name() {
    let world = World::new();
    let inner = world.person("inner").await;
    let person = world.person("outer").await;
    let url = inner.path.to_str().unwrap().to_owned();
    person
        .git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "third/inner"])
        .await;
    person.commit("with a submodule").await;
    let (class, said) = refused(&world, &person.repository(), None).await;
    assert_eq!(class, ErrorClass::Permanent);
    assert!(said.contains("submodules") && said.contains("third/inner"), "{said}");

    let person = world.person("large").await;
    person.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n").await;
    person.write("a/model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n").await;
    person.write("a/real.bin", "not a pointer").await;
    person.commit("with lfs").await;
    let (class, said) = refused(&world, &person.repository(), None).await;
    assert_eq!(class, ErrorClass::Permanent);
    assert!(said.contains("git-lfs") && said.contains("a/model.bin"), "{said}");
    assert!(!said.contains("real.bin"), "{said}");
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
    for polls in 0..200 {
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
    let mut last = None;
    for number in 0..43 {
        person.git(&["commit", "-q", "--allow-empty", "-m", &format!("c{number}")]).await;
        last = Some(world.prepare(&session(number), &person).await);
    }
    let tree = tree_of(&last.unwrap());
    assert_eq!(git_in(&tree, &["rev-list", "--count", "HEAD"]).await, "45");
    let packs = git_in(&tree, &["count-objects", "-v"]).await;
    assert!(!packs.contains("packs: 4"), "{packs}");
    // An older base has its own links to what was combined.
    let first = world.folder.path().join("sessions").join(session(0).as_str()).join("tree");
    assert_eq!(git_in(&first, &["fsck", "--full"]).await, "");
}

#[tokio::test]
async fn a_shallow_clone_a_work_tree_and_a_bare_repository_can_be_used() {
    let world = World::new();
    let person = world.person("demo").await;
    let url = format!("file://{}", person.path.display());
    let folder = world.folder.path();
    git_in(folder, &["clone", "-q", "--depth=1", &url, "shallow"]).await;
    git_in(folder, &["clone", "-q", "--bare", &url, "bare.git"]).await;
    person.git(&["worktree", "add", "-q", "-b", "side", "../linked"]).await;
    for (number, (name, log)) in
        [("shallow", "second"), ("bare.git", "second\nfirst"), ("linked", "second\nfirst")]
            .into_iter()
            .enumerate()
    {
        let other = Person { path: folder.join(name) };
        let workspace = world.prepare(&session(u8::try_from(number).unwrap()), &other).await;
        let tree = tree_of(&workspace);
        assert_eq!(git_in(&tree, &["log", "--format=%s"]).await, log, "{name}");
        assert_eq!(git_in(&tree, &["fsck", "--full"]).await, "", "{name}");
    }
}

#[tokio::test]
async fn a_sha256_repository_can_be_used() {
    let world = World::new();
    let path = world.folder.path().join("new");
    fs::create_dir(&path).unwrap();
    let person = Person { path };
    person.git(&["init", "-q", "-b", "main", "--object-format=sha256"]).await;
    person.write("a", "a\n").await;
    person.commit("first").await;
    let workspace = world.prepare(&session(1), &person).await;
    put(&tree_of(&workspace), "a", "b\n");
    let commit = world.snapshot(&session(1), &workspace).await;
    assert_eq!(commit.as_str().len(), 64);
    assert_eq!(world.look(&session(1), &["show", &format!("{commit}:a")]).await, "b");
}

#[tokio::test]
async fn facts_name_what_will_not_be_included() {
    let world = World::new();
    let person = world.person("demo").await;
    person.git(&["config", "remote.origin.url", "https://user:hunter2@github.com/acme/demo.git"]).await;
    person.write("README.md", "# Changed\n").await;
    person.write("new/file.txt", "x").await;
    person.write("ignored.log", "x").await;
    let facts = world.git.inspect(&person.repository()).await.unwrap();
    assert_eq!(facts.head, Some(person.head().await));
    assert_eq!(facts.default_branch.unwrap().as_str(), "main");
    assert_eq!(facts.origin, Some("acme/demo".parse().unwrap()));
    assert_eq!(facts.uncommitted, ["README.md", "new/"]);
    assert_eq!(facts.uncommitted_total, 2);
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
    let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["home"], "what others keep there stays");
    world.git.remove(&session(77)).await.unwrap();
}
