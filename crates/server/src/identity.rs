//! Who sends a request (layer 2): by a token in its head, by the cookie of a browser that is signed in, or, on a server that asks
//! for nothing, nobody in particular.
//!
//! Invariants: a token in the head outranks a cookie, so that a program is never taken for its user's browser. A cookie alone
//! changes nothing: a page of ours says in a header, which foreign pages cannot send without being asked first, that it sends
//! the request. The cookie's name holds the port, because browsers share cookies between the ports of a host.

use crate::app::App;
use crate::errors::ApiError;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use telecoder_api::sign_in::How;
use telecoder_engine::Fault;
use telecoder_engine::request::{Credential, NewSignIn};
use telecoder_model::principal::Principal;
use telecoder_model::time::Timestamp;

/// The header by which our own pages say that they send a request, and what it holds.
const OURS: (&str, &str) = ("x-telecoder", "web");
/// Browsers keep a cookie with this prefix to the host that set it over TLS.
const HOST_ONLY: &str = "__Host-";

/// Who sent a request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// Kept, so that a long stream can look whether it still holds.
    proof: Proof,
    /// When a browser's sign-in ends.
    pub(crate) expires_at: Option<Timestamp>,
}

#[derive(Clone)]
enum Proof {
    Nothing,
    Token(Arc<str>),
    Browser(Arc<str>),
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof")
    }
}

impl Caller {
    /// How the caller is known.
    pub(crate) fn how(&self) -> How {
        match self.proof {
            Proof::Nothing => How::Open,
            Proof::Token(_) => How::Token,
            Proof::Browser(_) => How::Cookie,
        }
    }
    /// By what the caller is known.
    pub(crate) fn credential(&self) -> Credential<'_> {
        match &self.proof {
            Proof::Nothing => Credential::Nothing,
            Proof::Token(secret) => Credential::Token(secret),
            Proof::Browser(secret) => Credential::Browser(secret),
        }
    }
    /// Whether what opened the request still opens one.
    pub(crate) async fn still_holds(&self, app: &App) -> bool {
        let found = match &self.proof {
            Proof::Nothing => return true,
            Proof::Token(secret) => app.engine().authenticate(secret).await,
            Proof::Browser(secret) => app.engine().signed_in(secret).await.map(|(who, _)| who),
        };
        match found {
            Ok(principal) => principal == self.principal,
            Err(error) => error.fault != Fault::Unauthenticated,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // `admit` puts it there on every route that needs a scope.
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::internal)
    }
}

/// Who sent a request to an open route, if that is known.
#[derive(Debug)]
pub(crate) struct MaybeCaller(pub(crate) Option<Caller>);

impl<S: Send + Sync> FromRequestParts<S> for MaybeCaller {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<Caller>().cloned()))
    }
}

/// Finds out who sends a request.
pub(crate) async fn identify(app: &App, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    if let Some(value) = given.next() {
        let secret = value.to_str().ok().and_then(bearer).filter(|_| given.next().is_none());
        let Some(secret) = secret else {
            return Err(unauthenticated(
                "token_malformed",
                "the Authorization header is not `Bearer <token>`",
            ));
        };
        let principal = app.engine().authenticate(secret).await?;
        return Ok(Caller { principal, proof: Proof::Token(secret.into()), expires_at: None });
    }
    let open = !app.options().token_required;
    if let Some(secret) = cookie(app, headers) {
        match app.engine().signed_in(secret).await {
            Ok((principal, until)) => {
                return Ok(Caller {
                    principal,
                    proof: Proof::Browser(secret.into()),
                    expires_at: Some(until),
                });
            }
            Err(error) if open && error.fault == Fault::Unauthenticated => {}
            Err(error) => return Err(error.into()),
        }
    }
    if open {
        return Ok(Caller { principal: Principal::local(), proof: Proof::Nothing, expires_at: None });
    }
    Err(unauthenticated("token_missing", "this server needs a token"))
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, secret) = value.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

fn unauthenticated(code: &'static str, message: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, code, message)
        .hint("send `Authorization: Bearer <token>`; the command line reads TELECODER_TOKEN or <data>/token; a browser signs in with `telecoder open`")
}

/// Whether a page of ours sent a request: foreign pages can send neither the header nor JSON without being asked first.
pub(crate) fn is_from_our_page(headers: &HeaderMap) -> bool {
    let is_json =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|text| {
            text.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("application/json")
        });
    is_json && headers.get(OURS.0).is_some_and(|value| value == OURS.1)
}

/// The refusal of a request that a page of ours did not send.
pub(crate) fn forged() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "csrf",
        "a signed-in browser changes things only through the pages of this server",
    )
    .hint("send `Content-Type: application/json` and `X-TeleCoder: web`, or a token instead of the cookie")
}

fn cookie_name(app: &App) -> String {
    format!("telecoder-{}", app.hosts().port())
}

/// The secret of the cookie; none where it is given twice, for then somebody else has put one beside ours.
pub(crate) fn cookie<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    let name = cookie_name(app);
    let pairs = || {
        let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='))
    };
    let only = |wanted: &str| {
        let mut found = pairs().filter(|(its, _)| *its == wanted).map(|(_, value)| value);
        match (found.next(), found.next()) {
            (Some(value), None) if !value.is_empty() => Some(value),
            _ => None,
        }
    };
    only(&format!("{HOST_ONLY}{name}")).or_else(|| only(&name))
}

/// The header that signs a browser in. `headers` are those of its request: a page that came over TLS gets a cookie that
/// never goes another way.
pub(crate) fn set_cookie(app: &App, headers: &HeaderMap, new: &NewSignIn, now: Timestamp) -> HeaderMap {
    let seconds = new.until.since(now).min(Duration::from_secs(400 * 24 * 3600)).as_secs();
    let tls = headers
        .get(header::ORIGIN)
        .is_some_and(|origin| origin.as_bytes().to_ascii_lowercase().starts_with(b"https://"));
    let (prefix, secure) = if tls { (HOST_ONLY, "; Secure") } else { ("", "") };
    let name = cookie_name(app);
    let rest = format!("; Path=/; HttpOnly; SameSite=Strict{secure}");
    one(format!("{prefix}{name}={}; Max-Age={seconds}{rest}", new.secret))
}

/// The headers that take both cookies away.
pub(crate) fn clear_cookie(app: &App) -> HeaderMap {
    let name = cookie_name(app);
    let mut all = one(format!("{name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict"));
    for value in
        one(format!("{HOST_ONLY}{name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure")).values()
    {
        all.append(header::SET_COOKIE, value.clone());
    }
    all
}

fn one(text: String) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(mut value) = HeaderValue::try_from(text) {
        value.set_sensitive(true);
        headers.insert(header::SET_COOKIE, value);
    }
    headers
}
