//! Health (layer 2): open to everybody, so what it says about the host is only for those who may know.

use crate::access::MaybeCaller;
use crate::app::App;
use crate::convert::platform;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use telecoder_api::health::{Health, Readiness};
use telecoder_engine::request::{Finding, FindingState};

pub(crate) async fn show(State(app): State<App>, MaybeCaller(caller): MaybeCaller) -> Json<Health> {
    let mut health = Health {
        status: "ok".to_owned(),
        version: app.options().version.clone(),
        uptime_seconds: app.uptime_seconds(),
        token_required: app.options().token_required,
        queue: None,
        findings: Vec::new(),
    };
    if let Some(caller) = caller {
        health.queue = app.engine().queue_depth().await.ok().map(platform::queue);
        let findings = app.engine().doctor(&caller.principal, false).await.unwrap_or_default();
        health.findings =
            findings.into_iter().filter(|f| f.state != FindingState::Ok).map(platform::finding).collect();
    }
    Json(health)
}

pub(crate) async fn ready(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let failing = match app.engine().ready().await {
        Ok(findings) => findings.into_iter().filter(has_failed).map(|finding| finding.subject).collect(),
        Err(error) => vec![error.code.to_owned()],
    };
    if failing.is_empty() {
        (StatusCode::OK, Json(Readiness { status: "ready".to_owned(), failing }))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(Readiness { status: "unavailable".to_owned(), failing }))
    }
}

fn has_failed(finding: &Finding) -> bool {
    finding.state == FindingState::Failed
}
