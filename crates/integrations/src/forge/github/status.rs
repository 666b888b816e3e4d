//! Layer 1: as whom a GitHub is spoken to, for the doctor: whether the credentials work and may do what is needed.

use super::client::{Client, Request};
use super::credentials::For;
use super::options::GitHubLogin;
use super::refusal::{Failure, renew};
use reqwest::Method;
use serde::Deserialize;
use std::collections::BTreeMap;
use telecoder_model::PortError;
use telecoder_model::port::forge::ForgeStatus;

/// What an App needs, and which level of it.
const NEEDED: &[(&str, &str)] = &[("contents", "write"), ("pull_requests", "write"), ("metadata", "read")];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Who {
    login: String,
    slug: String,
    permissions: BTreeMap<String, String>,
}

impl Client {
    pub(super) async fn who(&self) -> ForgeStatus {
        let how = self.how();
        match self.look(&how).await {
            Ok(status) => status,
            Err(error) => {
                let remedy = error.remedy.clone().unwrap_or_else(|| "Check the server's network.".to_owned());
                ForgeStatus { account: None, how, problem: Some((error.chain(), remedy)) }
            }
        }
    }

    /// Whether the token is of a kind that has scopes: a classic one, or what `gh auth login` makes.
    fn is_classic(&self) -> bool {
        match &self.options.login {
            GitHubLogin::Token { token, .. } => {
                ["ghp_", "gho_"].iter().any(|kind| token.expose().starts_with(kind))
            }
            GitHubLogin::App(_) | GitHubLogin::Nobody => false,
        }
    }

    async fn look(&self, how: &str) -> Result<ForgeStatus, PortError> {
        let path = match &self.options.login {
            GitHubLogin::Nobody => return Err(super::access::no_credentials(&self.options)),
            GitHubLogin::Token { .. } => "/user",
            GitHubLogin::App(_) => "/app",
        };
        let answer = self.send(&Request::new(Method::GET, path, For::Itself)).await.map_err(|failure| {
            match failure {
                // Who we are is never hidden from us.
                Failure::Refused(mut refusal) if refusal.status == 404 => {
                    refusal.error.what = format!("there is no interface of a GitHub at {}", self.options.api);
                    refusal.error.remedy("Check GITHUB_SERVER_URL and GITHUB_API_URL.")
                }
                Failure::Refused(_) | Failure::Lost(_) => failure.into(),
            }
        })?;
        let who: Who = answer.parse()?;
        let mut problem = None;
        if let Some(scopes) = answer.headers.get("x-oauth-scopes").and_then(|scopes| scopes.to_str().ok()) {
            let scopes: Vec<&str> = scopes.split(',').map(str::trim).collect();
            // Only classic tokens have scopes; another kind says nothing here.
            let has_scopes = scopes.iter().any(|scope| !scope.is_empty()) || self.is_classic();
            if !scopes.contains(&"repo") && !scopes.contains(&"public_repo") && has_scopes {
                problem = Some((
                    format!("the token ({how}) lacks the scope `repo`: nothing can be published"),
                    renew(how),
                ));
            }
        }
        if matches!(self.options.login, GitHubLogin::App(_)) {
            let lacking: Vec<String> = NEEDED
                .iter()
                .filter(|(name, level)| match who.permissions.get(*name).map(String::as_str) {
                    Some("write" | "admin") => false,
                    Some("read") => *level != "read",
                    Some(_) | None => true,
                })
                .map(|(name, level)| format!("{name}: {level}"))
                .collect();
            if !lacking.is_empty() {
                problem = Some((
                    format!("the {how} lacks permissions: {}", lacking.join(", ")),
                    "Add them in the App's settings (Permissions & events), and accept them where it is installed."
                        .to_owned(),
                ));
            }
        }
        let account = if who.login.is_empty() { format!("{}[bot]", who.slug) } else { who.login };
        Ok(ForgeStatus { account: Some(account), how: how.to_owned(), problem })
    }
}
