//! Answers go through as they come: nothing is held back, nothing is read ahead of the reader.

use crate::inside::{Client, gateway, options, post};
use crate::recorder::Recorder;
use crate::transcripts::{MESSAGES_STREAM, RESPONSES};
use crate::upstream::{Act, Upstream, chunk, chunked_head, last_chunk};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::Duration;
use telecoder_broker::Gateway;
use telecoder_model::port::gateway::Provider;
use telecoder_model::usage::CallEnd;
use tokio::sync::{Notify, watch};

#[tokio::test]
async fn each_chunk_arrives_before_the_next_is_sent() {
    let gate = Arc::new(Notify::new());
    let parts: Vec<&str> = MESSAGES_STREAM.body.split_inclusive("\n\n").collect();
    let mut acts = vec![chunked_head("text/event-stream")];
    for part in &parts {
        acts.push(chunk(part.as_bytes()));
        acts.push(Act::Wait(Arc::clone(&gate)));
    }
    acts.push(last_chunk());
    let upstream = Upstream::play(acts).await;
    let (gateway, sink) = (gateway(&upstream), Recorder::new());
    let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
    let mut body =
        client.begin(post(MESSAGES_STREAM.path, MESSAGES_STREAM.request)).await.unwrap().into_body();
    for part in parts {
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.data_ref().unwrap(), part.as_bytes());
        // Only now may the provider send the next one.
        gate.notify_one();
    }
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn a_reader_that_waits_makes_the_provider_wait() {
    const LIMIT: usize = 256 * 1024 * 1024;
    let (count, mut sent) = watch::channel(0);
    let line = format!(": {}\n", "x".repeat(64 * 1024));
    let upstream = Upstream::play(vec![
        Act::Send(crate::upstream::head("200 OK", &[("content-type", "text/event-stream")])),
        Act::Flood(line.into_bytes(), LIMIT, count),
    ])
    .await;
    let mut options = options(&upstream.base());
    options.silence_timeout = Duration::from_millis(500);
    let (gateway, sink) = (Arc::new(Gateway::new(options).unwrap()), Recorder::new());
    let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
    let response = client.begin(post(MESSAGES_STREAM.path, MESSAGES_STREAM.request)).await.unwrap();
    // Nobody reads. The gateway gives up after the silence, and until then has taken what the sockets hold.
    let call = sink.wait(1).await;
    assert_eq!(call.end, CallEnd::Abandoned);
    let taken = *sent.borrow_and_update();
    assert!(
        taken > 0 && taken < LIMIT / 4,
        "the provider could send {taken} bytes to a reader that does not read"
    );
    drop(response);
}

#[tokio::test]
async fn the_end_is_recorded_before_the_agent_can_see_it() {
    for transcript in [MESSAGES_STREAM, RESPONSES] {
        let upstream = Upstream::play(vec![
            chunked_head(transcript.content_type),
            chunk(transcript.body.as_bytes()),
            last_chunk(),
        ])
        .await;
        let (gateway, sink) = (gateway(&upstream), Recorder::new());
        let gate = Arc::new(Notify::new());
        *sink.hold_ends.lock().unwrap() = Some(Arc::clone(&gate));
        let provider = Provider::of_listener(transcript.listener).unwrap();
        let mut client = Client::connect(&gateway, provider, &sink).await;
        let reading = client.post(transcript.path, transcript.request);
        tokio::pin!(reading);
        let early = tokio::time::timeout(Duration::from_millis(200), &mut reading).await;
        assert!(early.is_err(), "{}: the agent saw the end before it was recorded", transcript.name);
        gate.notify_one();
        let got = reading.await;
        assert_eq!((got.text().as_str(), got.cut), (transcript.body, false));
    }
}
