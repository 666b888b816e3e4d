//! Attempts on the kernel's own files and on what all containers share (layer 1).

use super::{Attempt, Canaries, Outcome, attempt, must_equal, must_fail};
use std::fs;

/// Settings and triggers of the kernel that would act on the host.
const WRITABLE_BY_ROOT: &[&str] = &[
    "/proc/sysrq-trigger",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/hostname",
    "/proc/sys/vm/drop_caches",
    "/proc/sys/fs/binfmt_misc/register",
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/self/uid_map",
    "/proc/self/setgroups",
];
/// What shows the kernel's memory or log.
const SECRET: &[&str] = &["/proc/kcore", "/proc/kmsg", "/proc/kpagecount", "/proc/vmallocinfo"];

pub(super) fn all() -> Vec<Attempt> {
    vec![
        attempt("write any of the kernel's settings", |_| write_settings()),
        attempt("read the kernel's memory", |_| read_secrets()),
        attempt("see the kernel's objects (/sys)", |_| must_fail(fs::read_dir("/sys"))),
        attempt("see control groups", |_| own_cgroup()),
        attempt("see the host's name", host_name),
        attempt("see System V objects of the host", |_| shared_objects()),
        attempt("see the kernel's keys of other sessions", search_keys),
        attempt("raise a limit", |_| core_limit()),
    ]
}

fn write_settings() -> Outcome {
    for path in WRITABLE_BY_ROOT {
        if fs::File::options().write(true).open(path).is_ok() {
            return Err(format!("{path} can be written"));
        }
    }
    Ok("none can be opened for writing".to_owned())
}

fn read_secrets() -> Outcome {
    for path in SECRET {
        if fs::File::open(path).is_ok() {
            return Err(format!("{path} can be read"));
        }
    }
    Ok("none can be opened".to_owned())
}

fn own_cgroup() -> Outcome {
    let text = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let strange: Vec<&str> = text.lines().filter(|line| !line.ends_with(":/")).collect();
    // Hierarchies that the sandbox did not join are seen from the cgroup namespace's root too.
    if strange.is_empty() { Ok("every one is a root".to_owned()) } else { Err(strange.join(" ")) }
}

fn host_name(canaries: &Canaries) -> Outcome {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match must_equal(name.trim(), "sandbox") {
        Err(_) if canaries.host_name == name.trim() => Err("it is shown".to_owned()),
        other => other,
    }
}

fn shared_objects() -> Outcome {
    for kind in ["shm", "sem", "msg"] {
        let text = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
        if text.lines().count() > 1 {
            return Err(format!("{kind} objects are seen"));
        }
    }
    Ok("none is seen".to_owned())
}

fn search_keys(canaries: &Canaries) -> Outcome {
    let text = fs::read_to_string("/proc/keys").unwrap_or_default();
    if text.contains(&canaries.secret) {
        Err("a key is seen".to_owned())
    } else {
        Ok("none is seen".to_owned())
    }
}

fn core_limit() -> Outcome {
    use nix::sys::resource::{Resource, setrlimit};
    must_fail(setrlimit(Resource::RLIMIT_CORE, 1 << 20, 1 << 20).map_err(Into::into))
}
