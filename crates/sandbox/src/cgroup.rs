//! The cgroup of a sandbox (layer 1): bounds that the kernel enforces, and a way to find every process.
//!
//! Version 2 where it has the controllers, version 1 (also beside an empty version 2) where the host has that, nothing
//! where neither may be written: then the supervisor watches memory and rlimits bound the rest. Invariants: a
//! sandbox's cgroups stand at the top of what may be written, never inside the server's own, so that ending the
//! server's unit does not end its sandboxes; their names are the reference, so that they can be found and removed by
//! whoever comes later.

use crate::failure::failed;
use crate::launcher::Counters;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::port::sandbox::Limits;

/// The folder of all sandboxes in a hierarchy.
const FOLDER: &str = "telecoder";
/// The period of CPU bandwidth, in microseconds.
const PERIOD: u64 = 100_000;
/// The least CPU time of a period that the kernel accepts, in microseconds.
const LEAST_QUOTA: u64 = 1000;

/// Which cgroups a driver uses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CgroupChoice {
    /// Those that this host has and this user may write.
    #[default]
    Detect,
    /// Version 2 below this folder, which was delegated to the server's user.
    V2(PathBuf),
    /// None: the supervisor watches.
    Off,
}

/// The cgroups below which a driver's sandboxes stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cgroups {
    /// One hierarchy, all controllers; that of the CPU is not delegated everywhere.
    V2 { parent: PathBuf, cpu: bool },
    /// A hierarchy per controller, and those without one that only name units.
    V1 { memory: PathBuf, pids: PathBuf, cpu: Option<PathBuf>, named: Vec<PathBuf> },
    /// None.
    None,
}

/// A cgroup mount of this host.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hierarchy {
    at: PathBuf,
    version: u8,
    options: Vec<String>,
}

impl Cgroups {
    /// Finds what a choice means on this host.
    pub(crate) fn find(choice: &CgroupChoice) -> Result<Self, PortError> {
        match choice {
            CgroupChoice::Off => Ok(Self::None),
            CgroupChoice::V2(parent) => prepare_v2(parent),
            CgroupChoice::Detect => {
                let mounts =
                    fs::read_to_string("/proc/self/mountinfo").map_err(failed("cannot read the mounts"))?;
                let own =
                    fs::read_to_string("/proc/self/cgroup").map_err(failed("cannot read the own cgroup"))?;
                Ok(detect(&hierarchies(&mounts), &own))
            }
        }
    }

    /// Whether the kernel bounds memory and processes.
    pub(crate) fn limit(&self) -> bool {
        match self {
            Self::V2 { .. } | Self::V1 { .. } => true,
            Self::None => false,
        }
    }

    /// Whether the kernel bounds processor time.
    pub(crate) fn limit_cpu(&self) -> bool {
        match self {
            Self::V2 { cpu, .. } => *cpu,
            Self::V1 { cpu, .. } => cpu.is_some(),
            Self::None => false,
        }
    }

    /// All folders of one sandbox.
    fn folders(&self, name: &str) -> Vec<PathBuf> {
        match self {
            Self::V2 { parent, .. } => vec![parent.join(name)],
            Self::V1 { memory, pids, cpu, named } => {
                [memory, pids].into_iter().chain(cpu).chain(named).map(|parent| parent.join(name)).collect()
            }
            Self::None => Vec::new(),
        }
    }

