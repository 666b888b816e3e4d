//! Events: arrays, and streams that lose nothing.

use crate::app::{Setup, TestApp, words};
use serde_json::Value;
use std::time::Duration;
use telecoder_api::sse::{Frame, SseParser};
use telecoder_model::event::EventBody;
use telecoder_model::id::TokenId;
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::session::Status;

/// A stream that is read frame by frame.
struct Stream {
    response: reqwest::Response,
    parser: SseParser,
}

impl Stream {
    async fn open(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut request = app.request("GET", path).header("accept", "text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        Self { response, parser: SseParser::default() }
    }

    /// The next frame; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.parser.next_frame() {
                return Some(frame);
            }
            let piece = self.response.chunk().await.unwrap()?;
            self.parser.push(&piece).unwrap();
        }
    }

    /// The next event's number, skipping comments other than `end`.
    async fn seq(&mut self) -> Option<u64> {
        loop {
            match self.next().await? {
                Frame::Event { id, event, data } => {
                    let json: Value = serde_json::from_str(&data).unwrap();
                    assert_eq!(json["type"], event);
                    assert_eq!(json["seq"].to_string(), id);
                    return Some(id.parse().unwrap());
                }
                Frame::Comment(text) if text == "end" => return None,
                Frame::Comment(_) => {}
            }
        }
    }

    async fn rest(&mut self) -> Vec<u64> {
        let mut all = Vec::new();
        while let Some(seq) = self.seq().await {
            all.push(seq);
        }
        all
    }
}

#[tokio::test]
async fn an_array_is_paged_in_order() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    app.append(&id, (0..4).map(|number| words(&format!("w{number}"))).collect()).await;
    let get = async |query: &str| {
        let answer = app.get(&format!("/api/sessions/{id}/events{query}")).await;
        let seqs: Vec<u64> =
            answer.json().as_array().unwrap().iter().map(|e| e["seq"].as_u64().unwrap()).collect();
        (seqs, answer.header("link").to_owned())
    };
    assert_eq!(get("").await, (vec![1, 2, 3, 4, 5], String::new()));
    assert_eq!(get("?after=3").await.0, [4, 5]);
    assert_eq!(get("?after=99").await.0, [] as [u64; 0]);
    assert_eq!(get("?last=2").await.0, [4, 5]);
    assert_eq!(get("?last=1000").await.0, [1, 2, 3, 4, 5]);
    assert_eq!(get("?last=2&after=1").await.0, [2, 3, 4, 5]);
    for bad in ["0", "1001", "x"] {
        let refused = app.get(&format!("/api/sessions/{id}/events?last={bad}")).await;
        assert_eq!(refused.error(), "400 invalid_parameter");
    }
    let (rows, link) = get("?limit=2&after=1").await;
    assert_eq!(
        (rows, link.as_str()),
        (vec![2, 3], format!("</api/sessions/{id}/events?limit=2&after=3>; rel=\"next\"").as_str())
    );
    let second = app.get(&format!("/api/sessions/{id}/events?after=1&limit=1")).await.text;
    expect_test::expect![[r#"[{"seq":2,"sessionId":"SESSION","at":"2023-11-14T22:13:20.000Z","type":"message","data":{"author":"agent","text":"w0","chunk":true,"turn":1}}]"#]].assert_eq(&second.replace(id.as_str(), "SESSION"));
}

#[tokio::test]
async fn an_array_of_large_events_ends_early_and_goes_on_behind_its_link() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    let large = "\u{1}".repeat(60_000);
    for _ in 0..6 {
        app.append(&id, (0..5).map(|_| words(&large)).collect()).await;
    }
    let mut seen = 0;
    let mut after = 0;
    let mut pages = 0;
    while seen < 31 {
        let page = app.client().events(id.as_str(), after, None).await.unwrap();
        assert!(!page.rows.is_empty());
        for event in &page.rows {
            seen += 1;
            assert_eq!(event.seq, seen);
        }
        pages += 1;
        let Some(next) = page.next else { break };
        after = next.parse().unwrap();
    }
    assert_eq!((seen, pages), (31, 2));
}

