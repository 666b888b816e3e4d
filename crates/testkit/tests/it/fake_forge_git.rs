//! Real git against the fake forge.

use super::fake_forge_client::{git, git_fails, git_ok};
use std::path::PathBuf;
use std::time::Duration;
use telecoder_testkit::fake_forge::{
    Access, FakeForge, Fault, FaultKind, Hosted, NewPull, NewRepository, Token,
};
use tempfile::TempDir;

/// A clone with a new commit on the branch `work`.
fn cloned(demo: &Hosted, token: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    git_ok(folder.path(), Some(token), &["clone", "--quiet", &demo.clone_url(), "demo"]);
    let tree = folder.path().join("demo");
    git_ok(&tree, None, &["checkout", "--quiet", "-b", "work"]);
    std::fs::write(tree.join("new.txt"), "new\n").unwrap();
    git_ok(&tree, None, &["add", "."]);
    git_ok(&tree, None, &["commit", "--quiet", "-m", "New file"]);
    (folder, tree)
}

fn demo(forge: &FakeForge) -> (Hosted, String) {
    let demo = forge.add(NewRepository::new("octo/demo").file("README.md", "# Demo\n"));
    (demo, forge.token("octo"))
}

#[test]
fn a_branch_is_cloned_pushed_and_seen() {
    let forge = FakeForge::start();
    let (demo, token) = demo(&forge);
    let (_folder, tree) = cloned(&demo, &token);
    git_ok(&tree, Some(&token), &["push", "--quiet", "origin", "work"]);
    let head = git_ok(&tree, None, &["rev-parse", "HEAD"]);
    assert_eq!(demo.head("work").as_deref(), Some(head.trim()));
    assert_eq!(demo.log("work"), ["New file", "Initial commit"]);
    assert_eq!(demo.file("work", "new.txt").as_deref(), Some("new\n"));
    let operations: Vec<String> =
        forge.requests().into_iter().map(|one| format!("{} {}", one.operation, one.token)).collect();
    assert_eq!(
        operations,
        [
            "git/info-refs ghp:octo",
            "git/upload-pack ghp:octo",
            "git/upload-pack ghp:octo",
            "git/info-refs ghp:octo",
            "git/receive-pack ghp:octo",
        ]
    );
    assert!(!format!("{:?}", forge.requests()).contains(&token));
}

#[test]
fn a_protected_branch_is_refused_as_github_refuses_it() {
    let forge = FakeForge::start();
    let (demo, token) = demo(&forge);
    demo.protect("main");
    let (_folder, tree) = cloned(&demo, &token);
    let said = git_fails(&tree, Some(&token), &["push", "origin", "work:main"]);
    assert!(
        said.contains("remote: error: GH006: Protected branch update failed for refs/heads/main."),
        "{said}"
    );
    assert!(said.contains("[remote rejected] work -> main (protected branch hook declined)"), "{said}");
    assert_eq!(demo.log("main"), ["Initial commit"]);
    demo.unprotect("main");
    git_ok(&tree, Some(&token), &["push", "--quiet", "origin", "work:main"]);
}

#[test]
fn who_may_not_push_is_told_why() {
    let forge = FakeForge::start();
    let (demo, owner) = demo(&forge);
    let (_folder, tree) = cloned(&demo, &owner);
    demo.grant("reader", Access::Read);
    let push = |token: Option<&str>| git_fails(&tree, token, &["push", "origin", "work"]);
    let reader = push(Some(&forge.token("reader")));
    assert!(
        reader.contains("remote: Permission to octo/demo.git denied to reader.") && reader.contains("403"),
        "{reader}"
    );
    let stranger = push(Some(&forge.token("stranger")));
    assert!(
        stranger.contains("remote: Repository not found.") && stranger.contains("not found"),
        "{stranger}"
    );
    let bad = push(Some("ghp_none"));
    assert!(bad.contains("could not read Username"), "{bad}");
    let nobody = push(None);
    assert!(nobody.contains("could not read Username"), "{nobody}");
    demo.archive();
    let archived = push(Some(&owner));
    assert!(archived.contains("remote: This repository was archived so it is read-only."), "{archived}");
    demo.unarchive();
    forge.expire(&owner);
    assert!(push(Some(&owner)).contains("could not read Username"));
}

