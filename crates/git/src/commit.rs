//! Layer 1: commits written by the platform. Invariant: the same request gives the same commit, whoever asks and when.

use crate::call::{Call, PLATFORM_EMAIL, PLATFORM_NAME};
use crate::local::parse_id;
use crate::options::Git;
use crate::workspace::type_call;
use std::path::Path;
use telecoder_model::PortError;
use telecoder_model::fail_point;
use telecoder_model::id::SessionId;
use telecoder_model::port::git::CommitRequest;
use telecoder_model::refs::ObjectId;
use telecoder_model::session::Requester;
use telecoder_model::time::Timestamp;

/// The longest name or address of an author, in characters.
const MAX_IDENTITY: usize = 200;

/// A part of an identity as git takes it: no brackets, no line breaks, nothing that git would strip to nothing.
fn identity(text: &str) -> Option<String> {
    let clean: String =
        text.chars().filter(|c| !c.is_control() && *c != '<' && *c != '>').take(MAX_IDENTITY).collect();
    let clean = clean.trim().to_owned();
    clean.chars().any(char::is_alphanumeric).then_some(clean)
}

/// Name and address of an author.
fn author(requester: Option<&Requester>) -> (String, String) {
    let name = requester.and_then(|r| identity(&r.name));
    let email = requester.and_then(|r| identity(&r.email));
    match (name, email) {
        (None, None) => (PLATFORM_NAME.to_owned(), PLATFORM_EMAIL.to_owned()),
        (Some(name), email) => (name, email.unwrap_or_else(|| PLATFORM_EMAIL.to_owned())),
        (None, Some(email)) => (email.split('@').next().unwrap_or(&email).to_owned(), email),
    }
}

/// A commit's date: whole seconds, UTC, as git reads it without guessing.
fn date(at: Timestamp) -> String {
    format!("@{} +0000", at.as_micros().div_euclid(1_000_000).max(0))
}

/// What goes into a commit besides its tree and parents.
#[derive(Debug, Clone)]
pub(crate) struct Words<'a> {
    pub(crate) message: &'a str,
    pub(crate) author: Option<&'a Requester>,
    pub(crate) at: Timestamp,
}

impl Git {
    /// Writes a commit into a repository of ours.
    pub(crate) async fn commit_tree(
        &self,
        repository: &Path,
        tree: &ObjectId,
        parents: &[&ObjectId],
        words: Words<'_>,
    ) -> Result<ObjectId, PortError> {
        let (name, email) = author(words.author);
        let mut message = words.message.replace('\0', "").trim_end().to_owned();
        message.push('\n');
        let mut call = Call::in_repository(repository, &["commit-tree"]).arg(tree.as_str());
        for parent in parents {
            call = call.arg("-p").arg(parent.as_str());
        }
        let date = date(words.at);
        let call = call
            .arg("-F")
            .arg("-")
            .stdin(message)
            .env("GIT_AUTHOR_NAME", name)
            .env("GIT_AUTHOR_EMAIL", email)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date);
        parse_id(&self.run_text(call, "cannot write the commit").await?)
    }

    pub(crate) async fn write_commit(
        &self,
        session: &SessionId,
        request: &CommitRequest,
    ) -> Result<ObjectId, PortError> {
        let _session = self.hold_session(session).await;
        let (quarantine, _) = self.quarantine_to_write(session).await?;
        self.expect_type(&quarantine, &request.tree, "tree").await?;
        if let Some(parent) = &request.parent {
            self.expect_type(&quarantine, parent, "commit").await?;
            let call = Call::in_repository(&quarantine, &["rev-parse", "--verify"])
                .arg(format!("{parent}^{{tree}}"));
            let before = self.run_text(call, "cannot read the parent's tree").await?;
            if before == request.tree.as_str() {
                return Ok(parent.clone());
            }
        }
        let parents: Vec<&ObjectId> = request.parent.iter().collect();
        let words = Words { message: &request.message, author: request.author.as_ref(), at: request.at };
        let commit = self.commit_tree(&quarantine, &request.tree, &parents, words).await?;
        let call = Call::in_repository(&quarantine, &["update-ref", "--"])
            .arg(format!("refs/commits/{commit}"))
            .arg(commit.as_str());
        fail_point::reach("git.commit.before");
        self.run_ok(call, "cannot keep the commit").await?;
        fail_point::reach("git.commit.after");
        Ok(commit)
    }

    /// Checks that a repository of ours has an object of a type.
    pub(crate) async fn expect_type(
        &self,
        repository: &Path,
        id: &ObjectId,
        wanted: &str,
    ) -> Result<(), PortError> {
        let output = self.run(type_call(repository, id)).await?;
        if output.code == Some(0) && output.stdout.trim_ascii() == wanted.as_bytes() {
            return Ok(());
        }
        Err(PortError::not_found(format!("the session has no {wanted} {id}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requester(name: &str, email: &str) -> Requester {
        Requester { name: name.to_owned(), email: email.to_owned() }
    }

    #[test]
    fn an_author_is_always_one_that_git_takes() {
        let platform = (PLATFORM_NAME.to_owned(), PLATFORM_EMAIL.to_owned());
        assert_eq!(author(None), platform);
        assert_eq!(author(Some(&requester("<>", "\n"))), platform);
        for (name, email, want) in [
            ("Ada", "ada@example.org", ("Ada", "ada@example.org")),
            ("A<d>a\nx", "a", ("Adax", "a")),
            ("", "ada@example.org", ("ada", "ada@example.org")),
            ("Ada", "", ("Ada", PLATFORM_EMAIL)),
        ] {
            let (got_name, got_email) = author(Some(&requester(name, email)));
            assert_eq!((got_name.as_str(), got_email.as_str()), want);
        }
    }
}
