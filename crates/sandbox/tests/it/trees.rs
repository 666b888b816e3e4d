//! A process is its tree: signals reach all of it, and it ends as a whole.

use crate::ground::{Ground, code};
use telecoder_model::port::sandbox::{ProcessExit, TreeSignal};

/// Leaves processes that called setsid, that forked twice, and that ignore signals.
const SPREAD: &str = "\
    setsid sleep 7001 & \
    (setsid sh -c 'sleep 7002 & sleep 7003' &) ; \
    (trap '' INT TERM HUP; sleep 7004) & \
    echo spread; wait; sleep 7005";

/// Counts the processes of the host whose command line holds a text.
fn count(text: &str) -> usize {
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read(entry.unwrap().path().join("cmdline")).ok())
        .filter(|line| String::from_utf8_lossy(line).replace('\0', " ").contains(text))
        .count()
}

#[tokio::test]
async fn a_kill_reaches_the_whole_tree_and_no_other() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    let mark = running.reference.nonce.clone();
    let spread = SPREAD.replace("sleep ", &format!("sh -c 'sleep 7000' {mark}-a-"));
    running.start("a", &spread).await;
    running.start("b", &spread.replace(&format!("{mark}-a-"), &format!("{mark}-b-"))).await;
    running.wait_for("a", "spread").await;
    running.wait_for("b", "spread").await;
    running.sandbox.signal(&"a".parse().unwrap(), TreeSignal::Kill).await.unwrap();
    assert_eq!(count(&format!("{mark}-a-")), 0);
    assert_ne!(count(&format!("{mark}-b-")), 0);
    assert_eq!(
        running.ended("a").await.exit,
        ProcessExit { code: None, signal: Some(9), out_of_memory: false }
    );
    // Signalling what has ended does nothing.
    for signal in [TreeSignal::Interrupt, TreeSignal::Terminate, TreeSignal::Kill] {
        running.sandbox.signal(&"a".parse().unwrap(), signal).await.unwrap();
    }
    running.destroy().await;
    assert_eq!(count(&format!("{mark}-b-")), 0);
}

#[tokio::test]
async fn softer_signals_reach_everyone_who_listens() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    for (signal, name) in [(TreeSignal::Interrupt, "INT"), (TreeSignal::Terminate, "TERM")] {
        let listen = format!("trap 'echo inner; exit 0' {name}; echo ready; while :; do sleep 0.01; done");
        let id = format!("a-{}", name.to_lowercase());
        // In the foreground, since a shell lets its background ignore an interrupt.
        let line = format!("trap 'echo outer; exit 5' {name}; setsid sh -c \"{listen}\"; true");
        running.start(&id, &line).await;
        running.wait_for(&id, "ready").await;
        running.sandbox.signal(&id.parse().unwrap(), signal).await.unwrap();
        let ran = running.ended(&id).await;
        assert_eq!((ran.stdout.as_str(), ran.exit), ("ready\ninner\nouter\n", code(5)));
    }
    running.destroy().await;
}

#[tokio::test]
async fn what_a_program_leaves_running_ends_with_it() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    let mark = running.reference.nonce.clone();
    // One that let go of the output, and one that holds it; what is written within the grace is kept.
    let ran = running
        .run(&format!(
            "setsid sh -c 'sleep 7000' {mark}-quiet >/dev/null 2>&1 & (sleep 0.2; echo late; sleep 7000) & echo soon"
        ))
        .await;
    assert_eq!((ran.stdout.as_str(), ran.exit), ("soon\nlate\n", code(0)));
    assert_eq!(count(&mark), 0);
    running.destroy().await;
}

#[tokio::test]
async fn a_tree_sees_neither_its_supervisor_nor_another_tree() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    running.start("other", "echo ready; sleep 7000").await;
    running.wait_for("other", "ready").await;
    // Its own keeper and itself.
    let ran = running
        .run("echo /proc/[0-9]*; cat /proc/1/cmdline | tr '\\0' ' '; kill -9 1 2>/dev/null; kill -9 -1; true")
        .await;
    assert_eq!(ran.stdout.lines().next(), Some("/proc/1 /proc/2"), "{}", ran.stdout);
    assert_eq!(ran.exit, code(0));
    assert!(running.sandbox.status().await.unwrap().processes[0].exit.is_none());
    running.destroy().await;
}
