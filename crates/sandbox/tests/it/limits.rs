//! What a sandbox may take is bounded, by a cgroup or without one.

use crate::ground::{Ground, code};
use telecoder_model::port::sandbox::{Limits, SandboxSpec, TreeSignal};
use telecoder_sandbox::CgroupChoice;

/// A program that takes memory until it is stopped.
const MEMORY_BOMB: &str = "head -c 1000000000 /dev/zero | tail | wc -c";

#[tokio::test]
async fn memory_is_bounded() {
    for cgroups in [CgroupChoice::Detect, CgroupChoice::Off] {
        let ground = Ground::with(cgroups.clone());
        let limits = Limits { memory_bytes: 64 << 20, ..Limits::default() };
        let running = ground.sandbox(&SandboxSpec { limits, ..ground.spec() }).await;
        running.start("bystander", "read line; echo $line").await;
        let ran = running.run(MEMORY_BOMB).await;
        assert!(ran.exit.out_of_memory, "{cgroups:?} {ran:?}");
        let status = running.sandbox.status().await.unwrap();
        if ground.driver.limited_by_cgroup() {
            let peak = status.memory_peak_bytes.unwrap();
            assert!((32 << 20..=64 << 20).contains(&peak), "{peak}");
        }
        running.sandbox.write_line(&"bystander".parse().unwrap(), 1, "alive".into()).await.unwrap();
        assert_eq!(running.ended("bystander").await.stdout, "alive\n");
        running.destroy().await;
    }
}

#[tokio::test]
async fn processes_are_bounded() {
    for cgroups in [CgroupChoice::Detect, CgroupChoice::Off] {
        let ground = Ground::with(cgroups);
        let limits = Limits { processes: 40, ..Limits::default() };
        let running = ground.sandbox(&SandboxSpec { limits, ..ground.spec() }).await;
        running.start("bomb", "echo lit; bomb() { bomb | bomb & bomb; }; bomb").await;
        running.wait_for("bomb", "lit").await;
        running.sandbox.signal(&"bomb".parse().unwrap(), TreeSignal::Kill).await.unwrap();
        let ran = running
            .run(
                "i=0; while [ $i -lt 60 ]; do sleep 1000 >/dev/null & i=$((i+1)); done 2>/dev/null; echo all",
            )
            .await;
        assert_ne!(ran.stdout, "all\n", "60 processes were started");
        assert_eq!(running.run("echo fine").await.stdout, "fine\n");
        running.destroy().await;
    }
}

#[tokio::test]
async fn scratch_space_is_bounded() {
    let ground = Ground::new();
    let limits = Limits { tmpfs_bytes: 1 << 20, ..Limits::default() };
    let running = ground.sandbox(&SandboxSpec { limits, ..ground.spec() }).await;
    for place in ["/tmp", "/run", "/var/tmp", "/dev/shm"] {
        let ran =
            running.run(&format!("head -c 2000000 /dev/zero > {place}/full; wc -c < {place}/full")).await;
        assert_eq!(ran.stdout, "1048576\n", "{place}: {}", ran.stderr);
        let ran = running
            .run(&format!("rm {place}/full; for i in $(seq 3000); do : > {place}/$i || exit 7; done"))
            .await;
        assert_ne!(ran.exit.code, Some(0), "{place}");
    }
    for place in ["/", "/etc", "/dev", "/home", "/opt", "/usr/x", "/var"] {
        let ran = running.run(&format!("touch {place}/new")).await;
        assert_ne!(ran.exit, code(0), "{place} can be written");
    }
    running.destroy().await;
}

#[tokio::test]
async fn processor_time_is_bounded() {
    let ground = Ground::new();
    if !ground.driver.limited_by_cgroup() {
        // Nothing bounds it then, and `limited_by_cgroup` says so.
        return;
    }
    let limits = Limits { cpu_millis: 200, ..Limits::default() };
    let running = ground.sandbox(&SandboxSpec { limits, ..ground.spec() }).await;
    let begun = std::time::Instant::now();
    let ran = running
        .run("i=0; while [ $i -lt 150000 ]; do i=$((i+1)); done; cat /proc/$$/stat | cut -d' ' -f14")
        .await;
    let ticks: f64 = ran.stdout.trim().parse().unwrap();
    // At a fifth of a processor the wall clock runs five times as fast; half of that is far from a busy machine's noise.
    let share = ticks / 100.0 / begun.elapsed().as_secs_f64();
    assert!(share < 0.4, "{share}");
    running.destroy().await;
}
