//! A session's commits brought to where others have gone on, with the real git.

use crate::world::{AT, Person, World, put, session, tree_of};
use telecoder_model::error::ErrorClass;
use telecoder_model::id::SessionId;
use telecoder_model::port::git::{CommitRequest, Diffs, LocalRemote, Workspaces};
use telecoder_model::port::rebase::Rebase;
use telecoder_model::port::sandbox::Access;
use telecoder_model::refs::{BranchName, ObjectId, Revision};
use telecoder_model::session::Requester;

fn main_branch() -> BranchName {
    "main".parse().unwrap()
}

/// A session with two commits of Ada's: one changes the sum, the other adds a file.
async fn worked(world: &World, person: &Person, id: &SessionId) -> (ObjectId, Vec<ObjectId>) {
    let workspace = world.prepare(id, person).await;
    let base = workspace.base_commit.clone().unwrap();
    let mut commits = vec![base.clone()];
    for (file, content) in [("src/calc.py", "def add(a, b):\n    return a + b\n"), ("more.txt", "more\n")] {
        put(&tree_of(&workspace), file, content);
        let request = CommitRequest {
            tree: world.take(id, &workspace).await.unwrap(),
            parent: commits.last().cloned(),
            message: format!("Change {file}\n\nWith words."),
            author: Some(Requester { name: "Ada".to_owned(), email: "ada@example.org".to_owned() }),
            at: AT,
        };
        commits.push(world.git.commit(id, &request).await.unwrap());
    }
    (base, commits.split_off(1))
}

async fn theirs(person: &Person, file: &str, content: &str) -> ObjectId {
    person.write(file, content).await;
    person.commit("theirs").await
}

#[tokio::test]
async fn commits_are_written_again_on_top_of_what_the_base_is_now() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let (base, commits) = worked(&world, &person, &id).await;
    let tip = theirs(&person, "README.md", "# Theirs\n").await;
    let before = person.fingerprint().await;
    let brought = world.git.bring(&id, &person.repository(), &main_branch()).await.unwrap();
    assert_eq!(brought, tip);
    let mut all = Vec::new();
    for _ in 0..2 {
        all.push(world.git.replay(&id, &base, &commits[1], &tip).await.unwrap());
    }
    assert_eq!(all[0], all[1], "the same again");
    let rebased = &all[0];
    assert_eq!(
        world
            .look(&id, &["log", "--format=%s|%an|%ae|%cn|%at|%ct", rebased.as_str()])
            .await
            .lines()
            .take(3)
            .collect::<Vec<_>>(),
        [
            "Change more.txt|Ada|ada@example.org|TeleCoder|1700000000|1700000000",
            "Change src/calc.py|Ada|ada@example.org|TeleCoder|1700000000|1700000000",
            &world.look(&id, &["log", "-1", "--format=%s|%an|%ae|%cn|%at|%ct", tip.as_str()]).await,
        ]
    );
    assert_eq!(world.look(&id, &["show", &format!("{rebased}:README.md")]).await, "# Theirs");
    let summary = world.git.summary(&id, Some(&tip), rebased).await.unwrap();
    assert_eq!(summary.stat.files, 2);
    // Nobody's repository has changed, and what was made can be pushed there.
    assert_eq!(person.fingerprint().await, before);
    let branch = BranchName::of_session(&id);
    world.git.push(&id, rebased, &person.repository(), &branch, None).await.unwrap();
    assert_eq!(person.git(&["show", &format!("{branch}:more.txt")]).await, "more");
    assert_eq!(world.look(&id, &["fsck", "--strict", "--no-dangling"]).await, "");
}

#[tokio::test]
async fn what_stands_on_it_already_stays_and_what_the_base_has_too_is_left_out() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let (base, commits) = worked(&world, &person, &id).await;
    assert_eq!(world.git.replay(&id, &base, &commits[1], &base).await.unwrap(), commits[1]);
    assert_eq!(world.git.replay(&id, &commits[0], &commits[1], &commits[0]).await.unwrap(), commits[1]);
    let tip = theirs(&person, "src/calc.py", "def add(a, b):\n    return a + b\n").await;
    world.git.bring(&id, &person.repository(), &main_branch()).await.unwrap();
    let rebased = world.git.replay(&id, &base, &commits[1], &tip).await.unwrap();
    let subjects = world.look(&id, &["log", "--format=%s", rebased.as_str()]).await;
    assert_eq!(subjects, "Change more.txt\ntheirs\nsecond\nfirst");
    assert_eq!(world.git.replay(&id, &base, &commits[0], &tip).await.unwrap(), tip, "nothing is left");
}

#[tokio::test]
async fn a_conflict_names_the_files() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let (base, commits) = worked(&world, &person, &id).await;
    let tip = theirs(&person, "src/calc.py", "def add(a, b):\n    return sum((a, b))\n").await;
    world.git.bring(&id, &person.repository(), &main_branch()).await.unwrap();
    let replayed = world.git.replay(&id, &base, &commits[1], &tip).await.unwrap_err();
    let joined = world.git.join(&id, &commits[1], &tip, "Merge", AT).await.unwrap_err();
    for error in [replayed, joined] {
        assert_eq!((error.class, error.what.as_str()), (ErrorClass::Conflict, "conflicts in src/calc.py"));
    }
    let missing = world.git.bring(&id, &person.repository(), &"gone".parse().unwrap()).await.unwrap_err();
    assert_eq!(missing.class, ErrorClass::NotFound);
}

#[tokio::test]
async fn what_others_see_is_joined_with_the_base_by_a_merge() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let (base, commits) = worked(&world, &person, &id).await;
    let tip = theirs(&person, "README.md", "# Theirs\n").await;
    world.git.bring(&id, &person.repository(), &main_branch()).await.unwrap();
    let merged = world.git.join(&id, &commits[1], &tip, "Merge branch 'main'", AT).await.unwrap();
    let line = world.look(&id, &["log", "-1", "--format=%P|%s|%cn", merged.as_str()]).await;
    assert_eq!(line, format!("{} {tip}|Merge branch 'main'|TeleCoder", commits[1]));
    // Once more there is nothing to do.
    assert_eq!(world.git.join(&id, &merged, &tip, "Again", AT).await.unwrap(), merged);
    assert_eq!(world.git.join(&id, &base, &tip, "Again", AT).await.unwrap(), tip);
    // A later commit of the session goes on top of it.
    let from = Revision::Commit(base);
    let repository = person.repository();
    let prepared = world.git.prepare(&id, Some(&repository), Some(&from), Access::ReadWrite).await;
    let workspace = prepared.unwrap();
    put(&tree_of(&workspace), "third.txt", "3\n");
    let taken = world.take(&id, &workspace).await.unwrap();
    let third = world.commit(&id, &taken, Some(&commits[1])).await;
    let added = world.git.replay(&id, &commits[1], &third, &merged).await.unwrap();
    assert_eq!(world.look(&id, &["show", &format!("{added}:third.txt")]).await, "3");
    assert_eq!(world.look(&id, &["show", &format!("{added}:README.md")]).await, "# Theirs");
    assert_eq!(world.look(&id, &["log", "-1", "--format=%P", added.as_str()]).await, merged.as_str());
}
