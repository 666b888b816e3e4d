//! Repository identity (layer 0): what a person names (`owner/name`, a URL, a path) becomes one canonical form.
//!
//! Options, transports that run programs (`ext::`), credentials in URLs and `..` are refused here, at the edge.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A repository in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Repository {
    /// A repository on a forge.
    Remote {
        /// The host, lowercase, with a port only if it is not the scheme's own.
        host: String,
        /// The path without slashes at its ends and without `.git`: `owner/name`.
        path: String,
    },
    /// A folder of the server's host: absolute, without `.`, `..` or double slashes.
    Local(String),
}

/// The host that `owner/name` without a host means.
pub const DEFAULT_HOST: &str = "github.com";

/// Says why a text names no repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a repository: {reason}")]
pub struct RepositoryError {
    /// What was given, cut to 200 characters, without credentials.
    pub text: String,
    /// What is wrong, and what was expected.
    pub reason: String,
}

impl Repository {
    /// Reads what a person names where `owner/name` without a host means one of `host`.
    ///
    /// # Errors
    /// If it names no repository.
    pub fn named(text: &str, host: &str) -> Result<Self, RepositoryError> {
        match text.parse()? {
            Self::Remote { path, .. } if !text.contains(':') => remote(host, &path)
                .map_err(|reason| RepositoryError { text: shown(text), reason: reason.to_owned() }),
            given @ (Self::Remote { .. } | Self::Local(_)) => Ok(given),
        }
    }
    /// The last part of its path, for titles.
    pub fn short_name(&self) -> &str {
        let path = match self {
            Self::Remote { path, .. } => path,
            Self::Local(path) => path,
        };
        path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path)
    }
    /// The folder, if it is one of this host.
    pub fn local_path(&self) -> Option<&str> {
        match self {
            Self::Local(path) => Some(path),
            Self::Remote { .. } => None,
        }
    }
    /// The URL to fetch a remote repository from, without credentials; `None` for a local one.
    pub fn https_url(&self) -> Option<String> {
        match self {
            Self::Remote { host, path } => Some(format!("https://{host}/{path}.git")),
            Self::Local(_) => None,
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote { host, path } if host == DEFAULT_HOST => f.write_str(path),
            Self::Remote { host, path } => write!(f, "https://{host}/{path}"),
            Self::Local(path) => f.write_str(path),
        }
    }
}

impl From<Repository> for String {
    fn from(repository: Repository) -> String {
        repository.to_string()
    }
}

impl TryFrom<String> for Repository {
    type Error = RepositoryError;
    fn try_from(text: String) -> Result<Self, RepositoryError> {
        text.parse()
    }
}

impl FromStr for Repository {
    type Err = RepositoryError;
    fn from_str(text: &str) -> Result<Self, RepositoryError> {
        let fail = |reason: &str| RepositoryError { text: shown(text), reason: reason.to_owned() };
        if text.is_empty() {
            return Err(fail("it is empty"));
        }
        if text.len() > 1000 {
            return Err(fail("it is longer than 1,000 bytes"));
        }
        if text.starts_with('-') {
            return Err(fail("it may not begin with a dash"));
        }
        if text.chars().any(|c| c.is_control() || c == '\\') {
            return Err(fail("it holds a control character or a backslash"));
        }
        if text.starts_with('/') {
            return local(text).map_err(fail);
        }
        if let Some(rest) = text.strip_prefix("file://") {
            return local(rest).map_err(fail);
        }
        if text.contains("::") {
            return Err(fail(
                "transports that run programs are refused; use owner/name, an https or ssh URL, or a path",
            ));
        }
        if text.contains("://") {
            return from_url(text).map_err(fail);
        }
        if text.starts_with('.') || text.starts_with('~') {
            return Err(fail("a path must be absolute"));
        }
        if let Some((user_host, path)) = text.split_once(':') {
            let host = user_host.rsplit('@').next().unwrap_or(user_host);
            return remote(host, path).map_err(fail);
        }
        if text.split('/').count() != 2 {
            return Err(fail("expected owner/name, an https or ssh URL, or an absolute path"));
        }
        remote(DEFAULT_HOST, text).map_err(fail)
    }
}

/// The text for an error message: bounded, and without what stands between `//` and `@`.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(200).collect();
    match (cut.find("//"), cut.find('@')) {
        (Some(slashes), Some(at)) if slashes < at => {
            let head: String =
                cut.chars().take(cut.chars().position(|c| c == '/').unwrap_or(0) + 2).collect();
            format!("{head}…{}", cut.get(at..).unwrap_or(""))
        }
        _ => cut,
    }
}