#[test]
fn workflow_files_need_a_scope() {
    let forge = FakeForge::start();
    let (demo, owner) = demo(&forge);
    let (_folder, tree) = cloned(&demo, &owner);
    std::fs::create_dir_all(tree.join(".github/workflows")).unwrap();
    std::fs::write(tree.join(".github/workflows/ci.yml"), "on: push\n").unwrap();
    git_ok(&tree, None, &["add", "."]);
    git_ok(&tree, None, &["commit", "--quiet", "-m", "CI"]);
    let narrow = forge.add_token(Token::classic("octo", &["repo"]));
    let said = git_fails(&tree, Some(&narrow), &["push", "origin", "work"]);
    assert!(said.contains("[remote rejected] work -> work (refusing to allow a token to create or update workflow `.github/workflows/ci.yml` without `workflow` scope)"), "{said}");
    assert_eq!(demo.head("work"), None);
    git_ok(&tree, Some(&owner), &["push", "--quiet", "origin", "work"]);
}

#[test]
fn fine_grained_tokens_end_and_reach_only_their_repositories() {
    let forge = FakeForge::start();
    let (demo, owner) = demo(&forge);
    let (_folder, tree) = cloned(&demo, &owner);
    let read = forge.add_token(Token::fine_grained("octo", &[("octo/demo", Access::Read)]));
    assert!(git(&tree, Some(&read), &["fetch", "origin"]).status.success());
    assert!(git_fails(&tree, Some(&read), &["push", "origin", "work"]).contains("403"));
    let other = forge.add_token(Token::fine_grained("octo", &[("octo/other", Access::Write)]));
    assert!(git_fails(&tree, Some(&other), &["fetch", "origin"]).contains("not found"));
    let write = Token::fine_grained("octo", &[("octo/demo", Access::Write)]);
    let write = forge.add_token(write.expires_in(Duration::from_secs(60)));
    git_ok(&tree, Some(&write), &["push", "--quiet", "origin", "work"]);
    forge.advance(Duration::from_secs(61));
    assert!(git_fails(&tree, Some(&write), &["fetch", "origin"]).contains("could not read Username"));
}

#[test]
fn a_fork_s_pull_request_can_be_fetched_from_its_base() {
    let forge = FakeForge::start();
    let (demo, token) = demo(&forge);
    let fork = demo.fork("outsider");
    let commit = fork.commit("fix", &[("fix.txt", "fixed\n")], "Fix it");
    let number = demo.add_pull(NewPull::new("Fix", "outsider:fix", "main").author("outsider"));
    let folder = tempfile::tempdir().unwrap();
    let listed = git_ok(
        folder.path(),
        Some(&token),
        &["ls-remote", &demo.clone_url(), &format!("refs/pull/{number}/head")],
    );
    assert_eq!(listed.split_whitespace().next(), Some(commit.as_str()));
    let pull = demo.pull(number);
    assert_eq!((pull.head.as_str(), pull.head_sha), ("outsider:fix", commit));
}

#[test]
fn a_push_may_be_done_and_its_answer_lost() {
    let forge = FakeForge::start();
    let (demo, token) = demo(&forge);
    let (_folder, tree) = cloned(&demo, &token);
    forge.fault(Fault::on("git/receive-pack", FaultKind::DropBefore));
    git_fails(&tree, Some(&token), &["push", "origin", "work"]);
    assert_eq!(demo.head("work"), None);
    forge.fault(Fault::on("git/receive-pack", FaultKind::DropAfter));
    git_fails(&tree, Some(&token), &["push", "origin", "work"]);
    assert!(demo.head("work").is_some());
    assert_eq!(forge.faults_left(), 0);
}

#[test]
fn a_folder_or_a_repository_becomes_one_of_the_forge() {
    let forge = FakeForge::start();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    std::fs::write(folder.path().join("src/a.rs"), "a").unwrap();
    let plain = forge.add(NewRepository::new("octo/plain").folder(folder.path()));
    assert_eq!(plain.file("main", "src/a.rs").as_deref(), Some("a"));
    let fixture = telecoder_testkit::git_fixture::Fixture::small();
    let real = forge.add(NewRepository::new("octo/real").folder(fixture.path()));
    assert_eq!(real.head("main").as_deref(), Some(fixture.head().as_str()));
}
