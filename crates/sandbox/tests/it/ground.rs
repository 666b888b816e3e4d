//! What every test stands on: a driver with folders of its own, and short ways to run programs inside.

use futures::StreamExt;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use telecoder_model::port::sandbox::{
    Access, Limits, OutputStream, ProcessExit, ProcessOutput, ProcessSpec, Sandbox, SandboxDriver,
    SandboxRef, SandboxSpec, WorkspaceSource,
};
use telecoder_sandbox::{CgroupChoice, LocalDriver, LocalOptions, host_owner};

/// Where a re-run of this suite under another user finds the supervisor.
pub(crate) const PROGRAM: &str = "TELECODER_TEST_SUPERVISE";

/// The supervisor's program.
#[expect(clippy::disallowed_methods, reason = "a re-run under another user is told where the program is")]
pub(crate) fn program() -> PathBuf {
    std::env::var_os(PROGRAM).map_or_else(|| env!("CARGO_BIN_EXE_telecoder-supervise").into(), PathBuf::from)
}

/// Copies the program, by another process: what is open for writing here may be inherited by what other tests start in the
/// meantime, and cannot be executed as long.
#[expect(clippy::disallowed_methods, reason = "a copy that nobody has open")]
pub(crate) fn copy_program(to: &Path) {
    let copied = std::process::Command::new("cp").arg(program()).arg(to).status().unwrap();
    assert!(copied.success());
}

/// A folder of the host with a base, layers, a home and a driver.
pub(crate) struct Ground {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) driver: LocalDriver,
    next: AtomicU32,
}

impl Ground {
    pub(crate) fn new() -> Self {
        Self::with(CgroupChoice::Detect)
    }

    pub(crate) fn with(cgroups: CgroupChoice) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Only the server's user may enter, as with a data folder below root's home.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let driver = LocalDriver::new(options(dir.path(), cgroups)).unwrap();
        let ground = Self { dir, driver, next: AtomicU32::new(1) };
        ground.folder("base");
        ground.file("base/README.md", "base\n");
        ground
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Makes a folder of the sandbox's owner.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        own(&path);
        path
    }

    /// Makes a file of the sandbox's owner.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        own(&path);
        path
    }

    /// A reference that no other test has.
    pub(crate) fn reference(&self) -> SandboxRef {
        let attempt = self.next.fetch_add(1, Ordering::Relaxed);
        let nonce: String = self.dir.path().file_name().unwrap().to_str().unwrap().to_lowercase();
        let nonce: String = nonce.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
        format!("abcdefghijkl-{attempt}-{nonce}").parse().unwrap()
    }

    /// A sandbox over the base with a fresh layer and home.
    pub(crate) fn spec(&self) -> SandboxSpec {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        SandboxSpec {
            workspace: WorkspaceSource::Overlay {
                lower: self.path("base"),
                layer: self.folder(&format!("layer-{number}")),
            },
            access: Access::ReadWrite,
            home: self.path(&format!("home-{number}")),
            home_files: Vec::new(),
            read_only: Vec::new(),
            limits: Limits::default(),
            listeners: Vec::new(),
            lifetime: Duration::from_secs(600),
            unattended: Duration::from_secs(300),
        }
    }

    /// Makes a sandbox that is destroyed at the end.
    pub(crate) async fn sandbox(&self, spec: &SandboxSpec) -> Running<'_> {
        let reference = self.reference();
        let sandbox = self.driver.create(&reference, spec).await.unwrap();
        Running { ground: self, reference, sandbox }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // A test that failed must not leave sandboxes behind; one that passed left none.
        let driver = LocalDriver::new(options(self.dir.path(), CgroupChoice::Detect)).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    for reference in driver.list().await.unwrap() {
                        driver.destroy(&reference).await.unwrap();
                    }
                });
            });
        });
    }
}

/// Gives a path to the sandbox's owner.
pub(crate) fn own(path: &Path) {
    let owner = host_owner();
    chown(path, Some(owner.uid), Some(owner.gid)).unwrap();
}

