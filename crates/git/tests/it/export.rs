//! The export script, run where a tree stands, and what the quarantine makes of it.

use crate::world::{World, git_in, put, session, stream, tree_of, try_git};
use expect_test::expect;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use telecoder_model::error::ErrorClass;
use telecoder_model::port::git::Workspaces;
use telecoder_model::port::process::{HostCommand, Processes};
use telecoder_model::port::sandbox::Access;

#[tokio::test]
async fn what_the_agent_left_becomes_the_tree() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let workspace = world.prepare(&id, &person).await;
    let tree = tree_of(&workspace);
    put(&tree, "src/calc.py", "def add(a, b):\n    return a + b\n");
    put(&tree, "weird \"näme\"\n\t*.txt", "x\n");
    put(&tree, "-option", "x\n");
    put(&tree, "target/build", "ignored\n");
    put(&tree, "run.log", "ignored\n");
    symlink("/etc/passwd", tree.join("link")).unwrap();
    fs::remove_file(tree.join("README.md")).unwrap();
    fs::set_permissions(tree.join("src/run.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    let taken = world.take(&id, &workspace).await.unwrap();
    expect![[r#"
        100644 blob 587be6b4c3f93f93c489c0111bba5596147a26cb	-option
        100644 blob b1c13f4008be91c558248684ce4a5d3d12e1919c	.gitignore
        120000 blob 3594e94c04db171e2767224db355f514b13715c5	link
        100644 blob 4693ad3cf8b0903b98497fb89b8b524fbf1b93f4	src/calc.py
        100644 blob 85ba14df52f8c72688537de6e7555fb402217b1e	src/run.sh
        100644 blob 587be6b4c3f93f93c489c0111bba5596147a26cb	"weird \"n\303\244me\"\n\t*.txt"
    "#]]
    .assert_eq(&(world.look(&id, &["ls-tree", "-r", taken.as_str()]).await + "\n"));
    // The same export again gives the same tree.
    assert_eq!(world.take(&id, &workspace).await.unwrap(), taken);
}

#[tokio::test]
async fn an_unchanged_tree_is_the_bases_and_writes_nothing() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let workspace = world.prepare(&id, &person).await;
    let taken = world.take(&id, &workspace).await.unwrap();
    assert_eq!(taken.as_str(), person.git(&["rev-parse", "HEAD^{tree}"]).await);
    assert_eq!(world.git.layer(&id).await.unwrap(), Default::default());
    let base = workspace.base_commit.clone().unwrap();
    assert_eq!(world.commit(&id, &taken, Some(&base)).await, base);
}

/// What an agent may do to its own repository.
async fn mistreat(tree: &Path, what: &str, touch: &str) {
    let git = tree.join(".git");
    match what {
        "committed" => {
            git_in(tree, &["checkout", "-q", "-b", "mine"]).await;
            git_in(tree, &["add", "-A"]).await;
            git_in(tree, &["commit", "-q", "-m", "mine"]).await;
            git_in(tree, &["gc", "-q", "--prune=now"]).await;
        }
        "no .git" => fs::remove_dir_all(&git).unwrap(),
        "a file as .git" => {
            fs::remove_dir_all(&git).unwrap();
            fs::write(&git, "gitdir: /nowhere\n").unwrap();
        }
        "no objects" => fs::remove_dir_all(git.join("objects")).unwrap(),
        "broken index" => fs::write(git.join("index"), "rubbish").unwrap(),
        "broken base index" => fs::write(git.join("telecoder/index"), "rubbish").unwrap(),
        "broken config" => fs::write(git.join("config"), "[core\nbare = maybe").unwrap(),
        "hooks and filters" => {
            for hook in ["pre-commit", "post-index-change", "reference-transaction"] {
                put(&git, &format!("hooks/{hook}"), &format!("#!/bin/sh\n{touch}\n"));
                fs::set_permissions(git.join("hooks").join(hook), fs::Permissions::from_mode(0o755)).unwrap();
            }
            put(&git, "info/attributes", "* filter=evil\n");
            for (name, value) in [("filter.evil.clean", touch), ("core.fsmonitor", touch)] {
                git_in(tree, &["config", name, value]).await;
            }
        }
        "lying index" => {
            git_in(tree, &["update-index", "--assume-unchanged", "src/calc.py"]).await;
            git_in(tree, &["update-index", "--skip-worktree", "README.md"]).await;
        }
        "rubbish in objects" => {
            for entry in fs::read_dir(git.join("objects/pack")).unwrap() {
                let path = entry.unwrap().path();
                fs::remove_file(&path).unwrap();
                fs::write(&path, "rubbish").unwrap();
            }
        }
        "excluded everything" => put(&git, "info/exclude", "*\n"),
        "a worktree elsewhere" => {
            git_in(tree, &["config", "core.worktree", "/etc"]).await;
        }
        _ => {}
    }
}

/// Each agent here treats its own repository badly; the tree must come out all the same.
#[tokio::test]
async fn the_agents_own_git_does_not_matter() {
    let world = World::new();
    let person = world.person("demo").await;
    person.write("kept.log", "tracked though ignored\n").await;
    person.git(&["add", "-f", "kept.log"]).await;
    person.commit("a tracked log").await;
    let mark = world.folder.path().join("mark");
    let touch = format!("touch {}", mark.display());
    let mut want = None;
    for (number, what) in [
        "nothing",
        "committed",
        "no .git",
        "a file as .git",
        "no objects",
        "broken index",
        "broken base index",
        "broken config",
        "hooks and filters",
        "lying index",
        "rubbish in objects",
        "excluded everything",
        "a worktree elsewhere",
    ]
    .into_iter()
    .enumerate()
    {
        let id = session(u8::try_from(number).unwrap());
        let workspace = world.prepare(&id, &person).await;
        let tree = tree_of(&workspace);
        put(&tree, "src/calc.py", "def add(a, b):\n    return a + b\n");
        put(&tree, "new/file.txt", "new\n");
        mistreat(&tree, what, &touch).await;
        let _unmarked = fs::remove_file(&mark);
        let taken = match world.take(&id, &workspace).await {
            Ok(taken) => taken,
            Err(error) => panic!("{what}: {}", error.chain()),
        };
        assert!(!mark.exists(), "{what}: something of the agent's ran");
        let want = want.get_or_insert_with(|| taken.clone());
        assert_eq!(*want, taken, "{what}");
    }
}

#[tokio::test]
async fn a_repository_inside_the_tree_becomes_plain_files() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let workspace = world.prepare(&id, &person).await;
    let tree = tree_of(&workspace);
    for (folder, commit) in
        [("app one", true), ("unborn", false), ("app one/deeper [x]", true), ("target/ignored", true)]
    {
        put(&tree, &format!("{folder}/main.txt"), folder);
        put(&tree, &format!("{folder}/.gitignore"), "*.o\n");
        put(&tree, &format!("{folder}/a.o"), "ignored");
        git_in(&tree.join(folder), &["init", "-q"]).await;
        if commit {
            git_in(&tree.join(folder), &["add", "."]).await;
            git_in(&tree.join(folder), &["commit", "-q", "-m", "x"]).await;
        }
    }
    git_in(&tree, &["init", "-q", "src"]).await;
    put(&tree, "src/new.py", "x\n");
    let taken = world.take(&id, &workspace).await.unwrap();
    expect![[r#"
        .gitignore
        README.md
        app one/.gitignore
        app one/deeper [x]/.gitignore
        app one/deeper [x]/main.txt
        app one/main.txt
        src/calc.py
        src/new.py
        src/run.sh
        unborn/.gitignore
        unborn/main.txt
    "#]]
    .assert_eq(&(world.look(&id, &["ls-tree", "-r", "--name-only", taken.as_str()]).await + "\n"));
}

#[tokio::test]
async fn odd_files_are_passed_over_and_unreadable_ones_are_named() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let workspace = world.prepare(&id, &person).await;
    let tree = tree_of(&workspace);
    let _socket = std::os::unix::net::UnixListener::bind(tree.join("socket")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        tree.join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from(0o600),
        0,
    )
    .unwrap();
    fs::create_dir(tree.join("empty")).unwrap();
    let taken = world.take(&id, &workspace).await.unwrap();
    assert_eq!(taken.as_str(), person.git(&["rev-parse", "HEAD^{tree}"]).await);
    // A text that cannot be encoded as its attributes demand: git names it, and so do we.
    put(&tree, ".gitattributes", "*.txt working-tree-encoding=UTF-16\n");
    put(&tree, "bad.txt", "not UTF-16");
    let error = world.take(&id, &workspace).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(error.what.contains("bad.txt"), "{}", error.what);
}

#[tokio::test]
async fn an_export_has_a_bound_on_both_sides() {
    let world = World::with(|options| {
        options.overlay = false;
        options.max_export_bytes = 20_000;
    });
    let person = world.person("demo").await;
    let id = session(1);
    let workspace = world.prepare(&id, &person).await;
    let mut state = 1_u64;
    let noise: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b' ' + u8::try_from(state >> 58).unwrap())
    })
    .take(40_000)
    .collect();
    put(&tree_of(&workspace), "noise", &noise);
    let error = world.take(&id, &workspace).await.unwrap_err();
    assert!(error.what.contains("at most 20000 are taken"), "{}", error.what);
    let mut flood = b"telecoder-export 1 tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n".to_vec();
    flood.extend(std::iter::repeat_n(0, 30_000));
    let error = world.git.import(&id, stream(&flood.into())).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Full);
}

