//! Wire type: event (layer 0), a numbered record of a session and the only thing that is streamed.
//!
//! An [`Event`] keeps its payload as JSON, so that a client of today can pass on an event of tomorrow; [`Event::body`]
//! reads the payloads that this version knows.

use crate::policy::ToolKind;
use crate::session::{DiffStat, FailureKind, Outcome, Status};
use crate::usage::ModelCall;
use crate::word::words;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::{AllOfBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A numbered record of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Counts from 1 without gaps within its session.
    pub seq: u64,
    /// Its session.
    pub session_id: String,
    /// What kind of event; the `event:` name of the stream.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it was recorded (RFC 3339).
    pub at: String,
    /// What happened; its form depends on the type.
    pub data: Value,
}

impl Event {
    /// The payload, if this version knows the event's type.
    pub fn body(&self) -> Option<EventBody> {
        serde_json::from_value(serde_json::json!({"type": self.kind, "data": self.data})).ok()
    }
}

impl PartialSchema for Event {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let head = ObjectBuilder::new()
            .property(
                "seq",
                ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
                    .minimum(Some(1))
                    .description(Some("Counts from 1 without gaps within its session.")),
            )
            .required("seq")
            .property("sessionId", text().description(Some("Its session.")))
            .required("sessionId")
            .property(
                "at",
                text()
                    .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
                    .description(Some("When it was recorded.")),
            )
            .required("at");
        AllOfBuilder::new()
            .item(head)
            .item(Ref::from_schema_name("EventBody"))
            .description(Some("A numbered record of a session."))
            .into()
    }
}

impl ToSchema for Event {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push(("EventBody".to_owned(), EventBody::schema()));
        EventBody::schemas(schemas);
    }
}

words!(
    /// Who speaks in a message event.
    Author, "author", {
        /// A person, or what acts for one.
        User = "user",
        /// The agent.
        Agent = "agent",
        /// The platform.
        Platform = "platform",
    }
);

words!(
    /// How far a step of the engine is.
    StepState, "step state", {
        /// It began.
        Started = "started",
        /// It is done.
        Finished = "finished",
        /// It failed.
        Failed = "failed",
    }
);

words!(
    /// How far a tool call is.
    ToolStatus, "tool status", {
        /// Not begun.
        Pending = "pending",
        /// At work.
        InProgress = "in_progress",
        /// Done.
        Completed = "completed",
        /// Failed.
        Failed = "failed",
    }
);

/// One line of an agent's plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanEntry {
    /// What is to be done.
    pub content: String,
    /// `high`, `medium` or `low`.
    pub priority: String,
    /// `pending`, `in_progress` or `completed`.
    pub status: String,
}

/// A file before and after an edit, as the agent tells it (a claim).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ToolDiff {
    /// The file.
    pub path: String,
    /// Its text before; `null` for a new file.
    pub old_text: Option<String>,
    /// Its text after.
    pub new_text: String,
}

/// What a tool call is about. In a `tool_update`, absent fields are unchanged.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ToolCall {
    /// The agent's name for it, unique within its conversation.
    pub id: String,
    /// A title for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// What kind of thing it does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<ToolKind>,
    /// How far it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<ToolStatus>,
    /// Its output as text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output: Option<String>,
    /// The edits it makes.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub diffs: Vec<ToolDiff>,
    /// The files it touches.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub locations: Vec<String>,
    /// Its input as the agent sent it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input: Option<Value>,
}

/// One choice of a permission request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PermissionOption {
    /// The agent's name for it.
    pub id: String,
    /// Its words.
    pub name: String,
    /// `allow_once`, `allow_always`, `reject_once` or `reject_always`.
    pub kind: String,
}

/// A digest in place of a payload that was too large for the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlobRef {
    /// SHA-256 of the whole, hexadecimal.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
}

