//! Layer 1: comments below pull requests and issues. Invariant: one comment a key, known by a hidden marker that only
//! counts in what our own account wrote.

use super::client::{Client, Request};
use super::credentials::For;
use super::options::GitHubLogin;
use super::refusal::Failure;
use super::slug::Slug;
use super::wire::{Account, WireComment, login};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use std::sync::PoisonError;
use telecoder_model::port::forge::{Attempt, Comment};
use telecoder_model::text::cut;
use telecoder_model::{ErrorClass, PortError};

/// How often an answer that was lost is followed by another look.
const LOOKS: u32 = 4;
/// GitHub takes 65,536 characters.
const MOST: usize = 60_000;

#[derive(Debug, Deserialize)]
struct App {
    slug: String,
}

impl Client {
    /// Our own login; an App writes as `slug[bot]`.
    pub(super) async fn own_login(&self) -> Result<String, PortError> {
        if let Some(known) = self.login.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(known);
        }
        let found = match &self.options.login {
            GitHubLogin::Nobody => return Err(super::access::no_credentials(&self.options)),
            GitHubLogin::Token { .. } => self.get::<Account>("/user", For::Itself).await?.login,
            GitHubLogin::App(_) => format!("{}[bot]", self.get::<App>("/app", For::Itself).await?.slug),
        };
        *self.login.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
        Ok(found)
    }

    async fn find_comment(
        &self,
        slug: &Slug,
        number: u64,
        marker: &str,
    ) -> Result<Option<String>, PortError> {
        let me = self.own_login().await?;
        let path = slug.path(&format!("issues/{number}/comments"));
        let all: Vec<WireComment> = self.list(&path, None, &For::Repository(slug.clone())).await?;
        let ours = all.into_iter().find(|comment| {
            login(comment.user.as_ref()) == me
                && comment.body.as_deref().is_some_and(|body| body.contains(marker))
        });
        Ok(ours.map(|comment| comment.html_url))
    }

    /// Looks several times, with growing pauses: what was just written may not be seen at once.
    async fn look_for_comment(
        &self,
        slug: &Slug,
        number: u64,
        marker: &str,
        looks: u32,
    ) -> Result<Option<String>, PortError> {
        for look in 0..looks {
            if look > 0 {
                self.pause(look - 1).await;
            }
            if let Some(url) = self.find_comment(slug, number, marker).await? {
                return Ok(Some(url));
            }
        }
        Ok(None)
    }

    pub(super) async fn write_comment(
        &self,
        slug: &Slug,
        number: u64,
        Comment { key, body, attempt }: Comment<'_>,
    ) -> Result<String, PortError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-:.".contains(&byte);
        if key.is_empty() || key.len() > 100 || !key.bytes().all(allowed) {
            return Err(PortError::permanent(
                "the key of a comment must be 1 to 100 characters of a-z, 0-9, -, : and .",
            ));
        }
        let marker = format!("<!-- telecoder:comment={key} -->");
        let looks = match attempt {
            Attempt::First => 1,
            Attempt::Again => LOOKS,
        };
        if let Some(url) = self.look_for_comment(slug, number, &marker, looks).await? {
            return Ok(url);
        }
        let path = slug.path(&format!("issues/{number}/comments"));
        let request = Request::new(Method::POST, path, For::Repository(slug.clone()))
            .body(json!({"body": format!("{}\n\n{marker}\n", cut(body.trim_end(), MOST))}));
        let mut tries = 0;
        loop {
            let error = match self.send(&request).await.and_then(|answer| answer.parse::<WireComment>()) {
                Ok(made) => return Ok(made.html_url),
                Err(Failure::Lost(error))
                    if error.class == ErrorClass::Transient && error.retry_after.is_none() =>
                {
                    error
                }
                Err(failure) => return Err(failure.into()),
            };
            if let Some(url) = self.look_for_comment(slug, number, &marker, LOOKS).await? {
                return Ok(url);
            }
            tries += 1;
            if tries > 2 {
                return Err(error);
            }
        }
    }
}
