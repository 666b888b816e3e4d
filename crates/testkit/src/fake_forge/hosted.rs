//! A repository of the fake forge in a test's hand (dev layer): what people do on the forge's pages, and what a test
//! looks at.

use super::call::Refusal;
use super::hosting;
use super::new::{NewIssue, NewPull, Workflow};
use super::rest::{comments, issues, pulls, reviews};
use super::serve::Shared;
use super::world::{
    Access, Check, CheckResult, Issue, Job, Repository, ReviewComment, Run, Status, Verdict, World,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// A repository; a copy is the same one.
///
/// Every method panics if the repository, branch, issue or pull request that it names is not there: a test cannot go
/// on without it.
#[derive(Debug, Clone)]
pub struct Hosted {
    pub(super) shared: Arc<Shared>,
    pub(super) full_name: String,
}

/// A pull request, as a test looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// What it says.
    pub body: String,
    /// The branch it goes into.
    pub base: String,
    /// `owner:branch` of the change.
    pub head: String,
    /// The commit at its head.
    pub head_sha: String,
    /// Not ready for review.
    pub draft: bool,
    /// `open` or `closed`.
    pub state: &'static str,
    /// Whether it was merged.
    pub merged: bool,
    /// Its labels.
    pub labels: Vec<String>,
    /// Who was asked for a review and gave none yet.
    pub reviewers: Vec<String>,
    /// Who opened it.
    pub author: String,
}

impl Pull {
    fn of(issue: &Issue) -> Option<Self> {
        let pull = issue.pull.as_ref()?;
        Some(Self {
            number: issue.number,
            title: issue.title.clone(),
            body: issue.body.clone().unwrap_or_default(),
            base: pull.base.clone(),
            head: pulls::label(pull),
            head_sha: pull.head_commit.clone(),
            draft: pull.draft,
            state: if issue.open { "open" } else { "closed" },
            merged: pull.merged.is_some(),
            labels: issue.labels.clone(),
            reviewers: pull.reviewers.clone(),
            author: issue.author.clone(),
        })
    }
}

/// A comment, as a test looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// Its id.
    pub id: u64,
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub body: String,
}

impl Hosted {
    /// Changes the world; reads that are stale see it as it was before.
    #[expect(clippy::expect_used, reason = "only tests call this, and they cannot go on without it")]
    fn change<T>(&self, what: &str, change: impl FnOnce(&mut World, &str) -> Option<T>) -> T {
        let mut state = self.shared.lock();
        hosting::sync(&mut state.world, &self.full_name);
        let before = state.world.clone();
        let done = change(&mut state.world, &self.full_name);
        if done.is_some() {
            state.before = before;
        }
        drop(state);
        done.ok_or_else(|| format!("{what} in {}", self.full_name)).expect("the fake forge cannot do this")
    }

    fn look<T>(&self, look: impl FnOnce(&Repository) -> Option<T>) -> Option<T> {
        let mut state = self.shared.lock();
        hosting::sync(&mut state.world, &self.full_name);
        state.world.repository(&self.full_name).and_then(look)
    }

    /// Looks at what must be there.
    #[expect(clippy::expect_used, reason = "only tests call this, and they cannot go on without it")]
    fn found<T>(&self, what: &str, look: impl FnOnce(&Repository) -> Option<T>) -> T {
        let found = self.look(look).ok_or_else(|| format!("{what} in {}", self.full_name));
        found.expect("the fake forge does not have this")
    }

    fn set<T>(&self, what: &str, change: impl FnOnce(&mut Repository) -> T) -> T {
        self.change(what, |world, name| world.repository_mut(name).map(change))
    }

    /// `owner/name`.
    pub fn full_name(&self) -> &str {
        &self.full_name
    }

    fn owner(&self) -> String {
        self.full_name.split('/').next().unwrap_or_default().to_owned()
    }

    /// Where git clones it from.
    pub fn clone_url(&self) -> String {
        format!("{}/{}.git", self.shared.base, self.full_name)
    }

    /// The bare repository.
    pub fn path(&self) -> PathBuf {
        self.found("the folder", |found| Some(found.folder.clone()))
    }

    /// Gives a login access.
    pub fn grant(&self, login: &str, access: Access) -> &Self {
        self.change("grant", |world, name| {
            world.user(login, "User");
            world.repository_mut(name)?.access.insert(login.to_owned(), access);
            Some(())
        });
        self
    }

