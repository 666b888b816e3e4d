//! Conformance suite of the sandbox port (dev layer). An adapter brings a [`SandboxWorld`]: the driver, and folders of the
//! host to make sandboxes of. What only one driver can show (its cgroups, its files) belongs to that driver's own tests.

use bytes::Bytes;
use futures::StreamExt;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use telecoder_model::ErrorClass;
use telecoder_model::port::sandbox::{
    Access, MAX_LINE, OutputStream, ProcessExit, ProcessOutput, ProcessSpec, Sandbox, SandboxDriver,
    SandboxRef, SandboxSpec, SandboxState, TreeSignal,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A driver and what its sandboxes stand on.
pub trait SandboxWorld: Send + Sync + fmt::Debug {
    /// The driver.
    fn driver(&self) -> Arc<dyn SandboxDriver>;
    /// A name that no sandbox had before.
    fn reference(&self) -> SandboxRef;
    /// A sandbox over a tree that holds `README.md` with the line `base`, with a new layer and home, and a listener
    /// `model` on port 8391.
    fn spec(&self) -> SandboxSpec;
}

cases! { $ sandbox, sandbox_conformance, dyn SandboxWorld {
    the_isolation_is_proved
    a_program_runs_and_nothing_is_left
    making_and_starting_twice_has_the_effect_of_once
    what_cannot_start_says_why
    the_environment_is_exactly_what_was_given
    a_read_only_workspace_cannot_be_written
    input_lines_are_written_once_and_in_order
    the_longest_line_passes_and_a_longer_one_does_not
    output_is_followed_from_any_offset
    acknowledged_output_is_forgotten
    a_process_outlives_the_one_who_attached
    a_kill_reaches_the_whole_tree_and_no_other
    what_a_program_leaves_behind_ends_with_the_sandbox
    the_host_cannot_be_reached
    a_connection_inside_reaches_the_server
    neither_the_supervisor_nor_its_streams_can_be_touched
} }

const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A sandbox under test.
struct Running {
    world: Arc<dyn SandboxWorld>,
    reference: SandboxRef,
    sandbox: Arc<dyn Sandbox>,
}

impl Running {
    async fn new(world: &Arc<dyn SandboxWorld>) -> Self {
        Self::with(world, &world.spec()).await
    }

    async fn with(world: &Arc<dyn SandboxWorld>, spec: &SandboxSpec) -> Self {
        let reference = world.reference();
        let sandbox = world.driver().create(&reference, spec).await.unwrap();
        Self { world: Arc::clone(world), reference, sandbox }
    }

    async fn start(&self, id: &str, line: &str) {
        self.sandbox.start(&shell(id, line)).await.unwrap();
    }

    /// Runs a shell line to its end: its output, its errors, its code.
    async fn run(&self, id: &str, line: &str) -> (String, String, Option<i32>) {
        self.start(id, line).await;
        self.ended(id).await
    }

    async fn ended(&self, id: &str) -> (String, String, Option<i32>) {
        let (stdout, exit) = follow(&*self.sandbox, id, OutputStream::Stdout, 0).await;
        let (stderr, _) = follow(&*self.sandbox, id, OutputStream::Stderr, 0).await;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (text(stdout), text(stderr), exit.code)
    }

    /// Waits until the output holds a text.
    async fn says(&self, id: &str, text: &str) {
        let mut pieces = self.sandbox.follow(&id.parse().unwrap(), OutputStream::Stdout, 0).await.unwrap();
        let mut all = Vec::new();
        while let Some(piece) = pieces.next().await {
            match piece.unwrap() {
                ProcessOutput::Chunk { bytes, .. } => all.extend_from_slice(&bytes),
                ProcessOutput::Exit(exit) => panic!("{id} ended ({exit:?}) without saying {text}"),
            }
            if String::from_utf8_lossy(&all).contains(text) {
                return;
            }
        }
        panic!("the output of {id} broke off");
    }

    async fn destroy(self) {
        self.world.driver().destroy(&self.reference).await.unwrap();
    }
}

fn shell(id: &str, line: &str) -> ProcessSpec {
    ProcessSpec {
        id: id.parse().unwrap(),
        argv: vec!["/bin/sh".to_owned(), "-c".to_owned(), line.to_owned()],
        env: BTreeMap::from([
            ("PATH".to_owned(), PATH.to_owned()),
            ("HOME".to_owned(), "/home/agent".to_owned()),
        ]),
        cwd: "/workspace".into(),
    }
}

/// Follows a stream to its end; its chunks are contiguous and nothing follows the exit.
async fn follow(sandbox: &dyn Sandbox, id: &str, stream: OutputStream, from: u64) -> (Vec<u8>, ProcessExit) {
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
    panic!("the output of {id} broke off");
}

/// Every line of the proof holds, and there are some.
pub async fn the_isolation_is_proved(world: Arc<dyn SandboxWorld>) {
    let proofs = world.driver().prove().await.unwrap();
    assert!(proofs.len() >= 5, "{proofs:?}");
    for proof in proofs {
        assert!(proof.held, "{proof:?}");
    }
}

/// `destroy` leaves nothing, and may be repeated.
pub async fn a_program_runs_and_nothing_is_left(world: Arc<dyn SandboxWorld>) {
    let driver = world.driver();
    let running = Running::new(&world).await;
    let ran = running.run("a", "pwd; cat README.md; echo oops >&2; exit 3").await;
    assert_eq!(ran, ("/workspace\nbase\n".to_owned(), "oops\n".to_owned(), Some(3)));
    let reference = running.reference.clone();
    assert_eq!(driver.inspect(&reference).await.unwrap(), SandboxState::Running);
    assert!(driver.list().await.unwrap().contains(&reference));
    running.destroy().await;
    assert_eq!(driver.inspect(&reference).await.unwrap(), SandboxState::Absent);
    assert!(!driver.list().await.unwrap().contains(&reference));
    assert!(driver.open(&reference).await.unwrap().is_none());
    driver.destroy(&reference).await.unwrap();
}

/// Same sandbox, same process.
pub async fn making_and_starting_twice_has_the_effect_of_once(world: Arc<dyn SandboxWorld>) {
    let spec = world.spec();
    let running = Running::with(&world, &spec).await;
    running.start("one", "echo once >> log; cat log").await;
    running.start("one", "echo twice >> log; cat log").await;
    assert_eq!(running.ended("one").await.0, "once\n");
    let incarnation = running.sandbox.status().await.unwrap().incarnation;
    let again = world.driver().create(&running.reference, &spec).await.unwrap();
    let status = again.status().await.unwrap();
    assert_eq!((status.incarnation, status.processes.len()), (incarnation, 1));
    again.start(&shell("one", "echo thrice >> log")).await.unwrap();
    again.start(&shell("two", "cat log")).await.unwrap();
    assert_eq!(follow(&*again, "two", OutputStream::Stdout, 0).await.0, b"once\n");
    running.destroy().await;
}

/// Class `NotFound` for a missing program; the name is free afterwards.
pub async fn what_cannot_start_says_why(world: Arc<dyn SandboxWorld>) {
    let running = Running::new(&world).await;
    let mut missing = shell("a", "");
    missing.argv = vec!["no-such-program".to_owned()];
    let error = running.sandbox.start(&missing).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound);
    assert!(error.to_string().contains("no-such-program"), "{error}");
    assert_eq!(running.run("a", "echo now").await.0, "now\n");
    let unknown = running.sandbox.follow(&"b".parse().unwrap(), OutputStream::Stdout, 0).await;
    assert_eq!(unknown.err().unwrap().class, ErrorClass::NotFound);
    running.destroy().await;
}

