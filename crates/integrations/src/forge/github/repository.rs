//! Layer 1: what a GitHub says about a repository, and the template of its pull requests.

use super::client::{Client, Request};
use super::credentials::For;
use super::options::GitHubLogin;
use super::refusal::Failure;
use super::slug::Slug;
use super::wire::WireRepository;
use reqwest::Method;
use telecoder_model::PortError;
use telecoder_model::port::forge::{ForgeRepository, MAX_TEMPLATE};
use telecoder_model::text::harmless;

/// Where GitHub looks for a template, in its order (with the spellings that are common).
const TEMPLATES: &[&str] = &[
    ".github/PULL_REQUEST_TEMPLATE.md",
    ".github/pull_request_template.md",
    "PULL_REQUEST_TEMPLATE.md",
    "pull_request_template.md",
    "docs/PULL_REQUEST_TEMPLATE.md",
    "docs/pull_request_template.md",
];

impl Client {
    /// For whom a repository is read: where an App is not installed, as nobody (it may be public).
    pub(super) async fn reader(&self, slug: &Slug) -> For {
        let whom = For::Repository(slug.clone());
        match self.token(&whom).await {
            Err(Failure::Refused(_)) => For::Nobody,
            Ok(_) | Err(Failure::Lost(_)) => whom,
        }
    }

    pub(super) async fn repository(&self, slug: &Slug) -> Result<(WireRepository, bool), PortError> {
        let whom = self.reader(slug).await;
        let found: WireRepository = match self.get(slug.path(""), whom.clone()).await {
            Ok(found) => found,
            Err(Failure::Refused(mut refusal)) if refusal.status == 404 => {
                refusal.error.what = format!("there is no repository {slug} that the server may see");
                return Err(refusal.error);
            }
            Err(failure) => return Err(failure.into()),
        };
        let named = !matches!(whom, For::Nobody);
        let may_push = named
            && match &self.options.login {
                GitHubLogin::Nobody => false,
                GitHubLogin::Token { .. } => found.permissions.as_ref().is_some_and(|given| given.push),
                // What an App may is said where it is installed; its repositories answer without permissions.
                GitHubLogin::App(_) => found.permissions.as_ref().is_none_or(|given| given.push),
            };
        Ok((found, may_push))
    }

    pub(super) async fn about(&self, slug: &Slug) -> Result<ForgeRepository, PortError> {
        let (found, may_push) = self.repository(slug).await?;
        Ok(ForgeRepository {
            default_branch: found.default_branch.and_then(|branch| branch.parse().ok()),
            archived: found.archived,
            may_push,
            template: None,
        })
    }

    /// The template of the default branch; what cannot be read is left out.
    pub(super) async fn template(&self, slug: &Slug) -> Option<String> {
        for path in TEMPLATES {
            let mut request = Request::new(
                Method::GET,
                slug.path(&format!("contents/{path}")),
                For::Repository(slug.clone()),
            );
            request.accept = "application/vnd.github.raw+json";
            match self.send(&request).await {
                Ok(answer) if answer.status == 200 && answer.body.len() <= MAX_TEMPLATE => {
                    return Some(harmless(&String::from_utf8_lossy(&answer.body)));
                }
                Ok(_) | Err(Failure::Refused(_)) => {}
                Err(Failure::Lost(_)) => return None,
            }
        }
        None
    }
}