    /// Makes the cgroups of a sandbox and bounds them. Returns the files to join by and what the kernel counts.
    pub(crate) fn make(
        &self,
        name: &str,
        limits: &Limits,
    ) -> Result<(Vec<PathBuf>, Counters<PathBuf>), PortError> {
        let folders = self.folders(name);
        for folder in &folders {
            match fs::create_dir(folder) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(PortError::io(format!("cannot make {}", folder.display()), error)),
            }
        }
        for (file, value, need) in self.settings(name, limits) {
            match (fs::write(&file, &value), need) {
                (Ok(()), _) | (Err(_), Need::WherePresent) => {}
                (Err(error), Need::Always) => {
                    return Err(PortError::io(format!("cannot set {} to {value}", file.display()), error));
                }
            }
        }
        let join = folders.iter().map(|folder| folder.join("cgroup.procs")).collect();
        let present = |file: PathBuf| file.exists().then_some(file);
        let counters = match self {
            Self::V2 { parent, .. } => Counters {
                peak: present(parent.join(name).join("memory.peak")),
                kills: present(parent.join(name).join("memory.events")),
            },
            Self::V1 { memory, .. } => Counters {
                peak: present(memory.join(name).join("memory.max_usage_in_bytes")),
                kills: present(memory.join(name).join("memory.oom_control")),
            },
            Self::None => Counters { peak: None, kills: None },
        };
        Ok((join, counters))
    }

    fn settings(&self, name: &str, limits: &Limits) -> Vec<(PathBuf, String, Need)> {
        let memory_bytes = limits.memory_bytes.to_string();
        let quota = (u64::from(limits.cpu_millis) * PERIOD / 1000).max(LEAST_QUOTA);
        match self {
            Self::V2 { parent, cpu } => {
                let at = |file: &str| parent.join(name).join(file);
                let mut settings = vec![
                    (at("memory.max"), memory_bytes, Need::Always),
                    (at("memory.swap.max"), "0".to_owned(), Need::WherePresent),
                    (at("pids.max"), limits.processes.to_string(), Need::Always),
                ];
                if *cpu {
                    settings.push((at("cpu.max"), format!("{quota} {PERIOD}"), Need::Always));
                }
                settings
            }
            Self::V1 { memory, pids, cpu, named: _ } => {
                let at = |folder: &Path, file: &str| folder.join(name).join(file);
                let mut settings = vec![
                    (at(memory, "memory.limit_in_bytes"), memory_bytes.clone(), Need::Always),
                    (at(memory, "memory.memsw.limit_in_bytes"), memory_bytes, Need::WherePresent),
                    (at(memory, "memory.swappiness"), "0".to_owned(), Need::WherePresent),
                    (at(pids, "pids.max"), limits.processes.to_string(), Need::Always),
                ];
                if let Some(cpu) = cpu {
                    settings.push((at(cpu, "cpu.cfs_period_us"), PERIOD.to_string(), Need::Always));
                    settings.push((at(cpu, "cpu.cfs_quota_us"), quota.to_string(), Need::Always));
                }
                settings
            }
            Self::None => Vec::new(),
        }
    }

    /// Whether any cgroup of a sandbox is left.
    pub(crate) fn left(&self, name: &str) -> bool {
        self.folders(name).iter().any(|folder| folder.exists())
    }

    /// The pids of all processes in the cgroups of a sandbox.
    pub(crate) fn processes(&self, name: &str) -> Vec<u32> {
        let read = |folder: PathBuf| fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
        let mut pids: Vec<u32> = self
            .folders(name)
            .into_iter()
            .flat_map(|folder| numbers(&read(folder)))
            .filter(|pid| *pid > 1)
            .collect();
        pids.sort_unstable();
        pids.dedup();
        pids
    }

    /// Removes the cgroups of a sandbox; `false` while the kernel is not done with their processes.
    pub(crate) fn remove(&self, name: &str) -> Result<bool, PortError> {
        let mut gone = true;
        for folder in self.folders(name) {
            match fs::remove_dir(&folder) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) if error.kind() == ErrorKind::ResourceBusy => gone = false,
                Err(error) => {
                    return Err(PortError::io(format!("cannot remove {}", folder.display()), error));
                }
            }
        }
        Ok(gone)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Always,
    WherePresent,
}

fn numbers(text: &str) -> Vec<u32> {
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
}