/// Nothing of the server's comes in.
pub async fn the_environment_is_exactly_what_was_given(world: Arc<dyn SandboxWorld>) {
    let running = Running::new(&world).await;
    let mut process = shell("env", "");
    process.argv = vec!["env".to_owned()];
    process.env.insert("GREETING".to_owned(), "a b\nc".to_owned());
    running.sandbox.start(&process).await.unwrap();
    let expected = format!("GREETING=a b\nc\nHOME=/home/agent\nPATH={PATH}\n");
    assert_eq!(running.ended("env").await.0, expected);
    running.destroy().await;
}

/// While the home and `/tmp` can.
pub async fn a_read_only_workspace_cannot_be_written(world: Arc<dyn SandboxWorld>) {
    let spec = SandboxSpec { access: Access::ReadOnly, ..world.spec() };
    let running = Running::with(&world, &spec).await;
    let (said, errors, _) =
        running.run("a", "touch new; echo x >> README.md; cat README.md; echo y > ~/y && echo z > /tmp/z && cat ~/y /tmp/z").await;
    assert_eq!(said, "base\ny\nz\n", "{errors}");
    assert_eq!(errors.matches("Read-only file system").count(), 2, "{errors}");
    running.destroy().await;
}

/// A number that was written is ignored, a gap is a conflict.
pub async fn input_lines_are_written_once_and_in_order(world: Arc<dyn SandboxWorld>) {
    let running = Running::new(&world).await;
    running.start("cat", "while read -r l; do echo \"[$l]\"; [ \"$l\" = end ] && exit 0; done").await;
    let id = "cat".parse().unwrap();
    let write = |number, line: &'static str| {
        running.sandbox.write_line(&id, number, Bytes::from_static(line.as_bytes()))
    };
    write(1, "one").await.unwrap();
    write(1, "again").await.unwrap();
    assert_eq!(write(3, "three").await.unwrap_err().class, ErrorClass::Conflict);
    assert!(write(2, "a\nb").await.is_err());
    write(2, "").await.unwrap();
    write(3, "end").await.unwrap();
    write(2, "late").await.unwrap();
    assert_eq!(running.ended("cat").await.0, "[one]\n[]\n[end]\n");
    let status = running.sandbox.status().await.unwrap();
    let state = status.processes.iter().find(|process| process.id == id).unwrap();
    assert_eq!((state.last_input, state.journal_end), (3, 15));
    assert_eq!(state.exit.as_ref().and_then(|exit| exit.code), Some(0));
    running.destroy().await;
}

