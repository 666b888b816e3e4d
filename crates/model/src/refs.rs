//! Git names (layer 0): branches, revisions and object ids as types, so that outside text never reaches git unchecked.

use crate::id::{IdError, id_error};
use crate::id::{SessionId, text_id};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The rules of `git check-ref-format` for one branch name, and never an option.
fn branch(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > 200 {
        return Err("it is longer than 200 bytes");
    }
    if text.starts_with('-') {
        return Err("it may not begin with a dash");
    }
    if text == "@" || text == "HEAD" || text.contains("@{") {
        return Err("it is a name that git keeps for itself");
    }
    if text.starts_with('/')
        || text.ends_with('/')
        || text.contains("//")
        || text.ends_with('.')
        || text.contains("..")
    {
        return Err("it has a misplaced `/` or `.`");
    }
    if text.split('/').any(|part| part.starts_with('.') || part.ends_with(".lock")) {
        return Err("a part of it begins with `.` or ends with `.lock`");
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || "~^:?*[\\\u{7f}".contains(c)) {
        return Err("it holds a character that git refuses in a branch name");
    }
    Ok(())
}

fn sha(text: &str) -> Result<(), &'static str> {
    if (text.len() == 40 || text.len() == 64)
        && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    {
        return Ok(());
    }
    Err("it must be 40 (or 64) lowercase hexadecimal digits")
}

text_id!(
    /// A branch name by git's rules, at most 200 bytes, never beginning with a dash. Without `refs/heads/`.
    BranchName, "branch name", branch);
text_id!(
    /// A full object id: 40 or 64 lowercase hexadecimal digits.
    ObjectId, "object id", sha);

impl BranchName {
    /// The branch on which a session works: `telecoder/<id>`.
    pub fn of_session(id: &SessionId) -> Self {
        // A session id holds only a-z and 2-7, so the rules above hold by construction.
        match format!("telecoder/{id}").parse() {
            Ok(name) => name,
            Err(_) => unreachable_branch(),
        }
    }
    /// Whether it is one of ours (`telecoder/…`).
    pub fn is_ours(&self) -> bool {
        self.as_str().starts_with("telecoder/")
    }
}

impl ObjectId {
    /// Its first 12 digits, for people and for names.
    pub fn short(&self) -> &str {
        self.as_str().get(..12).unwrap_or(self.as_str())
    }
}

fn unreachable_branch() -> BranchName {
    #[expect(clippy::expect_used, reason = "a constant that satisfies the rules above")]
    "telecoder/x".parse().expect("constant")
}

/// Where work begins: a branch, a tag or a commit, as a person names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Revision {
    /// A commit.
    Commit(ObjectId),
    /// A branch or a tag.
    Name(BranchName),
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit(id) => id.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl FromStr for Revision {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        if let Ok(id) = text.parse::<ObjectId>() {
            return Ok(Self::Commit(id));
        }
        text.parse::<BranchName>()
            .map(Self::Name)
            .map_err(|error| id_error("branch, tag or full commit id", text, error.reason))
    }
}

impl TryFrom<String> for Revision {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Revision> for String {
    fn from(revision: Revision) -> String {
        revision.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_branch_names_are_refused() {
        for bad in [
            "",
            "-x",
            "--upload-pack=x",
            "a..b",
            "a b",
            "a~1",
            "a^",
            "a:b",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a/b.lock",
            "HEAD",
            "@",
            "a@{1}",
            "a\nb",
            "a\\b",
            "a?",
            "a*",
            "a[",
            "a.",
            "a\u{7f}",
        ] {
            assert!(bad.parse::<BranchName>().is_err(), "{bad:?}");
        }
        for good in ["main", "feature/x", "telecoder/abcdefghijkl", "v1.2.3", "grün", "a-b_c"] {
            assert!(good.parse::<BranchName>().is_ok(), "{good:?}");
        }
    }

    #[test]
    fn a_revision_is_a_commit_or_a_name() {
        let sha = "a".repeat(40);
        assert_eq!(sha.parse::<Revision>().unwrap(), Revision::Commit(sha.parse().unwrap()));
        assert_eq!("main".parse::<Revision>().unwrap().to_string(), "main");
        assert!("--all".parse::<Revision>().is_err());
    }

    #[test]
    fn a_session_has_its_own_branch() {
        let id = SessionId::from_random([1; 8]);
        assert_eq!(BranchName::of_session(&id).to_string(), format!("telecoder/{id}"));
        assert!(BranchName::of_session(&id).is_ours());
    }
}
