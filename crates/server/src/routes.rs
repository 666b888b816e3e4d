//! The list of all routes (layer 2). What is not here does not exist; the `OpenAPI` document and the access test walk it.

mod ends;
mod session;

use crate::access::{Gate, admit, check_addresses};
use crate::app::App;
use crate::controllers::{
    agents, approvals, changes, config, doctor, health, inbox, policies, pulls, repositories, sessions,
    sign_in, tokens,
};
use crate::errors::ApiError;
use crate::route::{Content, Route, Wire, text_header};
use crate::{pages, request_log, web};
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::any::Any;
use telecoder_api as wire;
use telecoder_model::principal::Scope::{Admin, Publish, Read, Run};
use tower_http::catch_panic::CatchPanicLayer;

/// All routes.
pub(crate) fn all() -> Vec<Route> {
    let mut all = of_sessions();
    all.extend(session::all());
    all.extend(ends::all());
    all.extend(of_all_sessions());
    all.extend(of_people());
    all.extend(of_the_platform());
    all.extend(of_signing_in());
    all.extend(of_the_operator());
    all.extend(of_the_host());
    all
}

fn of_sessions() -> Vec<Route> {
    vec![
        Route::post("/api/sessions", "createSession", sessions::create)
            .needs(Run)
            .does("Creates a session")
            .details("The session is accepted and durable when the answer arrives; its work begins as soon as there is room.")
            .header(session::idempotency_key("the session that it made before (200)"))
            .takes::<wire::session::NewSession>()
            .refers_to_sessions()
            .gives::<wire::session::Session>(201, "The new session")
            .gives::<wire::session::Session>(200, "The session that an earlier request with this key made")
            .may_be_impossible(),
        Route::get("/api/sessions", "listSessions", sessions::list)
            .needs(Read)
            .does("Lists sessions, newest first")
            .query::<sessions::ListParameters>()
            .refers_to_sessions()
            .pages::<wire::session::Session>("The sessions"),
        Route::get("/api/sessions/{id}", "getSession", sessions::show)
            .needs(Read)
            .does("Shows a session")
            .gives::<wire::session::Session>(200, "The session"),
        Route::patch("/api/sessions/{id}", "renameSession", sessions::rename)
            .needs(Run)
            .does("Gives a session a title")
            .takes::<wire::session::SessionChange>()
            .gives::<wire::session::Session>(200, "The session"),
        Route::get("/api/sessions/{id}/lineage", "getLineage", sessions::lineage)
            .needs(Read)
            .does("Lists a session and its reruns, oldest first")
            .lists::<wire::session::Session>("The sessions of the line"),
    ]
}

fn of_all_sessions() -> Vec<Route> {
    vec![
        Route::get("/api/events", "listChanges", changes::list)
            .needs(Read)
            .does("Reads or follows which of the caller's sessions changed, in order")
            .details(
                "With `Accept: text/event-stream` a stream: first `ready` (or `reset`, where the place was too old and everything must \
                 be read anew) with a place, then `session` for each change, `inbox` when its marks were cleared, and `changed` where \
                 something changed that is no event. `id` is the global number; `Last-Event-ID` goes on from there.",
            )
            .query::<changes::ChangeParameters>()
            .header(text_header("Last-Event-ID", "The global number of the last change that arrived; stands above `after`.", false))
            .succeeds(
                200,
                "The changes",
                vec![Content::Page(Wire::of::<wire::change::SessionNews>()), Content::Text("text/event-stream")],
            )
            .streams(),
    ]
}