/// Reads the cgroup mounts of a `mountinfo`.
fn hierarchies(mounts: &str) -> Vec<Hierarchy> {
    let read = |line: &str| {
        let (before, after) = line.split_once(" - ")?;
        let at = PathBuf::from(before.split(' ').nth(4)?);
        let mut after = after.split(' ');
        let version = match after.next()? {
            "cgroup" => 1,
            "cgroup2" => 2,
            _ => return None,
        };
        let options = after.nth(1)?.split(',').map(str::to_owned).collect();
        Some(Hierarchy { at, version, options })
    };
    mounts.lines().filter_map(read).collect()
}

fn detect(mounts: &[Hierarchy], own: &str) -> Cgroups {
    let unified = mounts.iter().find(|mount| mount.version == 2);
    if let Some(unified) = unified {
        for parent in v2_parents(&unified.at, own) {
            if let Ok(found) = prepare_v2(&parent) {
                return found;
            }
        }
    }
    let with = |option: &str| {
        let mount =
            mounts.iter().find(|mount| mount.version == 1 && mount.options.iter().any(|o| o == option))?;
        usable(&mount.at)
    };
    let (Some(memory), Some(pids)) = (with("memory"), with("pids")) else {
        return Cgroups::None;
    };
    let unified = unified.and_then(|mount| usable(&mount.at));
    let named = with("name=systemd").into_iter().chain(unified).collect();
    Cgroups::V1 { memory, pids, cpu: with("cpu"), named }
}

/// Makes the folder of all sandboxes in a hierarchy; nothing if it may not be written.
fn usable(hierarchy: &Path) -> Option<PathBuf> {
    let folder = hierarchy.join(FOLDER);
    let writable = fs::create_dir(&folder).is_ok() || folder.is_dir();
    let probe = nix::unistd::access(&folder, nix::unistd::AccessFlags::W_OK).is_ok();
    (writable && probe).then_some(folder)
}

/// Where sandboxes may stand in version 2, best first: at the top (root), else below the user's own manager, which
/// systemd delegates to the user. Never below the server's unit.
fn v2_parents(mount: &Path, own: &str) -> Vec<PathBuf> {
    let mut parents = vec![mount.join(FOLDER)];
    let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
    let mut path = mount.to_owned();
    for part in own.split('/').filter(|part| !part.is_empty()) {
        path.push(part);
        if part.starts_with("user@") {
            parents.push(path.join(FOLDER));
        }
    }
    parents
}

/// Makes a parent whose children have the controllers.
fn prepare_v2(parent: &Path) -> Result<Cgroups, PortError> {
    let what =
        || format!("{} is not a delegated cgroup with the memory and pids controllers", parent.display());
    let made = !parent.is_dir();
    if made {
        if let Some(above) = parent.parent() {
            enable(above);
        }
        fs::create_dir(parent).map_err(failed(what()))?;
    }
    enable(parent);
    let enabled = fs::read_to_string(parent.join("cgroup.subtree_control")).map_err(failed(what()))?;
    let found = understand(parent, &enabled);
    if found.is_none() && made {
        // Nobody else can have used it yet.
        drop(fs::remove_dir(parent));
    }
    found.ok_or_else(|| PortError::denied(what()))
}

/// What can be bounded below a folder whose `cgroup.subtree_control` says this.
fn understand(parent: &Path, enabled: &str) -> Option<Cgroups> {
    let has = |controller: &str| enabled.split_whitespace().any(|one| one == controller);
    let cpu = has("cpu");
    (has("memory") && has("pids")).then(|| Cgroups::V2 { parent: parent.to_owned(), cpu })
}

