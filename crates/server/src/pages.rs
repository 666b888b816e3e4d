//! The pages that are built in (layer 2): what this is, and the reference of the API. No script, no request to anywhere else.

mod reference;

use crate::app::App;
use crate::openapi as document;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use std::fmt::Write as _;
use std::sync::LazyLock;

const CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const STYLE: &str = include_str!("pages/style.css");
const HOME: &str = include_str!("pages/home.html");

static DOCUMENT: LazyLock<String> = LazyLock::new(|| document::text().unwrap_or_default());
static REFERENCE: LazyLock<String> =
    LazyLock::new(|| reference::page(&serde_json::from_str(&DOCUMENT).unwrap_or_default()));

/// The page of a binary without the web UI.
pub(crate) fn home(app: &App) -> Response {
    let token = if app.options().token_required {
        "This server needs a token: <code>export TELECODER_TOKEN=…</code>. On its own host the command line finds it by itself."
    } else {
        "This server needs no token from this machine."
    };
    html(HOME.replace("{version}", &escape(&app.options().version)).replace("{token}", token))
}

/// The reference of the API, for people.
pub(crate) async fn docs() -> Response {
    html(REFERENCE.clone())
}

/// The reference of the API, for programs.
pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], DOCUMENT.as_str())
        .into_response()
}

/// The style of the pages.
pub(crate) async fn style() -> Response {
    with_cache(
        [(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"))],
        STYLE.to_owned(),
    )
}

fn html(text: String) -> Response {
    with_cache(
        [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP)),
        ],
        text,
    )
}

fn with_cache<const N: usize>(headers: [(header::HeaderName, HeaderValue); N], text: String) -> Response {
    (headers, [(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))], text).into_response()
}

/// Makes text harmless inside HTML, attributes included.
fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => {
                let _ = write!(out, "&#39;");
            }
            other => out.push(other),
        }
        out
    })
}
