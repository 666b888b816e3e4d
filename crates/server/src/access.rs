//! Who may do what (layer 2): first the addresses that a request names, then who sends it, then the scope of its route, then
//! the names of its query's parameters.

use crate::app::App;
use crate::errors::ApiError;
use crate::identity;
pub(crate) use crate::identity::{Caller, MaybeCaller};
use crate::request_log::RequestId;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use std::sync::Arc;
use telecoder_api::sign_in::How;
use telecoder_model::principal::Scope;

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing: health, pages, the API's description.
    Open,
    /// A principal with this scope.
    Needs(Scope),
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
    let caller = identity::identify(&gate.app, request.headers()).await;
    let admitted = match gate.access {
        Access::Open => Ok(caller.ok()),
        Access::Needs(scope) => caller.and_then(|caller| granted(caller, scope)).map(Some),
    };
    let admitted = admitted.and_then(|caller| {
        let by_cookie = caller.as_ref().is_some_and(|caller| caller.how() == How::Cookie);
        if by_cookie && changes_state(request.method()) && !identity::is_from_our_page(request.headers()) {
            return Err(identity::forged());
        }
        Ok(caller)
    });
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
