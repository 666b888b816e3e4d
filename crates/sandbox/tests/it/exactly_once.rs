//! Both directions of a process's streams are exactly-once, whatever is killed when.

use crate::ground::{Ground, code, follow, options, shell};
use crate::server::{Player, part, say};
use bytes::Bytes;
use futures::StreamExt;
use nix::sys::signal::Signal;
use std::fs;
use std::io::Write;
use telecoder_model::error::ErrorClass;
use telecoder_model::port::sandbox::{
    MAX_JOURNAL, MAX_LINE, OutputStream, ProcessOutput, ProcessState, SandboxDriver,
};
use telecoder_sandbox::{CgroupChoice, LocalDriver};

const REFERENCE: &str = "abcdefghijkl-1-once";
/// How many lines are written in all.
const LINES: u64 = 4000;

fn line(number: u64) -> Bytes {
    format!("{number} {}", "x".repeat(usize::try_from(number % 300).unwrap())).into()
}

/// Plays a server that writes lines and stores what comes back: the length of its file is the offset it has read to.
#[tokio::test]
async fn part_write_and_store() {
    let Some(dir) = part() else { return };
    let driver = LocalDriver::new(options(&dir, CgroupChoice::Detect)).unwrap();
    let sandbox = driver.open(&REFERENCE.parse().unwrap()).await.unwrap().unwrap();
    let id = "echo".parse().unwrap();
    let mut file = fs::File::options().append(true).create(true).open(dir.join("stored")).unwrap();
    let stored = file.metadata().unwrap().len();
    let status = sandbox.status().await.unwrap();
    let last = status.processes[0].last_input;
    let write = async {
        // As a server does that does not know whether its last line arrived.
        for number in last.max(1)..=LINES {
            sandbox.write_line(&id, number, line(number)).await.unwrap();
            say("wrote");
        }
    };
    let store = async {
        let mut pieces = sandbox.follow(&id, OutputStream::Stdout, stored).await.unwrap();
        while let Some(piece) = pieces.next().await {
            match piece.unwrap() {
                ProcessOutput::Chunk { end, bytes } => {
                    file.write_all(&bytes).unwrap();
                    say("stored");
                    sandbox.acknowledge(&id, OutputStream::Stdout, end).await.unwrap();
                    say("acknowledged");
                }
                ProcessOutput::Exit(_) => break,
            }
        }
    };
    tokio::join!(write, store);
    say("complete");
}

#[tokio::test]
async fn no_byte_is_lost_or_doubled_by_killing_servers() {
    let ground = Ground::new();
    let reference = REFERENCE.parse().unwrap();
    let sandbox = ground.driver.create(&reference, &ground.spec()).await.unwrap();
    let echo = format!("i=0; while [ $i -lt {LINES} ]; do IFS= read -r l; echo \"$l\"; i=$((i+1)); done");
    sandbox.start(&shell("echo", &echo)).await.unwrap();
    drop(sandbox);
    let words = ["wrote", "stored", "acknowledged"];
    let mut complete = false;
    // The cut moves over all three kinds of moments; the last server is left alone.
    for cut in 0..24_usize {
        let mut server = Player::start("exactly_once::part_write_and_store", &ground);
        for _ in 0..=(cut * 7 % 40) {
            if !server.says(words[cut % words.len()]) {
                complete = true;
                break;
            }
        }
        if complete {
            break;
        }
        server.signal_group(Signal::SIGKILL);
        assert_eq!(server.ended(), Some(9));
    }
    if !complete {
        assert!(Player::start("exactly_once::part_write_and_store", &ground).says("complete"));
    }
    let expected: String = (1..=LINES)
        .map(|number| format!("{}\n", String::from_utf8(line(number).to_vec()).unwrap()))
        .collect();
    let stored = fs::read_to_string(ground.path("stored")).unwrap();
    let differs = stored.bytes().zip(expected.bytes()).position(|(a, b)| a != b);
    assert_eq!((stored.len(), differs), (expected.len(), None));
    ground.driver.destroy(&reference).await.unwrap();
}

#[tokio::test]
async fn input_lines_are_numbered_and_written_once() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    running.start("cat", "while read -r l; do echo \"$l\"; [ \"$l\" = end ] && exit; done").await;
    let id = "cat".parse().unwrap();
    let write = |number, line: &'static str| running.sandbox.write_line(&id, number, line.into());
    write(1, "one").await.unwrap();
    write(1, "again").await.unwrap();
    assert_eq!(write(3, "three").await.unwrap_err().class, ErrorClass::Conflict);
    assert_eq!(write(2, "tw\no").await.unwrap_err().class, ErrorClass::Permanent);
    write(2, "").await.unwrap();
    write(3, "end").await.unwrap();
    write(1, "one").await.unwrap();
    assert_eq!(running.output("cat", OutputStream::Stdout, 0).await.0, b"one\n\nend\n");
    assert_eq!(write(4, "late").await.unwrap_err().class, ErrorClass::Conflict);
    assert_eq!(
        running.sandbox.status().await.unwrap().processes,
        [ProcessState {
            id: id.clone(),
            last_input: 3,
            journal_start: 0,
            journal_end: 9,
            exit: Some(code(0))
        }]
    );
    running.destroy().await;
}

