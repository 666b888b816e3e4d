//! Collection of bases and mirrors.

use crate::world::{World, git_in, session, tree_of};
use std::fs;
use std::path::Path;
use telecoder_model::port::git::{Diffs, Workspaces};
use telecoder_model::port::sandbox::Access;
use telecoder_model::port::upkeep::{Collected, KeptSession, Upkeep};

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

#[tokio::test]
async fn what_a_session_is_on_is_kept_and_the_rest_goes() {
    let world = World::with(|_| {});
    let person = world.person("demo").await;
    let ids: Vec<_> = (1..=4).map(session).collect();
    for id in &ids {
        person.git(&["commit", "-q", "--allow-empty", "-m", id.as_str()]).await;
        world.prepare(id, &person).await;
    }
    let root = world.folder.path().join("git");
    assert_eq!(world.git.collect(0).await.unwrap(), Collected::default(), "all are in use");
    for id in &ids[..3] {
        world.git.remove(id).await.unwrap();
    }
    assert_eq!(world.git.collect(2).await.unwrap(), Collected { bases: 1, mirrors: 0 });
    assert_eq!(world.git.collect(0).await.unwrap(), Collected { bases: 2, mirrors: 0 });
    // The one in use still works, and so does a new session.
    let kept = world.prepare(&ids[3], &person).await;
    assert_eq!(git_in(&tree_of(&kept), &["fsck", "--full"]).await, "");
    world.git.remove(&ids[3]).await.unwrap();
    assert_eq!(world.git.collect(0).await.unwrap(), Collected { bases: 1, mirrors: 1 });
    assert_eq!((entries(&root.join("bases")), entries(&root.join("mirrors"))), (0, 0));
    assert_eq!(world.git.collect(0).await.unwrap(), Collected::default());
    let again = world.prepare(&ids[0], &person).await;
    assert_eq!(git_in(&tree_of(&again), &["log", "--format=%s", "-1"]).await, ids[3].as_str());
}

#[tokio::test]
async fn a_collection_beside_prepares_harms_none_of_them() {
    let world = World::with(|_| {});
    let person = world.person("demo").await;
    let repository = person.repository();
    let ids: Vec<_> = (1..=4).map(session).collect();
    let prepares = ids.iter().map(|id| world.git.prepare(id, Some(&repository), None, Access::ReadWrite));
    let collections = (0..4).map(|_| world.git.collect(0));
    let (prepared, collected) =
        futures::future::join(futures::future::join_all(prepares), futures::future::join_all(collections))
            .await;
    for done in collected {
        done.unwrap();
    }
    for workspace in prepared {
        assert_eq!(git_in(&tree_of(&workspace.unwrap()), &["status", "--porcelain"]).await, "");
    }
}

#[tokio::test]
async fn a_workspace_that_is_put_away_frees_its_base_and_keeps_its_change() {
    let world = World::new();
    let person = world.person("demo").await;
    let (id, other) = (session(1), session(2));
    let prepared = world.prepare(&id, &person).await;
    fs::write(tree_of(&prepared).join("new.txt"), "new\n").unwrap();
    let commit = world.snapshot(&id, &prepared).await;
    let home = world.folder.path().join("sessions").join(id.as_str()).join("home");
    fs::create_dir_all(home.join("deep")).unwrap();
    let kept = |session: &telecoder_model::id::SessionId, workspace| KeptSession {
        session: session.clone(),
        workspace,
    };
    assert_eq!(world.git.kept().await.unwrap(), [kept(&id, true)]);
    for _ in 0..2 {
        world.git.put_away(&id).await.unwrap();
        assert_eq!(world.git.kept().await.unwrap(), [kept(&id, false)]);
    }
    assert!(!home.exists());
    // The base is free; the mirror, whose objects the change needs, is not.
    assert_eq!(world.git.collect(0).await.unwrap(), Collected { bases: 1, mirrors: 0 });
    let base = prepared.base_commit.as_ref();
    let patch = world.git.patch(&id, base, &commit).await.unwrap();
    assert!(String::from_utf8_lossy(&patch).contains("+new"), "{patch:?}");
    let refused =
        world.git.prepare(&id, Some(&person.repository()), None, Access::ReadWrite).await.unwrap_err();
    assert!(refused.to_string().ends_with("was put away"), "{refused}");
    world.prepare(&other, &person).await;
    world.git.remove(&id).await.unwrap();
    assert_eq!(world.git.kept().await.unwrap(), [kept(&other, true)]);
    assert_eq!(world.git.collect(0).await.unwrap(), Collected::default());
}

#[tokio::test]
async fn a_removal_that_was_cut_short_is_cleared_up_and_so_is_a_lost_mirror() {
    let world = World::new();
    let person = world.person("demo").await;
    world.prepare(&session(1), &person).await;
    world.git.remove(&session(1)).await.unwrap();
    let root = world.folder.path();
    fs::create_dir_all(root.join("sessions/.gone-abc/0/deep")).unwrap();
    // As a kill between the removal of the bases and that of the mirror leaves it.
    fs::remove_dir_all(root.join("git/bases")).unwrap();
    assert_eq!(entries(&root.join("git/mirrors")), 1);
    let restarted = world.restarted();
    assert_eq!(restarted.kept().await.unwrap(), []);
    assert_eq!(entries(&root.join("sessions")), 0);
    assert_eq!(restarted.collect(2).await.unwrap(), Collected { bases: 0, mirrors: 1 });
    assert_eq!(entries(&root.join("git/mirrors")), 0);
}
