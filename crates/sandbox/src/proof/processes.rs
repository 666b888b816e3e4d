//! Attempts on other processes and on this one's rights (layer 1).

use super::{Attempt, Canaries, Outcome, attempt, must_equal, must_fail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Pid, Uid};
use std::fs;

/// What a process may not look at of another one.
const PRIVATE: &[&str] = &["root", "cwd", "exe", "fd/0", "ns/mnt", "ns/user"];

pub(super) fn all() -> Vec<Attempt> {
    vec![
        attempt("see processes of the host or of other trees", |_| see_processes()),
        attempt("find the host's secret in any environment", search_environments),
        attempt("have more in the environment than was given", |_| own_environment()),
        attempt("inherit a descriptor", |_| own_descriptors()),
        attempt("read the memory of its keeper", |_| must_fail(fs::File::open("/proc/1/mem"))),
        attempt("write the memory of its keeper", |_| {
            must_fail(fs::File::options().write(true).open("/proc/1/mem"))
        }),
        attempt("read the map of its keeper's memory", |_| must_fail(fs::read("/proc/1/maps"))),
        attempt("read the environment of its keeper", |_| must_fail(fs::read("/proc/1/environ"))),
        attempt("list the descriptors of its keeper", |_| must_fail(fs::read_dir("/proc/1/fd"))),
        attempt("reach the root, program or namespaces of its keeper", |_| follow_private()),
        attempt("end its keeper", |_| end_keeper()),
        attempt("change the limits of its keeper", |_| limit_keeper()),
        attempt("have a capability", |_| capabilities()),
        attempt("gain rights by executing a program", |_| must_equal(&status("NoNewPrivs"), "1")),
        attempt("make system calls unfiltered", |_| must_equal(&status("Seccomp"), "2")),
        attempt("run as root", |_| own_user()),
        attempt("become another user", |_| must_fail(become_user())),
        attempt("become root", |_| must_fail(nix::unistd::setuid(Uid::from_raw(0)).map_err(Into::into))),
        attempt("give up groups that restrict it", |_| {
            must_fail(nix::unistd::setgroups(&[]).map_err(Into::into))
        }),
        attempt("be mapped to root of the host", mapped_user),
        attempt("write to /proc, which only Landlock refuses", |_| {
            must_fail(fs::write("/proc/self/comm", "x"))
        }),
    ]
}

fn pids() -> Vec<u32> {
    let mut pids: Vec<u32> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    pids.sort_unstable();
    pids
}

fn see_processes() -> Outcome {
    must_equal(&format!("{:?}", pids()), "[1, 2]").map(|_| "it sees its keeper and itself".to_owned())
}

fn search_environments(canaries: &Canaries) -> Outcome {
    for pid in pids() {
        let text = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        if String::from_utf8_lossy(&text).contains(&canaries.secret) {
            return Err(format!("process {pid} has it"));
        }
    }
    Ok("nobody has it".to_owned())
}

fn own_environment() -> Outcome {
    let text = fs::read("/proc/self/environ").unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let names: Vec<&str> =
        text.split('\0').filter_map(|one| one.split_once('=').map(|(name, _)| name)).collect();
    must_equal(&names.join(" "), "HOME PATH")
}

fn own_descriptors() -> Outcome {
    let mut open: Vec<u32> = fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    open.sort_unstable();
    // The fourth is the one that looks.
    must_equal(&format!("{open:?}"), "[0, 1, 2, 3]")
}

fn follow_private() -> Outcome {
    for name in PRIVATE {
        if fs::read_link(format!("/proc/1/{name}")).is_ok() || fs::metadata(format!("/proc/1/{name}")).is_ok()
        {
            return Err(format!("/proc/1/{name} can be followed"));
        }
    }
    Ok("none can be followed".to_owned())
}

fn end_keeper() -> Outcome {
    let keeper = Pid::from_raw(1);
    for signal in [Signal::SIGTERM, Signal::SIGKILL, Signal::SIGSTOP] {
        // The kernel may say yes and do nothing: what counts is that this process lives.
        kill(keeper, signal).ok();
    }
    let state = fs::read_to_string("/proc/1/stat").unwrap_or_default();
    match state.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()) {
        Some('S' | 'R') => Ok("it goes on".to_owned()),
        other => Err(format!("its state is {other:?}")),
    }
}

fn limit_keeper() -> Outcome {
    let limit = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let keeper = rustix::process::Pid::from_raw(1);
    must_fail(rustix::process::prlimit(keeper, rustix::process::Resource::Nproc, limit).map_err(Into::into))
}

fn status(field: &str) -> String {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    value.unwrap_or_default().trim().to_owned()
}

fn capabilities() -> Outcome {
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        must_equal(&status(set), "0000000000000000").map_err(|found| format!("{set}: {found}"))?;
    }
    Ok("all sets are empty".to_owned())
}

fn own_user() -> Outcome {
    must_equal(&status("Uid"), "1000\t1000\t1000\t1000")
}

fn become_user() -> std::io::Result<()> {
    let (uid, gid) = (Uid::from_raw(65_534), Gid::from_raw(65_534));
    nix::unistd::setresgid(gid, gid, gid)?;
    Ok(nix::unistd::setresuid(uid, uid, uid)?)
}

fn mapped_user(canaries: &Canaries) -> Outcome {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let map: Vec<&str> = map.split_ascii_whitespace().collect();
    if canaries.host_uid == 0 {
        return Err("the sandbox's owner is root".to_owned());
    }
    // Inside, the host's own number cannot be seen; what can is that there is one user, and that it is not 0.
    match map.as_slice() {
        ["1000", _, "1"] => Ok(format!("1000 is host user {}", canaries.host_uid)),
        other => Err(format!("the map is {other:?}")),
    }
}
