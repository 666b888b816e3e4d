//! The live check of a key.

use crate::inside::{KEY, gateway};
use crate::upstream::{Upstream, whole};
use expect_test::expect;
use telecoder_broker::{Gateway, GatewayOptions};
use telecoder_model::port::gateway::{ModelGateway, Provider};

#[tokio::test]
async fn a_check_asks_for_the_list_of_models_with_the_key() {
    let mut out = String::new();
    for provider in Provider::ALL {
        let upstream =
            Upstream::play(vec![whole("200 OK", &[("content-type", "application/json")], b"{\"data\":[]}")])
                .await;
        gateway(&upstream).check(provider).await.unwrap();
        let seen = upstream.seen().remove(0);
        let holder =
            seen.headers.iter().find(|(_, value)| value.contains(KEY)).map(|(name, _)| name.as_str());
        out.push_str(&format!("{} {holder:?}\n", seen.line));
    }
    expect![[r#"
        GET /v1/models?limit=1 HTTP/1.1 Some("x-api-key")
        GET /v1/models HTTP/1.1 Some("authorization")
        GET /v1beta/models?pageSize=1 HTTP/1.1 Some("x-goog-api-key")
    "#]]
    .assert_eq(&out);
}

async fn wrong(gateway: &Gateway, provider: Provider) -> String {
    let error = gateway.check(provider).await.unwrap_err();
    format!("{:?}: {} ({:?})\n", error.class, error.chain(), error.remedy)
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_remedy() {
    let mut out = String::new();
    let cases = [
        (
            Provider::Anthropic,
            "401 Unauthorized",
            r#"{"error":{"message":"invalid x-api-key sk-test-0123456789abcdef"}}"#,
        ),
        (
            Provider::Gemini,
            "400 Bad Request",
            r#"{"error":{"message":"API key not valid","details":[{"reason":"API_KEY_INVALID"}]}}"#,
        ),
        (Provider::Openai, "429 Too Many Requests", r#"{"error":{"message":"quota"}}"#),
        (Provider::Openai, "503 Service Unavailable", "later"),
        (Provider::Openai, "404 Not Found", "{}"),
        (Provider::Openai, "301 Moved", ""),
        (Provider::Openai, "200 OK", "<html>"),
    ];
    for (provider, status, body) in cases {
        let upstream =
            Upstream::play(vec![whole(status, &[("location", "http://127.0.0.1:1/")], body.as_bytes())])
                .await;
        out.push_str(&wrong(&gateway(&upstream), provider).await);
    }
    let upstream = Upstream::play(vec![]).await;
    out.push_str(&wrong(&gateway(&upstream), Provider::Openai).await);
    let without_keys = Gateway::new(GatewayOptions::new(Vec::new())).unwrap();
    out.push_str(&wrong(&without_keys, Provider::Openai).await);
    assert!(!out.contains(KEY), "{out}");
    expect![[r#"
        Denied: 127.0.0.1 answered 401: invalid x-api-key *** (Some("check ANTHROPIC_API_KEY"))
        Denied: 127.0.0.1 answered 400: API key not valid (Some("check GEMINI_API_KEY"))
        Transient: 127.0.0.1 answered 429: quota (None)
        Transient: 127.0.0.1 answered 503: Service Unavailable (None)
        Permanent: 127.0.0.1 answered 404: Not Found (Some("check the provider's address"))
        Permanent: 127.0.0.1 answered 301: Moved Permanently (Some("check the provider's address"))
        Permanent: 127.0.0.1 answers, but not with a list of models (Some("check the provider's address"))
        Transient: 127.0.0.1 cannot be reached: error sending request: client error (SendRequest): connection closed before message completed (None)
        Denied: there is no key for openai (Some("set OPENAI_API_KEY"))
    "#]].assert_eq(&out);
}
