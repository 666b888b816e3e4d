//! The body of a pull request (layer 1): the request, the outcome's four parts, checks, the session, and a hidden marker.

use std::fmt::Write as _;
use telecoder_model::session::Session;
use telecoder_model::text::{cut, harmless};

/// The longest quoted request, in graphemes.
const MAX_REQUEST: usize = 4000;

/// The marker by which a pull request is recognised as a session's.
pub(crate) fn marker(session: &Session) -> String {
    format!("<!-- telecoder:session={} -->", session.id)
}

/// A given body with the marker added.
pub(crate) fn with_marker(body: &str, session: &Session) -> String {
    format!("{}\n\n{}\n", neutral(body.trim_end()), marker(session))
}

/// What a body says beside the session itself.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// The steps that the work took.
    pub(crate) steps: Vec<String>,
    /// Paths that conflict with the base (the first ones).
    pub(crate) conflicts: Vec<String>,
    /// How many there are.
    pub(crate) conflicting: u64,
}

/// The body that is made where none is given.
pub(crate) fn compose(session: &Session, public_url: &str, parts: &Parts) -> String {
    let mut body = String::from("### Request\n\n");
    for line in cut(&neutral(&session.prompt), MAX_REQUEST).lines() {
        let _ = writeln!(body, "> {line}");
    }
    if let Some(issue) = &session.issue {
        let _ = writeln!(body, "\nCloses #{}", issue.number);
    }
    if let Some(outcome) = &session.outcome {
        let _ = writeln!(body, "\n### Outcome\n\n{}", neutral(&outcome.headline));
        section(&mut body, "Changed", &outcome.changed, "nothing");
        section(&mut body, "Verified", &outcome.verified, "nothing was checked by TeleCoder");
        section(&mut body, "Uncertain", &outcome.uncertain, "");
        section(&mut body, "Next", &outcome.next, "");
        if !outcome.claims.verified.is_empty() {
            section(&mut body, "The agent says that it verified", &outcome.claims.verified, "");
        }
    }
    if !parts.conflicts.is_empty() {
        let more = parts.conflicting.saturating_sub(u64::try_from(parts.conflicts.len()).unwrap_or(0));
        let mut lines = parts.conflicts.clone();
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        section(&mut body, "Conflicts with the base", &lines, "");
    }
    if !parts.steps.is_empty() {
        let _ = writeln!(body, "\n<details><summary>Steps</summary>\n");
        for step in &parts.steps {
            let _ = writeln!(body, "- {}", neutral(step));
        }
        let _ = writeln!(body, "\n</details>");
    }
    body.push_str(&footer(session, public_url));
    body
}

/// What stands below a pull request of others when commits were added to it.
pub(crate) fn comment(session: &Session, public_url: &str) -> String {
    let mut body = format!("Added to this pull request: {}\n", neutral(&session.display_title()));
    if let Some(outcome) = &session.outcome {
        section(&mut body, "Changed", &outcome.changed, "");
        section(&mut body, "Verified", &outcome.verified, "nothing was checked by TeleCoder");
        section(&mut body, "Uncertain", &outcome.uncertain, "");
    }
    body.push_str(&footer(session, public_url));
    body
}

fn footer(session: &Session, public_url: &str) -> String {
    format!(
        "\n---\nSession [{id}]({public_url}/sessions/{id}) · agent {agent} · policy {policy}\n\n{marker}\n",
        id = session.id,
        agent = session.agent,
        policy = session.policy.name,
        marker = marker(session),
    )
}

fn section(body: &mut String, name: &str, lines: &[String], empty: &str) {
    if lines.is_empty() {
        if !empty.is_empty() {
            let _ = writeln!(body, "\n**{name}:** {empty}");
        }
        return;
    }
    let _ = writeln!(body, "\n**{name}:**\n");
    for line in lines {
        let _ = writeln!(body, "- {}", neutral(line).replace('\n', " "));
    }
}

/// Foreign text that can neither move a terminal nor forge or hide our marker.
fn neutral(text: &str) -> String {
    harmless(text).replace("<!--", "&lt;!--")
}
