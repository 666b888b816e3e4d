//! Layer 1: speaks HTTP with a GitHub. Invariants: every wait, answer and list has a bound; a credential goes to the
//! server's own interface only, never to where a redirect leads; reads are repeated, writes never are by themselves; a
//! rate limit is waited out where it is short, and else keeps all further calls back until it has passed.

use super::credentials::{For, Installations};
use super::etags::{Etags, Kept};
use super::options::GitHubOptions;
use super::refusal::{Failure, refusal};
use super::secret::Secret;
use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, DATE, ETAG, HeaderMap, IF_NONE_MATCH, LINK, LOCATION, RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Method, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::port::clock::Clock;

/// The largest answer that is read.
const MAX_ANSWER: usize = 8 << 20;
/// A rate limit that lasts no longer is waited out on the spot.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// How often a limit is waited out for one call.
const MAX_WAITS: u32 = 3;
/// How often a read is tried.
const READ_TRIES: u32 = 3;
/// How many redirects are followed (a renamed repository answers with one).
const MAX_REDIRECTS: u32 = 3;
/// The most pages of a list, of a hundred entries each.
const MAX_PAGES: u32 = 10;
/// The version of the interface that this was written for.
const API_VERSION: &str = "2022-11-28";

/// A call.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    pub(super) whom: For,
    pub(super) accept: &'static str,
}

impl Request {
    pub(super) fn new(method: Method, path: impl Into<String>, whom: For) -> Self {
        Self { method, path: path.into(), body: None, whom, accept: "application/vnd.github+json" }
    }
    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
    fn what(&self) -> String {
        let path = self.path.split('?').next().unwrap_or("");
        format!("{} {path} failed", self.method)
    }
}

/// An answer that is no refusal.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    what: String,
}

impl Answer {
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Failure::Lost(
                PortError::transient(format!("{}: the answer cannot be read", self.what)).because(error),
            )
        })
    }
    fn more(&self) -> bool {
        self.headers
            .get(LINK)
            .and_then(|link| link.to_str().ok())
            .is_some_and(|link| link.contains("rel=\"next\""))
    }
}

/// A client of one GitHub.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) options: GitHubOptions,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) installations: Mutex<Installations>,
    http: reqwest::Client,
    etags: Mutex<Etags>,
    /// How far the server's clock is ahead of ours, in seconds.
    ahead: AtomicI64,
    /// Until when GitHub wants no calls, in seconds since 1970 by the server's clock.
    closed_until: AtomicI64,
    /// Our own login, once it is known.
    pub(super) login: Mutex<Option<String>>,
}

impl Client {
    pub(super) fn new(options: GitHubOptions, clock: Arc<dyn Clock>) -> Result<Self, PortError> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("telecoder/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_secs(60))
            .timeout(Duration::from_secs(180))
            .build()
            .map_err(|error| PortError::permanent("the client of GitHub cannot be made").because(error))?;
        Ok(Self {
            options,
            clock,
            http,
            installations: Mutex::default(),
            etags: Mutex::default(),
            ahead: AtomicI64::new(0),
            closed_until: AtomicI64::new(0),
            login: Mutex::default(),
        })
    }

    /// Now by the server's clock, in seconds since 1970.
    pub(super) fn seconds(&self) -> i64 {
        self.clock.now().as_micros() / 1_000_000 + self.ahead.load(Ordering::Relaxed)
    }

    /// A growing pause before another try.
    pub(super) async fn pause(&self, tries: u32) {
        self.clock.sleep(Duration::from_millis(500 << tries.min(4))).await;
    }

    /// A call as it is: reads are repeated where the answer was lost, limits are waited out, an App's token is renewed.
    pub(super) async fn send(&self, request: &Request) -> Result<Answer, Failure> {
        let (mut lost, mut waits, mut renewed) = (0, 0, false);
        loop {
            let token = self.token(&request.whom).await?;
            match self.attempt(request, token.as_ref()).await {
                Err(Failure::Refused(refused))
                    if refused.status == 401 && !renewed && self.forget(&request.whom) =>
                {
                    renewed = true;
                }
                Err(Failure::Lost(error)) => match error.retry_after {
                    Some(wait) if wait <= MAX_WAIT && waits < MAX_WAITS => {
                        waits += 1;
                        tracing::warn!(seconds = wait.as_secs(), "GitHub wants a pause; it is waited out");
                        self.clock.sleep(wait).await;
                    }
                    None if request.method == Method::GET && lost + 1 < READ_TRIES => {
                        self.pause(lost).await;
                        lost += 1;
                    }
                    Some(_) | None => return Err(Failure::Lost(error)),
                },
                other => return other,
            }
        }
    }

