//! Agents of this host (layer 2): list, check, install. An install can be followed as a stream.

use crate::access::Caller;
use crate::app::App;
use crate::convert::platform;
use crate::errors::ApiError;
use crate::extract::{Nothing, OptionalBody};
use crate::request_log::RequestId;
use crate::server::told;
use crate::sse;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::future::BoxFuture;
use telecoder_api::agent::{Agent, InstallLine};
use telecoder_engine::EngineError;
use telecoder_model::id::AgentName;
use telecoder_model::port::agent::{AgentStatus, InstallProgress};
use telecoder_model::text;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};

/// Lines of progress that wait for a slow reader; more are dropped, for they are only for people's eyes.
const MAX_WAITING_LINES: usize = 256;
const MAX_LINE_CHARS: usize = 1000;

pub(crate) async fn list(State(app): State<App>, _: Caller) -> Result<Json<Vec<Agent>>, ApiError> {
    Ok(Json(app.engine().agents().await?.into_iter().map(platform::agent).collect()))
}

pub(crate) async fn check(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Json<Agent>, ApiError> {
    let name = name_of(&name)?;
    Ok(Json(platform::agent(app.engine().check_agent(&caller.principal, &name).await?)))
}

pub(crate) async fn install(
    State(app): State<App>,
    caller: Caller,
    id: RequestId,
    headers: HeaderMap,
    Path(name): Path<String>,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Response, ApiError> {
    let name = name_of(&name)?;
    if !sse::wanted(&headers) {
        let agent = app.engine().install_agent(&caller.principal, &name, &Unheard).await?;
        return Ok(Json(platform::agent(agent)).into_response());
    }
    if !app.engine().agents().await?.iter().any(|agent| agent.name == name) {
        return Err(unknown(name.as_str()));
    }
    let place = sse::place(&app)?;
    let (sender, lines) = mpsc::channel(MAX_WAITING_LINES);
    let stopping = app.stopping();
    let work = Box::pin(async move {
        let heard = Heard(sender);
        app.engine().install_agent(&caller.principal, &name, &heard).await
    });
    let install = Install { work: Some(work), lines, stopping, ended: None, id, _place: place };
    Ok(sse::response(futures::stream::unfold(install, |mut install| async {
        let frame = install.next().await?;
        Some((Ok(frame), install))
    })))
}

fn name_of(text: &str) -> Result<AgentName, ApiError> {
    text.parse().map_err(|_| unknown(text))
}

fn unknown(name: &str) -> ApiError {
    let name: String = name.chars().take(80).collect();
    ApiError::not_found("agent_unknown", format!("there is no agent `{name}`"))
        .hint("`telecoder agents list` shows all agents")
}

struct Unheard;

impl InstallProgress for Unheard {
    fn line(&self, _: &str) {}
}

struct Heard(mpsc::Sender<String>);

impl InstallProgress for Heard {
    fn line(&self, line: &str) {
        let line: String = text::harmless(line).chars().take(MAX_LINE_CHARS).collect();
        if self.0.try_send(line).is_err() {
            tracing::debug!("a line of an install's progress was dropped");
        }
    }
}

/// An install that is followed. Dropping it ends the install.
struct Install {
    work: Option<BoxFuture<'static, Result<AgentStatus, EngineError>>>,
    lines: mpsc::Receiver<String>,
    stopping: watch::Receiver<bool>,
    ended: Option<Result<AgentStatus, EngineError>>,
    id: RequestId,
    _place: OwnedSemaphorePermit,
}

impl Install {
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(work) = &mut self.work {
            tokio::select! {
                biased;
                Some(line) = self.lines.recv() => return Some(progress(line)),
                ended = work => {
                    self.ended = Some(ended);
                    self.work = None;
                }
                () = told(&mut self.stopping) => return None,
                () = tokio::time::sleep(std::time::Duration::from_secs(15)) => return Some(sse::comment("keep-alive")),
            }
        }
        if let Ok(line) = self.lines.try_recv() {
            return Some(progress(line));
        }
        let (event, json) = match self.ended.take()? {
            Ok(agent) => ("done", serde_json::to_string(&platform::agent(agent))),
            Err(error) => ("failed", serde_json::to_string(&ApiError::from(error).body(&self.id.0))),
        };
        Some(sse::frame(event, &json.unwrap_or_default()))
    }
}

fn progress(line: String) -> Bytes {
    sse::frame("progress", &serde_json::to_string(&InstallLine { line }).unwrap_or_default())
}
