//! Requests that are repeated with their `Idempotency-Key`.

use crate::app::{Answer, TestApp};
use serde_json::{Value, json};
use telecoder_model::session::Status;

async fn with_key(app: &TestApp, path: &str, key: &str, body: Value) -> Answer {
    let request = app
        .request("POST", path)
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(body.to_string());
    app.send(request).await
}

#[tokio::test]
async fn repeating_a_message_or_a_rerun_with_its_key_does_it_once() {
    let app = TestApp::start().await;
    let (id, other) = (app.create("a").await, app.create("b").await);
    let messages = format!("/api/sessions/{id}/messages");
    let say = async |key: &str, words: &str| with_key(&app, &messages, key, json!({"content": words})).await;
    let (a, b) = tokio::join!(say("k1", "More"), say("k1", "More"));
    assert_eq!((a.status, b.status), (202, 202));
    assert_eq!(a.json(), b.json());
    let replays = [&a, &b].into_iter().filter(|answer| answer.header("idempotency-replayed") == "true");
    assert_eq!(replays.count(), 1);
    // The same words with another key are another message; the key is of no use for anything else.
    assert_eq!(say("k2", "More").await.json()["number"], 3);
    assert_eq!(say("k1", "Less").await.error(), "422 idempotency_key_reused");
    let elsewhere = format!("/api/sessions/{other}/messages");
    let answer = with_key(&app, &elsewhere, "k1", json!({"content": "More"})).await;
    assert_eq!(answer.error(), "422 idempotency_key_reused");
    let answer = with_key(&app, "/api/sessions", "k1", json!({"prompt": "More"})).await;
    assert_eq!(answer.error(), "422 idempotency_key_reused");
    assert_eq!(app.get(&messages).await.json().as_array().unwrap().len(), 3);

    app.finish(&id, Status::Complete).await;
    let rerun = format!("/api/sessions/{id}/rerun");
    let first = with_key(&app, &rerun, "k3", json!({})).await;
    // What came between changes nothing for whoever asks for the lost answer.
    assert_eq!(say("k4", "Once more").await.status, 202);
    let again = with_key(&app, &rerun, "k3", json!({})).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(
        (first.json()["id"].clone(), "true"),
        (again.json()["id"].clone(), again.header("idempotency-replayed"))
    );
    assert_eq!(with_key(&app, &rerun, "k5", json!({})).await.error(), "409 session_active");
    assert_eq!(app.get("/api/sessions").await.json().as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn repeating_a_request_with_its_key_makes_one_session() {
    let app = TestApp::start().await;
    let send =
        async |key: &str, prompt: &str| with_key(&app, "/api/sessions", key, json!({"prompt": prompt})).await;
    let (a, b) = tokio::join!(send("k1", "do it"), send("k1", "do it"));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201]);
    assert_eq!(a.json()["id"], b.json()["id"]);
    let replayed = if a.status == 200 { &a } else { &b };
    assert_eq!(replayed.header("idempotency-replayed"), "true");
    assert_eq!(send("k1", "do something else").await.error(), "422 idempotency_key_reused");
    assert_eq!(send(&"k".repeat(201), "do it").await.error(), "400 idempotency_key_invalid");
    assert_eq!(app.get("/api/sessions").await.json().as_array().unwrap().len(), 1);
}