#[tokio::test]
async fn an_empty_workspace_is_exported_the_same_way() {
    let world = World::new();
    let id = session(1);
    let workspace = world.git.prepare(&id, None, None, Access::ReadWrite).await.unwrap();
    let nothing = world.take(&id, &workspace).await.unwrap();
    assert_eq!(nothing.as_str(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    put(&tree_of(&workspace), "hello.txt", "hello\n");
    let commit = world.snapshot(&id, &workspace).await;
    assert_eq!(
        world.look(&id, &["log", "--format=%an <%ae> %cn %at %s", commit.as_str()]).await,
        "TeleCoder <telecoder@localhost.invalid> TeleCoder 1700000000 Fix the sum"
    );
    assert_eq!(world.look(&id, &["show", &format!("{commit}:hello.txt")]).await, "hello");
}

#[tokio::test]
async fn the_script_is_plain_posix_shell() {
    let world = World::new();
    let id = session(1);
    world.git.prepare(&id, None, None, Access::ReadWrite).await.unwrap();
    let process = world.git.export(&id, None, 7).unwrap();
    assert_eq!(process.id.as_str(), "export-7");
    assert_eq!(process.cwd.to_str(), Some("/workspace"));
    assert_eq!(&process.argv[..2], ["/bin/sh", "-c"]);
    assert!(process.env.values().all(|value| !value.contains("/tmp/.tmp")), "{:?}", process.env);
    let error = world.git.export(&id, Some(&"1".repeat(40).parse().unwrap()), 1).unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict);
    let error = world.git.export(&session(2), None, 1).unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound);
}

