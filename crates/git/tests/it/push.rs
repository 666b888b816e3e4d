//! Publishing into a person's repository.

use crate::world::{Person, World, put, session, tree_of};
use telecoder_model::error::ErrorClass;
use telecoder_model::id::SessionId;
use telecoder_model::port::git::{LocalRemote, PreparedWorkspace, Workspaces};
use telecoder_model::port::sandbox::Access;
use telecoder_model::refs::{BranchName, ObjectId};

/// A session with one commit on a person's repository.
pub(crate) async fn worked(world: &World, person: &Person, id: &SessionId) -> (PreparedWorkspace, ObjectId) {
    let workspace = world.prepare(id, person).await;
    put(&tree_of(&workspace), "src/calc.py", "def add(a, b):\n    return a + b\n");
    let commit = world.snapshot(id, &workspace).await;
    (workspace, commit)
}

#[tokio::test]
async fn a_branch_appears_and_nothing_else_changes() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let (_, commit) = worked(&world, &person, &id).await;
    person.write("README.md", "# uncommitted work of a person\n").await;
    person.write("staged.txt", "staged\n").await;
    person.git(&["add", "staged.txt"]).await;
    let before = person.fingerprint().await;
    let (repository, branch) = (person.repository(), BranchName::of_session(&id));
    assert_eq!(world.git.branch_head(&repository, &branch).await.unwrap(), None);
    for _ in 0..2 {
        world.git.push(&id, &commit, &repository, &branch, None).await.unwrap();
        assert_eq!(person.fingerprint().await, before);
        assert_eq!(world.git.branch_head(&repository, &branch).await.unwrap(), Some(commit.clone()));
    }
    assert_eq!(
        person.git(&["show", &format!("{branch}:src/calc.py")]).await,
        "def add(a, b):\n    return a + b"
    );
    assert_eq!(person.git(&["fsck", "--full", "--strict", "--no-dangling"]).await, "");
    // A second turn goes on from the first.
    let next = {
        let tree = world.folder.path().join("sessions").join(id.as_str()).join("tree");
        put(&tree, "more.txt", "more\n");
        let workspace = world.prepare(&id, &person).await;
        let tree = world.take(&id, &workspace).await.unwrap();
        world.commit(&id, &tree, Some(&commit)).await
    };
    world.git.push(&id, &next, &repository, &branch, Some(&commit)).await.unwrap();
    assert_eq!(
        person.git(&["log", "--format=%s", branch.as_str()]).await,
        "Fix the sum\nFix the sum\nsecond\nfirst"
    );
}

#[tokio::test]
async fn a_branch_that_stands_elsewhere_is_a_conflict() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let (_, commit) = worked(&world, &person, &id).await;
    let (repository, branch) = (person.repository(), BranchName::of_session(&id));
    let class = |result: Result<(), telecoder_model::PortError>| result.unwrap_err().class;
    let head = person.head().await;
    let expected_missing = world.git.push(&id, &commit, &repository, &branch, Some(&head)).await;
    assert_eq!(class(expected_missing), ErrorClass::Conflict);
    // Somebody else's commit on our branch.
    person.git(&["checkout", "-q", "-b", branch.as_str()]).await;
    person.write("theirs.txt", "x").await;
    let theirs = person.commit("theirs").await;
    let not_ours = world.git.push(&id, &commit, &repository, &branch, None).await;
    assert_eq!(class(not_ours), ErrorClass::Conflict);
    let error = world.git.push(&id, &commit, &repository, &branch, Some(&theirs)).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict);
    assert!(error.what.contains("is checked out in"), "{}", error.what);
    person.git(&["checkout", "-q", "main"]).await;
    let error = world.git.push(&id, &commit, &repository, &branch, Some(&theirs)).await.unwrap_err();
    assert!(error.what.contains("commits that the session does not have"), "{}", error.what);
    assert_eq!(person.git(&["rev-parse", branch.as_str()]).await, theirs.as_str());
}