/// The payloads of events, by type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "data", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum EventBody {
    /// The session's status changed.
    Status {
        /// The new status.
        status: Status,
        /// Why, where it is not plain.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
    },
    /// A step of the engine began or ended.
    #[serde(rename_all = "camelCase")]
    Step {
        /// Its name.
        step: String,
        /// How far it is.
        state: StepState,
        /// What a person may want to know.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        detail: Option<String>,
        /// How long it took, in milliseconds, once it ended.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        duration_ms: Option<u64>,
    },
    /// Somebody said something; an agent's words come in chunks.
    Message {
        /// Who.
        author: Author,
        /// The words (or the next piece of them).
        text: String,
        /// Whether more of the same message may follow.
        #[serde(default)]
        chunk: bool,
        /// The turn it belongs to, from 1.
        turn: u32,
    },
    /// The agent thinks aloud.
    Thought {
        /// The words (or the next piece of them).
        text: String,
    },
    /// The agent began to use a tool.
    ToolCall(ToolCall),
    /// A tool call changed.
    ToolUpdate(ToolCall),
    /// The agent's plan, whole.
    Plan {
        /// Its lines.
        entries: Vec<PlanEntry>,
    },
    /// Something the agent sent that has no type of its own, or wrote to standard error.
    Output {
        /// `update`, `stderr` or `invalid`.
        stream: String,
        /// The text, or its head.
        text: String,
        /// Where the whole is kept, if this is only the head.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        blob: Option<BlobRef>,
    },
    /// Files were written that will not be kept.
    FileChange {
        /// Their paths, bounded.
        paths: Vec<String>,
        /// How many there were.
        total: u64,
        /// `discarded`.
        action: String,
    },
    /// A model call ended.
    Usage(ModelCall),
    /// The agent asked for permission, or the question was answered.
    Permission {
        /// The approval that it is about.
        decision: String,
        /// What the agent wants to do.
        title: String,
        /// What kind of thing it is.
        kind: ToolKind,
        /// The choices.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        options: Vec<PermissionOption>,
        /// `asked`, `allowed`, `denied` or `cancelled`.
        state: String,
        /// Who answered: `policy` or a user.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        by: Option<String>,
    },
    /// The outcome is known.
    Outcome(Outcome),
    /// Something was done with git.
    Git {
        /// `base`, `commit` or `push`.
        action: String,
        /// The commit.
        commit: String,
        /// The branch.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        branch: Option<String>,
        /// The size of the change.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        diff: Option<DiffStat>,
    },
    /// A pull request was opened or changed.
    PullRequest {
        /// Its number.
        number: u64,
        /// Where it can be seen.
        url: String,
        /// `opened`, `updated`, `merged`, `closed`, `reopened`, `draft`, `ready`, `conflicts` and `mergeable` (with its
        /// base), `check`, `review`, `comment`.
        action: String,
        /// Whose or which: the check's name, the reviewer, the author of the comment.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        subject: Option<String>,
        /// How it stands: `passed`, `failed`, …; `approved`, `changes_requested`, ….
        #[serde(skip_serializing_if = "Option::is_none", default)]
        state: Option<String>,
        /// In words, bounded; written by others.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        detail: Option<String>,
    },
    /// Something failed.
    Error {
        /// What kind of failure.
        kind: FailureKind,
        /// In words.
        message: String,
        /// What to do.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        hint: Option<String>,
    },
    /// The session's work has ended.
    Done {
        /// How.
        status: Status,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_five_fields_and_a_typed_payload() {
        let json = serde_json::json!({
            "seq": 3, "sessionId": "abcdefghijkl", "type": "done", "at": "2026-01-01T00:00:00.000Z", "data": {"status": "complete"}
        });
        let event: Event = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(event.body(), Some(EventBody::Done { status: Status::Complete }));
        assert_eq!(serde_json::to_string(&event).unwrap(), json.to_string());
    }

    #[test]
    fn an_event_of_tomorrow_is_kept() {
        let json = serde_json::json!({"seq": 1, "sessionId": "a", "type": "hologram", "at": "", "data": [1, {"x": null}]});
        let event: Event = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(event.body(), None);
        assert_eq!(serde_json::to_value(&event).unwrap(), json);
    }
}
