//! Wire type: token (layer 0), what opens the API.

use crate::word::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words!(
    /// What a token allows; each includes those before it.
    Scope, "scope", {
        /// Look at everything of the owner.
        Read = "read",
        /// Create and steer sessions.
        Run = "run",
        /// Publish, merge and close.
        Publish = "publish",
        /// Tokens, agents, settings.
        Admin = "admin",
    }
);

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Its id.
    pub id: String,
    /// What a person calls it.
    pub name: String,
    /// The user as whom it acts.
    pub user: String,
    /// The highest scope it grants.
    pub scope: Scope,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it ceases to work.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// When it was revoked.
    #[schema(format = DateTime)]
    pub revoked_at: Option<String>,
}

/// A token that was just made. The secret is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedToken {
    /// The token.
    pub token: Token,
    /// What goes behind `Authorization: Bearer`.
    pub secret: String,
}

/// A token to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewToken {
    /// What a person calls it; at most 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The highest scope it grants.
    pub scope: Scope,
    /// The user as whom it acts; absent: the caller.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user: Option<String>,
    /// When it shall cease to work (RFC 3339); absent: never.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
}