#[tokio::test]
async fn the_longest_line_passes_and_a_longer_one_does_not() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    running.start("count", "head -n 1 | wc -c").await;
    let id = "count".parse().unwrap();
    let long = Bytes::from(vec![b'a'; MAX_LINE + 1]);
    let error = running.sandbox.write_line(&id, 1, long.clone()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Full);
    running.sandbox.write_line(&id, 1, long.slice(1..)).await.unwrap();
    assert_eq!(running.ended("count").await.stdout, format!("{}\n", MAX_LINE + 1));
    running.destroy().await;
}

#[tokio::test]
async fn a_line_that_nobody_reads_is_finished_by_the_next_server() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    running.start("slow", "read go < pipe; head -n 1 | wc -c").await;
    assert_eq!(running.run("mkfifo pipe 2>/dev/null || true; ls").await.exit, code(0));
    running.destroy().await;

    let running = ground.sandbox(&ground.spec()).await;
    running.run("mkfifo pipe").await;
    running.start("slow", "read go < pipe; head -n 1 | wc -c").await;
    let id = "slow".parse().unwrap();
    let line = Bytes::from(vec![b'b'; 1 << 20]);
    // More than a pipe holds: the write cannot end before the program reads.
    let first = running.sandbox.write_line(&id, 1, line.clone());
    tokio::select! {
        done = first => panic!("written: {done:?}"),
        _ = running.run("true") => {}
    }
    let newer = ground.driver.open(&running.reference).await.unwrap().unwrap();
    newer.start(&shell("go", "echo go > pipe")).await.unwrap();
    newer.write_line(&id, 1, line).await.unwrap();
    assert_eq!(follow(&*newer, "slow", OutputStream::Stdout, 0).await.0, b"1048577\n");
    running.destroy().await;
}

#[tokio::test]
async fn a_stream_can_be_followed_from_any_journalled_offset() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    running.start("say", "printf 0123456789; printf error >&2").await;
    let id = "say".parse().unwrap();
    for from in 0..=10_u64 {
        let (bytes, exit) = running.output("say", OutputStream::Stdout, from).await;
        assert_eq!(bytes, b"0123456789"[usize::try_from(from).unwrap()..]);
        assert_eq!(exit, code(0));
    }
    running.sandbox.acknowledge(&id, OutputStream::Stdout, 4).await.unwrap();
    running.sandbox.acknowledge(&id, OutputStream::Stdout, 2).await.unwrap();
    assert_eq!(running.output("say", OutputStream::Stdout, 4).await.0, b"456789");
    for out in [3, 11] {
        let refused = running.sandbox.follow(&id, OutputStream::Stdout, out).await;
        assert_eq!(refused.err().unwrap().class, ErrorClass::Conflict, "{out}");
    }
    assert_eq!(running.output("say", OutputStream::Stderr, 0).await.0, b"error");
    let absent = running.sandbox.follow(&"other".parse().unwrap(), OutputStream::Stdout, 0).await;
    assert_eq!(absent.err().unwrap().class, ErrorClass::NotFound);
    running.destroy().await;
}

#[tokio::test]
async fn output_that_nobody_acknowledges_stops_its_program() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    let total = MAX_JOURNAL + (16 << 20);
    running.start("flood", &format!("head -c {total} /dev/zero; echo end >&2")).await;
    let id = "flood".parse().unwrap();
    let journalled = async || running.sandbox.status().await.unwrap().processes[0].journal_end;
    while journalled().await < MAX_JOURNAL {
        running.sandbox.status().await.unwrap();
    }
    // The pipe is full by now; other processes go on, and nothing more is journalled.
    running.run("true").await;
    assert_eq!(journalled().await, MAX_JOURNAL);
    let journal = ground.path("run").join(running.reference.to_string()).join("journal");
    let on_disk =
        || -> u64 { fs::read_dir(&journal).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum() };
    assert_eq!(on_disk(), MAX_JOURNAL);

    let mut pieces = running.sandbox.follow(&id, OutputStream::Stdout, 0).await.unwrap();
    let mut read = 0;
    while let Some(piece) = pieces.next().await {
        match piece.unwrap() {
            ProcessOutput::Chunk { end, bytes } => {
                assert!(bytes.iter().all(|byte| *byte == 0));
                read += bytes.len() as u64;
                assert_eq!(end, read);
                if end % (1 << 20) == 0 {
                    running.sandbox.acknowledge(&id, OutputStream::Stdout, end).await.unwrap();
                }
            }
            ProcessOutput::Exit(exit) => assert_eq!(exit, code(0)),
        }
    }
    assert_eq!(read, total);
    running.sandbox.acknowledge(&id, OutputStream::Stdout, total).await.unwrap();
    assert!(on_disk() < 1 << 20, "{}", on_disk());
    running.destroy().await;
}
