//! Layer 1: where a GitHub is and as whom it is spoken to. Invariant: the addresses are http or https, without
//! credentials and without a slash at their end.

use super::secret::Secret;
use std::fmt;
use std::sync::Arc;
use telecoder_model::PortError;

/// The server that `owner/name` means where none is configured.
pub const PUBLIC_SERVER: &str = "https://github.com";

type Told = dyn Fn(&str) + Send + Sync;

/// Is told each token that is made while the server runs, and each form in which one is sent, so that they can be taken out
/// of whatever is kept.
#[derive(Clone, Default)]
pub struct Learn(Option<Arc<Told>>);

impl Learn {
    /// Is told by a function.
    pub fn by(told: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(told)))
    }
    pub(super) fn tell(&self, secret: &str) {
        if let Some(told) = &self.0 {
            told(secret);
        }
    }
}

impl fmt::Debug for Learn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Learn")
    }
}

/// As whom a GitHub is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitHubLogin {
    /// As nobody: what is public can be read.
    Nobody,
    /// With a token of a person or a machine account.
    Token {
        /// The token.
        token: Secret,
        /// Where it comes from, in words: `GITHUB_TOKEN`, `gh login`.
        how: String,
    },
    /// As a GitHub App, wherever it is installed.
    App(GitHubApp),
}

/// A GitHub App.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubApp {
    /// Its id or its client id.
    pub id: String,
    /// Its private key, PEM.
    pub key: Secret,
    /// Its installation, where it is used for one only.
    pub installation: Option<u64>,
}

/// Where a GitHub is, and as whom it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubOptions {
    /// The server (`GITHUB_SERVER_URL`).
    pub server: String,
    /// Its REST interface (`GITHUB_API_URL`).
    pub api: String,
    /// As whom.
    pub login: GitHubLogin,
    /// Why there are no credentials although somebody has logged in, in words.
    pub unreadable: Option<String>,
}

impl GitHubOptions {
    /// Takes a server and, where it is not at the usual place, its REST interface.
    ///
    /// # Errors
    /// Class `Permanent` if one of them is no http or https URL.
    pub fn new(server: Option<&str>, api: Option<&str>, login: GitHubLogin) -> Result<Self, PortError> {
        let server = address("GITHUB_SERVER_URL", server.unwrap_or(PUBLIC_SERVER))?;
        let api = match api {
            Some(api) => address("GITHUB_API_URL", api)?,
            None => usual_api(&server),
        };
        Ok(Self { server, api, login, unreadable: None })
    }

    /// The host as it stands in a repository's identity: lowercase, with a port only where it is not the scheme's own.
    pub fn host(&self) -> String {
        self.server.split_once("://").map_or(self.server.as_str(), |(_, host)| host).to_owned()
    }

    /// The address of GraphQL, which alone can change whether a pull request is a draft.
    pub(super) fn graphql(&self) -> String {
        match self.api.strip_suffix("/v3") {
            Some(api) => format!("{api}/graphql"),
            None => format!("{}/graphql", self.api),
        }
    }
}

/// Where the REST interface of a server usually is: GitHub's own, GitHub Enterprise Cloud's, or an Enterprise Server's.
fn usual_api(server: &str) -> String {
    match server.split_once("://") {
        Some((scheme, host)) if host == "github.com" || host.ends_with(".ghe.com") => {
            format!("{scheme}://api.{host}")
        }
        Some(_) | None => format!("{server}/api/v3"),
    }
}

fn address(name: &str, text: &str) -> Result<String, PortError> {
    let wrong = |why: &str| {
        PortError::permanent(format!("{name} {why}"))
            .remedy(format!("Set {name} to an address such as https://github.example.org"))
    };
    let url = reqwest::Url::parse(text.trim()).map_err(|_| wrong("is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("must begin with http:// or https://"));
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(wrong("may hold neither credentials nor a query"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(server: Option<&str>, api: Option<&str>) -> (String, String, String, String) {
        let options = GitHubOptions::new(server, api, GitHubLogin::Nobody).unwrap();
        (options.host(), options.graphql(), options.server, options.api)
    }

    #[test]
    fn the_interface_is_where_each_server_has_it() {
        for (server, api, host, rest, graphql) in [
            (None, None, "github.com", "https://api.github.com", "https://api.github.com/graphql"),
            (
                Some("https://GitHub.example.org:8443/"),
                None,
                "github.example.org:8443",
                "https://github.example.org:8443/api/v3",
                "https://github.example.org:8443/api/graphql",
            ),
            (
                Some("https://acme.ghe.com"),
                None,
                "acme.ghe.com",
                "https://api.acme.ghe.com",
                "https://api.acme.ghe.com/graphql",
            ),
            (
                Some("http://127.0.0.1:7000"),
                Some("http://127.0.0.1:7000"),
                "127.0.0.1:7000",
                "http://127.0.0.1:7000",
                "http://127.0.0.1:7000/graphql",
            ),
        ] {
            let found = options(server, api);
            assert_eq!((found.0.as_str(), found.3.as_str(), found.1.as_str()), (host, rest, graphql));
        }
    }

    #[test]
    fn an_address_with_credentials_is_refused_without_repeating_them() {
        for bad in [
            "https://me:hunter2@github.com",
            "ftp://github.com",
            "github.com",
            "https://github.com?a=hunter2",
        ] {
            let error = GitHubOptions::new(Some(bad), None, GitHubLogin::Nobody).unwrap_err();
            assert!(!error.chain().contains("hunter2"), "{error:?}");
        }
    }
}