/// Class `Full`; the number is free afterwards.
pub async fn the_longest_line_passes_and_a_longer_one_does_not(world: Arc<dyn SandboxWorld>) {
    let running = Running::new(&world).await;
    running.start("count", "head -n 1 | wc -c").await;
    let id = "count".parse().unwrap();
    let long = Bytes::from(vec![b'a'; MAX_LINE + 1]);
    let error = running.sandbox.write_line(&id, 1, long.clone()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Full);
    running.sandbox.write_line(&id, 1, long.slice(1..)).await.unwrap();
    assert_eq!(running.ended("count").await.0.trim(), (MAX_LINE + 1).to_string());
    running.destroy().await;
}

/// The same bytes each time, standard error apart.
pub async fn output_is_followed_from_any_offset(world: Arc<dyn SandboxWorld>) {
    let running = Running::new(&world).await;
    running.start("say", "printf 0123456789; printf error >&2").await;
    for from in 0..=10 {
        let (bytes, exit) = follow(&*running.sandbox, "say", OutputStream::Stdout, from).await;
        assert_eq!(
            (bytes.as_slice(), exit.success()),
            (&b"0123456789"[usize::try_from(from).unwrap()..], true)
        );
    }
    assert_eq!(follow(&*running.sandbox, "say", OutputStream::Stderr, 2).await.0, b"ror");
    running.start("much", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done").await;
    let (bytes, _) = follow(&*running.sandbox, "much", OutputStream::Stdout, 0).await;
    let expected: String = (0..20_000).map(|number| format!("line {number}\n")).collect();
    assert!(bytes == expected.as_bytes());
    running.destroy().await;
}

/// What is left can be followed, what is gone is a conflict; acknowledging less later does nothing.
pub async fn acknowledged_output_is_forgotten(world: Arc<dyn SandboxWorld>) {
    let running = Running::new(&world).await;
    running.start("say", "printf 0123456789").await;
    let id = "say".parse().unwrap();
    follow(&*running.sandbox, "say", OutputStream::Stdout, 0).await;
    for before in [4, 2] {
        running.sandbox.acknowledge(&id, OutputStream::Stdout, before).await.unwrap();
    }
    assert_eq!(follow(&*running.sandbox, "say", OutputStream::Stdout, 4).await.0, b"456789");
    let gone = running.sandbox.follow(&id, OutputStream::Stdout, 3).await;
    assert_eq!(gone.err().unwrap().class, ErrorClass::Conflict);
    let status = running.sandbox.status().await.unwrap();
    assert_eq!((status.processes[0].journal_start, status.processes[0].journal_end), (4, 10));
    running.destroy().await;
}

/// What it wrote meanwhile is there.
pub async fn a_process_outlives_the_one_who_attached(world: Arc<dyn SandboxWorld>) {
    let Running { reference, sandbox, .. } = Running::new(&world).await;
    sandbox.start(&shell("wait", "echo before; read -r l; echo \"after $l\"")).await.unwrap();
    let incarnation = sandbox.status().await.unwrap().incarnation;
    drop(sandbox);
    let again = world.driver().open(&reference).await.unwrap().unwrap();
    assert_eq!(again.status().await.unwrap().incarnation, incarnation);
    again.write_line(&"wait".parse().unwrap(), 1, Bytes::from_static(b"all")).await.unwrap();
    assert_eq!(follow(&*again, "wait", OutputStream::Stdout, 0).await.0, b"before\nafter all\n");
    world.driver().destroy(&reference).await.unwrap();
    assert!(again.accept().await.is_err());
}

/// Children in sessions of their own, twice forked, and deaf to signals.
const SPREAD: &str = "setsid tail -f /dev/null & (setsid sh -c 'tail -f /dev/null & tail -f /dev/null' &); \
    (trap '' INT TERM HUP; tail -f /dev/null) & echo spread; wait";

/// Seen from another process of the sandbox, where it sees any.
pub async fn a_kill_reaches_the_whole_tree_and_no_other(world: Arc<dyn SandboxWorld>) {
    let running = Running::new(&world).await;
    running.start("a", SPREAD).await;
    running.start("b", "echo ready; read -r l; echo \"alive $l\"").await;
    running.says("a", "spread").await;
    running.says("b", "ready").await;
    let id = "a".parse().unwrap();
    running.sandbox.signal(&id, TreeSignal::Kill).await.unwrap();
    let (_, exit) = follow(&*running.sandbox, "a", OutputStream::Stdout, 0).await;
    assert_eq!((exit.code, exit.signal), (None, Some(9)));
    // Signalling what has ended does nothing.
    running.sandbox.signal(&id, TreeSignal::Terminate).await.unwrap();
    running.sandbox.write_line(&"b".parse().unwrap(), 1, Bytes::from_static(b"still")).await.unwrap();
    assert_eq!(running.ended("b").await.0, "ready\nalive still\n");
    running.destroy().await;
}

/// `destroy` returns only when nothing is left that could write.
pub async fn what_a_program_leaves_behind_ends_with_the_sandbox(world: Arc<dyn SandboxWorld>) {
    let spec = world.spec();
    let running = Running::with(&world, &spec).await;
    let beat =
        "setsid sh -c 'while :; do date >> ~/beats; done' & while [ ! -s ~/beats ]; do :; done; echo left";
    running.start("a", &format!("{beat}; tail -f /dev/null")).await;
    running.says("a", "left").await;
    running.destroy().await;
    let beats = || std::fs::metadata(spec.home.join("beats")).unwrap().len();
    let before = beats();
    let other = Running::new(&world).await;
    other.run("a", "true").await;
    other.destroy().await;
    assert_eq!(beats(), before, "something still writes");
}

/// Its files, its processes, its network.
pub async fn the_host_cannot_be_reached(world: Arc<dyn SandboxWorld>) {
    let secret = tempfile::tempdir().unwrap();
    let file = secret.path().join("secret");
    std::fs::write(&file, "CANARY").unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let running = Running::new(&world).await;
    let probe = format!(
        "cat {} /etc/shadow /proc/1/environ /root/.ssh/* 2>/dev/null; ls /root /home /srv 2>/dev/null; \
         grep -v '^ *lo:' /proc/net/dev | grep -c ':'; \
         bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}' 2>/dev/null && echo REACHED; \
         bash -c 'exec 3<>/dev/tcp/169.254.169.254/80' 2>/dev/null && echo REACHED; \
         [ -d /proc/{} ] && [ \"$(cat /proc/{}/comm)\" = \"{}\" ] && echo VISIBLE; id -u",
        file.display(),
        std::process::id(),
        std::process::id(),
        std::fs::read_to_string("/proc/self/comm").unwrap().trim(),
    );
    let (said, _, _) = running.run("a", &probe).await;
    for word in ["CANARY", "REACHED", "VISIBLE", "root:"] {
        assert!(!said.contains(word), "{said}");
    }
    assert!(said.ends_with("0\n1000\n"), "another network, or another user: {said}");
    running.destroy().await;
}

/// And the answer comes back.
pub async fn a_connection_inside_reaches_the_server(world: Arc<dyn SandboxWorld>) {
    let running = Running::new(&world).await;
    let ask = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/8391; echo ask >&3; cat <&3'; echo over";
    running.start("ask", ask).await;
    let mut inbound = running.sandbox.accept().await.unwrap();
    assert_eq!(inbound.listener, "model");
    let mut question = [0; 4];
    inbound.stream.read_exact(&mut question).await.unwrap();
    assert_eq!(&question, b"ask\n");
    inbound.stream.write_all(b"answer\n").await.unwrap();
    inbound.stream.shutdown().await.unwrap();
    assert_eq!(running.ended("ask").await.0, "answer\nover\n");
    running.destroy().await;
}

/// Neither read, written, traced nor ended; the process goes on to be reported as it was.
pub async fn neither_the_supervisor_nor_its_streams_can_be_touched(world: Arc<dyn SandboxWorld>) {
    let running = Running::new(&world).await;
    let attack = "kill -9 1; kill -STOP 1; for f in mem environ maps fd/0 root; do cat /proc/1/$f > /dev/null && echo OPEN $f; done; \
                  echo x > /proc/1/mem && echo OPEN; exit 7";
    let (said, _, code) = running.run("a", attack).await;
    assert!(!said.contains("OPEN mem") && !said.contains("OPEN environ"), "{said}");
    assert_eq!(running.run("b", "echo fine").await.0, "fine\n", "{code:?}");
    assert!(running.sandbox.status().await.is_ok());
    running.destroy().await;
}
