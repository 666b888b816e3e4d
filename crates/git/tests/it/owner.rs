//! A server that is root: repositories belong to people, bases and layers to the sandbox's user.

use crate::push::worked;
use crate::world::{World, git_in, put, session, stream, tree_of};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use telecoder_model::error::ErrorClass;
use telecoder_model::port::git::{LocalRemote, Workspaces};
use telecoder_model::port::process::{HostCommand, HostUser, Processes};
use telecoder_model::port::sandbox::WorkspaceSource;
use telecoder_model::refs::BranchName;

/// The user of sandboxes here.
const AGENT: HostUser = HostUser { uid: 4343, gid: 4343 };

/// Only root can tell users apart; an ordinary user's server has just one, which the other tests show.
fn one_user_only() -> bool {
    !rustix::process::geteuid().is_root()
}

/// Calls `visit` with everything below a folder.
fn each(folder: &Path, visit: &mut dyn FnMut(&Path, &fs::Metadata)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        visit(&path, &metadata);
        if metadata.is_dir() {
            each(&path, visit);
        }
    }
}

#[tokio::test]
async fn files_keep_the_owner_of_the_repository() {
    if one_user_only() {
        return;
    }
    let world = World::new();
    let person = world.person("demo").await;
    own_all(&person.path, 4242);
    let id = session(1);
    let (_, commit) = worked(&world, &person, &id).await;
    let branch = BranchName::of_session(&id);
    world.git.push(&id, &commit, &person.repository(), &branch, None).await.unwrap();
    let main: BranchName = "main".parse().unwrap();
    world.git.merge(&person.repository(), &main, &branch, "Merge", crate::world::AT).await.unwrap();
    each(&person.path, &mut |path, metadata| {
        assert_eq!(metadata.uid(), 4242, "{}", path.display());
    });
    assert_eq!(git_in(&person.path, &["status", "--porcelain"]).await, "");
    // What its owner cannot reach, the server does not read for them either.
    let closed = world.folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::rename(&person.path, closed.join("demo")).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let repository = closed.join("demo").to_str().unwrap().parse().unwrap();
    let error = world.git.inspect(&repository).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Denied, "{}", error.chain());
}

#[tokio::test]
async fn bases_and_layers_belong_to_the_sandboxes_user() {
    if one_user_only() {
        return;
    }
    for overlay in [true, false] {
        let world = World::with(|options| {
            options.overlay = overlay;
            options.owner = Some(AGENT);
        });
        let person = world.person("demo").await;
        let workspace = world.prepare(&session(1), &person).await;
        let folders = match &workspace.source {
            WorkspaceSource::Overlay { lower, layer } => vec![lower.clone(), layer.clone()],
            WorkspaceSource::Bind { path } => vec![path.clone()],
        };
        for folder in folders {
            each(&folder, &mut |path, metadata| {
                // Packs are shared with the mirror: everybody may read them, nobody but the server has them.
                let shared = metadata.nlink() > 1 && metadata.is_file();
                let owner = if shared { 0 } else { AGENT.uid };
                assert_eq!(metadata.uid(), owner, "{}", path.display());
                if shared {
                    assert_eq!(metadata.permissions().mode() & 0o777, 0o444, "{}", path.display());
                }
            });
        }
    }
}

/// What the local driver does: an overlay in a user namespace of the sandbox's user, and the export inside.
#[tokio::test]
async fn the_sandboxes_user_works_on_an_overlay_and_exports_it() {
    if one_user_only() {
        return;
    }
    let world = World::with(|options| options.owner = Some(AGENT));
    let person = world.person("demo").await;
    let id = session(1);
    let workspace = world.prepare(&id, &person).await;
    let WorkspaceSource::Overlay { lower, layer } = &workspace.source else { panic!("no overlay") };
    let place = world.folder.path().join("mounted");
    fs::create_dir(&place).unwrap();
    let process = world.git.export(&id, workspace.base_commit.as_ref(), 1).unwrap();
    let script = format!(
        "set -e; mount -t overlay overlay -o userxattr,lowerdir={lower},upperdir={layer}/upper,workdir={layer}/work {place}
         cd {place}; git status --porcelain >&2; git log -1 --format=%s >&2
         echo new >new; git add new; git commit -q -m agent; git gc -q; rm README.md
         exec \"$@\"",
        lower = lower.display(),
        layer = layer.display(),
        place = place.display(),
    );
    let mut command = HostCommand::new("unshare", "/");
    command.args = ["-r", "-m", "/bin/sh", "-c", &script, "x"].map(OsString::from).to_vec();
    command.args.extend(process.argv.iter().map(OsString::from));
    command.env = process.env.iter().map(|(k, v)| (k.into(), v.into())).collect();
    command.env.insert("HOME".into(), "/nonexistent".into());
    command.user = Some(AGENT);
    let output = world.processes.run(command).await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.code, said.as_str()), (Some(0), "second\n"));
    let taken = world.git.import(&id, stream(&output.stdout)).await.unwrap();
    let names = world.look(&id, &["ls-tree", "--name-only", taken.as_str()]).await;
    assert_eq!(names, ".gitignore\nnew\nsrc");
    let content = world.git.layer(&id).await.unwrap();
    assert_eq!((content.paths, content.git_touched), (vec!["README.md".to_owned(), "new".to_owned()], true));
    world.git.discard(&id).await.unwrap();
    assert_eq!(world.git.layer(&id).await.unwrap().total, 0);
    world.git.remove(&id).await.unwrap();
    assert!(!layer.exists());
    put(&tree_of(&workspace), "x", "the base is still there");
}

#[tokio::test]
async fn a_closed_repository_is_read_as_its_owner_or_not_at_all() {
    let world = World::new();
    let person = world.person("demo").await;
    fs::set_permissions(person.path.join(".git"), fs::Permissions::from_mode(0o000)).unwrap();
    let result = world.git.inspect(&person.repository()).await;
    fs::set_permissions(person.path.join(".git"), fs::Permissions::from_mode(0o755)).unwrap();
    if one_user_only() {
        let error = result.unwrap_err();
        assert_eq!(error.class, ErrorClass::Denied, "{}", error.chain());
        assert!(error.remedy.unwrap().contains("Let the server's user read"));
    } else {
        // Root owns it here, and nothing is closed to root.
        assert_eq!(result.unwrap().head, Some(person.head().await));
    }
}

fn own_all(path: &std::path::Path, uid: u32) {
    std::os::unix::fs::lchown(path, Some(uid), Some(uid)).unwrap();
    if path.symlink_metadata().unwrap().is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            own_all(&entry.unwrap().path(), uid);
        }
    }
}
