//! Goose (layer 1). Tried: package 0.20.1, which is Goose 1.34.0, with a scripted model over the OpenAI wire format.
//!
//! Quirks: it never exits at the end of its input and has to be killed; it sends no `agentInfo`; tools have no kind,
//! and titles such as `shell · ls -l`; a model stream that breaks in the middle ends the turn as if all were well.

use super::{Agent, PLACEHOLDER_KEY, Plan, Replacement, Start, base_url, env};
use std::collections::BTreeMap;
use telecoder_model::PortError;
use telecoder_model::policy::{PermissionRule, ToolKind};
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::sandbox::HOME_DIR;

/// Goose.
pub(super) const AGENT: Agent = Agent {
    name: "goose",
    description: "Goose, an open agent in Rust (Apache-2.0); small and fast to start",
    version: "0.20.1",
    lock: include_str!("packages/goose.json"),
    installed_bytes: 282_000_000,
    program: &["node_modules/@aaif/goose-binary-linux-x64/bin/goose"],
    acp_args: &["acp", "--with-builtin", "developer"],
    replacement: Replacement::Program,
    providers: &[Provider::Anthropic, Provider::Openai, Provider::Gemini],
    notice: None,
    configure,
};

/// The models it uses where none is asked for; chosen in November 2026 among those that version 1.34.0 knows.
fn default_model(provider: Provider) -> &'static str {
    match provider {
        Provider::Anthropic => "claude-sonnet-4-6",
        Provider::Openai => "gpt-5.5",
        Provider::Gemini => "gemini-2.5-pro",
    }
}

fn configure(start: &Start) -> Result<Plan, PortError> {
    let base = base_url(start.provider);
    let mut env = env([
        ("GOOSE_DISABLE_KEYRING", "1"),
        ("GOOSE_TELEMETRY_ENABLED", "false"),
        ("GOOSE_PATH_ROOT", &format!("{HOME_DIR}/.goose")),
        // It would ask a model for a title of every session.
        ("GOOSE_DISABLE_SESSION_NAMING", "true"),
        // And for one of every tool call.
        ("GOOSE_DISABLE_TOOL_CALL_SUMMARY", "true"),
        ("GOOSE_MODE", mode(start.permissions)),
        ("GOOSE_MODEL", start.model.as_deref().unwrap_or(default_model(start.provider))),
    ]);
    let (provider, key, host) = match start.provider {
        Provider::Anthropic => ("anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_HOST"),
        Provider::Openai => ("openai", "OPENAI_API_KEY", "OPENAI_HOST"),
        Provider::Gemini => ("google", "GOOGLE_API_KEY", "GOOGLE_HOST"),
    };
    env.insert("GOOSE_PROVIDER".to_owned(), provider.to_owned());
    env.insert(key.to_owned(), PLACEHOLDER_KEY.to_owned());
    env.insert(host.to_owned(), base);
    Ok(Plan { env, kinds: kinds(), ..Plan::default() })
}

fn mode(permissions: PermissionRule) -> &'static str {
    match permissions {
        PermissionRule::ApproveAll => "auto",
        PermissionRule::DenyAll | PermissionRule::ApproveReads | PermissionRule::Ask => "approve",
    }
}

/// The developer extension's tools.
fn kinds() -> BTreeMap<String, ToolKind> {
    [
        ("shell", ToolKind::Execute),
        ("write", ToolKind::Edit),
        ("edit", ToolKind::Edit),
        ("text_editor", ToolKind::Edit),
        ("tree", ToolKind::Read),
        ("read", ToolKind::Read),
        ("read_image", ToolKind::Read),
        ("analyze", ToolKind::Read),
    ]
    .into_iter()
    .map(|(title, kind)| (title.to_owned(), kind))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn it_is_configured_by_its_environment_alone() {
        let plan = configure(&Start {
            provider: Provider::Openai,
            model: None,
            permissions: PermissionRule::ApproveReads,
        })
        .unwrap();
        assert!(plan.home.is_empty());
        expect![[r#"
            {
                "GOOSE_DISABLE_KEYRING": "1",
                "GOOSE_DISABLE_SESSION_NAMING": "true",
                "GOOSE_DISABLE_TOOL_CALL_SUMMARY": "true",
                "GOOSE_MODE": "approve",
                "GOOSE_MODEL": "gpt-5.5",
                "GOOSE_PATH_ROOT": "/home/agent/.goose",
                "GOOSE_PROVIDER": "openai",
                "GOOSE_TELEMETRY_ENABLED": "false",
                "OPENAI_API_KEY": "telecoder",
                "OPENAI_HOST": "http://127.0.0.1:4102",
            }
        "#]]
        .assert_debug_eq(&plan.env);
    }
}
