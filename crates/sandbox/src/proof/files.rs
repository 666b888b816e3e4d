//! Attempts on the host's files (layer 1).

use super::{Attempt, Canaries, Outcome, attempt, must_equal, must_fail};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Paths that hold the host's secrets and controls, on most hosts.
const FORBIDDEN: &[&str] = &[
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/sudoers",
    "/etc/ssh",
    "/root/.ssh",
    "/root/.bashrc",
    "/home/agent/../../root/.npmrc",
    "/var/lib",
    "/var/log",
    "/srv",
    "/sys/kernel",
    "/sys/fs/cgroup",
    "/run/docker.sock",
    "/run/dbus",
    "/run/systemd",
    "/boot",
    "/dev/mem",
    "/dev/kmsg",
    "/dev/kvm",
    "/dev/fuse",
    "/dev/vsock",
    "/dev/sda",
    "/dev/vda",
    "/dev/nvme0n1",
];
/// What stands in the root of a sandbox.
const ROOT: &[&str] = &[
    ".stage",
    "bin",
    "dev",
    "etc",
    "home",
    "lib",
    "lib32",
    "lib64",
    "libx32",
    "nix",
    "opt",
    "proc",
    "run",
    "sbin",
    "tmp",
    "usr",
    "var",
    "workspace",
];
/// Where nothing may be written.
const READ_ONLY: &[&str] =
    &["/", "/usr", "/usr/bin", "/etc", "/opt", "/opt/telecoder", "/home", "/var", "/.stage"];

pub(super) fn all(canaries: &Canaries) -> Vec<Attempt> {
    let mut all: Vec<Attempt> = vec![
        attempt(format!("see any of {} secret places of the host", FORBIDDEN.len()), |_| see_forbidden()),
        attempt("see anything of the host's root folder", |_| list_root()),
        attempt("see homes of other people", |_| must_equal(&names("/home"), "agent")),
        attempt(format!("write to any of {} system folders", READ_ONLY.len()), |_| write_system()),
        attempt("find a mount that honours set-user-id programs or devices", |_| mount_options()),
        attempt("make a device node", |_| make_device()),
        attempt("open a device node of the host", |_| list_devices()),
        attempt("read the host's secret through a mount's source", search_mounts),
        attempt("follow a link in the workspace to the host's files", follow_link),
        attempt("climb out of the root by descriptors", |_| climb_out()),
    ];
    for path in canaries.paths.clone() {
        let words = format!("see {} of the host", path.file_name().unwrap_or_default().display());
        all.push(attempt(words, move |_| must_fail(fs::symlink_metadata(path))));
    }
    all
}

fn see_forbidden() -> Outcome {
    let seen: Vec<&str> =
        FORBIDDEN.iter().copied().filter(|path| fs::symlink_metadata(path).is_ok()).collect();
    if seen.is_empty() {
        Ok("none is there".to_owned())
    } else {
        Err(format!("there are {}", seen.join(" ")))
    }
}

fn names(folder: impl AsRef<Path>) -> String {
    let names: BTreeSet<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

fn list_root() -> Outcome {
    let names = names("/");
    let strange: Vec<&str> = names.split(' ').filter(|name| !ROOT.contains(name)).collect();
    if strange.is_empty() { Ok(names) } else { Err(format!("there are {}", strange.join(" "))) }
}

fn write_system() -> Outcome {
    for folder in READ_ONLY {
        let path = Path::new(folder).join(".telecoder-probe");
        if fs::write(&path, b"").is_ok() {
            drop(fs::remove_file(&path));
            return Err(format!("{folder} was written"));
        }
    }
    Ok("none was written".to_owned())
}

fn mounts() -> Vec<(PathBuf, String)> {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let read = |line: &str| {
        let mut fields = line.split(' ').skip(4);
        Some((PathBuf::from(fields.next()?), fields.next()?.to_owned()))
    };
    text.lines().filter_map(read).collect()
}

fn mount_options() -> Outcome {
    let all = mounts();
    let lacks = |options: &str, wanted: &str| !options.split(',').any(|option| option == wanted);
    for (at, options) in &all {
        // A device node is a mount of its own, below a folder that honours none.
        let device = at.starts_with("/dev") && at != Path::new("/dev/shm");
        if lacks(options, "nosuid") || (lacks(options, "nodev") && !device) {
            return Err(format!("{} is mounted {options}", at.display()));
        }
    }
    if all.is_empty() {
        Err("the mounts cannot be read".to_owned())
    } else {
        Ok(format!("{} mounts", all.len()))
    }
}

fn make_device() -> Outcome {
    let path = Path::new("/tmp/.telecoder-probe-device");
    let made = rustix::fs::mknodat(
        rustix::fs::CWD,
        path,
        rustix::fs::FileType::CharacterDevice,
        rustix::fs::Mode::from_raw_mode(0o600),
        rustix::fs::makedev(1, 3),
    );
    drop(fs::remove_file(path));
    must_fail(made.map_err(Into::into))
}

fn list_devices() -> Outcome {
    must_equal(&names("/dev"), "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero")
}

fn search_mounts(canaries: &Canaries) -> Outcome {
    for (at, _) in mounts() {
        for path in &canaries.paths {
            for below in path.ancestors().filter_map(|above| path.strip_prefix(above).ok()) {
                if holds(&at.join(below), &canaries.secret) {
                    return Err(format!("it is at {}", at.join(below).display()));
                }
            }
        }
    }
    Ok("it is below none".to_owned())
}

fn holds(path: &Path, secret: &str) -> bool {
    path.is_file() && fs::read(path).is_ok_and(|bytes| bytes == secret.as_bytes())
}

fn follow_link(canaries: &Canaries) -> Outcome {
    let link = Path::new("/workspace/.telecoder-probe-link");
    for path in &canaries.paths {
        if std::os::unix::fs::symlink(path, link).is_err() {
            return Err("no link could be made".to_owned());
        }
        let read = fs::read(link);
        drop(fs::remove_file(link));
        if read.is_ok() {
            return Err(format!("{} was read", path.display()));
        }
    }
    Ok("links lead to nothing".to_owned())
}

fn climb_out() -> Outcome {
    let mut up = PathBuf::from("/proc/self/root");
    for _ in 0..32 {
        up.push("..");
    }
    let above = names(&up);
    let here = names("/");
    must_equal(&above, &here).map(|_| "above the root is the root".to_owned())
}
