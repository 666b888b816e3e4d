//! Layer 1: the forge's repository that a repository of this host names as its `origin`.

use crate::call::Call;
use crate::local::{git_folder, read_small};
use crate::options::Git;
use std::path::Path;
use telecoder_model::PortError;
use telecoder_model::port::process::HostUser;
use telecoder_model::repository::Repository;

impl Git {
    /// Looks for it. Where the configuration plainly has none, git is not even started.
    pub(crate) async fn find_origin(&self, path: &str) -> Result<Option<Repository>, PortError> {
        let (git_dir, metadata) = git_folder(Path::new(path)).await?;
        if metadata.is_dir()
            && let Some(text) = read_small(git_dir.join("config")).await?
            && plainly_none(&String::from_utf8_lossy(&text))
        {
            return Ok(None);
        }
        self.origin_of(&git_dir, self.owner_of(&metadata)).await
    }

    /// Asks git for it.
    pub(crate) async fn origin_of(
        &self,
        git_dir: &Path,
        user: Option<HostUser>,
    ) -> Result<Option<Repository>, PortError> {
        let cwd = git_dir.parent().unwrap_or(Path::new("/"));
        let call = Call::new(cwd, &["config", "--get", "remote.origin.url"]).env("GIT_DIR", git_dir);
        let output = self.run(call.user(user)).await?;
        let text = String::from_utf8_lossy(&output.stdout);
        // A URL with a password in it names the same repository; the password goes no further.
        let url = without_credentials(text.trim());
        Ok(url.parse::<Repository>().ok().filter(|repository| repository.local_path().is_none()))
    }
}

/// Whether a configuration names no remote at all, nor another file that could.
fn plainly_none(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    !["remote", "include", "worktreeconfig"].iter().any(|word| text.contains(word))
}

fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = match (scheme, host.rsplit_once('@')) {
        ("http" | "https", Some((_, host))) => host,
        _ => host,
    };
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_goes_no_further() {
        for (url, want) in [
            ("https://u:p@github.com/a/b.git", "https://github.com/a/b.git"),
            ("https://github.com/a/b@c", "https://github.com/a/b@c"),
            ("git@github.com:a/b.git", "git@github.com:a/b.git"),
            ("ssh://git@github.com/a/b", "ssh://git@github.com/a/b"),
        ] {
            assert_eq!(without_credentials(url), want);
        }
    }

    #[test]
    fn only_a_plain_configuration_is_not_asked_about() {
        assert!(plainly_none("[core]\n\tbare = false\n"));
        for text in ["[Remote \"origin\"]", "[include]\npath = x", "[extensions]\nworktreeConfig = true"] {
            assert!(!plainly_none(text), "{text}");
        }
    }
}