    /// Takes a branch's changes through pull requests only.
    pub fn protect(&self, branch: &str) -> &Self {
        self.set("protect", |found| found.protected.insert(branch.to_owned()));
        self
    }

    /// Ends that.
    pub fn unprotect(&self, branch: &str) -> &Self {
        self.set("unprotect", |found| found.protected.remove(branch));
        self
    }

    /// Makes it read-only.
    pub fn archive(&self) -> &Self {
        self.set("archive", |found| found.archived = true);
        self
    }

    /// Ends that.
    pub fn unarchive(&self) -> &Self {
        self.set("unarchive", |found| found.archived = false);
        self
    }

    /// Every branch and its commit.
    pub fn branches(&self) -> BTreeMap<String, String> {
        let all = |found: &Repository| {
            Some(found.branches().map(|(name, sha)| (name.to_owned(), sha.clone())).collect())
        };
        self.look(all).unwrap_or_default()
    }

    /// The commit of a branch.
    pub fn head(&self, branch: &str) -> Option<String> {
        self.look(|found| found.head(branch).cloned())
    }

    /// Deletes a branch, as the button on a pull request does.
    pub fn delete_branch(&self, branch: &str) -> &Self {
        self.change("delete a branch", |world, name| {
            let folder = world.repository(name)?.folder.clone();
            hosting::set_ref(&folder, &format!("refs/heads/{branch}"), None).ok()?;
            hosting::sync(world, name);
            Some(())
        });
        self
    }

    /// A file on a branch or at a commit.
    pub fn file(&self, at: &str, path: &str) -> Option<String> {
        self.look(|found| hosting::git(&found.folder, &["show", &format!("{at}:{path}")]).ok())
    }

    /// The subjects of the commits of a branch, newest first.
    pub fn log(&self, at: &str) -> Vec<String> {
        let log = |found: &Repository| hosting::git(&found.folder, &["log", "--format=%s", at, "--"]).ok();
        self.look(log).unwrap_or_default().lines().map(ToOwned::to_owned).collect()
    }

