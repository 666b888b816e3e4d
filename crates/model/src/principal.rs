//! Who acts (layer 0). Every command and every read carries a [`Principal`].

use crate::id::{TenantId, UserId};
use serde::{Deserialize, Serialize};

/// What a token allows; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look at everything of the owner.
    Read,
    /// Create and steer sessions.
    Run,
    /// Publish, merge and close.
    Publish,
    /// Tokens, agents, settings.
    Admin,
}

impl Scope {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Run => "run",
            Self::Publish => "publish",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "read" => Ok(Self::Read),
            "run" => Ok(Self::Run),
            "publish" => Ok(Self::Publish),
            "admin" => Ok(Self::Admin),
            _ => Err(format!("`{text}` is not a scope: read, run, publish or admin")),
        }
    }
}

/// The person or service on whose behalf something happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The tenant that everything is looked up in.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
    /// The highest scope granted.
    pub scope: Scope,
}

impl Principal {
    /// The user `local` of the default tenant with every scope.
    pub fn local() -> Self {
        Self { tenant: TenantId::default_tenant(), user: UserId::local(), scope: Scope::Admin }
    }
    /// Whether it may do what needs `scope`.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scope >= scope
    }
}
