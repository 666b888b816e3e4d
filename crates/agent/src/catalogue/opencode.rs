//! `OpenCode` (layer 1). Tried: 1.18.33 with a scripted model over all three wire formats.
//!
//! Quirks: it has no modes, permissions are part of its configuration; it asks to write files over ACP although nothing
//! was offered, after it has written them itself; it needs some seconds and 600 MB; it listens on loopback port 4096.
//! The baseline build is used, which runs on every x86-64 processor.

use super::{Agent, PLACEHOLDER_KEY, Plan, Replacement, Start, base_url, env, is_openai_model};
use serde_json::{Value, json};
use telecoder_model::PortError;
use telecoder_model::policy::PermissionRule;
use telecoder_model::port::gateway::Provider;

/// `OpenCode`.
pub(super) const AGENT: Agent = Agent {
    name: "opencode",
    description: "OpenCode, an open agent for any model (MIT)",
    version: "1.18.33",
    lock: include_str!("packages/opencode.json"),
    installed_bytes: 186_000_000,
    program: &["node_modules/opencode-linux-x64-baseline/bin/opencode"],
    acp_args: &["acp"],
    replacement: Replacement::Program,
    providers: &[Provider::Anthropic, Provider::Openai, Provider::Gemini],
    notice: None,
    configure,
};

/// The models it uses where none is asked for; chosen in November 2026 among those that version 1.18.33 knows.
fn default_model(provider: Provider) -> &'static str {
    match provider {
        Provider::Anthropic => "claude-sonnet-5",
        Provider::Openai => "gpt-5.5",
        Provider::Gemini => "gemini-3.8-flash",
    }
}

fn configure(start: &Start) -> Result<Plan, PortError> {
    let base = base_url(start.provider);
    let model = start.model.as_deref().unwrap_or(default_model(start.provider));
    // A model that is none of OpenAI's own is one of a compatible endpoint, which has chat completions at least.
    let (name, package, url) = match start.provider {
        Provider::Anthropic => ("anthropic", None, format!("{base}/v1")),
        Provider::Openai if is_openai_model(model) => ("openai", None, format!("{base}/v1")),
        Provider::Openai => ("compatible", Some("@ai-sdk/openai-compatible"), format!("{base}/v1")),
        Provider::Gemini => ("google", None, format!("{base}/v1beta")),
    };
    let mut provider = json!({
        "options": {"baseURL": url, "apiKey": PLACEHOLDER_KEY},
        // Merged into what it knows of the model already; makes any other one known.
        "models": {model: {"tool_call": true}},
    });
    if let (Some(package), Some(object)) = (package, provider.as_object_mut()) {
        object.insert("npm".to_owned(), package.into());
        object.insert("name".to_owned(), "Compatible".into());
        object.insert(
            "models".to_owned(),
            json!({model: {"name": model, "tool_call": true, "limit": {"context": 128_000, "output": 16_000}}}),
        );
    }
    let full = format!("{name}/{model}");
    let config = json!({
        "autoupdate": false,
        "share": "disabled",
        // It would keep a second repository of the workspace in its home, for an undo that nobody can ask for.
        "snapshot": false,
        "model": full,
        "small_model": full,
        "enabled_providers": [name],
        "permission": permission(start.permissions),
        "provider": {name: provider},
    });
    let config = config.to_string();
    Ok(Plan {
        env: env([
            ("OPENCODE_CONFIG_CONTENT", config.as_str()),
            ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
            ("OPENCODE_DISABLE_DEFAULT_PLUGINS", "1"),
            ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1"),
            ("OPENCODE_DISABLE_MODELS_FETCH", "1"),
            ("OPENCODE_DISABLE_SHARE", "1"),
        ]),
        ..Plan::default()
    })
}

/// What it may do by itself; a denied tool is not even offered to the model.
fn permission(permissions: PermissionRule) -> Value {
    match permissions {
        PermissionRule::DenyAll => json!({"edit": "deny", "bash": "deny", "webfetch": "deny"}),
        PermissionRule::ApproveReads => json!({"edit": "deny", "bash": "allow", "webfetch": "deny"}),
        PermissionRule::Ask => json!({"edit": "ask", "bash": "ask", "webfetch": "ask"}),
        PermissionRule::ApproveAll => json!({"edit": "allow", "bash": "allow", "webfetch": "allow"}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn config(provider: Provider, model: Option<&str>) -> String {
        let plan = configure(&Start {
            provider,
            model: model.map(str::to_owned),
            permissions: PermissionRule::DenyAll,
        })
        .unwrap();
        plan.env["OPENCODE_CONFIG_CONTENT"].clone()
    }

    #[test]
    fn each_provider_has_its_own_shape() {
        expect![[r#"{"autoupdate":false,"share":"disabled","snapshot":false,"model":"anthropic/claude-sonnet-5","small_model":"anthropic/claude-sonnet-5","enabled_providers":["anthropic"],"permission":{"edit":"deny","bash":"deny","webfetch":"deny"},"provider":{"anthropic":{"options":{"baseURL":"http://127.0.0.1:4101/v1","apiKey":"telecoder"},"models":{"claude-sonnet-5":{"tool_call":true}}}}}"#]]
            .assert_eq(&config(Provider::Anthropic, None));
        expect![[r#"{"autoupdate":false,"share":"disabled","snapshot":false,"model":"compatible/scripted","small_model":"compatible/scripted","enabled_providers":["compatible"],"permission":{"edit":"deny","bash":"deny","webfetch":"deny"},"provider":{"compatible":{"options":{"baseURL":"http://127.0.0.1:4102/v1","apiKey":"telecoder"},"models":{"scripted":{"name":"scripted","tool_call":true,"limit":{"context":128000,"output":16000}}},"npm":"@ai-sdk/openai-compatible","name":"Compatible"}}}"#]]
            .assert_eq(&config(Provider::Openai, Some("scripted")));
        assert!(config(Provider::Openai, None).contains(r#""model":"openai/gpt-5.5""#));
        assert!(config(Provider::Gemini, None).contains("http://127.0.0.1:4103/v1beta"));
    }
}
