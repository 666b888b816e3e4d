//! The fake forge's repositories on disk (dev layer): bare repositories that git itself keeps.
//!
//! Invariants: git runs with nothing of the user's or the system's configuration; what it says of refs is copied into
//! the world by [`sync`], which also tells pull requests where their heads are and closes those that lost a branch.

use super::world::World;
use crate::surroundings;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// How every bare repository is set up; GitHub gives any object by its id and takes partial clones.
const SETTINGS: &[(&str, &str)] = &[
    ("http.receivepack", "true"),
    ("uploadpack.allowAnySHA1InWant", "true"),
    ("uploadpack.allowFilter", "true"),
    ("receive.hideRefs", "refs/pull"),
    ("receive.denyDeleteCurrent", "false"),
    ("receive.fsckObjects", "true"),
    ("gc.auto", "0"),
    ("receive.autogc", "false"),
];

/// A hook that refuses workflow files where the pusher's token may not bring any. What it says is told by the answer.
const HOOK: &str = r#"#!/bin/sh
[ -n "$FAKE_FORGE_REFUSED" ] || exit 0
while read -r old new ref; do
    case "$new" in *[!0]*) ;; *) continue ;; esac
    for path in $(git log --format= --name-only "$new" --not --all -- .github/workflows); do
        echo "refusing to allow a token to create or update workflow \`$path\` without \`workflow\` scope" \
            > "$FAKE_FORGE_REFUSED"
        exit 1
    done
done
"#;

/// git with fixed settings, in a repository.
pub(super) fn git_command(folder: &Path) -> Command {
    let mut git = surroundings::command("git");
    git.current_dir(folder).env_clear().env("GIT_DIR", folder);
    git.env("PATH", surroundings::variable("PATH").unwrap_or_else(|| "/usr/bin:/bin".to_owned()));
    git.env("HOME", folder).env("LC_ALL", "C").env("TZ", "UTC").env("GIT_CONFIG_NOSYSTEM", "1");
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_TERMINAL_PROMPT", "0");
    for role in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{role}_NAME"), "GitHub").env(format!("GIT_{role}_EMAIL"), "noreply@github.com");
    }
    git.stdin(Stdio::null());
    git
}

/// Runs git and gives its standard output, or what it complained of.
pub(super) fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    git_fed(folder, arguments, &[])
}

fn git_fed(folder: &Path, arguments: &[&str], input: &[u8]) -> Result<String, String> {
    let mut command = git_command(folder);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("git cannot be started: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A git that needs no input closes it; then there is nobody to tell.
        drop(stdin.write_all(input));
    }
    let output = child.wait_with_output().map_err(|error| format!("git was lost: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)))
}

/// Makes an empty bare repository.
pub(super) fn create(folder: &Path, default_branch: &str) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    git(folder, &["init", "--quiet", "--bare", &format!("--initial-branch={default_branch}")])?;
    set_up(folder)
}

fn set_up(folder: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mut text = std::fs::read_to_string(folder.join("config")).map_err(|error| error.to_string())?;
    for (name, value) in SETTINGS {
        let (section, key) = name.split_once('.').unwrap_or((name, ""));
        text.push_str(&format!("[{section}]\n\t{key} = {value}\n"));
    }
    let hook = folder.join("hooks/pre-receive");
    std::fs::write(folder.join("config"), text)
        .and_then(|()| std::fs::create_dir_all(folder.join("hooks")))
        .and_then(|()| std::fs::write(&hook, HOOK))
        .and_then(|()| std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)))
        .map_err(|error| error.to_string())
}

/// Takes every branch and tag of another repository of this host.
pub(super) fn copy_from(folder: &Path, other: &Path) -> Result<(), String> {
    let other = other.display().to_string();
    let all = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
    git(folder, &["fetch", "--quiet", "--no-tags", "--", &other, all[0], all[1]]).map(drop)
}

/// Puts a commit with these files on top of a branch, or of `start` where the branch is new, and gives its id.
pub(super) fn commit(
    folder: &Path,
    branch: &str,
    start: Option<&str>,
    files: &[(String, Vec<u8>)],
    subject: &str,
    at: u64,
) -> Result<String, String> {
    let mut stream = Vec::new();
    let mut line = |text: &str| stream.extend_from_slice(text.as_bytes());
    line(&format!("commit refs/heads/{branch}\n"));
    line(&format!("author Ada Example <ada@example.org> {at} +0000\n"));
    line(&format!("committer Ada Example <ada@example.org> {at} +0000\n"));
    line(&format!("data {}\n{subject}\n\n", subject.len() + 1));
    if let Some(start) = start {
        line(&format!("from {start}\n"));
    }
    for (path, content) in files {
        stream.extend_from_slice(format!("M 100644 inline {path}\ndata {}\n", content.len()).as_bytes());
        stream.extend_from_slice(content);
        stream.push(b'\n');
    }
    git_fed(folder, &["fast-import", "--quiet", "--force"], &stream)?;
    let name = format!("refs/heads/{branch}");
    git(folder, &["rev-parse", "--verify", "--end-of-options", &name]).map(|id| id.trim().to_owned())
}

