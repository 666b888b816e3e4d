//! The same suite once more, as an ordinary user.

use crate::escape::{MARK, Planted};
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
    // What an ordinary user cannot plant: keys of root's, and sockets that root listens on.
    let mark = format!("canaryofroot{}", std::process::id());
    let planted = Planted::on_the_host(&mark);
    assert!(planted.places() >= 9, "only {} places could be planted", planted.places());
    let output = Command::new(&suite)
        .args(["--skip", "the_suite_holds_for_an_ordinary_user"])
        .env(PROGRAM, &supervise)
        .env(MARK, &mark)
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