/// Enables the controllers for a folder's children, each by itself: where one is missing the others still count.
fn enable(folder: &Path) {
    for controller in ["+memory", "+pids", "+cpu"] {
        // Whether it worked is read back; what is enabled already need not be writable.
        drop(fs::write(folder.join("cgroup.subtree_control"), controller));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    const LIMITS: Limits = Limits { memory_bytes: 1 << 30, cpu_millis: 1500, processes: 99, tmpfs_bytes: 1 };

    fn contents(folder: &Path) -> String {
        let mut lines: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| {
                format!("{} = {}", path.file_name().unwrap().display(), fs::read_to_string(&path).unwrap())
            })
            .collect();
        lines.sort();
        lines.join("\n")
    }

    #[test]
    fn version_two_is_bounded_by_its_files() {
        let root = tempfile::tempdir().unwrap();
        let parent = root.path().join("delegated");
        fs::create_dir_all(parent.join("one")).unwrap();
        // A kernel takes what is written one by one and reads it back as a list.
        let found = Cgroups::V2 { parent: parent.clone(), cpu: true };
        fs::write(parent.join("one/memory.peak"), "7").unwrap();
        let (join, counters) = found.make("one", &LIMITS).unwrap();
        assert_eq!(join, [parent.join("one/cgroup.procs")]);
        assert_eq!(counters.peak, Some(parent.join("one/memory.peak")));
        assert_eq!(counters.kills, None);
        expect![[r"
            cpu.max = 150000 100000
            memory.max = 1073741824
            memory.peak = 7
            memory.swap.max = 0
            pids.max = 99"]]
        .assert_eq(&contents(&parent.join("one")));
        fs::write(parent.join("one/cgroup.procs"), "12\n13\n").unwrap();
        assert_eq!(found.processes("one"), [12, 13]);
        assert!(found.left("one") && !found.left("two"));
        assert!(found.remove("two").unwrap());
    }

    #[test]
    fn version_two_needs_its_controllers_and_can_do_without_the_cpu() {
        let parent = PathBuf::from("/delegated");
        let v2 = |cpu| Some(Cgroups::V2 { parent: parent.clone(), cpu });
        assert_eq!(understand(&parent, "cpuset cpu io memory hugetlb pids\n"), v2(true));
        assert_eq!(understand(&parent, "memory pids\n"), v2(false));
        assert_eq!(understand(&parent, "cpu memory\n"), None);
        assert_eq!(understand(&parent, "\n"), None);
        let root = tempfile::tempdir().unwrap();
        let error = Cgroups::find(&CgroupChoice::V2(root.path().join("made"))).unwrap_err();
        assert!(error.to_string().contains("is not a delegated cgroup"), "{error}");
    }

    #[test]
    fn mounts_are_told_apart() {
        let mounts = "\
24 1 0:22 / /proc rw,relatime - proc proc rw
30 25 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
31 25 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:3 - cgroup cgroup rw,cpu,cpuacct
32 25 0:28 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate";
        let found: Vec<String> = hierarchies(mounts)
            .into_iter()
            .map(|one| format!("{} {} {}", one.version, one.at.display(), one.options.join("+")))
            .collect();
        expect![[r"
            1 /sys/fs/cgroup/memory rw+memory
            1 /sys/fs/cgroup/cpu,cpuacct rw+cpu+cpuacct
            2 /sys/fs/cgroup/unified rw+nsdelegate"]]
        .assert_eq(&found.join("\n"));
    }

    #[test]
    fn a_user_stands_beside_his_server_not_below_it() {
        let own = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/telecoder.service\n";
        assert_eq!(
            v2_parents(Path::new("/sys/fs/cgroup"), own),
            [
                PathBuf::from("/sys/fs/cgroup/telecoder"),
                PathBuf::from("/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/telecoder")
            ]
        );
    }

    #[test]
    fn without_a_writable_hierarchy_there_is_none() {
        assert_eq!(detect(&[], ""), Cgroups::None);
        let v1 = |option: &str| Hierarchy {
            at: PathBuf::from("/nonexistent").join(option),
            version: 1,
            options: vec![option.to_owned()],
        };
        assert_eq!(detect(&[v1("memory"), v1("pids")], ""), Cgroups::None);
    }
}