#[tokio::test]
async fn a_branch_checked_out_in_a_linked_work_tree_is_not_touched() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let (_, commit) = worked(&world, &person, &id).await;
    let (repository, branch) = (person.repository(), BranchName::of_session(&id));
    let head = person.head().await;
    person.git(&["worktree", "add", "-q", "-b", branch.as_str(), "../linked"]).await;
    let push = world.git.push(&id, &commit, &repository, &branch, Some(&head)).await.unwrap_err();
    assert_eq!(push.class, ErrorClass::Conflict);
    let delete = world.git.delete_branch(&repository, &branch, &head).await.unwrap_err();
    assert_eq!(delete.class, ErrorClass::Conflict);
    // An unborn branch that is checked out counts too.
    let unborn = world.empty_person("unborn").await;
    let other = session(2);
    let made = world.git.prepare(&other, None, None, Access::ReadWrite).await.unwrap();
    let commit = world.snapshot(&other, &made).await;
    let branch = BranchName::of_session(&other);
    unborn.git(&["symbolic-ref", "HEAD", &format!("refs/heads/{branch}")]).await;
    let push = world.git.push(&other, &commit, &unborn.repository(), &branch, None).await.unwrap_err();
    assert_eq!(push.class, ErrorClass::Conflict);
    unborn.git(&["symbolic-ref", "HEAD", "refs/heads/main"]).await;
    world.git.push(&other, &commit, &unborn.repository(), &branch, None).await.unwrap();
}

#[tokio::test]
async fn only_our_branches_are_written_or_deleted() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let (_, commit) = worked(&world, &person, &id).await;
    let repository = person.repository();
    let main: BranchName = "main".parse().unwrap();
    let head = person.head().await;
    let push = world.git.push(&id, &commit, &repository, &main, Some(&head)).await.unwrap_err();
    assert_eq!(push.class, ErrorClass::Denied);
    let delete = world.git.delete_branch(&repository, &main, &head).await.unwrap_err();
    assert_eq!(delete.class, ErrorClass::Denied);
    let branch = BranchName::of_session(&id);
    world.git.push(&id, &commit, &repository, &branch, None).await.unwrap();
    let moved = world.git.delete_branch(&repository, &branch, &head).await.unwrap_err();
    assert_eq!(moved.class, ErrorClass::Conflict);
    world.git.delete_branch(&repository, &branch, &commit).await.unwrap();
    world.git.delete_branch(&repository, &branch, &commit).await.unwrap();
    assert_eq!(world.git.branch_head(&repository, &branch).await.unwrap(), None);
}

#[tokio::test]
async fn a_branch_in_the_way_is_named() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let (_, commit) = worked(&world, &person, &id).await;
    person.git(&["branch", "telecoder"]).await;
    let branch = BranchName::of_session(&id);
    let error = world.git.push(&id, &commit, &person.repository(), &branch, None).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict);
    assert!(error.what.contains("refs/heads/telecoder"), "{}", error.what);
    assert!(error.remedy.unwrap().contains("Rename"));
}

#[tokio::test]
async fn a_session_cannot_push_what_is_another_ones() {
    let world = World::new();
    let person = world.person("demo").await;
    let (one, other) = (session(1), session(2));
    let (_, commit) = worked(&world, &person, &one).await;
    let base = world.prepare(&other, &person).await.base_commit.unwrap();
    let branch = BranchName::of_session(&other);
    let error = world.git.push(&other, &commit, &person.repository(), &branch, None).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound);
    let tree = world.look(&one, &["rev-parse", &format!("{commit}^{{tree}}")]).await;
    let request = telecoder_model::port::git::CommitRequest {
        tree: tree.parse().unwrap(),
        parent: Some(base),
        message: "x".to_owned(),
        author: None,
        at: crate::world::AT,
    };
    assert_eq!(world.git.commit(&other, &request).await.unwrap_err().class, ErrorClass::NotFound);
}

#[tokio::test]
async fn large_changes_travel_as_one_pack_and_many_pushes_at_once_are_fine() {
    let world = World::new();
    let person = world.person("demo").await;
    let ids: Vec<_> = (1..=4).map(session).collect();
    let mut commits = Vec::new();
    for id in &ids {
        let workspace = world.prepare(id, &person).await;
        for number in 0..150 {
            put(&tree_of(&workspace), &format!("many/{number}-{id}.txt"), &format!("{id} {number}\n"));
        }
        commits.push(world.snapshot(id, &workspace).await);
    }
    let repository = person.repository();
    let branches: Vec<_> = ids.iter().map(BranchName::of_session).collect();
    let pushes = ids
        .iter()
        .zip(&commits)
        .zip(&branches)
        .map(|((id, commit), branch)| world.git.push(id, commit, &repository, branch, None));
    for result in futures::future::join_all(pushes).await {
        result.unwrap();
    }
    assert_eq!(person.git(&["for-each-ref", "refs/heads/telecoder"]).await.lines().count(), 4);
    assert_eq!(person.git(&["fsck", "--full", "--strict", "--no-dangling"]).await, "");
}