    /// Somebody pushes a commit with these files to a branch; a new branch starts at the default one.
    pub fn commit(&self, branch: &str, files: &[(&str, &str)], subject: &str) -> String {
        let files: Vec<(String, Vec<u8>)> =
            files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_owned())).collect();
        self.change("commit", |world, name| {
            let now = world.now;
            let found = world.repository(name)?;
            let start = found.head(branch).or_else(|| found.head(&found.default_branch)).cloned();
            let id = hosting::commit(&found.folder, branch, start.as_deref(), &files, subject, now).ok()?;
            hosting::sync(world, name);
            Some(id)
        })
    }

    /// Opens an issue and gives its number.
    pub fn add_issue(&self, issue: NewIssue) -> u64 {
        let author = issue.author.unwrap_or_else(|| self.owner());
        self.change("open an issue", |world, name| {
            let number = issues::add(world, name, &author, issue.title, Some(issue.body))?;
            for label in issue.labels {
                let id = world.id();
                let found = world.repository_mut(name)?;
                found.labels.entry(label.clone()).or_insert(id);
                found.issues.get_mut(&number)?.labels.push(label);
            }
            Some(number)
        })
    }

    /// Adds a comment to an issue or a pull request and gives its id.
    pub fn add_comment(&self, number: u64, login: &str, body: &str) -> u64 {
        self.change("comment", |world, name| comments::add(world, name, number, login, body.to_owned()))
    }

    /// Closes an issue.
    pub fn close_issue(&self, number: u64) -> &Self {
        self.change("close", |world, name| {
            let now = world.now;
            let issue = world.repository_mut(name)?.issues.get_mut(&number)?;
            (issue.open, issue.closed, issue.updated) = (false, Some(now), now);
            Some(())
        });
        self
    }

    /// Opens a pull request and gives its number.
    pub fn add_pull(&self, pull: NewPull) -> u64 {
        let opening = pulls::Opening {
            title: pull.title,
            body: Some(pull.body),
            head: pull.head,
            base: pull.base,
            author: pull.author.unwrap_or_else(|| self.owner()),
            draft: pull.draft,
        };
        self.change("open a pull request", |world, name| pulls::add(world, name, opening).ok())
    }

    /// Closes a pull request without merging it.
    pub fn close(&self, number: u64) -> &Self {
        self.close_issue(number)
    }

    /// Merges a pull request and gives the commit.
    pub fn merge(&self, number: u64) -> String {
        let owner = self.owner();
        self.change("merge", |world, name| {
            let merged: Result<String, Refusal> =
                pulls::perform_merge(world, name, number, &owner, "merge", None);
            merged.ok()
        })
    }

    /// Does not yet know, for so many looks at it, whether a pull request can be merged.
    pub fn mergeable_unknown(&self, number: u64, looks: u64) -> &Self {
        self.change("find a pull request", |world, name| {
            world.repository_mut(name)?.issues.get_mut(&number)?.pull.as_mut()?.unknown = looks;
            Some(())
        });
        self
    }

    /// Reviews a pull request and gives the review's id.
    pub fn review(&self, number: u64, login: &str, verdict: Verdict, body: &str) -> u64 {
        self.change("review", |world, name| reviews::add(world, name, number, login, verdict, body))
    }

    /// Comments on a file of a pull request, and gives the comment's id.
    pub fn review_comment(&self, number: u64, login: &str, path: &str, line: Option<u64>, body: &str) -> u64 {
        let review = self.review(number, login, Verdict::Commented, "");
        let comment = ReviewComment {
            id: 0,
            review,
            author: login.to_owned(),
            body: body.to_owned(),
            path: path.to_owned(),
            line,
            commit: String::new(),
            reply_to: None,
            at: 0,
        };
        self.change("comment on a file", |world, name| reviews::add_comment(world, name, number, comment))
    }

    /// Adds a check run to a commit and gives its id.
    pub fn check(&self, commit: &str, name: &str, result: CheckResult) -> u64 {
        self.change("check", |world, full_name| {
            let (id, at) = (world.id(), world.now);
            let (commit, name) = (commit.to_owned(), name.to_owned());
            world.repository_mut(full_name)?.checks.push(Check { id, commit, name, result, at, job: None });
            Some(id)
        })
    }

    /// Adds a status to a commit and gives its id.
    pub fn status(&self, commit: &str, context: &str, result: CheckResult) -> u64 {
        self.change("set a status", |world, full_name| {
            let (id, at) = (world.id(), world.now);
            let (commit, context) = (commit.to_owned(), context.to_owned());
            world.repository_mut(full_name)?.statuses.push(Status { id, commit, context, result, at });
            Some(id)
        })
    }

    /// Adds a workflow run, and the check runs of its jobs, and gives its id.
    pub fn workflow_run(&self, workflow: Workflow) -> u64 {
        self.change("run a workflow", |world, full_name| {
            let (id, at) = (world.id(), world.now);
            let with_ids: Vec<_> = workflow.jobs.into_iter().map(|job| (world.id(), job)).collect();
            let found = world.repository_mut(full_name)?;
            let mut jobs = Vec::new();
            for (id, (name, result, log)) in with_ids {
                let commit = workflow.commit.clone();
                found.checks.push(Check { id, commit, name: name.clone(), result, at, job: Some(id) });
                jobs.push(Job { id, name, result, log });
            }
            let of_commit = |(name, sha): (&str, &String)| (*sha == workflow.commit).then(|| name.to_owned());
            let branch = found.branches().find_map(of_commit);
            let number = u64::try_from(found.runs.len()).unwrap_or(0) + 1;
            let (name, commit) = (workflow.name, workflow.commit);
            found.runs.push(Run { id, number, name, commit, branch, at, jobs });
            Some(id)
        })
    }

    /// Every pull request, by number.
    pub fn pulls(&self) -> Vec<Pull> {
        self.look(|found| Some(found.issues.values().filter_map(Pull::of).collect())).unwrap_or_default()
    }

    /// A pull request.
    pub fn pull(&self, number: u64) -> Pull {
        self.found("the pull request", |found| Pull::of(found.issues.get(&number)?))
    }

    /// The comments of an issue or a pull request.
    pub fn comments(&self, number: u64) -> Vec<Comment> {
        let told = |comment: &super::world::Comment| Comment {
            id: comment.id,
            author: comment.author.clone(),
            body: comment.body.clone(),
        };
        let all = |found: &Repository| Some(found.issues.get(&number)?.comments.iter().map(told).collect());
        self.look(all).unwrap_or_default()
    }

    /// The labels of an issue or a pull request.
    pub fn labels(&self, number: u64) -> Vec<String> {
        self.look(|found| Some(found.issues.get(&number)?.labels.clone())).unwrap_or_default()
    }

    /// Who was asked to review a pull request.
    pub fn reviewers(&self, number: u64) -> Vec<String> {
        self.pull(number).reviewers
    }
}
