//! Port: store (layer 0): tokens, idempotency keys, and the places up to which people have read.

use crate::error::PortError;
use crate::id::{SessionId, TenantId, TokenId, UserId};
use crate::principal::Scope;
use crate::time::Timestamp;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt;

/// SHA-256 of a token's secret, hexadecimal. The secret itself is never stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenHash(pub String);

/// An API token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Its tenant.
    pub tenant: TenantId,
    /// The user as whom it acts.
    pub user: UserId,
    /// What a person calls it.
    pub name: String,
    /// The highest scope it grants.
    pub scope: Scope,
    /// Hash of its secret.
    pub hash: TokenHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ceases to work.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A place up to which somebody has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Its name: `inbox`, …
    pub name: String,
    /// The place.
    pub position: u64,
}

/// What a request made that came with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// SHA-256 of the request, hexadecimal.
    pub request: String,
    /// The session that it made, or wrote to.
    pub session: SessionId,
    /// The number of the session's newest message then: the one that the request brought.
    pub message: u64,
}

/// Who may do what.
#[async_trait]
pub trait AccessStore: Send + Sync + fmt::Debug {
    /// Keeps a token (class `Conflict` if the id is taken).
    async fn add_token(&self, token: Token) -> Result<(), PortError>;
    /// Finds a token by the hash of its secret, revoked and expired ones too.
    async fn token(&self, hash: &TokenHash) -> Result<Option<Token>, PortError>;
    /// All tokens of a tenant, newest first (at most 1,000).
    async fn tokens(&self, tenant: &TenantId) -> Result<Vec<Token>, PortError>;
    /// Revokes a token; class `NotFound`; does nothing if it is revoked already.
    async fn revoke_token(&self, tenant: &TenantId, id: &TokenId, at: Timestamp) -> Result<(), PortError>;
    /// What an idempotency key was used for, if it was.
    async fn reservation(
        &self,
        tenant: &TenantId,
        user: &UserId,
        key: &str,
    ) -> Result<Option<Reserved>, PortError>;
    /// The place up to which a user has read; 0 at first.
    async fn cursor(&self, tenant: &TenantId, user: &UserId, name: &str) -> Result<u64, PortError>;
    /// Moves that place forward (never back).
    async fn set_cursor(&self, tenant: &TenantId, user: &UserId, cursor: Cursor) -> Result<(), PortError>;
    /// The global number of the last event of all.
    async fn last_global(&self) -> Result<u64, PortError>;
}
