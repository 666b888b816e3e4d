//! Port: store (layer 0): browsers that are signed in, and the links that sign one in.

use super::access::TokenHash;
use crate::error::PortError;
use crate::id::{TenantId, UserId};
use crate::principal::Scope;
use crate::time::Timestamp;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a sign-in is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInKind {
    /// A link that signs one browser in, once.
    Link,
    /// A browser that is signed in.
    Browser,
}

/// A browser that is signed in, or a link that will sign one in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Hash of its secret.
    pub hash: TokenHash,
    /// What it is.
    pub kind: SignInKind,
    /// Its tenant.
    pub tenant: TenantId,
    /// The user as whom it acts.
    pub user: UserId,
    /// The highest scope it grants.
    pub scope: Scope,
    /// The token that it came from: it works no longer than that one does.
    pub token: Option<TokenHash>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ceases to work, unless it is used before.
    pub expires_at: Timestamp,
    /// When it ceases to work, however much it is used.
    pub until: Timestamp,
}

/// Who is signed in. An ended sign-in is gone.
#[async_trait]
pub trait SignInStore: Send + Sync + fmt::Debug {
    /// Keeps a sign-in (class `Conflict` if the hash is taken); forgets those whose `until` is before `created_at`.
    async fn add_sign_in(&self, sign_in: SignIn) -> Result<(), PortError>;
    /// Finds a sign-in by the hash of its secret, expired ones too.
    async fn sign_in(&self, hash: &TokenHash) -> Result<Option<SignIn>, PortError>;
    /// Moves its expiry forward (never back, never beyond `until`); does nothing where there is none.
    async fn extend_sign_in(&self, hash: &TokenHash, expires_at: Timestamp) -> Result<(), PortError>;
    /// Ends a sign-in and gives it: of several that try at once, one gets it.
    async fn take_sign_in(&self, hash: &TokenHash) -> Result<Option<SignIn>, PortError>;
}
