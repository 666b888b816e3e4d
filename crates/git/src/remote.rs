//! Layer 1: repositories on other hosts. Invariants: only http and https are spoken; a credential goes to git in memory
//! that it alone reads, never in an argument, an environment, a URL or a file, and never to a host that a redirect names.

use crate::call::{Call, failure};
use crate::layout::{Key, ObjectFormat};
use crate::local::Start;
use crate::mirror::base_ref;
use crate::options::Git;
use std::path::PathBuf;
use telecoder_model::PortError;
use telecoder_model::error::ErrorClass;
use telecoder_model::port::git::{Purpose, RemoteAddress, RepositoryFacts};
use telecoder_model::port::process::HostOutput;
use telecoder_model::refs::{BranchName, ObjectId, Revision};
use telecoder_model::repository::Repository;

impl Git {
    pub(crate) async fn address(
        &self,
        repository: &Repository,
        purpose: Purpose,
    ) -> Result<RemoteAddress, PortError> {
        let address = match &self.options.remote {
            Some(access) => access.address(repository, purpose).await?,
            None => RemoteAddress {
                url: repository
                    .https_url()
                    .ok_or_else(|| PortError::permanent(format!("{repository} is not on another host")))?,
                authorization: None,
                advice: None,
            },
        };
        if !address.url.starts_with("https://") && !address.url.starts_with("http://") {
            return Err(PortError::denied(format!("{repository} can only be reached over http or https")));
        }
        Ok(address)
    }

    /// A call that may use the network.
    pub(crate) fn remote_call(&self, cwd: PathBuf, address: &RemoteAddress, args: &[&str]) -> Call {
        let mut call = Call::new(cwd, args)
            .env("GIT_ALLOW_PROTOCOL", "http:https")
            .setting("http.lowSpeedLimit", "1000")
            .setting("http.lowSpeedTime", "60");
        for (name, value) in &self.options.network {
            call = call.env(name, value);
        }
        match &address.authorization {
            Some(value) => call.authorized(value).setting("http.followRedirects", "false"),
            None => call.setting("http.followRedirects", "initial"),
        }
    }

    /// Takes a newer credential, where the one of an address is not taken any more and there is one.
    async fn renew(&self, repository: &Repository, address: &mut RemoteAddress, output: &HostOutput) -> bool {
        let said = String::from_utf8_lossy(&output.stderr);
        if !(said.contains("Authentication failed") || said.contains("error: 401")) {
            return false;
        }
        let Some(access) = &self.options.remote else { return false };
        match access.renewed(repository, address).await {
            Some(newer) => {
                *address = newer;
                true
            }
            None => false,
        }
    }

    /// Asks a repository for its head and some refs: `(name, id, symbolic target)`. Whoever uses the address afterwards has
    /// one whose credential was taken just now.
    pub(crate) async fn list_remote(
        &self,
        repository: &Repository,
        address: &mut RemoteAddress,
        patterns: &[String],
    ) -> Result<Vec<(String, String)>, PortError> {
        let mut output = self.ask_remote(address, patterns).await?;
        if output.code != Some(0) && self.renew(repository, address, &output).await {
            output = self.ask_remote(address, patterns).await?;
        }
        if output.code != Some(0) {
            return Err(unreachable(repository, address, &output));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .map(|(value, name)| (name.to_owned(), value.to_owned()))
            .collect())
    }

    async fn ask_remote(
        &self,
        address: &RemoteAddress,
        patterns: &[String],
    ) -> Result<HostOutput, PortError> {
        let root = self.layout.root();
        let folder = root.clone();
        crate::folder::work("cannot make the folder of git", move || crate::folder::make(&folder, 0o711))
            .await?;
        let mut call = self
            .remote_call(root, address, &["ls-remote", "--symref", "--quiet", "--end-of-options"])
            .arg(&address.url);
        for pattern in patterns {
            call = call.arg(pattern);
        }
        self.run(call).await
    }

