//! Who asks, and what they may do (dev layer): tokens of every kind, their scopes and permissions.
//!
//! Invariants: a secret is known here only; what others see of it is a label (`ghp:octo`). Refusals are GitHub's: what
//! a credential may not see does not exist (404), what it may see but not do is 403.

use super::call::Refusal;
use super::world::{Access, Installation, Repository, World};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long an installation token lives, in seconds.
pub(super) const INSTALLATION_TOKEN_SECONDS: u64 = 3600;

/// The requests that a credential has an hour.
pub(super) const HOURLY: u64 = 5000;

/// What an installation has unless told otherwise: what a coding agent's App asks for.
const USUAL: &[(&str, &str)] = &[
    ("actions", "read"),
    ("checks", "read"),
    ("contents", "write"),
    ("issues", "write"),
    ("metadata", "read"),
    ("pull_requests", "write"),
    ("statuses", "read"),
];

/// The permissions of a new installation.
pub(super) fn usual_permissions() -> BTreeMap<String, String> {
    USUAL.iter().map(|(name, level)| ((*name).to_owned(), (*level).to_owned())).collect()
}

/// A token to make.
#[derive(Debug, Clone)]
pub struct Token {
    pub(super) login: String,
    pub(super) kind: TokenKind,
    pub(super) lives: Option<Duration>,
}

impl Token {
    /// A personal access token of the old kind, with scopes: `ghp_…`.
    pub fn classic(login: &str, scopes: &[&str]) -> Self {
        Self::with(login, TokenKind::Scopes { oauth: false, scopes: set(scopes) })
    }

    /// What `gh auth login` gets: `gho_…`, with scopes.
    pub fn oauth(login: &str, scopes: &[&str]) -> Self {
        Self::with(login, TokenKind::Scopes { oauth: true, scopes: set(scopes) })
    }

    /// A fine-grained personal access token for these repositories: `github_pat_…`.
    pub fn fine_grained(login: &str, repositories: &[(&str, Access)]) -> Self {
        let repositories = repositories.iter().map(|(name, access)| ((*name).to_owned(), *access)).collect();
        Self::with(login, TokenKind::Fine { repositories })
    }

    /// Ends so long from now.
    #[must_use]
    pub fn expires_in(mut self, lives: Duration) -> Self {
        self.lives = Some(lives);
        self
    }

    fn with(login: &str, kind: TokenKind) -> Self {
        Self { login: login.to_owned(), kind, lives: None }
    }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[derive(Debug, Clone)]
pub(super) enum TokenKind {
    Scopes { oauth: bool, scopes: BTreeSet<String> },
    Fine { repositories: BTreeMap<String, Access> },
    Installation { id: u64, repositories: Vec<String>, permissions: BTreeMap<String, String> },
}

#[derive(Debug, Clone)]
pub(super) struct Credential {
    pub(super) login: String,
    pub(super) kind: TokenKind,
    pub(super) expires: Option<u64>,
    pub(super) used: u64,
    pub(super) window: u64,
}

impl Credential {
    /// What is told of it: its kind and its owner.
    pub(super) fn label(&self) -> String {
        match &self.kind {
            TokenKind::Scopes { oauth: false, .. } => format!("ghp:{}", self.login),
            TokenKind::Scopes { oauth: true, .. } => format!("gho:{}", self.login),
            TokenKind::Fine { .. } => format!("github_pat:{}", self.login),
            TokenKind::Installation { id, .. } => format!("ghs:{id}"),
        }
    }

    fn prefix(&self) -> &'static str {
        match &self.kind {
            TokenKind::Scopes { oauth: false, .. } => "ghp_",
            TokenKind::Scopes { oauth: true, .. } => "gho_",
            TokenKind::Fine { .. } => "github_pat_",
            TokenKind::Installation { .. } => "ghs_",
        }
    }

    /// The scopes, where it is of a kind that has some.
    pub(super) fn scopes(&self) -> Option<String> {
        match &self.kind {
            TokenKind::Scopes { scopes, .. } => Some(scopes.iter().cloned().collect::<Vec<_>>().join(", ")),
            TokenKind::Fine { .. } | TokenKind::Installation { .. } => None,
        }
    }

    /// Whether it may bring files of `.github/workflows`.
    pub(super) fn may_write_workflows(&self) -> bool {
        match &self.kind {
            TokenKind::Scopes { scopes, .. } => scopes.contains("workflow"),
            TokenKind::Fine { .. } => false,
            TokenKind::Installation { permissions, .. } => permissions.contains_key("workflows"),
        }
    }
}

/// Every token.
#[derive(Debug, Clone, Default)]
pub(super) struct Credentials {
    pub(super) all: BTreeMap<String, Credential>,
}

impl Credentials {
    /// Adds a token and gives its secret.
    pub(super) fn add(&mut self, credential: Credential, secret: &str) -> String {
        let secret = format!("{}{secret}", credential.prefix());
        self.all.insert(secret.clone(), credential);
        secret
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) enum Who {
    Nobody,
    Token { secret: String, credential: Box<Credential> },
    App(u64),
}

impl Who {
    pub(super) fn label(&self) -> String {
        match self {
            Self::Nobody => "none".to_owned(),
            Self::Token { credential, .. } => credential.label(),
            Self::App(id) => format!("jwt:{id}"),
        }
    }

