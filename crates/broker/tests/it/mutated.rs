//! Requests with random damage: the gateway neither falls nor lets anything out but a model call.

use crate::inside::{KEY, open, options};
use crate::recorder::Recorder;
use crate::upstream::{Upstream, whole};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::Arc;
use std::time::Duration;
use telecoder_broker::Gateway;
use telecoder_model::port::gateway::Provider;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Builder;

const PLAIN: &str = "POST /v1/messages?beta=true HTTP/1.1\r\nhost: 127.0.0.1:4101\r\nx-api-key: inside\r\n\
    content-type: application/json\r\ncontent-length: 28\r\n\r\n{\"model\":\"m\",\"stream\":false}GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// A piece of text put over a place of the plain request.
fn damage() -> impl Strategy<Value = Vec<(usize, String)>> {
    let piece = prop_oneof![
        "[ -~]{1,3}",
        "\r\n",
        "\n",
        "\u{0}",
        "%2e%2e/",
        "//",
        "\r\nhost: evil\r\n",
        "\r\ntransfer-encoding: chunked\r\n",
        "\r\nconnection: x-api-key\r\n",
        "http://evil.example/",
        "é",
    ];
    proptest::collection::vec((0..PLAIN.len(), piece), 0..5)
}

fn damaged(places: &[(usize, String)]) -> Vec<u8> {
    let mut bytes = PLAIN.as_bytes().to_vec();
    for (at, piece) in places {
        let end = (at + piece.len() / 2).min(bytes.len());
        bytes.splice((*at).min(end)..end, piece.bytes());
    }
    bytes
}

#[test]
fn only_model_calls_leave_whatever_is_sent() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (upstream, gateway) = runtime.block_on(async {
        let upstream =
            Upstream::play(vec![whole("200 OK", &[("content-type", "application/json")], b"{}")]).await;
        let mut options = options(&upstream.base());
        options.request_timeout = Duration::from_millis(50);
        (upstream, Arc::new(Gateway::new(options).unwrap()))
    });
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let tried = runner.run(&damage(), |places| {
        let sink = Recorder::new();
        let text = runtime.block_on(async {
            let (mut inside, serving) = open(&gateway, Provider::Anthropic, &sink);
            drop(inside.write_all(&damaged(&places)).await);
            let mut text = Vec::new();
            inside.read_to_end(&mut text).await.unwrap();
            serving.await.unwrap();
            String::from_utf8_lossy(&text).into_owned()
        });
        prop_assert!(!text.contains(KEY));
        let heard = sink.heard().len();
        prop_assert_eq!(heard, 2 * sink.ended().len(), "each start has its end");
        Ok(())
    });
    tried.unwrap();
    let seen = upstream.seen();
    assert!(!seen.is_empty());
    for request in seen {
        let path = request.line.split(' ').nth(1).unwrap();
        let path = path.split('?').next().unwrap();
        assert!(path == "/v1/messages" || path.starts_with("/v1/models"), "{}", request.line);
        assert_eq!(request.headers["x-api-key"], KEY);
        assert_eq!(request.headers["host"], upstream.address.to_string());
        assert!(!request.headers.contains_key("transfer-encoding"));
    }
}
