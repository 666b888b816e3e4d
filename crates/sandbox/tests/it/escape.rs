//! Ways out of a sandbox, tried by the product's own proof and by a shell, with canaries planted first.

use crate::ground::{Ground, Running, copy_program, follow, options, own, process};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use telecoder_model::port::sandbox::{
    AGENTS_DIR, Access, OutputStream, Proof, ReadOnlyBind, SandboxDriver, SandboxSpec, TreeSignal,
    WorkspaceSource,
};
use telecoder_sandbox::{CgroupChoice, LocalDriver};

#[tokio::test]
async fn the_proof_holds() {
    let ground = Ground::new();
    let rows = ground.driver.prove().await.unwrap();
    let broken: Vec<&Proof> = rows.iter().filter(|row| !row.held).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(rows.len() >= 60, "{}", rows.len());
    assert_eq!(fs::read_dir(ground.path("run")).unwrap().count(), 0);
}

/// The probe must be able to tell a sandbox from none: on the host itself most attempts succeed.
#[test]
#[expect(clippy::disallowed_methods, reason = "the probe runs without a sandbox here")]
fn the_probe_sees_that_there_is_no_sandbox() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (copy, secret) = (dir.path().join("probe"), dir.path().join("keys"));
    copy_program(&copy);
    fs::write(&secret, "canary").unwrap();
    let _socket = UnixListener::bind(dir.path().join("s")).unwrap();
    fs::set_permissions(dir.path().join("s"), fs::Permissions::from_mode(0o666)).unwrap();
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let canaries = serde_json::json!({
        "paths": [secret],
        "sockets": [dir.path().join("s")],
        "abstract_name": "telecoder-canary-nobody",
        "tcp": [tcp.local_addr().unwrap()],
        "secret": "canary",
        "host_name": "host",
        "host_uid": 0,
    });
    let mut command = Command::new(&copy);
    command.args(["supervise", "probe"]).stdin(Stdio::piped()).stdout(Stdio::piped()).current_dir("/");
    command.env("SECRET", "canary");
    if nix::unistd::geteuid().is_root() {
        // Never as root: attempts on the host's own processes and settings are in earnest.
        command.uid(60_799).gid(60_799);
    }
    let mut child = command.spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{canaries}").unwrap();
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let broken: Vec<String> = output
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|row| row["held"] == false)
        .map(|row| row["attempt"].as_str().unwrap().to_owned())
        .collect();
    for expected in [
        "see keys of the host",
        "see anything of the host's root folder",
        "connect to a service of the host at 127.0.0.1",
        "connect to a socket file of the host",
        "see processes of the host or of other trees",
        "find the host's secret in any environment",
        "have more in the environment than was given",
        "gain rights by executing a program",
        "make system calls unfiltered",
        "make a user namespace (unshare)",
        "use io_uring",
        "see the kernel's objects (/sys)",
        "be mapped to root of the host",
        "write to /proc, which only Landlock refuses",
    ] {
        assert!(broken.iter().any(|attempt| attempt == expected), "not noticed: {expected}\n{broken:#?}");
    }
    assert!(broken.len() >= 30, "{broken:#?}");
}

/// Where a re-run of this suite under another user finds what root has planted: the mark that it holds.
pub(crate) const MARK: &str = "TELECODER_TEST_MARK";
/// Where secrets of a host stand.
const PLACES: &[&str] =
    &["/etc", "/root", "/home", "/var/lib", "/srv", "/run", "/tmp", "/var/tmp", "/dev/shm", "/opt/../mnt"];

/// What stands in each: one that only its owner reads, one that everybody does, a socket that listens.
const NAMES: [&str; 3] = ["key", "shared", "socket"];

/// Secrets of the host where they usually stand, planted as far as this user may.
pub(crate) struct Planted {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    _sockets: Vec<UnixListener>,
}

impl Planted {
    /// Plants them, in folders that are gone with this value.
    pub(crate) fn on_the_host(mark: &str) -> Self {
        let mut planted = Self { files: Vec::new(), folders: Vec::new(), _sockets: Vec::new() };
        for place in PLACES {
            let folder = Path::new(place).join(format!(".{mark}"));
            if fs::create_dir(&folder).is_err() {
                continue;
            }
            planted.folders.push(folder.clone());
            planted.fill(&folder, mark);
        }
        planted
    }

