//! Connections of programs to the sandbox's listeners reach the server, also across its end.

use crate::ground::{Ground, Running, follow, process};
use std::sync::Arc;
use telecoder_model::port::sandbox::{Duplex, Listener, OutputStream, Sandbox, SandboxDriver, SandboxSpec};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const ASK: &str = "exec 3<>/dev/tcp/127.0.0.1/8391; printf 'ask\\n' >&3; cat <&3; echo over";

fn spec(ground: &Ground) -> SandboxSpec {
    let listener = |name: &str, port| Listener { name: name.to_owned(), port };
    SandboxSpec { listeners: vec![listener("model", 8391), listener("web", 80)], ..ground.spec() }
}

async fn bash(running: &Running<'_>, id: &str, line: &str) {
    running.sandbox.start(&process(id, &["/bin/bash", "-c", line])).await.unwrap();
}

/// Accepts a connection and reads the question.
async fn asked(sandbox: &Arc<dyn Sandbox>, listener: &str) -> Box<dyn Duplex> {
    let mut inbound = sandbox.accept().await.unwrap();
    assert_eq!(inbound.listener, listener);
    let mut question = [0; 4];
    inbound.stream.read_exact(&mut question).await.unwrap();
    assert_eq!(&question, b"ask\n");
    inbound.stream
}

#[tokio::test]
async fn a_connection_reaches_the_server_and_its_answer_comes_back() {
    let ground = Ground::new();
    let running = ground.sandbox(&spec(&ground)).await;
    bash(&running, "model", ASK).await;
    let mut model = asked(&running.sandbox, "model").await;
    bash(&running, "web", &ASK.replace("8391", "80")).await;
    let mut web = asked(&running.sandbox, "web").await;
    model.write_all(b"from the model\n").await.unwrap();
    web.write_all(b"from the web\n").await.unwrap();
    model.shutdown().await.unwrap();
    web.shutdown().await.unwrap();
    assert_eq!(running.ended("model").await.stdout, "from the model\nover\n");
    assert_eq!(running.ended("web").await.stdout, "from the web\nover\n");
    running.destroy().await;
}

#[tokio::test]
async fn an_unanswered_connection_is_asked_again_of_the_next_server() {
    let ground = Ground::new();
    let running = ground.sandbox(&spec(&ground)).await;
    bash(&running, "ask", ASK).await;
    let mut server = Arc::clone(&running.sandbox);
    for _ in 0..4 {
        // The question was read; this server goes before it says a word.
        let unanswered = asked(&server, "model").await;
        server = ground.driver.open(&running.reference).await.unwrap().unwrap();
        drop(unanswered);
    }
    let mut stream = asked(&server, "model").await;
    stream.write_all(b"at last\n").await.unwrap();
    stream.shutdown().await.unwrap();
    let (output, _) = follow(&*server, "ask", OutputStream::Stdout, 0).await;
    assert_eq!(output, b"at last\nover\n");
    running.destroy().await;
}

#[tokio::test]
async fn a_server_that_lets_go_of_a_question_before_it_goes_has_not_answered_it() {
    let ground = Ground::new();
    let mut running = ground.sandbox(&spec(&ground)).await;
    bash(&running, "ask", ASK).await;
    drop(asked(&running.sandbox, "model").await);
    // Its answer comes after the news of the drop, over the same connection.
    running.sandbox.status().await.unwrap();
    running.sandbox = ground.driver.open(&running.reference).await.unwrap().unwrap();
    let mut stream = asked(&running.sandbox, "model").await;
    stream.write_all(b"at last\n").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(running.ended("ask").await.stdout, "at last\nover\n");
    running.destroy().await;
}

#[tokio::test]
async fn a_server_that_stays_may_end_a_connection_without_an_answer() {
    let ground = Ground::new();
    let running = ground.sandbox(&spec(&ground)).await;
    bash(&running, "ask", ASK).await;
    drop(asked(&running.sandbox, "model").await);
    assert_eq!(running.ended("ask").await.stdout, "over\n");
    running.destroy().await;
}

