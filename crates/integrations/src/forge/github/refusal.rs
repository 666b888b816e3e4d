//! Layer 1: what GitHub refuses, as errors with a class and a remedy. Invariant: no error holds a credential; GitHub's own
//! words are made harmless and cut.

use reqwest::header::HeaderMap;
use serde::Deserialize;
use telecoder_model::text::{cut, harmless};
use telecoder_model::{ErrorClass, PortError};

/// What a call came to that was not done, or perhaps was.
#[derive(Debug)]
pub(super) enum Failure {
    /// GitHub answered that it will not.
    Refused(Box<Refusal>),
    /// There was no whole answer: it may have been done or not.
    Lost(PortError),
}

/// A refusal.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// All that GitHub said, for those who look for words that only a text holds.
    pub(super) said: String,
    /// The fields that it found wrong.
    pub(super) fields: Vec<String>,
    pub(super) error: PortError,
}

impl From<Failure> for PortError {
    fn from(failure: Failure) -> PortError {
        match failure {
            Failure::Refused(refusal) => refusal.error,
            Failure::Lost(error) => error,
        }
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        Self::Lost(error)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    message: String,
    errors: Vec<serde_json::Value>,
}

/// Reads a refusal. `what` names what was wanted; `how` where the credentials come from.
pub(super) fn refusal(what: &str, how: &str, status: u16, headers: &HeaderMap, body: &[u8]) -> Refusal {
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    let mut said = body.message.clone();
    let mut fields = Vec::new();
    for error in body.errors.iter().take(10) {
        if let Some(field) = error.get("field").and_then(|field| field.as_str()) {
            fields.push(field.to_owned());
            said.push_str(&format!(
                "; {field} is {}",
                error.get("code").and_then(|c| c.as_str()).unwrap_or("wrong")
            ));
        }
        if let Some(message) = error.get("message").and_then(|message| message.as_str()) {
            said.push_str("; ");
            said.push_str(message);
        }
    }
    let said = cut(&harmless(&said).replace('\n', " "), 400);
    let (class, remedy) = judged(status, headers, &said, how);
    let shown = if said.is_empty() { format!("status {status}") } else { said.clone() };
    let mut error = PortError::new(class, format!("{what}: GitHub said: {shown}"));
    error.remedy = remedy;
    Refusal { status, said, fields, error }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty())
}

fn judged(status: u16, headers: &HeaderMap, said: &str, how: &str) -> (ErrorClass, Option<String>) {
    let (class, remedy) = match status {
        401 => (
            ErrorClass::Denied,
            format!("The credentials ({how}) are wrong, expired or revoked: {}", renew(how)),
        ),
        403 if said.contains("archived") => (
            ErrorClass::Denied,
            "Unarchive the repository in its settings, or work on another one.".to_owned(),
        ),
        403 if headers.contains_key("x-github-sso") => (
            ErrorClass::Denied,
            format!(
                "Authorise the token ({how}) for the organisation's single sign-on (Settings, Developer settings, Configure SSO)."
            ),
        ),
        403 => (ErrorClass::Denied, missing(headers, how)),
        // GitHub hides what a token may not see.
        404 => match missing_scope(headers) {
            Some(scope) => {
                (ErrorClass::Denied, format!("The token ({how}) lacks the scope `{scope}`: {}", renew(how)))
            }
            None => (
                ErrorClass::NotFound,
                format!(
                    "Check the name and number, and that the server's account ({how}) may see the repository."
                ),
            ),
        },
        405 | 409 => (ErrorClass::Conflict, "Look at the pull request on GitHub, then try again.".to_owned()),
        410 => (ErrorClass::NotFound, "It was removed, or the repository has switched this off.".to_owned()),
        408 | 429 | 500..=599 => return (ErrorClass::Transient, None),
        _ => return (ErrorClass::Permanent, None),
    };
    (class, Some(remedy))
}

/// What helps against credentials that are not taken.
pub(super) fn renew(how: &str) -> String {
    if how.starts_with("GitHub App") {
        "check TELECODER_GITHUB_APP_ID and its key, and that the App is installed there.".to_owned()
    } else if how == "gh login" {
        "run `gh auth login` (or `gh auth refresh -s repo,workflow`) and restart the server.".to_owned()
    } else {
        format!("make a new token with the scopes `repo` and `workflow`, set {how} and restart the server.")
    }
}

fn missing_scope(headers: &HeaderMap) -> Option<String> {
    let has = header(headers, "x-oauth-scopes").or_else(|| headers.get("x-oauth-scopes").map(|_| ""))?;
    let accepted = header(headers, "x-accepted-oauth-scopes")?;
    let has: Vec<&str> = has.split(',').map(str::trim).collect();
    let mut wanted = accepted.split(',').map(str::trim);
    if has.contains(&"repo") || wanted.clone().any(|scope| has.contains(&scope)) {
        return None;
    }
    wanted
        .find(|scope| !scope.is_empty())
        .map(|scope| if scope == "public_repo" { "repo".to_owned() } else { harmless(scope) })
}

fn missing(headers: &HeaderMap, how: &str) -> String {
    if let Some(scope) = missing_scope(headers) {
        return format!("The token ({how}) lacks the scope `{scope}`: {}", renew(how));
    }
    match header(headers, "x-accepted-github-permissions") {
        Some(permissions) => format!(
            "The credentials ({how}) lack a permission; this needs: {}.",
            cut(&harmless(permissions).replace('=', ": "), 200)
        ),
        None => format!("Give the server's account ({how}) write access to the repository."),
    }
}
