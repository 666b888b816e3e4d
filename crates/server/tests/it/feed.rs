//! Changes of all sessions: as an array, and as a stream that lists stay live by.

use crate::app::{Setup, TestApp, words};
use serde_json::{Value, json};
use std::time::Duration;
use telecoder_model::event::{Author, EventBody};
use telecoder_model::principal::Scope;
use telecoder_model::session::Status;

/// A stream that is read frame by frame.
struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    async fn open(app: &TestApp, query: &str, headers: &[(&str, &str)]) -> Self {
        let request =
            app.request("GET", &format!("/api/events{query}")).header("accept", "text/event-stream");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Self { response, text: String::new() }
    }

    /// The next frame that is no comment: its event, and its data.
    async fn next(&mut self) -> (String, Value) {
        loop {
            while let Some((frame, rest)) = self.text.split_once("\n\n") {
                let field =
                    |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let (event, data) = (field("event: "), field("data: "));
                self.text = rest.to_owned();
                if let (Some(event), Some(data)) = (event, data) {
                    return (event, serde_json::from_str(&data).unwrap());
                }
            }
            let piece = self.response.chunk().await.unwrap().unwrap();
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// The next frame of an event; others may come before.
    async fn until(&mut self, wanted: &str) -> Value {
        loop {
            let (event, data) = self.next().await;
            if event == wanted {
                return data;
            }
            assert_eq!(event, "changed", "{data}");
        }
    }

    async fn ends(mut self) -> bool {
        while let Ok(Some(_)) = self.response.chunk().await {}
        true
    }
}

#[tokio::test]
async fn changes_arrive_as_they_happen_without_floods_and_without_others() {
    let app = TestApp::start().await;
    let earlier = app.create("earlier").await;
    let mut stream = Stream::open(&app, "", &[]).await;
    let (event, place) = stream.next().await;
    assert_eq!(event, "ready");
    let id = app.create("x").await;
    let made = stream.until("session").await;
    assert_eq!(
        (&made["sessionId"], &made["seq"], &made["type"], &made["status"]),
        (&json!(id.as_str()), &json!(1), &json!("status"), &json!("pending"))
    );
    assert!(made["global"].as_u64() > place["global"].as_u64());
    app.create_of("alice", "hers").await;
    app.append(&earlier, vec![words("a flood"), EventBody::Thought { text: "hm".to_owned() }]).await;
    let asked =
        EventBody::Message { author: Author::User, text: "secret words".to_owned(), chunk: false, turn: 1 };
    app.append(&earlier, vec![asked]).await;
    let told = stream.until("session").await;
    assert_eq!(
        (&told["sessionId"], &told["type"], &told["status"]),
        (&json!(earlier.as_str()), &json!("message"), &json!(null))
    );
    assert!(!told.to_string().contains("secret"));
    app.finish(&id, Status::Complete).await;
    assert_eq!(stream.until("session").await["status"], "complete");
}

#[tokio::test]
async fn who_comes_back_goes_on_without_a_gap() {
    let app = TestApp::start().await;
    let mut stream = Stream::open(&app, "", &[]).await;
    stream.next().await;
    let first = app.create("first").await;
    let seen = stream.until("session").await;
    assert_eq!(seen["sessionId"], first.as_str());
    drop(stream);
    let second = app.create("second").await;
    let last = seen["global"].to_string();
    for (query, headers) in
        [(format!("?after={last}"), vec![]), (String::new(), vec![("last-event-id", last.as_str())])]
    {
        let mut again = Stream::open(&app, &query, &headers).await;
        let (event, place) = again.next().await;
        assert_eq!((event.as_str(), &place["global"]), ("ready", &seen["global"]));
        assert_eq!(again.until("session").await["sessionId"], second.as_str());
    }
    let mut ahead = Stream::open(&app, "?after=999999", &[]).await;
    assert_eq!(ahead.next().await.0, "reset", "a place of another database");
}

#[tokio::test]
async fn cleared_marks_and_titles_are_told_too() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    let mut stream = Stream::open(&app, "", &[]).await;
    stream.next().await;
    assert_eq!(app.call("POST", "/api/inbox/seen", json!({})).await.status, 204);
    assert_eq!(stream.until("inbox").await["seenAt"], "2023-11-14T22:13:20.000Z");
    let named = app.call("PATCH", &format!("/api/sessions/{id}"), json!({"title": "Another"})).await;
    assert_eq!(named.status, 200);
    let (event, data) = stream.next().await;
    assert_eq!((event.as_str(), data), ("changed", json!({})));
}

#[tokio::test]
async fn what_is_no_event_of_a_session_is_told_without_a_name() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    for (method, path, body, status) in [
        ("POST", format!("/api/sessions/{id}/messages"), json!({"content": "And then?"}), 202),
        ("PATCH", "/api/config".to_owned(), json!({"set": {"policy_mode": "observe"}}), 200),
        ("POST", "/api/tokens".to_owned(), json!({"name": "laptop", "scope": "read"}), 201),
        ("POST", "/api/agents/goose/check".to_owned(), json!({}), 200),
    ] {
        let mut stream = Stream::open(&app, "", &[]).await;
        assert_eq!(stream.next().await.0, "ready");
        assert_eq!(app.call(method, &path, body).await.status, status, "{path}");
        assert_eq!(stream.next().await.0, "changed", "{path}");
    }
}

#[tokio::test]
async fn an_array_gives_the_same_page_by_page() {
    let app = TestApp::start().await;
    for n in 0..3 {
        app.create(&format!("task {n}")).await;
    }
    let all = app.get("/api/events").await.json();
    assert_eq!(all.as_array().unwrap().len(), 3, "{all}");
    let first = app.get("/api/events?limit=2").await;
    let next = first.header("link").strip_prefix('<').unwrap().split('>').next().unwrap().to_owned();
    assert_eq!(next, format!("/api/events?limit=2&after={}", all[1]["global"]));
    let rest = app.get(&next).await;
    assert_eq!((rest.json(), rest.header("link")), (json!([all[2]]), ""));
    assert_eq!(app.get("/api/events?limit=0").await.error(), "400 invalid_parameter");
    assert_eq!(app.get("/api/events?after=x").await.error(), "400 invalid_parameter");
}

#[tokio::test]
async fn a_stream_ends_with_its_token_and_with_the_server() {
    let heartbeat = Some(Duration::from_millis(20));
    let mut app =
        TestApp::with(Setup { token_required: true, heartbeat, max_streams: Some(2), ..Setup::default() })
            .await;
    let token = app.token("local", Scope::Read).await;
    let header = format!("Bearer {token}");
    let mut one = Stream::open(&app, "", &[("authorization", &header)]).await;
    let other = app.token("local", Scope::Read).await;
    let other = format!("Bearer {other}");
    let mut two = Stream::open(&app, "", &[("authorization", &other)]).await;
    one.next().await;
    two.next().await;
    let third = app.request("GET", "/api/events").header("accept", "text/event-stream").bearer_auth(&token);
    assert_eq!(app.send(third).await.error(), "429 too_many_streams");
    let admin = telecoder_model::principal::Principal::local();
    let tokens = app.engine.tokens(&admin).await.unwrap();
    app.engine.revoke_token(&admin, &tokens.last().unwrap().id).await.unwrap();
    assert!(one.ends().await);
    app.stop().await;
    assert!(two.ends().await);
}
