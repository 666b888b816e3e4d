//! The typed client against the real server, also over a connection that breaks.

use crate::app::{Setup, TestApp, words};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use telecoder_api::client::{Follower, Reconnect, Start};
use telecoder_api::message::NewMessage;
use telecoder_api::session::{NewSession, SessionFilter};
use telecoder_api::{Client, ClientError};
use telecoder_model::session::Status;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// Tries again at once, and counts.
fn at_once(count: &Arc<AtomicU32>, most: u32) -> Reconnect {
    let count = Arc::clone(count);
    Box::new(move |failures, _| {
        count.fetch_add(1, Ordering::SeqCst);
        (failures <= most).then(|| Box::pin(std::future::ready(())) as _)
    })
}

async fn seqs(follower: &mut Follower) -> Vec<u64> {
    let mut all = Vec::new();
    while let Some(event) = follower.next().await {
        all.push(event.unwrap().seq);
    }
    all
}

/// Passes connections on to the server and cuts each after so many bytes of the answer.
async fn cutting_proxy(app: &TestApp, mut bytes: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = app.address;
    tokio::spawn(async move {
        while let Ok((mut inside, _)) = listener.accept().await {
            let mut outside = TcpStream::connect(server).await.unwrap();
            let limit = bytes;
            bytes += 37;
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                let count = inside.read(&mut request).await.unwrap();
                // The server knows itself by its own port only.
                let text = String::from_utf8_lossy(&request[..count])
                    .replace(&address.to_string(), &server.to_string());
                outside.write_all(text.as_bytes()).await.unwrap();
                let mut left = limit;
                let mut piece = vec![0; 1024];
                while left > 0 {
                    let count = outside.read(&mut piece).await.unwrap_or(0).min(left);
                    if count == 0 || inside.write_all(&piece[..count]).await.is_err() {
                        return;
                    }
                    left -= count;
                }
            });
        }
    });
    format!("http://{address}/")
}

#[tokio::test]
async fn a_follower_gets_each_event_once_however_often_the_connection_breaks() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    app.append(&id, (0..30).map(|number| words(&format!("words {number}"))).collect()).await;
    app.finish(&id, Status::Complete).await;
    let client = Client::new(&cutting_proxy(&app, 700).await, None).unwrap();
    let count = Arc::new(AtomicU32::new(0));
    let mut follower = client.follow(id.as_str(), Start { after: 0, stay: true }, at_once(&count, 3));
    assert_eq!(seqs(&mut follower).await, (1..=32).collect::<Vec<u64>>());
    assert!(count.load(Ordering::SeqCst) > 2, "the connection never broke");
    assert_eq!(follower.last_seq(), 32);
    assert!(follower.next().await.is_none());
}

#[tokio::test]
async fn a_follower_of_a_session_that_is_over_ends_at_once() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    app.finish(&id, Status::Complete).await;
    let count = Arc::new(AtomicU32::new(0));
    let mut follower = app.client().follow(id.as_str(), Start { after: 2, stay: true }, at_once(&count, 3));
    assert_eq!(seqs(&mut follower).await, [] as [u64; 0]);
    let mut follower =
        app.client().follow(&id.as_str()[..5], Start { after: 0, stay: false }, at_once(&count, 3));
    assert_eq!(seqs(&mut follower).await, [1, 2]);
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_follower_gives_up_when_it_is_told_to_and_at_once_where_trying_is_no_use() {
    let mut app = TestApp::start().await;
    let id = app.create("x").await;
    let count = Arc::new(AtomicU32::new(0));
    let start = Start { after: 0, stay: true };
    let mut lost = app.client().follow("zzzzzzzzzzzz", start, at_once(&count, 3));
    assert_eq!(lost.next().await.unwrap().unwrap_err().code(), Some("session_not_found"));
    assert!(lost.next().await.is_none());
    assert_eq!(count.load(Ordering::SeqCst), 0);
    let mut follower = app.client().follow(id.as_str(), start, at_once(&count, 3));
    assert_eq!(follower.next().await.unwrap().unwrap().seq, 1);
    app.stop().await;
    let error = follower.next().await.unwrap().unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
    assert_eq!(count.load(Ordering::SeqCst), 4);
}

/// Stands before a server and loses every other answer, after the server has begun to give it.
async fn lose_answers(listener: TcpListener, server: SocketAddr) {
    for turn in 0.. {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut far = TcpStream::connect(server).await.unwrap();
        if turn % 2 == 1 {
            tokio::spawn(async move { copy_bidirectional(&mut near, &mut far).await });
            continue;
        }
        let (mut asks, _) = near.split();
        let (mut answers, mut takes) = far.split();
        tokio::select! {
            _ = copy(&mut asks, &mut takes) => panic!("the client went before the answer"),
            first = answers.read_u8() => assert_eq!(first.unwrap(), b'H'),
        }
    }
}

