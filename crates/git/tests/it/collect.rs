//! Collection of bases and mirrors.

use crate::world::{World, git_in, session, tree_of};
use std::fs;
use std::path::Path;
use telecoder_git::Collected;
use telecoder_model::port::git::Workspaces;
use telecoder_model::port::sandbox::Access;

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
