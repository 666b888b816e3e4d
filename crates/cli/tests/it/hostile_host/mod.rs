//! A hostile host: no room, a folder that cannot be written, too few open files, a database that is damaged or newer. The
//! server stays where it can, says what is wrong, and goes on by itself when that is over; what was acknowledged is not lost.

mod database;
mod disk;
mod files;
mod room;

use crate::world::World;
use std::path::Path;
use std::process::Command;

/// Begins, waits in the middle of its turn, and ends.
const WAITS: &str = r#"GYM{"do":[{"say":"Before. "},{"write":["/home/agent/begun",""]},{"waitFor":"/home/agent/go"},{"say":"After."}]}"#;
const SAYS: &str = r#"GYM{"do":[{"say":"Hello."}]}"#;
/// Says that a process has mounts of its own.
const OWN_MOUNTS: &str = "TELECODER_TEST_OWN_MOUNTS";

/// Whether this process may mount what its test needs. Where it may not yet, the test is run once more in a process whose mounts
/// are its own, and go with it, however it ends. Only root can.
fn has_own_mounts(test: &str) -> bool {
    if std::env::var_os(OWN_MOUNTS).is_some() {
        return true;
    }
    if !rustix::process::geteuid().is_root() {
        return false;
    }
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private"])
        .arg(std::env::current_exe().unwrap())
        .args([&format!("hostile_host::{test}"), "--exact", "--nocapture"])
        .env(OWN_MOUNTS, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let told = format!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("1 passed"), "{told}");
    false
}

/// Gives a folder of the data folder, or (`""`) all of it, a disk of its own.
fn mount(world: &World, name: &str, size: &str) {
    let at = world.data().join(name);
    std::fs::create_dir_all(&at).unwrap();
    let mode = if name.is_empty() { "0700" } else { "0755" };
    let options = format!("size={size},mode={mode}");
    let done = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&at).status();
    assert!(done.unwrap().success(), "{name}");
}

fn remount(world: &World, how: &str) {
    let how = format!("remount,{how}");
    let done = Command::new("mount").args(["-o", &how]).arg(world.data()).status();
    assert!(done.unwrap().success(), "{how}");
}

/// Writes until there is no room; what is given removes the file again.
fn fill(folder: &Path) -> impl FnOnce() + use<> {
    use std::io::Write;
    let path = folder.join("filler");
    let mut file = std::fs::File::create(&path).unwrap();
    for size in [1 << 20, 1 << 12, 1] {
        while file.write_all(&vec![1; size]).is_ok() {}
    }
    move || std::fs::remove_file(path).unwrap()
}

fn is_ready(world: &World) -> bool {
    world.get("/health/ready").starts_with("HTTP/1.1 200")
}
