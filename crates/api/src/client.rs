//! The typed client of the HTTP API (layer 0). One method an endpoint; the methods are in the modules below.
//!
//! Invariants: an answer larger than [`MAX_ANSWER_BYTES`] is refused; the token is in no error and no debug output; a proxy
//! of the environment is not used for a server on this host.

mod backup;
mod follow;
mod once;
mod platform;
mod sessions;

pub use backup::BackupStream;
pub use follow::{Follower, Reconnect, SILENCE, Start, backoff};
pub use platform::{InstallFollower, InstallStep};

use crate::error::ErrorBody;
use crate::page::{Created, Page, next_of_link};
use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LINK, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::time::Duration;

/// The largest answer that is read, in bytes (a patch has at most 64 MiB).
pub const MAX_ANSWER_BYTES: usize = 160 << 20;
/// How long an ordinary request may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a request may take that runs something on the server: an install, a proof, a merge.
pub const LONG_REQUEST_TIMEOUT: Duration = Duration::from_secs(30 * 60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// What was to be sent is not valid.
    #[error("{what}")]
    Invalid {
        /// What is wrong with it.
        what: String,
    },
    /// No server answered, or the connection broke.
    #[error("cannot reach the server at {url}: {reason}")]
    Unreachable {
        /// The server's address.
        url: String,
        /// Why, with all causes, on one line.
        reason: String,
        /// Whether somebody was there, so that the request may have arrived.
        connected: bool,
    },
    /// The server answered with an error.
    #[error("{message}")]
    Api {
        /// The HTTP status.
        status: u16,
        /// A stable name, for programs.
        code: String,
        /// In words.
        message: String,
        /// What to do about it.
        hint: Option<String>,
        /// Names the request in the server's log.
        request_id: Option<String>,
        /// How long to wait before it is tried again, where the server says so.
        retry_after: Option<Duration>,
    },
    /// What answered does not speak this API.
    #[error("{url} answered with something that is not TeleCoder's API: {what}")]
    Protocol {
        /// The server's address.
        url: String,
        /// What was wrong.
        what: String,
    },
}

impl ClientError {
    /// Whether the same call may succeed a little later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Api { status, .. } => *status >= 500 || *status == 429 || *status == 408,
            Self::Invalid { .. } | Self::Protocol { .. } => false,
        }
    }
    /// The code of the server's error, if it is one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Api { code, .. } => Some(code),
            Self::Invalid { .. } | Self::Unreachable { .. } | Self::Protocol { .. } => None,
        }
    }
}

/// Calls one server. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    authorization: Option<HeaderValue>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client for a server (`http://127.0.0.1:7080`; a path before `/api` is kept) and an optional token.
    ///
    /// # Errors
    /// `Invalid` if the address is no http or https URL, or the token cannot stand in a header.
    pub fn new(base_url: &str, token: Option<&str>) -> Result<Self, ClientError> {
        Self::with_user_agent(base_url, token, concat!("telecoder-client/", env!("CARGO_PKG_VERSION")))
    }

    /// Like [`Client::new`], with a `User-Agent`. One that begins with `telecoder-cli/` makes the source of new sessions
    /// `cli`.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_user_agent(base_url: &str, token: Option<&str>, agent: &str) -> Result<Self, ClientError> {
        let invalid = |what: String| ClientError::Invalid { what };
        let base = Url::parse(base_url)
            .map_err(|error| invalid(format!("`{base_url}` is not a server's URL: {error}")))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(invalid(format!(
                "`{base_url}` is not a server's URL: http:// or https:// was expected"
            )));
        }
        let authorization = token.map(bearer).transpose()?;
        let mut builder = reqwest::Client::builder()
            .user_agent(agent)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        if base.scheme() == "http" {
            // Reading the host's certificates takes longer than a call, and nothing is redirected to https.
            builder = builder.tls_certs_only([]);
        }
        let http = builder
            .build()
            .map_err(|error| invalid(format!("no HTTP client can be made: {}", chain(&error))))?;
        Ok(Self { http, base, authorization })
    }

    /// The server's address.
    pub fn base_url(&self) -> &str {
        self.base.as_str()
    }

    fn url(&self, segments: &[&str]) -> Result<Url, ClientError> {
        let mut url = self.base.clone();
        url.set_query(None);
        url.set_fragment(None);
        for segment in segments {
            if segment.is_empty() || matches!(*segment, "." | "..") {
                return Err(ClientError::Invalid { what: format!("`{segment}` is not an id or a name") });
            }
        }
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        Ok(url)
    }

    fn request(
        &self,
        method: Method,
        segments: &[&str],
        timeout: Option<Duration>,
    ) -> Result<RequestBuilder, ClientError> {
        let mut headers = HeaderMap::new();
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let mut request = self.http.request(method, self.url(segments)?).headers(headers);
        if let Some(timeout) = timeout {
            request = request.timeout(timeout);
        }
        Ok(request)
    }

    fn get(&self, segments: &[&str]) -> Result<RequestBuilder, ClientError> {
        self.request(Method::GET, segments, Some(REQUEST_TIMEOUT))
    }

    fn post<B: Serialize>(&self, segments: &[&str], body: &B) -> Result<RequestBuilder, ClientError> {
        with_json(self.request(Method::POST, segments, Some(REQUEST_TIMEOUT))?, body)
    }

    /// Sends a request and gives the answer if it is a success.
    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self.api_error(response).await)
    }

    async fn api_error(&self, response: Response) -> ClientError {
        let status = response.status();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse().ok())
            .map(Duration::from_secs);
        let bytes = match self.read(response, 1 << 20).await {
            Ok(bytes) => bytes,
            Err(error) => return error,
        };
        match serde_json::from_slice::<ErrorBody>(&bytes) {
            Ok(body) => ClientError::Api {
                status: status.as_u16(),
                code: body.code,
                message: body.error,
                hint: body.hint,
                request_id: Some(body.request_id),
                retry_after,
            },
            Err(_) => self.protocol(format!("status {status} without an error body")),
        }
    }

    async fn read(&self, mut response: Response, limit: usize) -> Result<Bytes, ClientError> {
        let mut whole = BytesMut::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            if whole.len() + piece.len() > limit {
                return Err(self.protocol(format!("the answer is larger than {limit} bytes")));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let response = self.send(request).await?;
        self.read_json(response).await
    }

    async fn read_json<T: DeserializeOwned>(&self, response: Response) -> Result<T, ClientError> {
        let bytes = self.read(response, MAX_ANSWER_BYTES).await?;
        serde_json::from_slice(&bytes).map_err(|error| self.protocol(error.to_string()))
    }

    async fn json_created<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<Created<T>, ClientError> {
        let response = self.send(request).await?;
        let created = response.status() == StatusCode::CREATED;
        Ok(Created { value: self.read_json(response).await?, created })
    }

    async fn json_page<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        parameter: &str,
    ) -> Result<Page<T>, ClientError> {
        let response = self.send(request).await?;
        let next = response
            .headers()
            .get(LINK)
            .and_then(|value| value.to_str().ok())
            .and_then(|header| next_of_link(header, parameter));
        Ok(Page { rows: self.read_json(response).await?, next })
    }

    async fn nothing(&self, request: RequestBuilder) -> Result<(), ClientError> {
        let response = self.send(request).await?;
        self.read(response, 1 << 20).await.map(drop)
    }

    fn unreachable(&self, error: &reqwest::Error) -> ClientError {
        ClientError::Unreachable {
            url: self.base.to_string(),
            reason: chain(error),
            connected: !error.is_connect(),
        }
    }

    fn broken(&self, reason: impl Into<String>) -> ClientError {
        ClientError::Unreachable { url: self.base.to_string(), reason: reason.into(), connected: true }
    }

    fn protocol(&self, what: impl Into<String>) -> ClientError {
        ClientError::Protocol { url: self.base.to_string(), what: what.into() }
    }
}

