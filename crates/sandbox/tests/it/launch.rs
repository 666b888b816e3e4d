//! A launch that is cut off, and a supervisor that lies.

use crate::ground::{Ground, code, copy_program, follow, options, shell};
use crate::server::{Player, part, say, wait_for_the_end};
use nix::sys::signal::Signal;
use std::fs;
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::Path;
use telecoder_model::port::sandbox::{OutputStream, SandboxDriver, SandboxRef, SandboxSpec, SandboxState};
use telecoder_sandbox::{CgroupChoice, LocalDriver};

const REFERENCE: &str = "abcdefghijkl-1-cutoff";

fn driver(dir: &Path, cgroups: CgroupChoice) -> LocalDriver {
    // A program of its own, so that its processes can be told from those of other tests.
    let mut options = options(dir, cgroups);
    options.program = dir.join("supervisor");
    LocalDriver::new(options).unwrap()
}

/// Plays a server that is ended while it makes a sandbox.
#[tokio::test]
async fn part_make() {
    let Some(dir) = part() else { return };
    let driver = driver(&dir, CgroupChoice::Off);
    let spec: SandboxSpec = serde_json::from_slice(&fs::read(dir.join("spec.json")).unwrap()).unwrap();
    say("making");
    driver.create(&REFERENCE.parse().unwrap(), &spec).await.unwrap();
    wait_for_the_end();
}

/// Counts the launchers and supervisors that a driver's program became.
fn count(program: &Path) -> usize {
    let program = program.to_str().unwrap();
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| fs::read(entry.unwrap().path().join("cmdline")).ok())
        .filter(|line| String::from_utf8_lossy(line).split('\0').next() == Some(program))
        .count()
}

#[tokio::test]
async fn a_server_that_is_killed_while_it_makes_a_sandbox_leaves_one_or_none() {
    let ground = Ground::new();
    copy_program(&ground.path("supervisor"));
    fs::write(ground.path("spec.json"), serde_json::to_vec(&ground.spec()).unwrap()).unwrap();
    let driver = driver(ground.dir.path(), CgroupChoice::Off);
    let reference: SandboxRef = REFERENCE.parse().unwrap();
    for round in 0..12_u32 {
        let mut server = Player::start("launch::part_make", &ground);
        assert!(server.says("making"));
        // Another moment in every round; the folder's files tell how far the launch has come.
        for _ in 0..round * 400 {
            std::hint::black_box(fs::metadata(ground.path("run"))).unwrap();
        }
        server.signal_group(Signal::SIGKILL);
        assert_eq!(server.ended(), Some(9));
        if round % 2 == 0 {
            let sandbox = driver.create(&reference, &ground.spec()).await.unwrap();
            sandbox.start(&shell("one", "echo one")).await.unwrap();
            let (output, exit) = follow(&*sandbox, "one", OutputStream::Stdout, 0).await;
            assert_eq!((output.as_slice(), exit), (&b"one\n"[..], code(0)));
            assert_eq!(count(&ground.path("supervisor")), 1);
        }
        driver.destroy(&reference).await.unwrap();
        assert_eq!(driver.inspect(&reference).await.unwrap(), SandboxState::Absent);
        assert_eq!(count(&ground.path("supervisor")), 0, "round {round}");
    }
}

#[tokio::test]
async fn whatever_a_supervisor_says_ends_in_an_error() {
    let ground = Ground::new();
    let reference = ground.reference();
    let run = ground.folder(&format!("run/{reference}"));
    let reply = br#"{"reply":"attached","version":1,"incarnation":7}"#;
    let header = [&[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 40][..], reply].concat();
    let lies: [&[u8]; 6] = [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        &[0; 64],
        &[255; 4096],
        // A data frame on the first stream that announces four gigabytes.
        &[0, 0, 0, 0, 0, 0, 0, 1, 255, 255, 255, 255],
        &header,
    ];
    for lie in lies {
        let socket = UnixListener::bind(run.join("s")).unwrap();
        let lie = lie.to_vec();
        let liar = std::thread::spawn(move || {
            let (mut peer, _) = socket.accept().unwrap();
            // The driver may have gone already.
            drop(peer.write_all(&lie));
        });
        assert!(ground.driver.open(&reference).await.is_err());
        liar.join().unwrap();
        fs::remove_file(run.join("s")).unwrap();
    }
    assert_eq!(ground.driver.inspect(&reference).await.unwrap(), SandboxState::Dead);
    ground.driver.destroy(&reference).await.unwrap();
    assert_eq!(ground.driver.inspect(&reference).await.unwrap(), SandboxState::Absent);
}
