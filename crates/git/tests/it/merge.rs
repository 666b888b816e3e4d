//! Merging local pull requests.

use crate::push::worked;
use crate::world::{AT, Person, World, put, session, tree_of};
use std::fs;
use telecoder_model::PortError;
use telecoder_model::error::ErrorClass;
use telecoder_model::id::SessionId;
use telecoder_model::port::git::{LocalRemote, Merged};
use telecoder_model::refs::BranchName;

/// A person's repository with a pushed branch of a session.
async fn pushed(world: &World, person: &Person, id: &SessionId) -> BranchName {
    let (_, commit) = worked(world, person, id).await;
    let branch = BranchName::of_session(id);
    world.git.push(id, &commit, &person.repository(), &branch, None).await.unwrap();
    branch
}

async fn merge(world: &World, person: &Person, branch: &BranchName) -> Result<Merged, PortError> {
    let main = "main".parse().unwrap();
    world.git.merge(&person.repository(), &main, branch, "Merge local pull request #1: Fix\n\nBody", AT).await
}

#[tokio::test]
async fn a_checked_out_base_moves_with_its_work_tree() {
    let world = World::new();
    let person = world.person("demo").await;
    let branch = pushed(&world, &person, &session(1)).await;
    person.write("untracked.txt", "mine\n").await;
    let merged = merge(&world, &person, &branch).await.unwrap();
    assert_eq!(merged.commit, person.head().await);
    assert_eq!(person.git(&["symbolic-ref", "HEAD"]).await, "refs/heads/main");
    assert_eq!(person.git(&["status", "--porcelain"]).await, "?? untracked.txt");
    assert!(fs::read_to_string(person.path.join("src/calc.py")).unwrap().contains("a + b"));
    // Again: nothing to do.
    assert_eq!(merge(&world, &person, &branch).await.unwrap(), merged);
}

#[tokio::test]
async fn diverged_branches_get_a_merge_commit_with_two_parents() {
    let world = World::new();
    let person = world.person("demo").await;
    let branch = pushed(&world, &person, &session(1)).await;
    person.write("other.txt", "other\n").await;
    let ours = person.commit("other").await;
    person.git(&["checkout", "-q", "-b", "elsewhere"]).await;
    let before = person.fingerprint().await;
    let merged = merge(&world, &person, &branch).await.unwrap();
    assert_eq!(
        person.git(&["log", "-1", "--format=%P|%an|%cn|%ct|%B", "main"]).await,
        format!(
            "{ours} {}|TeleCoder|TeleCoder|1700000000|Merge local pull request #1: Fix\n\nBody",
            person.git(&["rev-parse", branch.as_str()]).await
        )
    );
    assert_eq!(person.git(&["rev-parse", "main"]).await, merged.commit.as_str());
    assert_eq!(
        person.git(&["ls-tree", "--name-only", "main"]).await,
        ".gitignore\nREADME.md\nother.txt\nsrc"
    );
    // The base was not checked out: nothing but its branch changed.
    let after = person.fingerprint().await;
    assert_eq!(
        after,
        before.replace(&format!("refs/heads/main {ours}"), &format!("refs/heads/main {}", merged.commit))
    );
    assert_eq!(person.git(&["fsck", "--full", "--strict", "--no-dangling"]).await, "");
}

#[tokio::test]
async fn conflicts_and_uncommitted_changes_are_named_and_change_nothing() {
    let world = World::new();
    let person = world.person("demo").await;
    let branch = pushed(&world, &person, &session(1)).await;
    person.write("README.md", "# uncommitted\n").await;
    let before = person.fingerprint().await;
    let error = merge(&world, &person, &branch).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict);
    assert!(error.what.contains("uncommitted changes in README.md"), "{}", error.what);
    assert_eq!(person.fingerprint().await, before);

    person.write("src/calc.py", "def add(a, b):\n    return sum((a, b))\n").await;
    person.commit("another fix").await;
    let before = person.fingerprint().await;
    let error = merge(&world, &person, &branch).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict);
    assert_eq!(error.what, "the branches conflict in src/calc.py");
    assert_eq!(person.fingerprint().await, before);

    let missing = merge(&world, &person, &"telecoder/nothing".parse().unwrap()).await.unwrap_err();
    assert_eq!(missing.class, ErrorClass::NotFound);
}

#[tokio::test]
async fn an_untracked_file_in_the_way_is_kept() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let workspace = world.prepare(&id, &person).await;
    put(&tree_of(&workspace), "new.txt", "the agent's\n");
    let commit = world.snapshot(&id, &workspace).await;
    let branch = BranchName::of_session(&id);
    world.git.push(&id, &commit, &person.repository(), &branch, None).await.unwrap();
    person.write("new.txt", "a person's\n").await;
    let error = merge(&world, &person, &branch).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict);
    assert!(error.what.contains("new.txt"), "{}", error.what);
    assert_eq!(fs::read_to_string(person.path.join("new.txt")).unwrap(), "a person's\n");
}

#[tokio::test]
async fn a_merge_that_was_interrupted_is_completed() {
    let world = World::new();
    let person = world.person("demo").await;
    let branch = pushed(&world, &person, &session(1)).await;
    // As after a crash: index and work tree are at the new commit, the branch is not.
    let old = person.head().await;
    person.git(&["merge", "-q", "--ff-only", branch.as_str()]).await;
    let new = person.head().await;
    person.git(&["update-ref", "refs/heads/main", old.as_str()]).await;
    assert_eq!(merge(&world, &person, &branch).await.unwrap().commit, new);
    assert_eq!(person.git(&["status", "--porcelain"]).await, "");
    assert_eq!(person.head().await, new);
}

#[tokio::test]
async fn a_base_in_a_linked_work_tree_and_a_bare_repository_can_be_merged() {
    let world = World::new();
    let person = world.person("demo").await;
    let branch = pushed(&world, &person, &session(1)).await;
    person.git(&["checkout", "-q", "-b", "elsewhere"]).await;
    person.git(&["worktree", "add", "-q", "../linked", "main"]).await;
    let merged = merge(&world, &person, &branch).await.unwrap();
    let linked = Person { path: world.folder.path().join("linked") };
    assert_eq!(linked.head().await, merged.commit);
    assert_eq!(linked.git(&["status", "--porcelain"]).await, "");

    let url = person.path.to_str().unwrap().to_owned();
    person.git(&["clone", "-q", "--bare", &url, "../bare.git"]).await;
    let bare = Person { path: world.folder.path().join("bare.git") };
    bare.git(&["update-ref", "refs/heads/main", "refs/heads/main~1"]).await;
    assert_eq!(merge(&world, &bare, &branch).await.unwrap().commit, merged.commit);
}