/// Options of a driver whose run folder is below a folder.
pub(crate) fn options(dir: &Path, cgroups: CgroupChoice) -> LocalOptions {
    LocalOptions { program: program(), run_dir: dir.join("run"), host_uid: host_owner().uid, cgroups }
}

/// A sandbox that runs.
pub(crate) struct Running<'a> {
    pub(crate) ground: &'a Ground,
    pub(crate) reference: SandboxRef,
    pub(crate) sandbox: Arc<dyn Sandbox>,
}

/// What a program wrote and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) exit: ProcessExit,
}

impl Running<'_> {
    /// Starts a shell line as a process of that name.
    pub(crate) async fn start(&self, id: &str, line: &str) {
        self.sandbox.start(&shell(id, line)).await.unwrap();
    }

    /// Runs a shell line to its end.
    pub(crate) async fn run(&self, line: &str) -> Ran {
        let id = format!("run-{}", self.ground.next.fetch_add(1, Ordering::Relaxed));
        self.start(&id, line).await;
        self.ended(&id).await
    }

    /// Follows a process to its end.
    pub(crate) async fn ended(&self, id: &str) -> Ran {
        let ((stdout, exit), (stderr, _)) =
            tokio::join!(self.output(id, OutputStream::Stdout, 0), self.output(id, OutputStream::Stderr, 0));
        Ran {
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            exit,
        }
    }

    /// Follows a stream to its end.
    pub(crate) async fn output(&self, id: &str, stream: OutputStream, from: u64) -> (Vec<u8>, ProcessExit) {
        follow(&*self.sandbox, id, stream, from).await
    }

    /// Follows a stream until it holds a text.
    pub(crate) async fn wait_for(&self, id: &str, text: &str) -> String {
        let mut pieces = self.sandbox.follow(&id.parse().unwrap(), OutputStream::Stdout, 0).await.unwrap();
        let mut all = Vec::new();
        while let Some(piece) = pieces.next().await {
            match piece.unwrap() {
                ProcessOutput::Chunk { bytes, .. } => all.extend_from_slice(&bytes),
                ProcessOutput::Exit(exit) => {
                    panic!("{id} ended ({exit:?}) without {text}: {}", String::from_utf8_lossy(&all))
                }
            }
            if String::from_utf8_lossy(&all).contains(text) {
                return String::from_utf8_lossy(&all).into_owned();
            }
        }
        panic!("the output of {id} ended without {text}")
    }

    pub(crate) async fn destroy(self) {
        self.ground.driver.destroy(&self.reference).await.unwrap();
    }
}

/// Follows a stream to its end and checks its offsets.
pub(crate) async fn follow(
    sandbox: &dyn Sandbox,
    id: &str,
    stream: OutputStream,
    from: u64,
) -> (Vec<u8>, ProcessExit) {
    let mut pieces = sandbox.follow(&id.parse().unwrap(), stream, from).await.unwrap();
    let mut all = Vec::new();
    while let Some(piece) = pieces.next().await {
        match piece.unwrap() {
            ProcessOutput::Chunk { end, bytes } => {
                all.extend_from_slice(&bytes);
                assert_eq!(end, from + all.len() as u64);
            }
            ProcessOutput::Exit(exit) => {
                assert!(pieces.next().await.is_none(), "something follows the exit");
                return (all, exit);
            }
        }
    }
    panic!("the output of {id} broke off")
}

/// A process that runs a shell line in the workspace.
pub(crate) fn shell(id: &str, line: &str) -> ProcessSpec {
    process(id, &["/bin/sh", "-c", line])
}

/// A process with an argument vector.
pub(crate) fn process(id: &str, argv: &[&str]) -> ProcessSpec {
    ProcessSpec {
        id: id.parse().unwrap(),
        argv: argv.iter().map(|&word| word.to_owned()).collect(),
        env: BTreeMap::from([
            ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("HOME".to_owned(), "/home/agent".to_owned()),
        ]),
        cwd: "/workspace".into(),
    }
}

/// How a process ends that exits with a code.
pub(crate) fn code(code: i32) -> ProcessExit {
    ProcessExit { code: Some(code), signal: None, out_of_memory: false }
}