#[tokio::test]
async fn what_creates_is_done_once_where_its_answer_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = TestApp::with(Setup { hosts: vec![address.to_string()], ..Setup::default() }).await;
    tokio::spawn(lose_answers(listener, app.address));
    // A client for each, so that each has a connection to lose.
    let through = || Client::new(&format!("http://{address}"), None).unwrap();
    let task = NewSession { prompt: "do it".to_owned(), ..NewSession::default() };
    let made = through().create_session(&task, None).await.unwrap();
    assert!(!made.created, "the first try was lost after it was done");
    let id = made.value.id.as_str();
    let message = NewMessage { content: "more".to_owned(), queue: None, failing_logs: None };
    assert_eq!(through().send_message(id, &message, None).await.unwrap().number, 2);
    app.finish(&id.parse().unwrap(), Status::Complete).await;
    assert!(!through().rerun_session(id, None).await.unwrap().created);
    let client = app.client();
    assert_eq!(client.sessions(&SessionFilter::default()).await.unwrap().rows.len(), 2);
    assert_eq!(client.messages(id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn errors_are_told_apart() {
    let mut app = TestApp::start().await;
    let client = app.client();
    let error = client.session("zzzzzzzzzzzz").await.unwrap_err();
    let ClientError::Api { status, code, message, hint, request_id, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!((*status, code.as_str()), (404, "session_not_found"));
    assert!(!message.is_empty() && hint.is_some() && request_id.is_some());
    assert!(matches!(client.session("../pulls").await, Err(ClientError::Api { .. })));
    assert!(matches!(client.session("..").await, Err(ClientError::Invalid { .. })));
    app.stop().await;
    let error = client.sessions(&SessionFilter::default()).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = Client::new(&format!("http://{}", listener.local_addr().unwrap()), None).unwrap();
    tokio::spawn(async move {
        for answer in [
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
            "HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n",
        ] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 2048];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    for _ in 0..2 {
        let error = other.health().await.unwrap_err();
        assert!(matches!(error, ClientError::Protocol { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn every_read_of_the_client_understands_the_server() {
    let app = TestApp::start().await;
    let client = app.client();
    let task = NewSession {
        prompt: "do it".to_owned(),
        repo: Some("/srv/code".to_owned()),
        ..NewSession::default()
    };
    let made = client.create_session(&task, Some("k")).await.unwrap();
    assert!(made.created);
    assert!(!client.create_session(&task, Some("k")).await.unwrap().created);
    let id = made.value.id.as_str();
    assert_eq!(client.session(id).await.unwrap(), made.value);
    let filter =
        SessionFilter { limit: Some(1), status: Some("active".to_owned()), ..SessionFilter::default() };
    assert_eq!(client.sessions(&filter).await.unwrap().rows, std::slice::from_ref(&made.value));
    assert_eq!(client.rename_session(id, "T").await.unwrap().title, "T");
    assert_eq!(client.lineage(id).await.unwrap().len(), 1);
    assert_eq!(client.events(id, 0, None).await.unwrap().rows.len(), 1);
    assert_eq!(client.messages(id).await.unwrap().len(), 1);
    let message = NewMessage { content: "more".to_owned(), queue: None, failing_logs: None };
    assert_eq!(client.send_message(id, &message, None).await.unwrap().number, 2);
    assert_eq!(client.stop_session(id).await.unwrap().status, telecoder_api::session::Status::Stopped);
    assert_eq!(client.rerun_session(id, None).await.unwrap().value.parent_session_id.as_deref(), Some(id));
    assert!(client.diff(id).await.unwrap().files.is_empty());
    assert!(client.diff_patch(id).await.unwrap().is_empty());
    assert_eq!(client.usage(id).await.unwrap().session_id, id);
    assert_eq!(client.inbox(Some(5)).await.unwrap().finished.len(), 1);
    client.inbox_seen().await.unwrap();
    assert!(client.approvals().await.unwrap().is_empty());
    assert!(client.pulls(&telecoder_api::pull::PullFilter::default()).await.unwrap().rows.is_empty());
    assert_eq!(client.agents().await.unwrap().len(), 3);
    assert!(client.check_agent("goose").await.unwrap().installed);
    assert_eq!(client.policies().await.unwrap().len(), 3);
    assert!(client.tokens().await.unwrap().is_empty());
    assert!(!client.doctor(true).await.unwrap().is_empty());
    assert_eq!(client.inspect_repository("/srv/code").await.unwrap().uncommitted_total, 1);
    assert_eq!(client.health().await.unwrap().version, "9.9.9");
    assert_eq!(client.ready().await.unwrap().status, "ready");
    assert_eq!(client.openapi().await.unwrap()["openapi"], "3.1.0");
}
