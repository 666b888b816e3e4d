//! Where GitHub is, and as whom it is spoken to (layer 3): an App, else a token, else what `gh auth login` keeps in
//! its own file. (What it keeps elsewhere is asked for at the start: `gh`.)

use super::Reader;
use super::error::ConfigError;
use super::source::{Given, Source};
use std::path::PathBuf;
use telecoder_integrations::forge::github::{
    GhLogin, GitHubApp, GitHubLogin, GitHubOptions, Secret, gh_login,
};

/// Where a token of `gh` comes from, in words.
pub(crate) const GH: &str = "gh login";
/// The largest `hosts.yml` that is read, in bytes.
const MAX_HOSTS: u64 = 1 << 20;

pub(super) fn read(reader: &Reader<'_>, given: &Given) -> Result<GitHubOptions, ConfigError> {
    let server = reader.required("github_server_url", text)?;
    let api = reader.optional("github_api_url", text)?;
    let wrong = |error: telecoder_model::PortError| ConfigError::Value {
        key: if error.what.contains("API") { "github_api_url" } else { "github_server_url" }.to_owned(),
        from: Source::Environment("GITHUB_SERVER_URL".to_owned()),
        expected: error.what,
    };
    let mut options =
        GitHubOptions::new(Some(&server), api.as_deref(), GitHubLogin::Nobody).map_err(wrong)?;
    options.login = login(reader, given, &options.host())?;
    Ok(options)
}

fn login(reader: &Reader<'_>, given: &Given, host: &str) -> Result<GitHubLogin, ConfigError> {
    let app = reader.optional("github_app_id", text)?;
    let key = reader.optional("github_app_key", |key| Ok(Secret::new(key.trim().replace("\\n", "\n"))))?;
    let installation = reader.optional("github_app_installation", |text| {
        text.trim().parse::<u64>().map_err(|_| "expected the number of an installation".to_owned())
    })?;
    match (app, key) {
        (Some(id), Some(key)) => return Ok(GitHubLogin::App(GitHubApp { id, key, installation })),
        (None, None) => {}
        (id, _) => {
            let key = if id.is_some() { "github_app_key" } else { "github_app_id" };
            return Err(ConfigError::Value {
                key: key.to_owned(),
                from: Source::Default,
                expected: "a GitHub App needs both TELECODER_GITHUB_APP_ID and TELECODER_GITHUB_APP_KEY_FILE"
                    .to_owned(),
            });
        }
    }
    let token = reader.optional("github_token", |token| {
        let token = token.trim();
        let fits = token.is_empty() || is_token(token);
        if fits { Ok(token.to_owned()) } else { Err("expected a token without spaces".to_owned()) }
    })?;
    if let Some(token) = token.filter(|token| !token.is_empty()) {
        return Ok(GitHubLogin::Token { token: Secret::new(token), how: "GITHUB_TOKEN".to_owned() });
    }
    Ok(match of_gh(given, host) {
        GhLogin::Token(token) => GitHubLogin::Token { token, how: GH.to_owned() },
        GhLogin::Elsewhere | GhLogin::None => GitHubLogin::Nobody,
    })
}

/// Whether a text can be a token.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=1000).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn text(text: &str) -> Result<String, String> {
    Ok(text.trim().to_owned())
}

/// What `gh auth login` keeps in its own file.
pub(crate) fn of_gh(given: &Given, host: &str) -> GhLogin {
    let of = |name: &str| given.env.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = of("GH_CONFIG_DIR")
        .or_else(|| of("XDG_CONFIG_HOME").map(|folder| folder.join("gh")))
        .or_else(|| given.home().map(|home| home.join(".config/gh")));
    let Some(path) = folder.map(|folder| folder.join("hosts.yml")) else { return GhLogin::None };
    if std::fs::metadata(&path).is_ok_and(|found| found.len() > MAX_HOSTS) {
        return GhLogin::None;
    }
    std::fs::read_to_string(&path).map_or(GhLogin::None, |text| gh_login(&text, host))
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn read(env: &[(&str, &str)]) -> Result<GitHubOptions, String> {
        let mut given = Given::default();
        for (name, value) in env {
            given.env.insert((*name).to_owned(), (*value).to_owned());
        }
        Config::read(&given).map(|config| config.github).map_err(|error| error.to_string())
    }

    #[test]
    fn a_token_an_app_or_what_gh_keeps() {
        assert_eq!(read(&[]).unwrap().login, GitHubLogin::Nobody);
        let found =
            read(&[("GH_TOKEN", "ghp_canary"), ("GITHUB_SERVER_URL", "http://127.0.0.1:7/")]).unwrap();
        assert_eq!((found.host().as_str(), found.api.as_str()), ("127.0.0.1:7", "http://127.0.0.1:7/api/v3"));
        assert!(!format!("{found:?}").contains("canary"));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("hosts.yml"), "github.com:\n    oauth_token: gho_x\n").unwrap();
        let found = read(&[("GH_CONFIG_DIR", folder.path().to_str().unwrap())]).unwrap();
        assert_eq!(
            found.login,
            GitHubLogin::Token { token: Secret::new("gho_x"), how: "gh login".to_owned() }
        );
        let found = read(&[("TELECODER_GITHUB_APP_ID", "7"), ("TELECODER_GITHUB_APP_KEY", "a\\nb")]).unwrap();
        let app = GitHubApp { id: "7".to_owned(), key: Secret::new("a\nb"), installation: None };
        assert_eq!(found.login, GitHubLogin::App(app));
        assert!(read(&[("TELECODER_GITHUB_APP_ID", "7")]).unwrap_err().contains("github_app_key"));
        assert!(read(&[("GITHUB_SERVER_URL", "github.com")]).unwrap_err().contains("github_server_url"));
    }
}