    /// Looks where a session of a remote repository begins.
    pub(crate) async fn remote_start(
        &self,
        repository: &Repository,
        base: Option<&Revision>,
    ) -> Result<Start, PortError> {
        let mut address = self.address(repository, Purpose::Read).await?;
        let name = match base {
            Some(Revision::Commit(commit)) => {
                return Ok(Start { commit: commit.clone(), branch: None });
            }
            Some(Revision::Name(name)) => name,
            None => {
                let refs = self.list_remote(repository, &mut address, &["HEAD".to_owned()]).await?;
                let (branch, commit) = head_of(&refs);
                let commit = commit.ok_or_else(|| {
                    PortError::not_found(format!("{repository} has no commit yet"))
                        .remedy("Push a first commit to it, or name a base.")
                })?;
                return Ok(Start { commit, branch });
            }
        };
        let (head, tag) = (format!("refs/heads/{name}"), format!("refs/tags/{name}"));
        let peeled = format!("{tag}^{{}}");
        let patterns = [head.clone(), tag.clone(), peeled.clone()];
        let refs = self.list_remote(repository, &mut address, &patterns).await?;
        let find =
            |wanted: &str| refs.iter().find(|(name, _)| name == wanted).and_then(|(_, id)| id.parse().ok());
        if let Some(commit) = find(&head) {
            return Ok(Start { commit, branch: Some(name.clone()) });
        }
        match find(&peeled).or_else(|| find(&tag)) {
            Some(commit) => Ok(Start { commit, branch: None }),
            None => Err(PortError::not_found(format!("{repository} has no branch or tag `{name}`"))
                .remedy("Name a branch, a tag or a full commit id of that repository.")),
        }
    }

    /// Brings a commit of a remote repository into its mirror. The caller holds the repository's lock.
    pub(crate) async fn mirror_remote(
        &self,
        key: &Key,
        repository: &Repository,
        commit: &ObjectId,
    ) -> Result<PathBuf, PortError> {
        let mirror = self.mirror(key, ObjectFormat::of(commit)).await?;
        if self.mirrored(&mirror, commit).await? {
            return Ok(mirror);
        }
        let mut address = self.address(repository, Purpose::Read).await?;
        let exact = format!("+{commit}:{}", base_ref(commit));
        let mut output = self.fetch(&mirror, &address, &exact).await?;
        if output.code != Some(0) && self.renew(repository, &mut address, &output).await {
            output = self.fetch(&mirror, &address, &exact).await?;
        }
        if output.code != Some(0) {
            // A server may refuse a bare commit id; it may be the head of a pull request, which no branch here holds.
            if self.fetch_pull_head(&mirror, repository, &mut address, commit).await? {
                self.combine_packs(&mirror).await?;
                return Ok(mirror);
            }
            // Then every branch and tag is fetched and the commit looked for.
            for all in ["+refs/heads/*:refs/fetched/heads/*", "+refs/tags/*:refs/fetched/tags/*"] {
                let output = self.fetch(&mirror, &address, all).await?;
                if output.code != Some(0) {
                    return Err(unreachable(repository, &address, &output));
                }
            }
            let found =
                self.commits_there(Call::in_repository(&mirror, &[]), std::slice::from_ref(commit)).await?;
            if found.is_empty() {
                return Err(PortError::not_found(format!("{repository} has no commit {commit}"))
                    .remedy("Push it there, or name a branch."));
            }
            self.mark_mirrored(&mirror, commit).await?;
        }
        self.combine_packs(&mirror).await?;
        Ok(mirror)
    }

