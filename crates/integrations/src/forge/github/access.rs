//! Layer 1: how git reaches a GitHub's repositories. Invariant: the credential is in the header's value only.

use super::client::{Client, Request};
use super::credentials::For;
use super::options::{GitHubLogin, GitHubOptions, PUBLIC_SERVER};
use super::refusal::{Failure, renew};
use super::secret::Secret;
use super::slug::Slug;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use telecoder_model::PortError;
use telecoder_model::port::git::{Purpose, RemoteAddress};
use telecoder_model::repository::Repository;

/// What is said where a credential is needed and there is none.
pub(super) fn no_credentials(options: &GitHubOptions) -> PortError {
    PortError::denied(format!("the server {}", lacking(options))).remedy(what_helps(options))
}

fn lacking(options: &GitHubOptions) -> String {
    let why = options.unreadable.iter().map(|why| format!(": {why}")).collect::<String>();
    format!("has no credentials for {}{why}", options.server)
}

fn what_helps(options: &GitHubOptions) -> String {
    let login = match options.server.as_str() {
        PUBLIC_SERVER => "gh auth login".to_owned(),
        _ => format!("gh auth login --hostname {}", options.host()),
    };
    format!(
        "Set GITHUB_TOKEN, run `{login}` as the server's user, or set up a GitHub App (docs/guide/github.md); then restart the server."
    )
}

/// The form in which git sends a token.
pub fn basic(token: &Secret) -> String {
    STANDARD.encode(format!("x-access-token:{}", token.expose()))
}

impl Client {
    /// Whether everybody may see it; where that cannot be found out, it is tried.
    async fn is_public(&self, slug: &Slug) -> bool {
        let seen = self.send(&Request::new(Method::GET, slug.path(""), For::Nobody)).await;
        !matches!(seen, Err(Failure::Refused(refusal)) if refusal.status == 404)
    }

    /// What helps where a repository is refused.
    fn advice(&self) -> String {
        let how = self.how();
        match &self.options.login {
            GitHubLogin::Nobody => {
                format!("The server {}. {}", lacking(&self.options), what_helps(&self.options))
            }
            GitHubLogin::Token { .. } | GitHubLogin::App(_) => format!(
                "The credentials ({how}) are wrong, expired or revoked, or may not use this repository: {}",
                renew(&how)
            ),
        }
    }

    /// An App's next token, where the last one ended before its time (it was revoked, or the clocks differ).
    pub(super) async fn git_address_again(
        &self,
        repository: &Repository,
        refused: &RemoteAddress,
    ) -> Option<RemoteAddress> {
        let known = self.git_address(repository, Purpose::Write).await.ok()?;
        if known != *refused {
            return Some(known);
        }
        let slug = Slug::of(repository).ok()?;
        if !self.forget(&For::Repository(slug)) {
            return None;
        }
        self.git_address(repository, Purpose::Write).await.ok()
    }

    pub(super) async fn git_address(
        &self,
        repository: &Repository,
        purpose: Purpose,
    ) -> Result<RemoteAddress, PortError> {
        let slug = Slug::of(repository)?;
        let url = format!("{}/{slug}.git", self.options.server);
        let nobody = matches!(self.options.login, GitHubLogin::Nobody);
        if nobody && purpose == Purpose::Write {
            return Err(no_credentials(&self.options));
        }
        let token = match (self.token(&For::Repository(slug.clone())).await, purpose) {
            (Ok(token), _) => token,
            // Where the App is not installed, the repository may still be public.
            (Err(Failure::Refused(refusal)), Purpose::Read) => match self.is_public(&slug).await {
                true => None,
                false => return Err(refusal.error),
            },
            (Err(failure), _) => return Err(failure.into()),
        };
        let authorization = token.map(|token| format!("Basic {}", basic(&token)));
        let advice = Some(self.advice());
        Ok(RemoteAddress { url, authorization, advice })
    }
}
