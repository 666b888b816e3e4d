//! Repositories of many kinds: which can be used, from which base, and how the others are refused.

use crate::world::{Person, World, git_in, put, session, tree_of};
use expect_test::expect;
use std::fs;
use telecoder_model::error::ErrorClass;
use telecoder_model::port::git::Workspaces;
use telecoder_model::port::sandbox::Access;
use telecoder_model::refs::{BranchName, Revision};
use telecoder_model::repository::Repository;

async fn refused(world: &World, repository: &Repository, base: Option<&str>) -> (ErrorClass, String) {
    let base: Option<Revision> = base.map(|base| base.parse().unwrap());
    let error =
        world.git.prepare(&session(9), Some(repository), base.as_ref(), Access::ReadWrite).await.unwrap_err();
    let text = format!("{} | {}", error.what, error.remedy.unwrap_or_default());
    (error.class, text.replace(world.folder.path().to_str().unwrap(), "/R"))
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