    /// Fetches a commit that is the head of a pull request (`refs/pull/N/head`); says whether it was one.
    async fn fetch_pull_head(
        &self,
        mirror: &std::path::Path,
        repository: &Repository,
        address: &mut RemoteAddress,
        commit: &ObjectId,
    ) -> Result<bool, PortError> {
        let refs = self.list_remote(repository, address, &["refs/pull/*/head".to_owned()]).await?;
        let Some((name, _)) = refs.iter().find(|(_, id)| id == commit.as_str()) else {
            return Ok(false);
        };
        let output = self.fetch(mirror, address, &format!("+{name}:{}", base_ref(commit))).await?;
        if output.code != Some(0) {
            return Err(unreachable(repository, address, &output));
        }
        // Somebody may have pushed meanwhile.
        let call = Call::in_repository(mirror, &["rev-parse", "--verify", "--quiet"]).arg(base_ref(commit));
        let found = self.run(call).await?;
        if String::from_utf8_lossy(&found.stdout).trim() == commit.as_str() {
            return Ok(true);
        }
        let call = Call::in_repository(mirror, &["update-ref", "-d", "--"]).arg(base_ref(commit));
        self.run_ok(call, "cannot forget a commit that moved").await.map(|_| false)
    }

    async fn fetch(
        &self,
        mirror: &std::path::Path,
        address: &RemoteAddress,
        refspec: &str,
    ) -> Result<HostOutput, PortError> {
        let call = self
            .remote_call(
                mirror.to_owned(),
                address,
                &["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--force", "--end-of-options"],
            )
            .arg(&address.url)
            .arg(refspec)
            .env("GIT_DIR", mirror)
            .minutes(60);
        self.run(call).await
    }

    pub(crate) async fn inspect_remote(&self, repository: &Repository) -> Result<RepositoryFacts, PortError> {
        let mut address = self.address(repository, Purpose::Read).await?;
        let refs = self.list_remote(repository, &mut address, &["HEAD".to_owned()]).await?;
        let (default_branch, head) = head_of(&refs);
        Ok(RepositoryFacts {
            default_branch,
            head,
            origin: Some(repository.clone()),
            uncommitted: Vec::new(),
            uncommitted_total: 0,
        })
    }
}

/// The default branch and its commit, from an answer that names HEAD.
fn head_of(refs: &[(String, String)]) -> (Option<BranchName>, Option<ObjectId>) {
    let mut branch = None;
    let mut commit = None;
    for (name, value) in refs {
        if name != "HEAD" {
            continue;
        }
        match value.strip_prefix("ref: refs/heads/") {
            Some(target) => branch = target.parse().ok(),
            None => commit = value.parse().ok(),
        }
    }
    (branch, commit)
}

/// Why a repository cannot be reached, with the advice of whoever knows its host.
fn unreachable(repository: &Repository, address: &RemoteAddress, output: &HostOutput) -> PortError {
    let error = remote_failure(&format!("cannot reach {repository}"), output);
    match (&address.advice, error.class) {
        (Some(advice), ErrorClass::Denied) => error.remedy(advice),
        (Some(_) | None, _) => error,
    }
}

pub(crate) fn remote_failure(what: &str, output: &HostOutput) -> PortError {
    let said = String::from_utf8_lossy(&output.stderr);
    let has = |word: &str| said.contains(word);
    let error = failure(what, output);
    if has("Authentication failed")
        || has("could not read Username")
        || has("error: 403")
        || has("error: 401")
    {
        return PortError { class: ErrorClass::Denied, ..error }
            .remedy("Give the server a token that is valid and may use this repository, or check its name.");
    }
    if has("not found") || has("error: 404") {
        return PortError { class: ErrorClass::NotFound, ..error }
            .remedy("Check its name, and that the server's token may see it.");
    }
    if has("Could not resolve host")
        || has("Failed to connect")
        || has("timed out")
        || has("Connection reset")
        || has("Operation too slow")
        || has("early EOF")
        || has("hung up unexpectedly")
        || has("unexpected disconnect")
        || has("Empty reply from server")
        || has("error: 5")
    {
        return PortError { class: ErrorClass::Transient, ..error }.remedy("Check the server's network.");
    }
    error
}
