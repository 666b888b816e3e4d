//! The list of all routes (layer 2). What is not here does not exist; the `OpenAPI` document and the access test walk it.

mod ends;

use crate::access::{Gate, admit, check_addresses};
use crate::app::App;
use crate::controllers::{
    agents, approvals, changes, config, diff, doctor, events, files, health, inbox, messages, policies,
    publish, pulls, repositories, sessions, sign_in, tokens,
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
    all.extend(of_one_session());
    all.extend(of_its_files());
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
            .header(text_header("Idempotency-Key", "Repeating a request with the same key and body gives the session that it made before (200).", false))
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

fn of_one_session() -> Vec<Route> {
    vec![
        Route::get("/api/sessions/{id}/events", "listEvents", events::list)
            .needs(Read)
            .does("Reads or follows a session's events, in order")
            .details(
                "With `Accept: text/event-stream` each event is sent as `id: <seq>`, `event: <type>`, `data: <the event>` as soon as it \
                 is there. A comment comes every 15 s. The stream ends, after the comment `end`, once the session has ended and all of \
                 its events were sent; a stream that ends otherwise was interrupted and is resumed by `Last-Event-ID`.",
            )
            .query::<events::EventParameters>()
            .header(text_header("Last-Event-ID", "The number of the last event that arrived; stands above `after`.", false))
            .succeeds(
                200,
                "The events",
                vec![Content::Page(Wire::of::<wire::event::Event>()), Content::Text("text/event-stream")],
            )
            .streams(),
        Route::get("/api/sessions/{id}/messages", "listMessages", messages::list)
            .needs(Read)
            .does("Lists what people wrote to a session, oldest first")
            .lists::<wire::message::Message>("The messages"),
        Route::post("/api/sessions/{id}/messages", "sendMessage", messages::send)
            .needs(Run)
            .does("Writes to a session")
            .details("While a turn is under way the message waits; a session that rests or has ended goes back to work.")
            .takes::<wire::message::NewMessage>()
            .gives::<wire::message::Message>(202, "The message")
            .conflicts(),
        Route::post("/api/sessions/{id}/stop", "stopSession", sessions::stop)
            .needs(Run)
            .does("Stops a session")
            .gives::<wire::session::Session>(200, "The session")
            .conflicts(),
        Route::post("/api/sessions/{id}/rerun", "rerunSession", sessions::rerun)
            .needs(Run)
            .does("Runs a session's task again, as a new session")
            .gives::<wire::session::Session>(201, "The new session")
            .conflicts()
            .may_be_impossible(),
        publishing("/api/sessions/{id}/publish", "publishSession"),
        publishing("/api/sessions/{id}/pr", "publishSessionAlias").details("Another name for `…/publish`."),
        Route::get("/api/sessions/{id}/diff", "getDiff", diff::show)
            .needs(Read)
            .does("Shows a session's whole change")
            .query::<diff::DiffParameters>()
            .succeeds(200, "The change", vec![Content::Object(Wire::of::<wire::diff::Diff>()), Content::Text("text/x-diff")]),
    ]
}

fn of_its_files() -> Vec<Route> {
    vec![
        Route::get("/api/sessions/{id}/files", "getFiles", files::show)
            .needs(Read)
            .does("Shows a folder or a file of a session, as it was at its last snapshot")
            .query::<files::FileParameters>()
            .gives::<wire::file::FileView>(200, "What stands at the path")
            .conflicts(),
        Route::get("/api/sessions/{id}/checks", "listChecks", sessions::checks)
            .needs(Read)
            .does("Lists the checks that the platform ran for a session")
            .lists::<wire::session::Check>("The checks"),
        Route::post("/api/sessions/{id}/publish/preview", "previewPublish", publish::preview)
            .needs(Read)
            .does("Shows the pull request that publishing would open or bring up to date")
            .may_take::<wire::pull::PublishRequest>()
            .gives::<wire::pull::PublishPreview>(200, "The pull request as it would be")
            .conflicts()
            .may_be_impossible(),
        Route::get("/api/sessions/{id}/failing-logs", "getFailingLogs", publish::failing_logs)
            .needs(Read)
            .does("Shows the ends of the logs of the checks that have failed on a session's pull request")
            .lists::<wire::pull::FailingLog>("The logs")
            .conflicts()
            .may_be_impossible(),
        Route::get("/api/sessions/{id}/usage", "getUsage", sessions::usage)
            .needs(Read)
            .does("Shows what a session has used")
            .gives::<wire::usage::SessionUsage>(200, "Tokens, money and time"),
    ]
}

fn publishing(path: &'static str, id: &'static str) -> Route {
    Route::post(path, id, publish::publish)
        .needs(Publish)
        .does("Publishes a session: commits, pushes, opens its pull request or gives the one that is there")
        .may_take::<wire::pull::PublishRequest>()
        .gives::<wire::pull::Published>(201, "The pull request was opened")
        .gives::<wire::pull::Published>(200, "The pull request was there already, and is up to date")
        .conflicts()
        .may_be_impossible()
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