/// A real overlay in a mount namespace of its own, where the machine lets us make one.
#[tokio::test]
async fn an_overlay_is_exported_and_its_layer_read() {
    let world = World::with(|_| {});
    let person = world.person("demo").await;
    let id = session(1);
    let workspace = world.prepare(&id, &person).await;
    let telecoder_model::port::sandbox::WorkspaceSource::Overlay { lower, layer } = &workspace.source else {
        panic!("no overlay")
    };
    let process = world.git.export(&id, workspace.base_commit.as_ref(), 1).unwrap();
    let place = world.folder.path().join("mounted");
    fs::create_dir(&place).unwrap();
    let out = world.folder.path().join("out");
    let script = format!(
        "set -e; mount -t overlay overlay -o userxattr,lowerdir={lower},upperdir={layer}/upper,workdir={layer}/work {place}
         cd {place}; git -c safe.directory='*' status --porcelain >&2; rm README.md; rm -r src; mkdir src; echo x >src/new; chmod 755 .gitignore; cp .gitignore x; mv x .gitignore
         exec \"$@\" >{out}",
        lower = lower.display(),
        layer = layer.display(),
        place = place.display(),
        out = out.display(),
    );
    let mut command = HostCommand::new("unshare", "/");
    command.args = ["-r", "-m", "/bin/sh", "-c", &script, "x"].map(Into::into).to_vec();
    command.args.extend(process.argv.iter().map(Into::into));
    command.env = process.env.iter().map(|(k, v)| (k.into(), v.into())).collect();
    command.env.insert("HOME".into(), world.folder.path().into());
    let output = world.processes.run(command).await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.code, said.as_str()), (Some(0), ""));
    let taken = world.git.import(&id, stream(&fs::read(out).unwrap().into())).await.unwrap();
    assert_eq!(
        world.look(&id, &["ls-tree", "-r", "--name-only", taken.as_str()]).await,
        ".gitignore\nsrc/new"
    );
    let content = world.git.layer(&id).await.unwrap();
    assert_eq!(content.paths, [".gitignore", "README.md", "src/calc.py", "src/new", "src/run.sh"]);
    assert!(!content.git_touched, "the export wrote into .git");
    let status = try_git(lower, &["status", "--porcelain"], &BTreeMap::new()).await;
    assert!(status.stdout.is_empty(), "the base never changes");
}
