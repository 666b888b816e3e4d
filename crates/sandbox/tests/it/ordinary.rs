//! The same suite once more, as an ordinary user.

use crate::ground::{PROGRAM, program};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// A uid without an account.
const ORDINARY: u32 = 60_799;

#[test]
#[expect(clippy::disallowed_methods, reason = "the suite runs itself under another user")]
fn the_suite_holds_for_an_ordinary_user() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    // The build folder may stand where only root can look.
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (suite, supervise) = (dir.path().join("suite"), dir.path().join("supervise"));
    std::fs::copy(std::env::current_exe().unwrap(), &suite).unwrap();
    std::fs::copy(program(), &supervise).unwrap();
    let output = Command::new(&suite)
        .args(["--skip", "the_suite_holds_for_an_ordinary_user"])
        .env(PROGRAM, &supervise)
        .current_dir("/")
        .uid(ORDINARY)
        .gid(ORDINARY)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