    /// Reads one thing; unchanged since the last time, it is not sent again.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: impl Into<String>,
        whom: For,
    ) -> Result<T, Failure> {
        self.send(&Request::new(Method::GET, path, whom)).await?.parse()
    }

    /// Reads a list whose pages are arrays, or hold one under `field`; at most ten pages of a hundred.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        field: Option<&str>,
        whom: &For,
    ) -> Result<Vec<T>, Failure> {
        let mut all = Vec::new();
        let joint = if path.contains('?') { '&' } else { '?' };
        for page in 1..=MAX_PAGES {
            let path = format!("{path}{joint}per_page=100&page={page}");
            let answer = self.send(&Request::new(Method::GET, path, whom.clone())).await?;
            let more = answer.more();
            let value: Value = answer.parse()?;
            let list = match field {
                Some(field) => value.get(field).cloned().unwrap_or(Value::Array(Vec::new())),
                None => value,
            };
            let list: Vec<T> = serde_json::from_value(list).map_err(|error| {
                PortError::permanent(format!("{}: the list cannot be read", answer.what)).because(error)
            })?;
            all.extend(list);
            if !more {
                break;
            }
        }
        Ok(all)
    }

    /// One call, with redirects inside the interface.
    pub(super) async fn attempt(&self, request: &Request, token: Option<&Secret>) -> Result<Answer, Failure> {
        let what = request.what();
        let wait = self.closed_until.load(Ordering::Relaxed) - self.seconds();
        if let Ok(wait) = u64::try_from(wait)
            && wait > 0
        {
            return Err(Failure::Lost(limited(&what, wait)));
        }
        let mut url = if request.path.starts_with('/') {
            format!("{}{}", self.options.api, request.path)
        } else {
            request.path.clone()
        };
        let key = format!("{}\n{url}\n{}", token.map_or("", Secret::expose), request.accept);
        let known = (request.method == Method::GET)
            .then(|| self.etags.lock().unwrap_or_else(PoisonError::into_inner).get(&key))
            .flatten();
        for _ in 0..=MAX_REDIRECTS {
            let response = self.once(request, &url, token, known.as_ref(), &what).await?;
            let status = response.status().as_u16();
            if matches!(status, 301 | 302 | 307 | 308) {
                let target = target(&response, &url);
                match target.filter(|target| self.is_ours(target)) {
                    Some(target) => {
                        url = target;
                        continue;
                    }
                    None => return self.answer(response, what, None, &key).await,
                }
            }
            return self.answer(response, what, known, &key).await;
        }
        Err(Failure::Lost(PortError::permanent(format!("{what}: it redirects too often"))))
    }

    fn is_ours(&self, url: &str) -> bool {
        url.strip_prefix(&self.options.api).is_some_and(|rest| rest.starts_with('/'))
    }

    async fn once(
        &self,
        request: &Request,
        url: &str,
        token: Option<&Secret>,
        known: Option<&Kept>,
        what: &str,
    ) -> Result<Response, Failure> {
        let mut call = self
            .http
            .request(request.method.clone(), url)
            .header(ACCEPT, request.accept)
            .header("X-GitHub-Api-Version", API_VERSION);
        if let Some(token) = token {
            call = call.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        if let Some(known) = known {
            call = call.header(IF_NONE_MATCH, &known.etag);
        }
        if let Some(body) = &request.body {
            call = call.json(body);
        }
        call.send().await.map_err(|error| {
            Failure::Lost(
                PortError::transient(format!("{what}: no answer"))
                    .remedy("Check the server's network, and GitHub's state.")
                    .because(error.without_url()),
            )
        })
    }

    async fn answer(
        &self,
        response: Response,
        what: String,
        known: Option<Kept>,
        key: &str,
    ) -> Result<Answer, Failure> {
        let (status, mut headers) = (response.status().as_u16(), response.headers().clone());
        self.learn_time(&headers);
        let body = bounded(response, &what).await?;
        if let (304, Some(known)) = (status, known) {
            if known.more {
                headers.insert(LINK, reqwest::header::HeaderValue::from_static("<>; rel=\"next\""));
            }
            return Ok(Answer { status: 200, headers, body: known.body, what });
        }
        if (200..400).contains(&status) {
            let answer = Answer { status, headers, body, what };
            if let Some(etag) = answer.headers.get(ETAG).and_then(|etag| etag.to_str().ok())
                && status == 200
            {
                let kept = Kept { etag: etag.to_owned(), body: answer.body.clone(), more: answer.more() };
                self.etags.lock().unwrap_or_else(PoisonError::into_inner).put(key.to_owned(), kept);
            }
            return Ok(answer);
        }
        if let Some(wait) = self.limit(status, &headers, &body) {
            let error = limited(&what, wait);
            self.closed_until.fetch_max(
                self.seconds().saturating_add(i64::try_from(wait).unwrap_or(0)),
                Ordering::Relaxed,
            );
            return Err(Failure::Lost(error));
        }
        let refused = refusal(&what, &self.how(), status, &headers, &body);
        if status >= 500 || status == 408 {
            Err(Failure::Lost(refused.error))
        } else {
            Err(Failure::Refused(Box::new(refused)))
        }
    }

    /// How long GitHub wants no calls, where that is why it refuses: its primary limit (`x-ratelimit-…`) or a secondary one
    /// (`Retry-After`, or only words; then a minute, as its documentation says).
    fn limit(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Option<u64> {
        if !matches!(status, 403 | 429) {
            return None;
        }
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
        if let Some(wait) = number(RETRY_AFTER.as_str()) {
            return Some(u64::try_from(wait).unwrap_or(0).clamp(1, 3600));
        }
        if number("x-ratelimit-remaining") == Some(0) {
            let wait =
                number("x-ratelimit-reset").map_or(60, |reset| reset.saturating_sub(self.seconds()) + 1);
            return Some(u64::try_from(wait).unwrap_or(1).clamp(1, 3600));
        }
        let said = String::from_utf8_lossy(body);
        (status == 429 || said.contains("secondary rate limit")).then_some(60)
    }

    /// Learns the server's clock, by which tokens and limits end.
    fn learn_time(&self, headers: &HeaderMap) {
        let there = headers.get(DATE).and_then(|date| date.to_str().ok());
        let there = there.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        if let Some(there) = there {
            let here = self.clock.now().as_micros() / 1_000_000;
            let ahead = there.timestamp().as_second() - here;
            // A second or two is the way of the answer, not a wrong clock.
            self.ahead.store(if ahead.abs() <= 2 { 0 } else { ahead }, Ordering::Relaxed);
        }
    }

    /// Reads the last bytes of a text that stands elsewhere, at most `bound` of them; no credential is sent there.
    pub(super) async fn tail(&self, url: &str, bound: usize) -> Result<String, PortError> {
        const MOST: usize = 256 << 20;
        let failed =
            |error: reqwest::Error| PortError::transient("a log cannot be read").because(error.without_url());
        let response = self.http.get(url).send().await.map_err(failed)?;
        let mut response = response.error_for_status().map_err(failed)?;
        let (mut tail, mut read) = (BytesMut::new(), 0_usize);
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            read = read.saturating_add(chunk.len());
            tail.extend_from_slice(&chunk);
            if tail.len() > bound.saturating_mul(2) {
                tail = tail.split_off(tail.len() - bound);
            }
            if read > MOST {
                break;
            }
        }
        let tail = tail.split_off(tail.len().saturating_sub(bound));
        Ok(String::from_utf8_lossy(&tail).into_owned())
    }
}

fn limited(what: &str, wait: u64) -> PortError {
    PortError::transient(format!("{what}: GitHub's rate limit is reached; it ends in {wait} s"))
        .remedy("Wait; it is tried again by itself. A GitHub App has higher limits than a token.")
        .after(Duration::from_secs(wait))
}

/// Where a redirect leads.
pub(super) fn target(response: &Response, from: &str) -> Option<String> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    Some(reqwest::Url::parse(from).ok()?.join(location).ok()?.to_string())
}

async fn bounded(mut response: Response, what: &str) -> Result<Bytes, Failure> {
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_ANSWER => body.extend_from_slice(&chunk),
            Ok(Some(_)) => {
                return Err(Failure::Lost(PortError::full(format!(
                    "{what}: the answer is larger than 8 MiB"
                ))));
            }
            Ok(None) => return Ok(body.freeze()),
            Err(error) => {
                return Err(Failure::Lost(
                    PortError::transient(format!("{what}: the answer was cut off"))
                        .because(error.without_url()),
                ));
            }
        }
    }
}
