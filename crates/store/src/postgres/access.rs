//! Tokens, idempotency keys, and the places up to which people have read (layer 1).

use super::PostgresStore;
use super::failure::sql;
use super::row::plain;
use crate::document;
use crate::failure::is_taken;
use crate::page::MAX_ROWS;
use crate::row::{Columns, integer, word};
use async_trait::async_trait;
use telecoder_model::PortError;
use telecoder_model::id::{TenantId, TokenId, UserId};
use telecoder_model::port::store::{AccessStore, Cursor, Reserved, Token, TokenHash};
use telecoder_model::time::Timestamp;

#[async_trait]
impl AccessStore for PostgresStore {
    async fn add_token(&self, token: Token) -> Result<(), PortError> {
        let added = sqlx::query(
            "INSERT INTO tokens (id, tenant, owner, name, scope, hash, created_at, expires_at, revoked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(token.id.as_str())
        .bind(token.tenant.as_str())
        .bind(token.user.as_str())
        .bind(plain(&token.name))
        .bind(word(&token.scope)?)
        .bind(token.hash.0.as_str())
        .bind(token.created_at.as_micros())
        .bind(token.expires_at.map(Timestamp::as_micros))
        .bind(token.revoked_at.map(Timestamp::as_micros));
        match self.link.change(added).await {
            Ok(_) => Ok(()),
            Err(error) if is_taken(&error) => Err(PortError::conflict(format!("token {} exists", token.id))),
            Err(error) => Err(sql("cannot add a token")(error)),
        }
    }

    async fn token(&self, hash: &TokenHash) -> Result<Option<Token>, PortError> {
        let found = sqlx::query("SELECT * FROM tokens WHERE hash = $1").bind(hash.0.as_str());
        let row = self.link.row(found).await.map_err(sql("cannot read a token"))?;
        row.as_ref().map(document::token).transpose()
    }

    async fn tokens(&self, tenant: &TenantId) -> Result<Vec<Token>, PortError> {
        let found =
            sqlx::query("SELECT * FROM tokens WHERE tenant = $1 ORDER BY created_at DESC, id DESC LIMIT $2")
                .bind(tenant.as_str())
                .bind(i64::from(MAX_ROWS));
        let rows = self.link.rows(found).await.map_err(sql("cannot list tokens"))?;
        rows.iter().map(document::token).collect()
    }

    async fn revoke_token(&self, tenant: &TenantId, id: &TokenId, at: Timestamp) -> Result<(), PortError> {
        let revoked = sqlx::query(
            "UPDATE tokens SET revoked_at = coalesce(revoked_at, $1) WHERE id = $2 AND tenant = $3",
        )
        .bind(at.as_micros())
        .bind(id.as_str())
        .bind(tenant.as_str());
        match self.link.change(revoked).await.map_err(sql("cannot revoke a token"))? {
            0 => Err(PortError::not_found(format!("there is no token {id}"))),
            _ => Ok(()),
        }
    }

    async fn reservation(
        &self,
        tenant: &TenantId,
        user: &UserId,
        key: &str,
    ) -> Result<Option<Reserved>, PortError> {
        let found = sqlx::query(
            "SELECT request, session, message FROM reservations WHERE tenant = $1 AND owner = $2 AND key = $3",
        )
        .bind(tenant.as_str())
        .bind(user.as_str())
        .bind(key);
        let row = self.link.row(found).await.map_err(sql("cannot read an idempotency key"))?;
        row.map(|row| document::reserved(&row)).transpose()
    }

    async fn cursor(&self, tenant: &TenantId, user: &UserId, name: &str) -> Result<u64, PortError> {
        let found =
            sqlx::query("SELECT position FROM cursors WHERE tenant = $1 AND owner = $2 AND name = $3")
                .bind(tenant.as_str())
                .bind(user.as_str())
                .bind(name);
        let row = self.link.row(found).await.map_err(sql("cannot read a place"))?;
        row.map_or(Ok(0), |row| Columns(&row).number("position"))
    }

    async fn set_cursor(&self, tenant: &TenantId, user: &UserId, cursor: Cursor) -> Result<(), PortError> {
        crate::page::is_a_place(&cursor)?;
        let moved = sqlx::query(
            "INSERT INTO cursors (tenant, owner, name, position) VALUES ($1, $2, $3, $4)
             ON CONFLICT (tenant, owner, name)
             DO UPDATE SET position = greatest(cursors.position, excluded.position)",
        )
        .bind(tenant.as_str())
        .bind(user.as_str())
        .bind(cursor.name.as_str())
        .bind(integer(cursor.position));
        self.link.change(moved).await.map(|_| ()).map_err(sql("cannot move a place"))
    }

    async fn last_global(&self) -> Result<u64, PortError> {
        let last = sqlx::query("SELECT coalesce(max(global), 0) AS last FROM events");
        let row = self.link.row(last).await.map_err(sql("cannot read the last event"))?;
        row.map_or(Ok(0), |row| Columns(&row).number("last"))
    }
}