#[tokio::test]
async fn a_follower_gets_what_is_there_what_comes_and_the_end() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    let mut stream = Stream::open(&app, &format!("/api/sessions/{id}/events"), &[]).await;
    assert_eq!(stream.seq().await, Some(1));
    app.append(&id, vec![words("a"), words("b")]).await;
    assert_eq!((stream.seq().await, stream.seq().await), (Some(2), Some(3)));
    app.finish(&id, Status::Complete).await;
    assert_eq!(stream.seq().await, Some(4));
    assert_eq!(stream.next().await, Some(Frame::Comment("end".to_owned())));
    assert_eq!(stream.next().await, None);
    // Later events come too.
    app.append(&id, vec![words("published")]).await;
    let mut again = Stream::open(&app, &format!("/api/sessions/{id}/events?after=3"), &[]).await;
    assert_eq!(again.rest().await, [4, 5]);
}

#[tokio::test]
async fn a_reader_begins_where_it_says() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    app.append(&id, vec![words("a"), words("b"), words("c")]).await;
    app.finish(&id, Status::Complete).await;
    let path = format!("/api/sessions/{id}/events");
    let from = async |query: &str, headers: &[(&str, &str)]| {
        Stream::open(&app, &format!("{path}{query}"), headers).await.rest().await
    };
    assert_eq!(from("?after=3", &[]).await, [4, 5]);
    assert_eq!(from("", &[("last-event-id", "4")]).await, [5]);
    assert_eq!(from("?after=1", &[("last-event-id", "3")]).await, [4, 5]);
    assert_eq!(from("?after=1", &[("last-event-id", "")]).await, [2, 3, 4, 5]);
    assert_eq!(from("?after=5", &[]).await, [] as [u64; 0]);
    assert_eq!(from("?last=2", &[]).await, [4, 5]);
    assert_eq!(from("?last=2", &[("last-event-id", "2")]).await, [3, 4, 5]);
    let bad = app.request("GET", &path).header("accept", "text/event-stream").header("last-event-id", "x");
    assert_eq!(app.send(bad).await.error(), "400 invalid_header");
    let unknown =
        app.request("GET", "/api/sessions/zzzzzzzzzzzz/events").header("accept", "text/event-stream");
    assert_eq!(app.send(unknown).await.error(), "404 session_not_found");
}

#[tokio::test]
async fn without_following_a_stream_ends_with_what_is_there() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    app.append(&id, (0..250).map(|number| words(&number.to_string())).collect()).await;
    let mut stream = Stream::open(&app, &format!("/api/sessions/{id}/events?follow=0"), &[]).await;
    assert_eq!(stream.rest().await, (1..=251).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_slow_reader_loses_nothing_while_others_write() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    let mut stream = Stream::open(&app, &format!("/api/sessions/{id}/events"), &[]).await;
    assert_eq!(stream.seq().await, Some(1));
    // More than any buffer between the two holds, while the reader does not read.
    let text = "x".repeat(30_000);
    for _ in 0..20 {
        app.append(&id, (0..20).map(|_| words(&text)).collect()).await;
    }
    app.finish(&id, Status::Complete).await;
    assert_eq!(stream.rest().await, (2..=402).collect::<Vec<u64>>());
}

#[tokio::test]
async fn many_followers_see_the_same_while_events_stream_in() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    let path = format!("/api/sessions/{id}/events");
    let read = async || Stream::open(&app, &path, &[]).await.rest().await;
    let write = async {
        for number in 0..100 {
            app.append(&id, vec![words(&number.to_string())]).await;
        }
        app.finish(&id, Status::Complete).await;
    };
    let (a, b, c, ()) = tokio::join!(read(), read(), read(), write);
    let all: Vec<u64> = (1..=102).collect();
    assert_eq!((&a, &b, &c), (&all, &all, &all));
}

