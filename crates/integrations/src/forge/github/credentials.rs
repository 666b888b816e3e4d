//! Layer 1: which credential a call carries. Invariant: an App's tokens are made just in time, for one installation, kept
//! in memory alone, and renewed before they end.

use super::app::proof;
use super::client::{Client, Request};
use super::options::{GitHubApp, GitHubLogin, Learn};
use super::refusal::Failure;
use super::secret::Secret;
use super::slug::Slug;
use reqwest::Method;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::PoisonError;
use telecoder_model::time::Timestamp;
use telecoder_model::{ErrorClass, PortError};

/// A token that ends sooner than this many seconds is not used any more.
const MARGIN: i64 = 10 * 60;
/// The most repositories whose installation is remembered.
const MOST: usize = 10_000;

/// For whom a call is made.
#[derive(Debug, Clone)]
pub(super) enum For {
    /// Work on a repository.
    Repository(Slug),
    /// The account or App itself.
    Itself,
    /// No one: no credential is sent.
    Nobody,
}

/// Tokens of an App's installations.
#[derive(Debug, Default)]
pub(super) struct Installations {
    of_repository: HashMap<String, u64>,
    tokens: HashMap<u64, (Secret, i64)>,
    /// Is told of each token.
    learn: Learn,
}

#[derive(Debug, Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Debug, Deserialize)]
struct Token {
    token: String,
    expires_at: Timestamp,
}

impl Client {
    /// Tells of each token that is made from now on.
    pub(super) fn teach(self, learn: Learn) -> Self {
        self.installations.lock().unwrap_or_else(PoisonError::into_inner).learn = learn;
        self
    }

    /// Where the credentials come from, in words.
    pub(super) fn how(&self) -> String {
        match &self.options.login {
            GitHubLogin::Nobody => "no credentials".to_owned(),
            GitHubLogin::Token { how, .. } => how.clone(),
            GitHubLogin::App(app) => format!("GitHub App {}", app.id),
        }
    }

    /// The token for a call; `None` where it goes without.
    pub(super) async fn token(&self, whom: &For) -> Result<Option<Secret>, Failure> {
        match (&self.options.login, whom) {
            (GitHubLogin::Nobody, _) | (_, For::Nobody) => Ok(None),
            (GitHubLogin::Token { token, .. }, _) => Ok(Some(token.clone())),
            (GitHubLogin::App(app), For::Itself) => Ok(Some(Secret::new(proof(app, self.seconds())?))),
            (GitHubLogin::App(app), For::Repository(slug)) => {
                let id = self.installation(app, slug).await?;
                Ok(Some(self.installation_token(app, id).await?))
            }
        }
    }

    /// Forgets an App's token that was refused; says whether there is another try.
    pub(super) fn forget(&self, whom: &For) -> bool {
        let (GitHubLogin::App(app), For::Repository(slug)) = (&self.options.login, whom) else {
            return matches!((&self.options.login, whom), (GitHubLogin::App(_), For::Itself));
        };
        let mut known = self.installations.lock().unwrap_or_else(PoisonError::into_inner);
        let id = app.installation.or_else(|| known.of_repository.remove(&slug.to_string()));
        id.and_then(|id| known.tokens.remove(&id)).is_some()
    }

    async fn installation(&self, app: &GitHubApp, slug: &Slug) -> Result<u64, Failure> {
        if let Some(id) = app.installation {
            return Ok(id);
        }
        let key = slug.to_string();
        let known = self
            .installations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .of_repository
            .get(&key)
            .copied();
        if let Some(id) = known {
            return Ok(id);
        }
        let request = Request::new(Method::GET, slug.path("installation"), For::Itself);
        let found: Installation = self.as_app(app, request).await.map_err(|failure| match failure {
            Failure::Refused(mut refusal) if refusal.status == 404 => {
                refusal.error = PortError::new(
                    ErrorClass::Denied,
                    format!(
                        "the GitHub App {} is not installed for {slug}, or there is no such repository",
                        app.id
                    ),
                )
                .remedy("Install the App for this repository (its page, Install App), or check the name.");
                Failure::Refused(refusal)
            }
            Failure::Refused(_) | Failure::Lost(_) => failure,
        })?;
        let mut known = self.installations.lock().unwrap_or_else(PoisonError::into_inner);
        if known.of_repository.len() >= MOST {
            known.of_repository.clear();
        }
        known.of_repository.insert(key, found.id);
        Ok(found.id)
    }

    async fn installation_token(&self, app: &GitHubApp, id: u64) -> Result<Secret, Failure> {
        let known =
            self.installations.lock().unwrap_or_else(PoisonError::into_inner).tokens.get(&id).cloned();
        if let Some((token, _)) = known.filter(|(_, ends)| *ends > self.seconds() + MARGIN) {
            return Ok(token);
        }
        let path = format!("/app/installations/{id}/access_tokens");
        let made: Token = self.as_app(app, Request::new(Method::POST, path, For::Itself)).await?;
        let token = Secret::new(made.token);
        let ends = made.expires_at.as_micros() / 1_000_000;
        let mut known = self.installations.lock().unwrap_or_else(PoisonError::into_inner);
        known.learn.tell(token.expose());
        known.learn.tell(&super::access::basic(&token));
        known.tokens.retain(|_, (_, ends)| *ends > self.seconds());
        known.tokens.insert(id, (token.clone(), ends));
        Ok(token)
    }

    /// A call as the App itself, which is safe to repeat; with a second proof where the clocks differ.
    async fn as_app<T: serde::de::DeserializeOwned>(
        &self,
        app: &GitHubApp,
        request: Request,
    ) -> Result<T, Failure> {
        let mut tries = 0;
        loop {
            let token = Secret::new(proof(app, self.seconds())?);
            match self.attempt(&request, Some(&token)).await {
                Err(Failure::Refused(refusal)) if refusal.status == 401 && tries == 0 => {}
                Err(Failure::Lost(error)) if error.retry_after.is_none() && tries < 2 => {
                    self.pause(tries).await;
                }
                other => return other.and_then(|answer| answer.parse()),
            }
            tries += 1;
        }
    }
}