fn with_json<B: Serialize>(request: RequestBuilder, body: &B) -> Result<RequestBuilder, ClientError> {
    let bytes = serde_json::to_vec(body)
        .map_err(|error| ClientError::Invalid { what: format!("this cannot be sent: {error}") })?;
    Ok(request.header(CONTENT_TYPE, "application/json").body(bytes))
}

fn bearer(token: &str) -> Result<HeaderValue, ClientError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.trim())).map_err(|_| {
        ClientError::Invalid { what: "the token holds characters that no token has".to_owned() }
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("");
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// All causes of an error on one line, without the URL (it may hold what a person typed) and without repetition.
fn chain(error: &dyn std::error::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        next = cause.source();
    }
    if parts.is_empty() {
        return error.to_string();
    }
    parts.join(": ")
}

/// A body without content.
#[derive(Debug, Clone, Copy, Serialize)]
struct Nothing {}

/// Collects the parameters of a query that are there.
#[derive(Debug, Default)]
struct Query(Vec<(&'static str, String)>);

impl Query {
    fn with<T: ToString>(mut self, name: &'static str, value: Option<T>) -> Self {
        if let Some(value) = value {
            self.0.push((name, value.to_string()));
        }
        self
    }
    fn on(self, request: RequestBuilder) -> RequestBuilder {
        if self.0.is_empty() { request } else { request.query(&self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_built_from_segments_only() {
        let client = Client::new("http://127.0.0.1:7080/below/?x#y", None).unwrap();
        let url = client.url(&["api", "sessions", "a/../b c?d"]).unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:7080/below/api/sessions/a%2F..%2Fb%20c%3Fd");
        assert!(client.url(&["api", ".."]).is_err());
        assert!(client.url(&["api", ""]).is_err());
    }

    #[test]
    fn a_bad_address_or_token_is_refused_without_repeating_the_token() {
        for bad in ["", "127.0.0.1:7080", "file:///x", "ftp://h"] {
            assert!(matches!(Client::new(bad, None), Err(ClientError::Invalid { .. })), "{bad}");
        }
        let error = Client::new("http://h", Some("se\ncret")).unwrap_err();
        assert!(!error.to_string().contains("cret"));
        let client = Client::new("http://h", Some("secret")).unwrap();
        assert!(!format!("{client:?}").contains("secret"));
    }

    #[test]
    fn loopback_needs_no_proxy() {
        for (url, expected) in [
            ("http://localhost:1", true),
            ("http://127.1.2.3", true),
            ("http://[::1]:7080", true),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
