//! Wire types of signing in (layer 0): who a browser is, and how it becomes somebody.

use crate::token::Scope;
use crate::word::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words!(
    /// How a caller is known.
    How, "way of being known", {
        /// By nothing: the server asks for nothing.
        Open = "open",
        /// By the token that the request carries.
        Token = "token",
        /// By the cookie of a browser that is signed in.
        Cookie = "cookie",
    }
);

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// Whether the caller must sign in before anything else.
    pub login_required: bool,
    /// The user; `null` before signing in.
    pub user: Option<String>,
    /// The highest scope granted; it includes those before it.
    pub scope: Option<Scope>,
    /// How the caller is known.
    pub how: Option<How>,
    /// When the browser's sign-in ends, unless it is used before.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// The server's version.
    pub version: String,
}

/// What signs a browser in: one of the two.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// A token.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<String>,
    /// The code of a link; it works once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
}

/// Shows neither.
impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

/// A link that signs one browser in, once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignInLink {
    /// Its code.
    pub code: String,
    /// Its address on this server; `&to=/…` may be added, where the browser shall go.
    pub path: String,
    /// The whole address, as people reach the server.
    pub url: String,
    /// When it ceases to work.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// Shows no code.
impl std::fmt::Debug for SignInLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInLink").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