    /// What root has planted for this run, or else what this user may plant; with a data folder of a server's.
    #[expect(clippy::disallowed_methods, reason = "a re-run under another user is told what was planted")]
    fn found_or_made(ground: &Ground, made: String) -> (Self, String) {
        let (mut planted, mark) = match std::env::var(MARK) {
            Ok(mark) => {
                let folders = PLACES.iter().map(|place| Path::new(place).join(format!(".{mark}")));
                let files = folders.flat_map(|folder| NAMES.map(|name| folder.join(name))).collect();
                (Self { files, folders: Vec::new(), _sockets: Vec::new() }, mark)
            }
            Err(_) => (Self::on_the_host(&made), made),
        };
        planted.fill(&ground.folder("data"), &mark);
        (planted, mark)
    }

    /// In how many places something stands.
    pub(crate) fn places(&self) -> usize {
        self.folders.len()
    }

    fn fill(&mut self, folder: &Path, mark: &str) {
        let [secret, shared, socket] = NAMES.map(|name| folder.join(name));
        fs::write(&secret, mark).unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&shared, mark).unwrap();
        own(&shared);
        self._sockets.push(UnixListener::bind(&socket).unwrap());
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
        self.files.extend([secret, shared, socket]);
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        for folder in &self.folders {
            fs::remove_dir_all(folder).unwrap();
        }
    }
}

async fn lines(running: &Running<'_>, line: &str) -> String {
    running.run(line).await.stdout
}

/// A process of the host, ended with the test.
struct HostProcess(std::cell::RefCell<std::process::Child>);

impl HostProcess {
    #[expect(clippy::disallowed_methods, reason = "a process of the host must not be seen")]
    fn start(mark: &str) -> Self {
        Self(
            Command::new("sleep").arg("7200").env("MARK", mark).stdout(Stdio::null()).spawn().unwrap().into(),
        )
    }

    fn lives(&self) -> bool {
        self.0.borrow_mut().try_wait().unwrap().is_none()
    }
}

impl Drop for HostProcess {
    fn drop(&mut self) {
        self.0.get_mut().kill().unwrap();
        self.0.get_mut().wait().unwrap();
    }
}

#[tokio::test]
async fn nothing_that_was_planted_on_the_host_is_found() {
    let ground = Ground::new();
    let (planted, mark) = Planted::found_or_made(&ground, format!("canary{}", ground.reference().nonce));
    let host = HostProcess::start(&mark);
    let other = ground.sandbox(&ground.spec()).await;
    lines(&other, &format!("echo {mark} > ~/notes; echo {mark} > notes; echo {mark} > /tmp/notes")).await;
    other.start("other", &format!("MARK={mark} sleep 7300 & echo ready; wait")).await;
    other.wait_for("other", "ready").await;

    for access in [Access::ReadWrite, Access::ReadOnly] {
        let running = ground.sandbox(&SandboxSpec { access, ..ground.spec() }).await;
        for path in &planted.files {
            let seen = lines(&running, &format!("ls -d {0}; cat {0}", path.display())).await;
            assert_eq!(seen, "", "{}", path.display());
        }
        // From a file and in two parts, so that the search finds neither its own words nor its own processes.
        let (first, second) = mark.split_at(9);
        let search = format!(
            "m={first}; m=${{m}}{second}; cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n' > ~/seen; \
             grep -F -e \"$m\" -e 7200 -e 7300 ~/seen; \
             find / -xdev -name \"*$m*\" 2>/dev/null; \
             grep -rlsF --devices=skip -e \"$m\" \
                 /etc /home /run /tmp /var /workspace /root /srv /mnt /dev/shm /opt /boot"
        );
        ground.file("base/search", &search);
        let searching = ground.sandbox(&SandboxSpec { access, ..ground.spec() }).await;
        let wanted = process("search", &["sh", "/workspace/search"]);
        searching.sandbox.start(&wanted).await.unwrap();
        assert_eq!(searching.ended("search").await.stdout, "");
        searching.destroy().await;
        let tree =
            lines(&running, "kill -9 $(ls /proc | grep -E '^[0-9]+$' | grep -vx $$); echo survived").await;
        assert_eq!(tree, "survived\n");
        running.destroy().await;
    }
    assert!(host.lives(), "the host's process was ended");
    other.sandbox.signal(&"other".parse().unwrap(), TreeSignal::Kill).await.unwrap();
    other.destroy().await;
}

