//! What tests make on the forge (dev layer): repositories, issues, pull requests, workflow runs.

use super::world::CheckResult;
use std::path::{Path, PathBuf};

/// A repository to make: private, with one commit on `main` that holds a `README.md`, unless said otherwise.
#[derive(Debug, Clone)]
pub struct NewRepository {
    pub(super) full_name: String,
    pub(super) files: Vec<(String, Vec<u8>)>,
    pub(super) folder: Option<PathBuf>,
    pub(super) public: bool,
    pub(super) default_branch: String,
    pub(super) empty: bool,
}

impl NewRepository {
    /// A repository `owner/name`.
    pub fn new(full_name: &str) -> Self {
        Self {
            full_name: full_name.to_owned(),
            files: Vec::new(),
            folder: None,
            public: false,
            default_branch: "main".to_owned(),
            empty: false,
        }
    }

    /// Holds a file in its first commit.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.files.push((path.to_owned(), content.as_ref().to_owned()));
        self
    }

    /// Holds a folder's files, or, where the folder is a git repository, its branches and tags.
    #[must_use]
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = Some(folder.as_ref().to_owned());
        self
    }

    /// Everybody may see it.
    #[must_use]
    pub fn public(mut self) -> Self {
        self.public = true;
        self
    }

    /// Its default branch, instead of `main`.
    #[must_use]
    pub fn default_branch(mut self, name: &str) -> Self {
        name.clone_into(&mut self.default_branch);
        self
    }

    /// Has no commit.
    #[must_use]
    pub fn empty(mut self) -> Self {
        self.empty = true;
        self
    }
}

/// An issue to open.
#[derive(Debug, Clone)]
pub struct NewIssue {
    pub(super) title: String,
    pub(super) body: String,
    pub(super) author: Option<String>,
    pub(super) labels: Vec<String>,
}

impl NewIssue {
    /// An issue by the repository's owner.
    pub fn new(title: &str, body: &str) -> Self {
        Self { title: title.to_owned(), body: body.to_owned(), author: None, labels: Vec::new() }
    }

    /// By somebody else.
    #[must_use]
    pub fn author(mut self, login: &str) -> Self {
        self.author = Some(login.to_owned());
        self
    }

    /// With a label.
    #[must_use]
    pub fn label(mut self, name: &str) -> Self {
        self.labels.push(name.to_owned());
        self
    }
}

/// A pull request to open.
#[derive(Debug, Clone)]
pub struct NewPull {
    pub(super) title: String,
    pub(super) head: String,
    pub(super) base: String,
    pub(super) body: String,
    pub(super) author: Option<String>,
    pub(super) draft: bool,
}

impl NewPull {
    /// A pull request by the repository's owner, of a branch (`branch`, or `owner:branch` of a fork) into another.
    pub fn new(title: &str, head: &str, base: &str) -> Self {
        let [title, head, base] = [title, head, base].map(ToOwned::to_owned);
        Self { title, head, base, body: String::new(), author: None, draft: false }
    }

    /// What it says.
    #[must_use]
    pub fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    /// By somebody else.
    #[must_use]
    pub fn author(mut self, login: &str) -> Self {
        self.author = Some(login.to_owned());
        self
    }

    /// Not ready for review.
    #[must_use]
    pub fn draft(mut self) -> Self {
        self.draft = true;
        self
    }
}

/// A workflow run to add.
#[derive(Debug, Clone)]
pub struct Workflow {
    pub(super) commit: String,
    pub(super) name: String,
    pub(super) jobs: Vec<(String, CheckResult, String)>,
}

impl Workflow {
    /// A run of a workflow on a commit.
    pub fn new(commit: &str, name: &str) -> Self {
        Self { commit: commit.to_owned(), name: name.to_owned(), jobs: Vec::new() }
    }

    /// With a job and its log.
    #[must_use]
    pub fn job(mut self, name: &str, result: CheckResult, log: &str) -> Self {
        self.jobs.push((name.to_owned(), result, log.to_owned()));
        self
    }
}