fn from_url(text: &str) -> Result<Repository, &'static str> {
    let url = url::Url::parse(text).map_err(|_| "it is not a URL that can be read")?;
    match url.scheme() {
        "https" | "http" => {
            if !url.username().is_empty() || url.password().is_some() {
                return Err("credentials do not belong in a URL; set GITHUB_TOKEN for the server instead");
            }
        }
        "ssh" | "git+ssh" => {}
        _ => return Err("only https, http, ssh and file URLs are supported"),
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it holds a query or a fragment");
    }
    let host = url.host_str().ok_or("it names no host")?;
    let default = matches!((url.scheme(), url.port()), (_, None) | ("ssh" | "git+ssh", Some(22)));
    let host = match url.port() {
        Some(port) if !default => format!("{host}:{port}"),
        Some(_) | None => host.to_owned(),
    };
    remote(&host, url.path())
}

fn remote(host: &str, path: &str) -> Result<Repository, &'static str> {
    let host = host.to_ascii_lowercase();
    if host.is_empty()
        || !host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
        || host.starts_with('-')
    {
        return Err("its host name is not one");
    }
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let parts: Vec<&str> = path.split('/').collect();
    if parts.len() < 2 {
        return Err("expected owner/name");
    }
    for part in parts {
        if part.is_empty() || part == "." || part == ".." || part.starts_with('-') {
            return Err("a part of its path is empty, `..`, or begins with a dash");
        }
        if !part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+~".contains(&b)) {
            return Err("its path holds a character that forges do not allow");
        }
    }
    Ok(Repository::Remote { host, path: path.to_owned() })
}

fn local(text: &str) -> Result<Repository, &'static str> {
    if !text.starts_with('/') {
        return Err("a path must be absolute");
    }
    let mut parts = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err("`..` is not allowed in a path"),
            other => parts.push(other),
        }
    }
    if parts.is_empty() {
        return Err("the root folder is not a repository");
    }
    Ok(Repository::Local(format!("/{}", parts.join("/"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        text.parse::<Repository>().map_or_else(|e| format!("error: {}", e.reason), |r| r.to_string())
    }

    #[test]
    fn many_spellings_have_one_form() {
        for same in [
            "acme/api",
            "https://github.com/acme/api",
            "https://GitHub.com/acme/api.git",
            "https://github.com:443/acme/api/",
            "git@github.com:acme/api.git",
            "ssh://git@github.com/acme/api.git",
            "ssh://git@github.com:22/acme/api",
            "github.com:acme/api",
        ] {
            assert_eq!(canonical(same), "acme/api", "{same}");
        }
        assert_eq!(canonical("https://git.example.org:8443/a/b/c.git"), "https://git.example.org:8443/a/b/c");
        assert_eq!(canonical("/srv/code//x/./y/"), "/srv/code/x/y");
        assert_eq!(canonical("file:///srv/x"), "/srv/x");
    }

    #[test]
    fn the_canonical_form_parses_to_itself() {
        for text in ["acme/api", "https://git.example.org:8443/a/b", "/srv/x"] {
            assert_eq!(canonical(&canonical(text)), canonical(text));
        }
    }

    #[test]
    fn a_name_without_a_host_means_the_configured_one() {
        let named = |text| Repository::named(text, "git.example.org:8443").unwrap().to_string();
        assert_eq!(named("acme/api"), "https://git.example.org:8443/acme/api");
        assert_eq!(named("acme/api.git"), "https://git.example.org:8443/acme/api");
        assert_eq!(named("https://github.com/acme/api"), "acme/api");
        assert_eq!(named("git@github.com:acme/api.git"), "acme/api");
        assert_eq!(named("/srv/x"), "/srv/x");
        assert!(Repository::named("a/..", "git.example.org").is_err());
    }

    #[test]
    fn what_could_run_or_escape_is_refused() {
        for bad in [
            "",
            "-x",
            "--upload-pack=touch x",
            "ext::sh -c id",
            "a",
            "a/b/c",
            "a/..",
            "../x",
            "./x",
            "~/x",
            "/",
            "/a/../b",
            "https://user:secret@github.com/a/b",
            "https://github.com/a/b?x=1",
            "https://github.com/a",
            "git://h/a/b",
            "a\nb/c",
            "a/-b",
            "-oProxyCommand=x:a/b",
            "a b/c",
            "C:\\x\\y",
        ] {
            assert!(bad.parse::<Repository>().is_err(), "{bad:?} → {}", canonical(bad));
        }
    }

    #[test]
    fn an_error_never_repeats_a_password() {
        let error = "https://user:hunter2@github.com/a/b".parse::<Repository>().unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