fn of_people() -> Vec<Route> {
    vec![
        Route::get("/api/inbox", "getInbox", inbox::show)
            .needs(Read)
            .does("Shows what needs an answer, then what has ended")
            .query::<inbox::InboxParameters>()
            .gives::<wire::inbox::Inbox>(200, "The inbox"),
        Route::post("/api/inbox/seen", "markInboxSeen", inbox::seen)
            .needs(Read)
            .does("Clears the unread marks of the inbox")
            .succeeds(204, "Cleared", vec![Content::Empty]),
        Route::get("/api/approvals", "listApprovals", approvals::list)
            .needs(Read)
            .does("Lists the decisions that wait for a person, newest first")
            .lists::<wire::approval::Approval>("The approvals"),
        Route::post("/api/approvals/{id}", "answerApproval", approvals::answer)
            .needs(Run)
            .does("Answers an approval; the first answer wins")
            .takes::<wire::approval::ApprovalAnswer>()
            .gives::<wire::approval::Approval>(200, "The approval, answered")
            .conflicts()
            .may_be_impossible(),
        Route::get("/api/pulls", "listPulls", pulls::list)
            .needs(Read)
            .does("Lists local pull requests, newest first")
            .query::<pulls::ListParameters>()
            .refers_to_sessions()
            .pages::<wire::pull::Pull>("The pull requests"),
        Route::get("/api/pulls/{number}", "getPull", pulls::show)
            .needs(Read)
            .does("Shows a local pull request")
            .gives::<wire::pull::Pull>(200, "The pull request"),
        Route::post("/api/pulls/{number}/merge", "mergePull", pulls::merge)
            .needs(Publish)
            .does("Merges a local pull request")
            .gives::<wire::pull::Pull>(200, "The pull request, merged")
            .conflicts()
            .may_be_impossible(),
        Route::post("/api/pulls/{number}/close", "closePull", pulls::close)
            .needs(Publish)
            .does("Closes a local pull request without merging")
            .gives::<wire::pull::Pull>(200, "The pull request, closed")
            .conflicts()
            .may_be_impossible(),
    ]
}

fn of_the_platform() -> Vec<Route> {
    vec![
        Route::get("/api/agents", "listAgents", agents::list)
            .needs(Read)
            .does("Lists the agents that this server knows")
            .lists::<wire::agent::Agent>("The agents"),
        Route::post("/api/agents/{name}/install", "installAgent", agents::install)
            .needs(Admin)
            .does("Installs an agent")
            .details(
                "With `Accept: text/event-stream` progress is sent as `progress` events (`{\"line\": …}`), then one `done` event with the \
                 agent, or one `failed` event with the error. A client that goes away ends the install.",
            )
            .succeeds(
                200,
                "The agent, installed",
                vec![Content::Object(Wire::of::<wire::agent::Agent>()), Content::Text("text/event-stream")],
            )
            .streams()
            .may_be_impossible(),
        Route::post("/api/agents/{name}/check", "checkAgent", agents::check)
            .needs(Run)
            .does("Looks whether an agent really starts")
            .gives::<wire::agent::Agent>(200, "The agent")
            .may_be_impossible(),
        Route::get("/api/policies", "listPolicies", policies::list)
            .needs(Read)
            .does("Lists the policies, strictest first")
            .lists::<wire::policy::Policy>("The policies"),
    ]
}

fn of_signing_in() -> Vec<Route> {
    vec![
        Route::get("/api/me", "getMe", sign_in::me)
            .does("Says who asks, and whether they must sign in")
            .gives::<wire::sign_in::Me>(200, "Who asks"),
        Route::post("/api/login", "signIn", sign_in::login)
            .does("Signs a browser in, by a token or by a link's code")
            .details(
                "The answer sets a cookie that no script can read. Requests that are known by it and change something need \
                 `Content-Type: application/json` and the header `X-TeleCoder: web`.",
            )
            .takes::<wire::sign_in::Login>()
            .gives::<wire::sign_in::Me>(200, "Who the browser is now")
            .identifies(),
        Route::post("/api/logout", "signOut", sign_in::logout)
            .does("Signs a browser out")
            .succeeds(204, "Signed out", vec![Content::Empty]),
        Route::post("/api/login/links", "createSignInLink", sign_in::link)
            .needs(Admin)
            .does("Makes a link that signs one browser in, once, within five minutes")
            .gives::<wire::sign_in::SignInLink>(201, "The link, which is shown this once"),
    ]
}