#[tokio::test]
async fn a_silent_stream_is_kept_alive_by_comments() {
    let app = TestApp::with(Setup { heartbeat: Some(Duration::from_millis(20)), ..Setup::default() }).await;
    let id = app.create("x").await;
    let mut stream = Stream::open(&app, &format!("/api/sessions/{id}/events?after=1"), &[]).await;
    for _ in 0..3 {
        assert_eq!(stream.next().await, Some(Frame::Comment("keep-alive".to_owned())));
    }
}

#[tokio::test]
async fn a_reader_that_goes_away_frees_its_place() {
    let app = TestApp::with(Setup { max_streams: Some(1), ..Setup::default() }).await;
    let id = app.create("x").await;
    let path = format!("/api/sessions/{id}/events");
    let stream = Stream::open(&app, &path, &[]).await;
    let second = || app.request("GET", &path).header("accept", "text/event-stream");
    let refused = app.send(second()).await;
    assert_eq!(refused.error(), "429 too_many_streams");
    assert_eq!(refused.header("retry-after"), "5");
    assert_eq!(app.get(&path).await.status, 200);
    drop(stream);
    loop {
        let response = second().send().await.unwrap();
        if response.status() == 200 {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_that_stops_interrupts_streams_without_saying_that_they_are_over() {
    let mut app = TestApp::start().await;
    let id = app.create("x").await;
    let mut stream = Stream::open(&app, &format!("/api/sessions/{id}/events"), &[]).await;
    assert_eq!(stream.seq().await, Some(1));
    app.stop().await;
    assert_eq!(stream.next().await, None);
    assert!(app.request("GET", "/health").send().await.is_err());
}

#[tokio::test]
async fn a_stream_ends_when_its_token_does() {
    let app = TestApp::with(Setup {
        heartbeat: Some(Duration::from_millis(20)),
        token_required: true,
        ..Setup::default()
    })
    .await;
    let token = app.token("local", Scope::Admin).await;
    let authorization = format!("Bearer {token}");
    let created =
        app.request("POST", "/api/sessions").bearer_auth(&token).header("content-type", "application/json");
    let id = app.send(created.body("{\"prompt\": \"x\"}")).await.json()["id"].as_str().unwrap().to_owned();
    let mut stream =
        Stream::open(&app, &format!("/api/sessions/{id}/events"), &[("authorization", &authorization)]).await;
    assert_eq!(stream.seq().await, Some(1));
    let known = app.engine.tokens(&Principal::local()).await.unwrap();
    let token_id: &TokenId = &known[0].id;
    app.engine.revoke_token(&Principal::local(), token_id).await.unwrap();
    while let Some(frame) = stream.next().await {
        assert_eq!(frame, Frame::Comment("keep-alive".to_owned()));
    }
}

#[tokio::test]
async fn the_last_event_says_that_the_session_is_done() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    app.append(&id, vec![EventBody::Thought { text: "hm\n\ndata: forged\nid: 99".to_owned() }]).await;
    app.finish(&id, Status::Stopped).await;
    let answer = app
        .send(app.request("GET", &format!("/api/sessions/{id}/events")).header("accept", "text/event-stream"))
        .await;
    expect_test::expect![[r#"
        retry: 1000

        id: 1
        event: status
        data: {"seq":1,"sessionId":"SESSION","at":"2023-11-14T22:13:20.000Z","type":"status","data":{"status":"pending"}}

        id: 2
        event: thought
        data: {"seq":2,"sessionId":"SESSION","at":"2023-11-14T22:13:20.000Z","type":"thought","data":{"text":"hm\n\ndata: forged\nid: 99"}}

        id: 3
        event: done
        data: {"seq":3,"sessionId":"SESSION","at":"2023-11-14T22:13:20.000Z","type":"done","data":{"status":"stopped"}}

        : end

    "#]].assert_eq(&answer.text.replace(id.as_str(), "SESSION"));
}