    pub(super) fn login(&self) -> Option<&str> {
        match self {
            Self::Token { credential, .. } => Some(&credential.login),
            Self::Nobody | Self::App(_) => None,
        }
    }

    pub(super) fn credential(&self) -> Option<&Credential> {
        match self {
            Self::Token { credential, .. } => Some(credential),
            Self::Nobody | Self::App(_) => None,
        }
    }
}

/// What an operation needs: a permission and its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing of a repository.
    Nothing,
    /// An App's JWT.
    AppToken,
    /// To read; one of these permissions (`a|b`).
    Read(&'static str),
    /// To write; one of these permissions (`a|b`).
    Write(&'static str),
}

impl World {
    /// Finds the owner of a token.
    pub(super) fn who(&self, secret: &str) -> Option<Who> {
        let credential = self.credentials.all.get(secret)?;
        let live = credential.expires.is_none_or(|end| self.now < end);
        live.then(|| Who::Token { secret: secret.to_owned(), credential: Box::new(credential.clone()) })
    }

    /// Whether a repository is there for somebody.
    pub(super) fn sees(&self, who: &Who, repository: &Repository) -> bool {
        if !repository.private {
            return true;
        }
        let Some(credential) = who.credential() else { return false };
        let own = self.access_of(&credential.login, repository).is_some();
        match &credential.kind {
            TokenKind::Scopes { scopes, .. } => own && scopes.contains("repo"),
            TokenKind::Fine { repositories } => own && repositories.contains_key(&repository.full_name()),
            TokenKind::Installation { id, repositories, .. } => {
                self.installation_covers(*id, repositories, repository)
            }
        }
    }

    pub(super) fn installation_covers(&self, id: u64, narrowed: &[String], repository: &Repository) -> bool {
        let covers = |installation: &Installation| installation.id == id && installation.covers(repository);
        self.installations.iter().any(covers)
            && (narrowed.is_empty() || narrowed.contains(&repository.full_name()))
    }

    /// Refuses what a credential may not do with a repository that it sees.
    pub(super) fn allow(&self, who: &Who, repository: &Repository, need: Need) -> Result<(), Refusal> {
        let (permissions, write) = match need {
            Need::Nothing | Need::AppToken => return Ok(()),
            Need::Read(permissions) => (permissions, false),
            Need::Write(permissions) => (permissions, true),
        };
        let Some(credential) = who.credential() else {
            return if write { Err(Refusal::unauthorized("Requires authentication")) } else { Ok(()) };
        };
        match &credential.kind {
            TokenKind::Scopes { scopes, .. } => {
                let enough =
                    scopes.contains("repo") || (!repository.private && scopes.contains("public_repo"));
                if write && !enough {
                    return Err(Refusal::not_found().header("x-accepted-oauth-scopes", "repo"));
                }
                self.allow_login(&credential.login, repository, permissions, write)
            }
            TokenKind::Fine { repositories } => {
                let granted = repositories.get(&repository.full_name()).copied();
                let enough = if write { granted >= Some(Access::Write) } else { true };
                if !enough {
                    return Err(lacking(
                        "Resource not accessible by personal access token",
                        permissions,
                        write,
                    ));
                }
                self.allow_login(&credential.login, repository, permissions, write)
            }
            TokenKind::Installation { id, repositories, permissions: granted } => {
                let level = |name: &str| granted.get(name).map(String::as_str);
                let enough = permissions.split('|').any(|name| match level(name) {
                    Some("write" | "admin") => true,
                    Some(_) => !write,
                    None => !write && name == "metadata",
                });
                let covered = self.installation_covers(*id, repositories, repository);
                let public_read = !write && !repository.private;
                if (covered && enough) || public_read {
                    return Ok(());
                }
                Err(lacking("Resource not accessible by integration", permissions, write))
            }
        }
    }

    /// What the person behind a token may do.
    fn allow_login(
        &self,
        login: &str,
        repository: &Repository,
        permissions: &str,
        write: bool,
    ) -> Result<(), Refusal> {
        // Whoever can read a repository may comment and ask for a pull of what lies elsewhere.
        let open_to_readers = permissions.contains("issues") || permissions == "pull_requests";
        match self.access_of(login, repository) {
            Some(Access::Write | Access::Admin) => Ok(()),
            Some(Access::Read) if !write || open_to_readers => Ok(()),
            Some(Access::Read) => Err(Refusal::forbidden("Must have admin rights to Repository.")),
            None => Err(Refusal::not_found()),
        }
    }
}

fn lacking(message: &str, permissions: &str, write: bool) -> Refusal {
    let level = if write { "write" } else { "read" };
    let wanted: Vec<String> = permissions.split('|').map(|name| format!("{name}={level}")).collect();
    Refusal::forbidden(message).header("x-accepted-github-permissions", &wanted.join("; "))
}
