//! A person's repository whose configuration names programs: none of them may ever start.

use crate::push::worked;
use crate::world::{AT, Person, World, put, session, tree_of, try_git};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use telecoder_model::error::ErrorClass;
use telecoder_model::port::git::{LocalRemote, Workspaces};
use telecoder_model::refs::BranchName;

/// A program that leaves a mark with the name of what started it.
struct Trap {
    folder: PathBuf,
}

impl Trap {
    fn new(world: &World) -> Self {
        let folder = world.folder.path().join("marks");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        Self { folder }
    }
    /// A command line for configuration.
    fn command(&self, name: &str) -> String {
        format!("touch '{}/{name}'; cat", self.folder.display())
    }
    /// A program file.
    fn program(&self, path: &Path, name: &str) -> String {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("#!/bin/sh\ntouch '{}/{name}'\n", self.folder.display())).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }
    fn marks(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(&self.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// Settings whose value is a program.
const PROGRAMS: &[&str] = &[
    "core.fsmonitor",
    "core.sshCommand",
    "core.gitProxy",
    "core.askPass",
    "core.pager",
    "core.editor",
    "sequence.editor",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "filter.evil2.process",
    "gpg.program",
    "gpg.ssh.program",
    "uploadpack.packObjectsHook",
    "remote.origin.uploadpack",
    "remote.origin.receivepack",
    "trailer.x.command",
    "interactive.diffFilter",
];

/// Settings that make git more eager to start programs.
const FIXED: &[(&str, &str)] = &[
    ("filter.evil.required", "true"),
    ("merge.default", "evil"),
    ("commit.gpgSign", "true"),
    ("tag.gpgSign", "true"),
    ("merge.verifySignatures", "true"),
    ("log.showSignature", "true"),
    ("receive.procReceiveRefs", "refs/heads"),
    ("remote.origin.promisor", "true"),
    ("protocol.allow", "always"),
    ("protocol.ext.allow", "always"),
    ("extensions.partialClone", "origin"),
    ("core.repositoryFormatVersion", "1"),
    ("gc.auto", "1"),
    ("gc.autoDetach", "false"),
    ("maintenance.auto", "true"),
    ("submodule.recurse", "true"),
    ("safe.directory", "*"),
];

/// Hooks of every name that git knows.
const HOOKS: &[&str] = &[
    "pre-commit",
    "post-commit",
    "pre-receive",
    "update",
    "post-receive",
    "post-update",
    "reference-transaction",
    "post-checkout",
    "post-merge",
    "pre-merge-commit",
    "pre-push",
    "push-to-checkout",
    "post-index-change",
    "fsmonitor-watchman",
    "pre-auto-gc",
    "post-rewrite",
    "proc-receive",
    "commit-msg",
    "prepare-commit-msg",
];

/// Plants everything that git's documentation says may start a program.
async fn plant(world: &World, person: &Person) -> Trap {
    let trap = Trap::new(world);
    let git = person.path.join(".git");
    for hook in HOOKS {
        trap.program(&git.join("hooks").join(hook), &format!("hook-{hook}"));
        trap.program(&world.folder.path().join("hooks").join(hook), &format!("path-hook-{hook}"));
    }
    let program = trap.program(&world.folder.path().join("bin/program"), "program");
    let hooks = world.folder.path().join("hooks");
    let included = world.folder.path().join("included");
    fs::write(&included, format!("[core]\n\tfsmonitor = {program}\n[filter \"inc=l.u ded\"]\n\tclean = {program}\n\tsmudge = {program}\n\trequired\n")).unwrap();
    let mut settings: Vec<(&str, String)> = PROGRAMS.iter().map(|name| (*name, program.clone())).collect();
    settings.extend(FIXED.iter().map(|(name, value)| (*name, (*value).to_owned())));
    settings.extend([
        ("core.hooksPath", hooks.to_str().unwrap().to_owned()),
        ("core.alternateRefsCommand", trap.command("alternate-refs")),
        ("filter.evil.clean", trap.command("clean")),
        ("filter.evil.smudge", trap.command("smudge")),
        ("merge.evil.driver", trap.command("merge-driver")),
        ("credential.helper", format!("!{program}")),
        ("alias.status", format!("!{program}")),
        ("alias.rev-parse", format!("!{program}")),
        ("remote.origin.url", format!("ext::{program}")),
        ("include.path", included.to_str().unwrap().to_owned()),
    ]);
    for (name, value) in &settings {
        person.git(&["config", name, value]).await;
    }
    put(
        &git,
        "info/attributes",
        "*.py filter=evil diff=evil merge=evil\n*.md filter=evil2 merge=evil\n*.txt filter=inc=l.u.ded\n",
    );
    trap
}

#[tokio::test]
async fn nothing_that_a_repository_names_is_started() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    person.write("README.md", "# Demo 2\n").await;
    person
        .write(".gitattributes", "*.py filter=evil diff=evil merge=evil\n*.txt filter=\"inc=l.u ded\"\n")
        .await;
    person.commit("with attributes").await;
    person.git(&["checkout", "-q", "-b", "elsewhere"]).await;
    let trap = plant(&world, &person).await;
    // The traps work: git itself falls into them.
    let _fallen = try_git(&person.path, &["update-ref", "refs/heads/x", "HEAD"], &Default::default()).await;
    let fallen = trap.marks();
    assert!(!fallen.is_empty());
    for name in fallen {
        fs::remove_file(trap.folder.join(name)).unwrap();
    }
    let repository = person.repository();
    // Uncommitted changes, so that filters would have something to clean.
    put(&person.path, "src/calc.py", "changed\n");
    let facts = world.git.inspect(&repository).await.unwrap();
    assert_eq!(facts.uncommitted, ["src/calc.py"]);
    assert_eq!(trap.marks(), Vec::<String>::new(), "inspect");
    put(&person.path, "src/calc.py", "def add(a, b):\n    return a - b\n");

    let base = "main".parse().unwrap();
    let workspace = world
        .git
        .prepare(&id, Some(&repository), Some(&base), telecoder_model::port::sandbox::Access::ReadWrite)
        .await
        .unwrap();
    assert_eq!(trap.marks(), Vec::<String>::new(), "prepare");
    put(&tree_of(&workspace), "src/calc.py", "def add(a, b):\n    return a + b\n");
    let commit = world.snapshot(&id, &workspace).await;
    let branch = BranchName::of_session(&id);
    world.git.push(&id, &commit, &repository, &branch, None).await.unwrap();
    assert_eq!(trap.marks(), Vec::<String>::new(), "push");

    world.git.delete_branch(&repository, &branch, &commit).await.unwrap();
    assert_eq!(trap.marks(), Vec::<String>::new(), "delete");
}

#[tokio::test]
async fn a_real_merge_starts_no_merge_driver() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    person.write("src/calc.py", &format!("first\n{}last\n", "between\n".repeat(9))).await;
    person.commit("a longer file").await;
    let workspace = world.prepare(&id, &person).await;
    let calc = format!("first, ours\n{}last\n", "between\n".repeat(9));
    put(&tree_of(&workspace), "src/calc.py", &calc);
    let commit = world.snapshot(&id, &workspace).await;
    let branch = BranchName::of_session(&id);
    let repository = person.repository();
    world.git.push(&id, &commit, &repository, &branch, None).await.unwrap();
    person.write(".gitattributes", "*.py merge=evil\n").await;
    person.write("src/calc.py", &format!("first\n{}last, theirs\n", "between\n".repeat(9))).await;
    person.commit("theirs").await;
    person.git(&["checkout", "-q", "-b", "elsewhere"]).await;
    let trap = plant(&world, &person).await;
    let main: BranchName = "main".parse().unwrap();
    let merged = world.git.merge(&repository, &main, &branch, "Merge", AT).await.unwrap();
    assert_eq!(trap.marks(), Vec::<String>::new());
    let both = person.git(&["cat-file", "blob", &format!("{}:src/calc.py", merged.commit)]).await;
    assert!(both.starts_with("first, ours\n") && both.ends_with("last, theirs"), "{both}");
}