#[tokio::test]
async fn a_question_of_many_megabytes_is_asked_again_whole() {
    let ground = Ground::new();
    let running = ground.sandbox(&spec(&ground)).await;
    let size = 8 << 20;
    let line =
        format!("exec 3<>/dev/tcp/127.0.0.1/8391; (printf 'ask\\n'; head -c {size} /dev/zero) >&3; cat <&3");
    bash(&running, "ask", &line).await;
    let server = Arc::clone(&running.sandbox);
    let mut stream = asked(&server, "model").await;
    let mut half = vec![1; size / 2];
    stream.read_exact(&mut half).await.unwrap();
    let server = ground.driver.open(&running.reference).await.unwrap().unwrap();
    let mut stream = asked(&server, "model").await;
    let mut whole = vec![1; size];
    stream.read_exact(&mut whole).await.unwrap();
    assert!(whole.iter().all(|byte| *byte == 0));
    stream.write_all(b"all of it\n").await.unwrap();
    drop(stream);
    assert_eq!(follow(&*server, "ask", OutputStream::Stdout, 0).await.0, b"all of it\n");
    running.destroy().await;
}

#[tokio::test]
async fn half_an_answer_is_not_continued() {
    let ground = Ground::new();
    let running = ground.sandbox(&spec(&ground)).await;
    bash(&running, "ask", ASK).await;
    let mut stream = asked(&running.sandbox, "model").await;
    stream.write_all(b"half").await.unwrap();
    running.wait_for("ask", "half").await;
    let server = ground.driver.open(&running.reference).await.unwrap().unwrap();
    assert_eq!(follow(&*server, "ask", OutputStream::Stdout, 0).await.0, b"halfover\n");
    running.destroy().await;
}

#[tokio::test]
async fn a_program_that_gave_up_is_not_asked_for_again() {
    let ground = Ground::new();
    let running = ground.sandbox(&spec(&ground)).await;
    bash(&running, "gone", "exec 3<>/dev/tcp/127.0.0.1/8391; printf 'ask\n' >&3; echo asked; read go; exec 3<&-; echo gone; read end").await;
    let mut unanswered = asked(&running.sandbox, "model").await;
    // Ended, so that the connection is held when the program goes.
    let reference = running.reference.clone();
    running.sandbox.write_line(&"gone".parse().unwrap(), 1, "go".into()).await.unwrap();
    running.wait_for("gone", "gone").await;
    let mut rest = Vec::new();
    unanswered.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"");
    drop(unanswered);
    let server = ground.driver.open(&reference).await.unwrap().unwrap();
    server.start(&process("ask", &["/bin/bash", "-c", ASK])).await.unwrap();
    let mut stream = asked(&server, "model").await;
    stream.write_all(b"second\n").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(follow(&*server, "ask", OutputStream::Stdout, 0).await.0, b"second\nover\n");
    running.destroy().await;
}

#[tokio::test]
async fn connections_beyond_the_bound_wait() {
    let ground = Ground::new();
    let running = ground.sandbox(&spec(&ground)).await;
    let many = "for i in $(seq 300); do exec {fd}<>/dev/tcp/127.0.0.1/8391; printf 'ask\n' >&$fd; all+=($fd); done; \
                for fd in ${all[@]}; do cat <&$fd; exec {fd}>&-; done";
    bash(&running, "many", many).await;
    let mut open = Vec::new();
    for _ in 0..256 {
        open.push(asked(&running.sandbox, "model").await);
    }
    tokio::select! {
        more = running.sandbox.accept() => panic!("one too many: {more:?}"),
        _ = running.run("true") => {}
    }
    for mut stream in open {
        stream.write_all(b"x").await.unwrap();
    }
    for _ in 256..300 {
        asked(&running.sandbox, "model").await.write_all(b"x").await.unwrap();
    }
    assert_eq!(running.ended("many").await.stdout, "x".repeat(300));
    running.destroy().await;
}