fn of_the_operator() -> Vec<Route> {
    vec![
        Route::get("/api/tokens", "listTokens", tokens::list)
            .needs(Admin)
            .does("Lists the tokens, newest first, without their secrets")
            .lists::<wire::token::Token>("The tokens"),
        Route::post("/api/tokens", "createToken", tokens::create)
            .needs(Admin)
            .does("Makes a token")
            .takes::<wire::token::NewToken>()
            .gives::<wire::token::CreatedToken>(201, "The token, with its secret, which is shown this once"),
        Route::delete("/api/tokens/{id}", "revokeToken", tokens::revoke)
            .needs(Admin)
            .does("Revokes a token")
            .succeeds(204, "Revoked", vec![Content::Empty]),
        Route::get("/api/doctor", "getDoctor", doctor::show)
            .needs(Read)
            .does("Says what works on this server's host, and what to do where something does not")
            .query::<doctor::DoctorParameters>()
            .lists::<wire::doctor::Finding>("The findings"),
    ]
}

fn of_the_host() -> Vec<Route> {
    vec![
        Route::get("/api/repositories", "listRepositories", repositories::list)
            .needs(Read)
            .does("Lists the repositories of the caller's sessions, the last used first, and what is kept of them")
            .lists::<wire::repository::KnownRepository>("The repositories"),
        Route::get("/api/defaults", "getDefaults", config::defaults)
            .needs(Read)
            .does("Says what tasks that do not say get")
            .gives::<wire::config::Defaults>(200, "The defaults"),
        Route::get("/api/config", "getConfig", config::show)
            .needs(Admin)
            .does("Shows the configuration, secrets masked")
            .gives::<wire::config::Config>(200, "The configuration"),
        Route::patch("/api/config", "changeConfig", config::change)
            .needs(Admin)
            .does("Changes settings, all or none; what is a secret is never shown again")
            .takes::<wire::config::ConfigChange>()
            .gives::<wire::config::Config>(200, "The configuration, changed")
            .conflicts(),
        Route::post("/api/config/check", "checkKey", config::check)
            .needs(Admin)
            .does("Tries a provider's key with the cheapest live call")
            .takes::<wire::config::KeyToCheck>()
            .gives::<wire::config::KeyCheck>(200, "What was found, also where the key is wrong"),
        Route::post("/api/repositories/inspect", "inspectRepository", repositories::inspect)
            .needs(Run)
            .does("Looks at a repository before work begins")
            .takes::<wire::repository::InspectRequest>()
            .gives::<wire::repository::RepositoryFacts>(200, "What it looks like")
            .may_be_impossible(),
        Route::get("/api/openapi.json", "getOpenapi", pages::openapi).does("Gives this document").succeeds(
            200,
            "This document",
            vec![Content::Json],
        ),
        Route::get("/health", "getHealth", health::show)
            .does("Says that the server lives")
            .gives::<wire::health::Health>(200, "It lives"),
        Route::get("/health/ready", "getReadiness", health::ready)
            .does("Says whether the server can take work")
            .gives::<wire::health::Readiness>(200, "It can")
            .gives::<wire::health::Readiness>(503, "It cannot; `failing` names what does not work"),
    ]
}

/// Joins all routes, the pages, and what every request goes through (the last layer is the outermost).
pub(crate) fn router(app: &App) -> Router {
    let mut router = Router::new();
    for route in all() {
        let gate = Gate { app: app.clone(), access: route.access, parameters: route.query_names().into() };
        router = router.route(route.path, route.controller.route_layer(from_fn_with_state(gate, admit)));
    }
    router
        .route("/", get(web::home))
        .route("/api/docs", get(pages::docs))
        .route("/style.css", get(pages::style))
        .fallback(web::anything)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(app.clone(), check_addresses))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(map_response(whole))
        .layer(from_fn_with_state(app.clone(), request_log::observe))
        .with_state(app.clone())
}

async fn wrong_method() -> ApiError {
    ApiError::of_status(StatusCode::METHOD_NOT_ALLOWED).hint("/api/docs lists all addresses and methods")
}

/// Gives the answer the body type of the router again.
async fn whole<B>(response: Response<B>) -> Response
where
    Response<B>: IntoResponse,
{
    response.into_response()
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(panic = text, "a controller panicked");
    ApiError::internal().into_response()
}
