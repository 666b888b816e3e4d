//! Permission requests (layer 1): reading them, and choosing the option that an answer means.

use super::state::OpenAsk;
use super::update;
use super::wire::head;
use agent_client_protocol_schema::v1;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;
use telecoder_model::event::{PermissionOption, ToolCall};
use telecoder_model::policy::ToolKind;
use telecoder_model::port::agent::PermissionReply;
use telecoder_model::text::harmless;

/// The most permission requests that may be open at once.
pub(super) const MAX_OPEN: usize = 16;
/// The most options of a request that are kept.
const MAX_OPTIONS: usize = 8;
/// The longest id of an option, in bytes; a longer one is left out.
const MAX_OPTION_ID: usize = 100;
/// The longest words of an option or title that are kept, in bytes.
const MAX_WORDS: usize = 500;

/// A permission request as it was read.
pub(super) struct Question {
    /// The session that it is about.
    pub(super) session: String,
    /// What it is about.
    pub(super) tool: ToolCall,
    /// The choices.
    pub(super) options: Vec<PermissionOption>,
}

/// Reads the parameters of a request.
pub(super) fn read(params: &str) -> Option<Question> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Shape<'a> {
        #[serde(borrow)]
        session_id: Cow<'a, str>,
        #[serde(borrow)]
        tool_call: &'a RawValue,
        options: Vec<Value>,
    }
    let shape: Shape<'_> = serde_json::from_str(params).ok()?;
    let options = shape
        .options
        .into_iter()
        .filter_map(|option| serde_json::from_value::<v1::PermissionOption>(option).ok())
        .filter(|option| option.option_id.0.len() <= MAX_OPTION_ID)
        .take(MAX_OPTIONS)
        .filter_map(|option| {
            Some(PermissionOption {
                kind: kind_word(option.kind)?.to_owned(),
                id: option.option_id.0.to_string(),
                name: words(&option.name),
            })
        })
        .collect();
    Some(Question {
        session: shape.session_id.into_owned(),
        tool: update::tool(shape.tool_call.get())?,
        options,
    })
}

fn kind_word(kind: v1::PermissionOptionKind) -> Option<&'static str> {
    match kind {
        v1::PermissionOptionKind::AllowOnce => Some("allow_once"),
        v1::PermissionOptionKind::AllowAlways => Some("allow_always"),
        v1::PermissionOptionKind::RejectOnce => Some("reject_once"),
        v1::PermissionOptionKind::RejectAlways => Some("reject_always"),
        _ => None,
    }
}

/// A title for people: what the agent says, else the command or file that it is about.
pub(super) fn title(tool: &ToolCall) -> String {
    let own = tool.title.as_deref().map(str::trim).filter(|title| !title.is_empty());
    let command = tool
        .input
        .as_ref()
        .and_then(|input| input.get("command").or_else(|| input.get("path")))
        .and_then(Value::as_str);
    let words = match (own, command) {
        // Some agents give the tool's bare name, which tells a person nothing.
        (Some(own), Some(command)) if !own.contains(' ') && own != command => format!("{own}: {command}"),
        (Some(own), _) => own.to_owned(),
        (None, Some(command)) => command.to_owned(),
        (None, None) => "a tool call without a title".to_owned(),
    };
    self::words(&words)
}

/// Words that a person decides by: short, and without characters that hide or turn text.
fn words(text: &str) -> String {
    harmless(&head(text.as_bytes(), MAX_WORDS))
}

/// The kind of a tool: as said in the request, else as known by its title, else as said when the call was announced.
pub(super) fn kind(tool: &ToolCall, by_title: Option<ToolKind>, announced: Option<ToolKind>) -> ToolKind {
    [tool.kind, announced, by_title]
        .into_iter()
        .flatten()
        .find(|kind| *kind != ToolKind::Other)
        .unwrap_or_default()
}

/// The result that answers a request.
pub(super) fn outcome(ask: &OpenAsk, reply: PermissionReply) -> Value {
    let wanted: &[&str] = match reply {
        // Once before always: always changes the agent's state outside of our log.
        PermissionReply::Allow => &["allow_once", "allow_always"],
        PermissionReply::Deny => &["reject_once", "reject_always"],
        PermissionReply::Cancelled => &[],
    };
    let chosen = wanted
        .iter()
        .find_map(|kind| ask.options.iter().find(|(_, its)| its == kind).map(|(id, _)| id.as_str()));
    match chosen {
        Some(id) => json!({"outcome": {"outcome": "selected", "optionId": id}}),
        None => json!({"outcome": {"outcome": "cancelled"}}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_takes_the_option_by_kind_and_once_before_always() {
        let ask = |options: &[(&str, &str)]| OpenAsk {
            request: "1".to_owned(),
            options: options.iter().map(|(id, kind)| ((*id).to_owned(), (*kind).to_owned())).collect(),
        };
        let full = ask(&[("A", "allow_always"), ("a", "allow_once"), ("r", "reject_once")]);
        let always = ask(&[("A", "allow_always"), ("R", "reject_always")]);
        let none = ask(&[]);
        let chosen = |ask: &OpenAsk, reply| outcome(ask, reply)["outcome"].to_string();
        assert!(chosen(&full, PermissionReply::Allow).contains(r#""a""#));
        assert!(chosen(&full, PermissionReply::Deny).contains(r#""r""#));
        assert!(chosen(&always, PermissionReply::Allow).contains(r#""A""#));
        assert!(chosen(&always, PermissionReply::Deny).contains(r#""R""#));
        for reply in [PermissionReply::Allow, PermissionReply::Deny, PermissionReply::Cancelled] {
            assert_eq!(chosen(&none, reply), r#"{"outcome":"cancelled"}"#);
        }
        assert_eq!(chosen(&full, PermissionReply::Cancelled), r#"{"outcome":"cancelled"}"#);
    }

    #[test]
    fn a_bare_tool_name_gets_its_command() {
        let tool = |title: Option<&str>, input: Value| ToolCall {
            title: title.map(str::to_owned),
            input: Some(input),
            ..ToolCall::default()
        };
        for (tool, expected) in [
            (tool(Some("shell"), json!({"command": "ls -l"})), "shell: ls -l"),
            (tool(Some("Run `ls`"), json!({"command": "ls -l"})), "Run `ls`"),
            (tool(None, json!({"path": "/a"})), "/a"),
            (tool(Some("ls \u{202e}fr- mr"), json!(null)), "ls \u{fffd}fr- mr"),
            (tool(Some(" "), json!(null)), "a tool call without a title"),
        ] {
            assert_eq!(title(&tool), expected);
        }
    }
}
