//! Layer 1: a repository on a GitHub: owner and name. Invariant: both hold only what GitHub allows there, so that they can
//! stand in a path.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::fmt;
use telecoder_model::PortError;
use telecoder_model::repository::Repository;

/// What may not stand in a path or a query as it is.
const RESERVED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Writes a text so that it can stand in a path or a query; slashes stay.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slug {
    pub(super) owner: String,
    pub(super) name: String,
}

impl Slug {
    /// The repository's name on this GitHub.
    pub(super) fn of(repository: &Repository) -> Result<Self, PortError> {
        let wrong = || {
            PortError::not_found(format!("{repository} is not a repository of GitHub"))
                .remedy("GitHub's repositories are named owner/name.")
        };
        match repository {
            Repository::Remote { path, .. } => match path.split_once('/') {
                Some((owner, name)) if !name.contains('/') => {
                    Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
                }
                Some(_) | None => Err(wrong()),
            },
            Repository::Local(_) => Err(wrong()),
        }
    }

    /// A path below the repository; `rest` may be empty and is encoded by the caller where it must be.
    pub(super) fn path(&self, rest: &str) -> String {
        let between = if rest.is_empty() { "" } else { "/" };
        format!("/repos/{}/{}{between}{rest}", encoded(&self.owner), encoded(&self.name))
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}