#[tokio::test]
async fn the_supervisor_refuses_to_be_attached_from_inside() {
    let ground = Ground::new();
    let outside = ground.sandbox(&ground.spec()).await;
    // The run folders are bound where the agent can reach them: only the checks of the socket are left.
    let workspace = WorkspaceSource::Bind { path: ground.path("") };
    let running = ground.sandbox(&SandboxSpec { workspace, ..ground.spec() }).await;
    let connect = "use IO::Socket::UNIX; $SIG{PIPE} = 'IGNORE'; \
                   my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die qq(refused: $!); \
                   print $s qq(hello); my $r = <$s>; print defined $r ? q(answered) : q(closed)";
    let socket = format!("/workspace/run/{}/s", running.reference);
    let mut wanted = process("connect", &["perl", "-e", connect, &socket]);
    wanted.cwd = "/".into();
    running.sandbox.start(&wanted).await.unwrap();
    let ran = running.ended("connect").await;
    if nix::unistd::geteuid().is_root() {
        // The folder is root's, and the sandbox is not.
        assert!(ran.stderr.contains("refused: Permission denied"), "{ran:?}");
    } else {
        assert_eq!(ran.stdout, "closed", "{}", ran.stderr);
        let log = ground.path("run").join(running.reference.to_string()).join("log");
        assert_eq!(fs::read_to_string(log).unwrap(), "a process of the sandbox itself tried to attach\n");
    }
    // Nobody was replaced by that.
    assert!(running.sandbox.status().await.is_ok());
    assert!(outside.sandbox.status().await.is_ok());
    running.destroy().await;
    outside.destroy().await;
}

#[tokio::test]
async fn the_sandbox_runs_as_nobody_of_the_host() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    let record =
        fs::read_to_string(ground.path("run").join(running.reference.to_string()).join("lock")).unwrap();
    let pid = record.split(' ').next().unwrap();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let uid = telecoder_sandbox::host_owner().uid;
    assert_ne!(uid, 0);
    assert!(status.contains(&format!("Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n")), "{status}");
    if nix::unistd::geteuid().is_root() {
        assert!(status.contains("\nGroups:\t \n"), "{status}");
    }
    assert_eq!(fs::read(format!("/proc/{pid}/environ")).unwrap_or_default(), b"");
    running.destroy().await;
}

#[test]
fn only_the_fixed_owner_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path(), CgroupChoice::Off);
    options.host_uid = 12;
    assert!(LocalDriver::new(options).is_err());
}

/// Data of the server among programs, which only root can put there.
#[tokio::test]
async fn the_servers_own_folders_are_covered_where_programs_are_shown() {
    let Ok(data) = tempfile::Builder::new().prefix("telecoder-test-").tempdir_in("/opt") else {
        assert!(!nix::unistd::geteuid().is_root());
        return;
    };
    fs::set_permissions(data.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(data.path().join("database"), "CANARY").unwrap();
    let ground = Ground::new();
    let look = format!(
        "ls /opt | grep -c {0}; cat {1}/*",
        data.path().file_name().unwrap().display(),
        data.path().display()
    );
    let shown = ground.sandbox(&ground.spec()).await;
    assert_eq!(lines(&shown, &look).await, "1\nCANARY");
    shown.destroy().await;
    // The last is the name of a folder that every sandbox has for itself.
    let driver = LocalDriver::new(options(ground.dir.path(), CgroupChoice::Detect)).unwrap();
    let driver = driver.hiding(data.path()).hiding(Path::new("/opt/telecoder"));
    let reference = ground.reference();
    let mut spec = ground.spec();
    let agents = ReadOnlyBind { host: data.path().to_owned(), inside: AGENTS_DIR.into(), hidden: Vec::new() };
    spec.read_only.push(agents);
    let sandbox = driver.create(&reference, &spec).await.unwrap();
    sandbox.start(&process("look", &["/bin/sh", "-c", &look])).await.unwrap();
    assert_eq!(follow(&*sandbox, "look", OutputStream::Stdout, 0).await.0, b"1\n");
    driver.destroy(&reference).await.unwrap();
}
