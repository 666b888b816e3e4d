//! How agents of the catalogue are started: which provider, which model, what they see.

use crate::place::{Lines, Place, request};
use expect_test::expect;
use telecoder_model::ErrorClass;
use telecoder_model::policy::Policy;
use telecoder_model::port::agent::{Action, AgentRuntime};
use telecoder_model::port::gateway::Provider;

async fn with_goose() -> Place {
    let place = Place::new();
    place.npm("");
    place.agents().install(&"goose".parse().unwrap(), &Lines::default()).await.unwrap();
    place
}

#[tokio::test]
async fn an_installed_agent_is_bound_read_only_and_started_by_its_absolute_path() {
    let place = with_goose().await;
    let agents = place.agents();
    let launch = agents.launch(&request("goose")).await.unwrap();
    expect![[r#"
        [
            "/opt/telecoder/agents/goose/0.20.1/node_modules/@aaif/goose-binary-linux-x64/bin/goose",
            "acp",
            "--with-builtin",
            "developer",
        ]
    "#]]
    .assert_debug_eq(&launch.argv);
    expect![[r#"
        [
            ReadOnlyBind {
                host: "[place]/agents/goose/0.20.1",
                inside: "/opt/telecoder/agents/goose/0.20.1",
                hidden: [],
            },
        ]
    "#]]
    .assert_eq(&place.filtered(&format!("{:#?}\n", launch.read_only)));
    assert_eq!(launch.providers, [Provider::Anthropic]);
    let mut conversation = agents.conversation(&launch.conversation).unwrap();
    assert!(matches!(conversation.open()[..], [Action::Send(_)]));
}

#[tokio::test]
async fn the_provider_follows_the_model_and_the_keys() {
    use Provider::{Anthropic, Gemini, Openai};
    let place = with_goose().await;
    let agents = place.agents();
    for (model, keys, expected) in [
        (None, vec![Anthropic, Openai, Gemini], Ok(("anthropic", "claude-sonnet-4-6"))),
        (None, vec![Gemini, Openai], Ok(("openai", "gpt-5.5"))),
        (None, vec![Gemini], Ok(("google", "gemini-2.5-pro"))),
        (Some("gemini-9"), vec![Anthropic, Gemini], Ok(("google", "gemini-9"))),
        (Some("openai/gpt-9"), vec![Anthropic, Openai], Ok(("openai", "gpt-9"))),
        (Some("qwen/coder"), vec![Anthropic, Openai], Ok(("openai", "qwen/coder"))),
        (Some("gpt-9"), vec![Anthropic], Err("set OPENAI_API_KEY (`telecoder config set`)")),
        (
            None,
            vec![],
            Err("set ANTHROPIC_API_KEY or OPENAI_API_KEY or GEMINI_API_KEY (`telecoder config set`)"),
        ),
    ] {
        let mut request = request("goose");
        request.model = model.map(str::to_owned);
        request.providers = keys;
        let launch = agents.launch(&request).await;
        match expected {
            Ok((provider, name)) => {
                let launch = launch.unwrap();
                assert_eq!(
                    (launch.env["GOOSE_PROVIDER"].as_str(), launch.env["GOOSE_MODEL"].as_str()),
                    (provider, name)
                );
            }
            Err(remedy) => assert_eq!(launch.unwrap_err().remedy.unwrap(), remedy),
        }
    }
}

#[tokio::test]
async fn a_model_of_another_provider_or_shape_is_refused() {
    let place = Place::new();
    let agents = place.agents();
    let mut codex = request("codex");
    codex.model = Some("claude-sonnet-5".to_owned());
    let error = agents.launch(&codex).await.unwrap_err();
    expect!["agent `codex` cannot use `claude-sonnet-5`, a model of anthropic"].assert_eq(&error.what);
    for bad in ["", "-x", "a b", "a\nb", "é"] {
        codex.model = Some(bad.to_owned());
        assert!(agents.launch(&codex).await.unwrap_err().what.contains("name is not usable"), "{bad}");
    }
}

#[tokio::test]
async fn what_is_not_installed_says_how_and_what_is_unknown_says_what_is_known() {
    let place = Place::new();
    let agents = place.agents();
    let error = agents.launch(&request("opencode")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound);
    assert_eq!(error.remedy.unwrap(), "run `telecoder agents install opencode` (186 MB)");
    let error = agents.launch(&request("nope")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound);
}

#[tokio::test]
async fn the_policy_sets_the_agents_own_mode() {
    let place = with_goose().await;
    let agents = place.agents();
    for (policy, mode) in
        [(Policy::locked(), "approve"), (Policy::observe(), "approve"), (Policy::standard(), "auto")]
    {
        let mut request = request("goose");
        request.policy = policy;
        assert_eq!(agents.launch(&request).await.unwrap().env["GOOSE_MODE"], mode);
    }
}
