//! The routes of one session (layer 2), a part of the list of all.

use crate::controllers::{diff, events, files, messages, publish, sessions};
use crate::route::{Content, Route, Wire, text_header};
use telecoder_api as wire;
use telecoder_model::principal::Scope::{Publish, Read, Run};
use utoipa::openapi::path::Parameter;

pub(super) fn all() -> Vec<Route> {
    let mut all = of_its_log();
    all.extend(of_its_files());
    all
}

fn of_its_log() -> Vec<Route> {
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
            .header(idempotency_key("the message that it brought before"))
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
            .header(idempotency_key("the session that it made before (200)"))
            .gives::<wire::session::Session>(201, "The new session")
            .gives::<wire::session::Session>(200, "The session that an earlier request with this key made")
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

/// The header with which a client may repeat a request that it got no answer to.
pub(super) fn idempotency_key(gives: &str) -> Parameter {
    let says = format!("Repeating a request with the same key, address and body gives {gives}.");
    text_header("Idempotency-Key", &says, false)
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
