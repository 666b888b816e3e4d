//! A sandbox outlives its server, and does not live for ever.

use crate::ground::{Ground, code, follow, options, shell};
use crate::server::{Player, part, say, supervisor_pid, wait_for_the_end};
use nix::sys::signal::Signal;
use std::time::Duration;
use telecoder_model::error::ErrorClass;
use telecoder_model::port::sandbox::{OutputStream, SandboxDriver, SandboxRef, SandboxSpec, SandboxState};
use telecoder_sandbox::{CgroupChoice, LocalDriver};

const REFERENCE: &str = "abcdefghijkl-1-survivor";

/// Plays a server that makes a sandbox and is ended.
#[tokio::test]
async fn part_make_and_wait() {
    let Some(dir) = part() else { return };
    let driver = LocalDriver::new(options(&dir, CgroupChoice::Detect)).unwrap();
    let spec: SandboxSpec = serde_json::from_slice(&std::fs::read(dir.join("spec.json")).unwrap()).unwrap();
    let sandbox = driver.create(&REFERENCE.parse().unwrap(), &spec).await.unwrap();
    let count = "i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done; read go; echo $go";
    sandbox.start(&shell("count", count)).await.unwrap();
    say("started");
    wait_for_the_end();
}

#[tokio::test]
async fn a_sandbox_outlives_ctrl_c_and_kill() {
    for signal in [Signal::SIGINT, Signal::SIGHUP, Signal::SIGKILL] {
        let ground = Ground::new();
        std::fs::write(ground.path("spec.json"), serde_json::to_vec(&ground.spec()).unwrap()).unwrap();
        let mut server = Player::start("lifetime::part_make_and_wait", &ground);
        assert!(server.says("started"));
        server.signal_group(signal);
        assert_eq!(server.ended(), Some(signal as i32));

        let reference = REFERENCE.parse().unwrap();
        let sandbox = ground.driver.open(&reference).await.unwrap().expect("it lives");
        sandbox.write_line(&"count".parse().unwrap(), 1, "end".into()).await.unwrap();
        let (output, exit) = follow(&*sandbox, "count", OutputStream::Stdout, 0).await;
        let mut expected: String = (0..30_000).map(|i| format!("line {i}\n")).collect();
        expected.push_str("end\n");
        assert!(String::from_utf8(output).unwrap() == expected, "{signal}");
        assert_eq!(exit, code(0));
        ground.driver.destroy(&reference).await.unwrap();
    }
}

#[tokio::test]
async fn a_newer_attachment_replaces_the_older_one() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    running.start("wait", "read line; echo $line").await;
    let before = running.sandbox.status().await.unwrap();
    let newer = ground.driver.open(&running.reference).await.unwrap().unwrap();
    let gone = running.sandbox.accept().await.unwrap_err();
    assert_eq!(gone.class, ErrorClass::Transient);
    assert!(running.sandbox.status().await.is_err());
    assert_eq!(newer.status().await.unwrap().incarnation, before.incarnation);
    newer.write_line(&"wait".parse().unwrap(), 1, "hello".into()).await.unwrap();
    assert_eq!(follow(&*newer, "wait", OutputStream::Stdout, 0).await.0, b"hello\n");
    running.destroy().await;
    assert!(newer.accept().await.is_err());
}

#[tokio::test]
async fn its_lifetime_ends_it() {
    let ground = Ground::new();
    let spec = SandboxSpec { lifetime: Duration::from_millis(300), ..ground.spec() };
    let running = ground.sandbox(&spec).await;
    running.start("sleep", "setsid sleep 1000 & sleep 1000").await;
    // Answered when the connection breaks.
    running.sandbox.accept().await.unwrap_err();
    end_of(&ground, &running.reference.to_string()).await;
    assert_eq!(ground.driver.inspect(&running.reference).await.unwrap(), SandboxState::Dead);
    assert!(ground.driver.open(&running.reference).await.unwrap().is_none());
    running.destroy().await;
}

#[tokio::test]
async fn nobody_attached_for_too_long_ends_it() {
    let ground = Ground::new();
    let spec = SandboxSpec { unattended: Duration::from_millis(300), ..ground.spec() };
    let running = ground.sandbox(&spec).await;
    let reference = running.reference.clone();
    // While somebody is attached the limit does not count.
    running.run("sleep 1").await;
    drop(running);
    end_of(&ground, &reference.to_string()).await;
    assert_eq!(ground.driver.inspect(&reference).await.unwrap(), SandboxState::Dead);
    // A dead one can be made again under its name, as another incarnation.
    let sandbox = ground.driver.create(&reference, &ground.spec()).await.unwrap();
    assert_eq!(sandbox.status().await.unwrap().processes, []);
    ground.driver.destroy(&reference).await.unwrap();
}

/// Waits until the supervisor's process has ended.
async fn end_of(ground: &Ground, reference: &str) {
    let pid = supervisor_pid(&ground.path("run").join(reference));
    tokio::task::spawn_blocking(move || {
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        if let Ok(pidfd) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) {
            let mut wait =
                [nix::poll::PollFd::new(std::os::fd::AsFd::as_fd(&pidfd), nix::poll::PollFlags::POLLIN)];
            assert_eq!(nix::poll::poll(&mut wait, 30_000_u16).unwrap(), 1, "it goes on");
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_a_proof_works_with_is_nobody_elses_until_its_process_is_gone() {
    let ground = Ground::new();
    let reference: SandboxRef = "abcdefghijkl-1-proved".parse().unwrap();
    let options = options(&ground.path("proved"), CgroupChoice::Detect);
    let run = options.run_dir.clone();
    std::fs::create_dir_all(run.join(reference.to_string())).unwrap();
    let driver = LocalDriver::new(options.clone()).unwrap();
    std::fs::create_dir(run.join(".proof-proved")).unwrap();
    assert_eq!(driver.list().await.unwrap(), []);
    // The next start finds that nobody holds it.
    let next = LocalDriver::new(options).unwrap();
    assert_eq!(next.list().await.unwrap().as_slice(), std::slice::from_ref(&reference));
    assert!(!run.join(".proof-proved").exists());
}
