//! The web UI as it is built into the binary (layer 2): its files, and its page for every address that a person opens.
//!
//! Invariants: addresses of the API never give a page; nothing of the UI is loaded from anywhere else, and its page may run
//! no script but its own files; whatever has a hash in its name is cached for ever, and all else is asked for each time.

use crate::app::App;
use crate::errors::ApiError;
use crate::pages;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// What stands for the nonce of an answer in `index.html`.
const NONCE: &str = "__CSP_NONCE__";
/// Below it every name holds a hash.
const HASHED: &str = "/assets/";
/// The first parts of addresses that are never pages.
const NEVER_PAGES: [&str; 4] = ["api", "health", "assets", "metrics"];

/// A file of the web UI.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its address: `/index.html`, `/assets/…`.
    pub path: &'static str,
    /// Names its content: hexadecimal digits.
    pub digest: &'static str,
    /// Its content.
    pub plain: &'static [u8],
    /// The same, compressed by brotli.
    pub br: Option<&'static [u8]>,
    /// The same, compressed by gzip.
    pub gzip: Option<&'static [u8]>,
}

/// The files of a web UI.
#[derive(Debug, Clone, Copy)]
pub struct WebUi(&'static [Asset]);

impl WebUi {
    /// What was built into this binary; nothing, where it was built without the UI.
    pub fn embedded() -> Self {
        Self(EMBEDDED)
    }
    /// These files.
    pub fn of(assets: &'static [Asset]) -> Self {
        Self(assets)
    }
    fn find(self, path: &str) -> Option<&'static Asset> {
        self.0.iter().find(|asset| asset.path == path)
    }
    fn index(self) -> Option<&'static Asset> {
        self.find("/index.html")
    }
}

/// The page at `/`.
pub(crate) async fn home(State(app): State<App>) -> Response {
    page(&app)
}

/// Whatever no route answers: a file of the UI, its page, or 404.
pub(crate) async fn anything(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path();
    if *request.method() != Method::GET && *request.method() != Method::HEAD {
        return nothing_here();
    }
    if path == "/index.html" {
        return page(&app);
    }
    if let Some(asset) = app.options().web.find(path) {
        return file(asset, request.headers());
    }
    let first = path.trim_start_matches('/').split('/').next().unwrap_or("");
    if !NEVER_PAGES.contains(&first) && wants_page(request.headers()) {
        return page(&app);
    }
    nothing_here()
}

fn nothing_here() -> Response {
    ApiError::not_found("not_found", "there is nothing here")
        .hint("/api/docs lists all addresses")
        .into_response()
}

/// Only browsers that go somewhere ask for HTML by name.
fn wants_page(headers: &HeaderMap) -> bool {
    values(headers, &header::ACCEPT).any(|part| is_named(part, "text/html"))
}

/// The UI's page with a fresh nonce; what this is and how to get the UI, where the binary has none.
fn page(app: &App) -> Response {
    let Some(index) = app.options().web.index() else { return pages::home(app) };
    let nonce = app.engine().random_word(24);
    let text = String::from_utf8_lossy(index.plain).replace(NONCE, &nonce);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, policy(&nonce)),
    ];
    (headers, text).into_response()
}

/// Scripts only from our own files. Style elements need the nonce (components make some as they open); style attributes are
/// allowed, because highlighted code comes with them; images may be data, which the style sheet needs for small ones.
fn policy(nonce: &str) -> HeaderValue {
    let text = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; \
         img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

fn file(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let (bytes, encoding) = match (asset.br, asset.gzip) {
        (Some(br), _) if accepts(headers, "br") => (br, Some("br")),
        (_, Some(gzip)) if accepts(headers, "gzip") => (gzip, Some("gzip")),
        _ => (asset.plain, None),
    };
    let tag = format!("\"{}{}\"", asset.digest, encoding.map(|name| format!("-{name}")).unwrap_or_default());
    let fresh = values(headers, &header::IF_NONE_MATCH)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag);
    let mut response = if fresh { StatusCode::NOT_MODIFIED.into_response() } else { bytes.into_response() };
    let answer = response.headers_mut();
    let lasting =
        if asset.path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(lasting));
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(asset.path)));
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    if let (Some(encoding), false) = (encoding, fresh) {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, end)| end) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    values(headers, &header::ACCEPT_ENCODING).any(|part| is_named(part, encoding))
}

/// Whether an element of a list with qualities names a thing and does not rule it out.
fn is_named(part: &str, name: &str) -> bool {
    let mut pieces = part.split(';').map(str::trim);
    pieces.next().is_some_and(|first| first.eq_ignore_ascii_case(name))
        && !pieces.any(|piece| piece.strip_prefix("q=").and_then(|q| q.parse().ok()) == Some(0.0_f32))
}

/// The elements of a header that holds a list.
fn values<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}