/// The files of a folder on this host, `.git` left out.
pub(super) fn files_of(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        let entries = std::fs::read_dir(&at).map_err(|error| format!("{}: {error}", at.display()))?;
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            if entry.file_name() == ".git" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
            files.push((name, content));
        }
    }
    files.sort();
    Ok(files)
}

/// Every ref and its commit.
pub(super) fn refs(folder: &Path) -> BTreeMap<String, String> {
    let listed = git(folder, &["for-each-ref", "--format=%(objectname) %(refname)"]).unwrap_or_default();
    let pairs = listed.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(id, name)| (name.to_owned(), id.to_owned())).collect()
}

/// The commit that a whole or shortened id names.
pub(super) fn commit_of(folder: &Path, id: &str) -> Option<String> {
    let is_id = id.len() >= 7 && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_id {
        return None;
    }
    let found = git(folder, &["rev-parse", "--quiet", "--verify", &format!("{id}^{{commit}}")]).ok()?;
    Some(found.trim().to_owned())
}

/// Sets a ref to a commit, or removes it.
pub(super) fn set_ref(folder: &Path, name: &str, commit: Option<&str>) -> Result<(), String> {
    match commit {
        Some(commit) => git(folder, &["update-ref", "--", name, commit]),
        None => git(folder, &["update-ref", "-d", "--", name]),
    }
    .map(drop)
}

/// Whether one commit is an ancestor of another (or the same).
pub(super) fn is_ancestor(folder: &Path, old: &str, new: &str) -> bool {
    git(folder, &["merge-base", "--is-ancestor", old, new]).is_ok()
}

/// Merges two commits into a third, if there is no conflict: its tree's id.
pub(super) fn merged_tree(folder: &Path, base: &str, head: &str) -> Option<String> {
    let written = git(folder, &["merge-tree", "--write-tree", base, head]).ok()?;
    written.lines().next().map(ToOwned::to_owned)
}

/// Makes a commit of a tree.
pub(super) fn commit_tree(
    folder: &Path,
    tree: &str,
    parents: &[&str],
    message: &str,
    at: u64,
) -> Result<String, String> {
    let mut command = git_command(folder);
    let date = format!("{at} +0000");
    command.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
    command.args(["commit-tree", tree, "-m", message]);
    for parent in parents {
        command.args(["-p", parent]);
    }
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Copies git's refs into the world and brings the pull requests up to them.
pub(super) fn sync(world: &mut World, full_name: &str) {
    let now = world.now;
    let Some(repository) = world.repository_mut(full_name) else { return };
    let found = refs(&repository.folder);
    if found == repository.refs {
        return;
    }
    repository.refs = found;
    repository.pushed = now;
    let changed = repository.full_name();
    let heads: BTreeMap<String, String> = repository.refs.clone();
    for repository in world.repositories.values_mut() {
        let own = repository.full_name() == changed;
        for issue in repository.issues.values_mut().filter(|issue| issue.open) {
            let Some(pull) = &mut issue.pull else { continue };
            if pull.head_repository == changed {
                match heads.get(&format!("refs/heads/{}", pull.head)) {
                    Some(commit) if *commit != pull.head_commit => {
                        pull.head_commit.clone_from(commit);
                        issue.updated = now;
                    }
                    Some(_) => {}
                    None => {
                        (issue.open, issue.closed, issue.updated) = (false, Some(now), now);
                    }
                }
            }
            if own {
                match heads.get(&format!("refs/heads/{}", pull.base)) {
                    Some(commit) => pull.base_commit.clone_from(commit),
                    None => (issue.open, issue.closed, issue.updated) = (false, Some(now), now),
                }
            }
        }
    }
    publish_pull_refs(world);
}

/// Keeps `refs/pull/N/head` where GitHub has it, so that a pull request of a fork can be fetched.
pub(super) fn publish_pull_refs(world: &mut World) {
    let mut wanted = Vec::new();
    for (name, repository) in &world.repositories {
        for issue in repository.issues.values() {
            let Some(pull) = &issue.pull else { continue };
            let reference = format!("refs/pull/{}/head", issue.number);
            if repository.refs.get(&reference) == Some(&pull.head_commit) {
                continue;
            }
            let from = world.repository(&pull.head_repository).map(|head| head.folder.clone());
            wanted.push((name.clone(), repository.folder.clone(), reference, pull.head_commit.clone(), from));
        }
    }
    for (name, folder, reference, commit, from) in wanted {
        if let Some(from) = from.filter(|from| *from != folder) {
            let refspec = format!("+{commit}:{reference}");
            let from = from.display().to_string();
            drop(git(&folder, &["fetch", "--quiet", "--no-tags", "--", &from, &refspec]));
        } else {
            drop(set_ref(&folder, &reference, Some(&commit)));
        }
        if let Some(repository) = world.repository_mut(&name) {
            repository.refs.insert(reference, commit);
        }
    }
}
