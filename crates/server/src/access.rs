//! Who may do what (layer 2): first the addresses that a request names, then its token, then the scope of its route, then the
//! names of its query's parameters.

use crate::app::App;
use crate::errors::ApiError;
use crate::request_log::RequestId;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use std::sync::Arc;
use telecoder_model::principal::{Principal, Scope};

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing: health, pages, the API's description.
    Open,
    /// A principal with this scope.
    Needs(Scope),
}

/// Who sent a request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// The token, so that a long stream can look whether it still holds.
    secret: Option<Secret>,
}

#[derive(Clone)]
struct Secret(Arc<str>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Caller {
    /// Whether the token that opened the request still opens one.
    pub(crate) async fn still_holds(&self, app: &App) -> bool {
        match &self.secret {
            Some(secret) => match app.engine().authenticate(&secret.0).await {
                Ok(principal) => principal == self.principal,
                Err(error) => error.fault != telecoder_engine::Fault::Unauthenticated,
            },
            None => true,
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

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self("-".to_owned())))
    }
}

/// Refuses requests that are meant for another host, or that a page of another origin sends.
pub(crate) async fn check_addresses(State(app): State<App>, request: Request, next: Next) -> Response {
    match addresses(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn addresses(app: &App, request: &Request) -> Result<(), ApiError> {
    let mut named = request.headers().get_all(header::HOST).iter();
    let host = match (named.next(), named.next()) {
        (Some(value), None) => value.to_str().ok(),
        (Some(_), Some(_)) | (None, _) => None,
    };
    let target = request.uri().authority().map(axum::http::uri::Authority::as_str);
    let fine = host.is_some_and(|host| app.hosts().allows_host(host))
        && target.is_none_or(|target| app.hosts().allows_host(target));
    if !fine {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "foreign_host", "this server does not answer to that Host")
            .hint("call it by the address it listens on, or name the host in the server's allowed hosts or public URL"));
    }
    let foreign = || {
        ApiError::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "pages of another origin may not call this server",
        )
        .hint("name the page's host in the server's allowed hosts, if it is yours")
    };
    let mut origins = request.headers().get_all(header::ORIGIN).iter().peekable();
    if origins.peek().is_none() && changes_state(request.method()) && is_cross_site(request.headers()) {
        return Err(foreign());
    }
    for origin in origins {
        if !origin.to_str().is_ok_and(|origin| app.hosts().allows_origin(origin)) {
            return Err(foreign());
        }
    }
    Ok(())
}

fn changes_state(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|value| value == "cross-site")
}

/// What [`admit`] needs to know of a route.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    pub(crate) app: App,
    pub(crate) access: Access,
    pub(crate) parameters: Arc<[String]>,
}

/// Finds out who sends a request and whether its route is open to them.
pub(crate) async fn admit(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let caller = identify(&gate.app, request.headers()).await;
    let admitted = match gate.access {
        Access::Open => Ok(caller.ok()),
        Access::Needs(scope) => caller.and_then(|caller| granted(caller, scope)).map(Some),
    };
    let admitted = admitted
        .and_then(|caller| known_parameters(request.uri().query(), &gate.parameters).map(|()| caller));
    match admitted {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

async fn identify(app: &App, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = given.next() else {
        if app.options().token_required {
            return Err(unauthenticated("token_missing", "this server needs a token"));
        }
        return Ok(Caller { principal: Principal::local(), secret: None });
    };
    let secret = value.to_str().ok().and_then(bearer).filter(|_| given.next().is_none());
    let Some(secret) = secret else {
        return Err(unauthenticated("token_malformed", "the Authorization header is not `Bearer <token>`"));
    };
    let principal = app.engine().authenticate(secret).await?;
    Ok(Caller { principal, secret: Some(Secret(secret.into())) })
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, secret) = value.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

fn unauthenticated(code: &'static str, message: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, code, message)
        .hint("send `Authorization: Bearer <token>`; the command line reads TELECODER_TOKEN or <data>/token")
}

fn granted(caller: Caller, scope: Scope) -> Result<Caller, ApiError> {
    if caller.principal.allows(scope) {
        return Ok(caller);
    }
    let (has, needed) = (caller.principal.scope.as_str(), scope.as_str());
    let message = format!("this token has the scope `{has}`; `{needed}` is needed");
    Err(ApiError::new(StatusCode::FORBIDDEN, "scope_missing", message)
        .hint(format!("create a token with that scope: telecoder token create --scope {needed}")))
}

fn known_parameters(query: Option<&str>, known: &[String]) -> Result<(), ApiError> {
    let mut seen: Vec<String> = Vec::new();
    for (name, _) in url::form_urlencoded::parse(query.unwrap_or("").as_bytes()) {
        let short: String = name.chars().take(80).collect();
        if !known.iter().any(|parameter| *parameter == name) {
            let hint = match known {
                [] => "this address takes no parameters".to_owned(),
                some => format!("parameters: {}", some.join(", ")),
            };
            return Err(
                ApiError::invalid("unknown_parameter", format!("there is no parameter `{short}`")).hint(hint)
            );
        }
        if seen.contains(&short) {
            return Err(ApiError::parameter(&short, "it is given twice"));
        }
        seen.push(short);
    }
    Ok(())
}