#[tokio::test]
async fn a_checked_out_base_whose_files_need_a_filter_is_left_alone() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let (_, commit) = worked(&world, &person, &id).await;
    let branch = BranchName::of_session(&id);
    world.git.push(&id, &commit, &person.repository(), &branch, None).await.unwrap();
    let trap = plant(&world, &person).await;
    let main: BranchName = "main".parse().unwrap();
    let error = world.git.merge(&person.repository(), &main, &branch, "Merge", AT).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict);
    assert!(error.what.contains("src/calc.py"), "{}", error.what);
    assert_eq!(trap.marks(), Vec::<String>::new());
}

#[tokio::test]
async fn a_work_tree_is_brought_up_to_date_without_starting_anything() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    let workspace = world.prepare(&id, &person).await;
    put(&tree_of(&workspace), "plain.c", "int x;\n");
    let commit = world.snapshot(&id, &workspace).await;
    let branch = BranchName::of_session(&id);
    world.git.push(&id, &commit, &person.repository(), &branch, None).await.unwrap();
    let trap = plant(&world, &person).await;
    let main: BranchName = "main".parse().unwrap();
    world.git.merge(&person.repository(), &main, &branch, "Merge", AT).await.unwrap();
    assert_eq!(fs::read_to_string(person.path.join("plain.c")).unwrap(), "int x;\n");
    assert_eq!(trap.marks(), Vec::<String>::new());
}

#[tokio::test]
async fn names_that_look_like_options_are_names() {
    let world = World::new();
    let person = world.person("--upload-pack=touch mark;").await;
    let id = session(1);
    person.write("--output=x", "x\n").await;
    person.commit("--author=x").await;
    let (_, commit) = worked(&world, &person, &id).await;
    let branch = BranchName::of_session(&id);
    world.git.push(&id, &commit, &person.repository(), &branch, None).await.unwrap();
    assert_eq!(
        world.git.branch_head(&person.repository(), &"telecoder/--x".parse().unwrap()).await.unwrap(),
        None
    );
    assert!(!world.folder.path().join("mark").exists());
}

#[tokio::test]
async fn no_secret_or_foreign_text_is_in_an_argument_before_its_fence() {
    let world = World::new();
    let person = world.person("demo").await;
    let id = session(1);
    world.processes.take();
    let (_, commit) = worked(&world, &person, &id).await;
    let branch = BranchName::of_session(&id);
    world.git.push(&id, &commit, &person.repository(), &branch, None).await.unwrap();
    for line in world.processes.take() {
        assert!(!line.contains("://"), "{line}");
    }
}
