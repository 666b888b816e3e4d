//! Layer 1: how git reaches a GitHub's repositories. Invariant: the credential is in the header's value only.

use super::client::{Client, Request};
use super::credentials::For;
use super::options::GitHubLogin;
use super::refusal::Failure;
use super::secret::Secret;
use super::slug::Slug;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use telecoder_model::PortError;
use telecoder_model::port::git::{Purpose, RemoteAddress};
use telecoder_model::repository::Repository;

/// What is said where a credential is needed and there is none.
pub(super) fn no_credentials(server: &str) -> PortError {
    PortError::denied(format!("the server has no credentials for {server}")).remedy(
        "Set GITHUB_TOKEN, run `gh auth login`, or set up a GitHub App (docs/guide/github.md), then restart the server.",
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

    pub(super) async fn git_address(
        &self,
        repository: &Repository,
        purpose: Purpose,
    ) -> Result<RemoteAddress, PortError> {
        let slug = Slug::of(repository)?;
        let url = format!("{}/{slug}.git", self.options.server);
        let nobody = matches!(self.options.login, GitHubLogin::Nobody);
        if nobody && purpose == Purpose::Write {
            return Err(no_credentials(&self.options.server));
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
        Ok(RemoteAddress { url, authorization })
    }
}
