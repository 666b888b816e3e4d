//! Typed ids (layer 0). An id is a value of its own type: a session id can never be passed where a
//! job's owner is expected. Random ids come from the `Ids` port; this module only holds their form.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Says why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {kind}: {reason}")]
pub struct IdError {
    /// The kind of id that was expected, in words.
    pub kind: &'static str,
    /// The text that was given, cut to 80 characters.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

pub(crate) fn id_error(kind: &'static str, text: &str, reason: &'static str) -> IdError {
    IdError { kind, text: text.chars().take(80).collect(), reason }
}

/// Alphabet of session ids: lowercase base32 of RFC 4648.
pub const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let check: fn(&str) -> Result<(), &'static str> = $check;
                check(text).map_err(|reason| id_error($kind, text, reason))?;
                Ok(Self(text.to_owned()))
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}
pub(crate) use text_id;

/// Checks a short name made of lowercase letters, digits and dashes.
pub(crate) fn slug(text: &str, max: usize) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > max {
        return Err("it is too long");
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err("it may not begin or end with a dash");
    }
    if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err("only a-z, 0-9 and - are allowed");
    }
    Ok(())
}

fn printable(text: &str, max: usize) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > max {
        return Err("it is too long");
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("only printable ASCII without spaces is allowed");
    }
    Ok(())
}

text_id!(
/// Names one session: 12 characters of lowercase base32 (60 random bits).
SessionId, "session id", |t| {
    if t.len() != 12 { return Err("it must have 12 characters"); }
    if !t.bytes().all(|b| BASE32.contains(&b)) { return Err("only a-z and 2-7 are allowed"); }
    Ok(())
});
text_id!(
    /// Names one server process among those that share a store; new at every start.
    InstanceId, "instance id", |t| slug(t, 40));
text_id!(
    /// Names a data folder among those of the servers that share a store: where workspaces and sandboxes lie.
    HostId, "host id", |t| slug(t, 40));
text_id!(
    /// Names an agent of the catalogue or of the configuration (`goose`, `claude-code`, `my-agent`).
    AgentName, "agent name", |t| slug(t, 40));
text_id!(
    /// Names a process inside a sandbox (`agent-1`, `export-3`); unique within its sandbox.
    ProcessId, "process id", |t| slug(t, 40));
text_id!(
    /// Names a pending decision: a permission request, an approval or a question.
    DecisionId, "decision id", |t| slug(t, 40));
text_id!(
    /// Names an API token (not the secret).
    TokenId, "token id", |t| slug(t, 40));
text_id!(
    /// Names a tenant. One installation has the tenant `default`.
    TenantId, "tenant id", |t| slug(t, 40));
text_id!(
    /// Names a person or a service that acts: `local`, a user name, a forge login.
    UserId, "user id", |t| printable(t, 100));

impl SessionId {
    /// Forms an id from 8 random bytes; the lowest 60 bits count.
    pub fn from_random(bytes: [u8; 8]) -> Self {
        let mut bits = u64::from_le_bytes(bytes);
        let mut text = String::with_capacity(12);
        for _ in 0..12 {
            let index = usize::try_from(bits & 31).unwrap_or(0);
            text.push(char::from(BASE32.get(index).copied().unwrap_or(b'a')));
            bits >>= 5;
        }
        Self(text)
    }
}

impl TenantId {
    /// The only tenant of an installation without accounts.
    pub fn default_tenant() -> Self {
        Self("default".to_owned())
    }
}

impl UserId {
    /// The user as which a server on loopback without tokens acts.
    pub fn local() -> Self {
        Self("local".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ids_have_twelve_base32_characters() {
        let id = SessionId::from_random([0xff; 8]);
        assert_eq!(id.as_str(), "777777777777");
        assert_eq!(id.as_str().parse::<SessionId>().unwrap(), id);
        for bad in ["", "abc", "ABCDEFGHIJKL", "abcdefghijk1", "abcdefghijklm", "../../../../etc"] {
            assert!(bad.parse::<SessionId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn names_refuse_options_and_paths() {
        for bad in ["-x", "x-", "A", "a/b", "a b", "", "..", "é"] {
            assert!(bad.parse::<AgentName>().is_err(), "{bad}");
        }
        assert_eq!("claude-code".parse::<AgentName>().unwrap().to_string(), "claude-code");
    }

    #[test]
    fn an_error_says_what_was_wrong() {
        assert_eq!(
            "-x".parse::<AgentName>().unwrap_err().to_string(),
            "`-x` is not a valid agent name: it may not begin or end with a dash"
        );
    }
}
