//! Tokens, idempotency keys, and the places up to which people have read (layer 1).

use super::SqliteStore;
use super::failure::sql;
use super::group::Change;
use crate::document;
use crate::failure::is_taken;
use crate::page::{MAX_ROWS, is_a_place};
use crate::row::{Columns, integer, word};
use async_trait::async_trait;
use sqlx::SqliteConnection;
use telecoder_model::PortError;
use telecoder_model::id::{TenantId, TokenId, UserId};
use telecoder_model::port::store::{AccessStore, Cursor, Reserved, Token, TokenHash};
use telecoder_model::time::Timestamp;

pub(super) const TOKEN: &str = "SELECT * FROM tokens WHERE hash = ?";
pub(super) const TOKENS: &str =
    "SELECT * FROM tokens WHERE tenant = ? ORDER BY created_at DESC, id DESC LIMIT ?";

#[async_trait]
impl AccessStore for SqliteStore {
    async fn add_token(&self, token: Token) -> Result<(), PortError> {
        self.writer.apply(AddToken(token)).await
    }

    async fn token(&self, hash: &TokenHash) -> Result<Option<Token>, PortError> {
        sqlx::query(TOKEN)
            .bind(hash.0.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read a token"))?
            .as_ref()
            .map(document::token)
            .transpose()
    }

    async fn tokens(&self, tenant: &TenantId) -> Result<Vec<Token>, PortError> {
        sqlx::query(TOKENS)
            .bind(tenant.as_str())
            .bind(MAX_ROWS)
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot list tokens"))?
            .iter()
            .map(document::token)
            .collect()
    }

    async fn revoke_token(&self, tenant: &TenantId, id: &TokenId, at: Timestamp) -> Result<(), PortError> {
        self.writer.apply(Revoke { tenant: tenant.clone(), id: id.clone(), at }).await
    }

    async fn reservation(
        &self,
        tenant: &TenantId,
        user: &UserId,
        key: &str,
    ) -> Result<Option<Reserved>, PortError> {
        let row = sqlx::query(
            "SELECT request, session, message FROM reservations WHERE tenant = ? AND owner = ? AND key = ?",
        )
        .bind(tenant.as_str())
        .bind(user.as_str())
        .bind(key)
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(sql("cannot read an idempotency key"))?;
        row.map(|row| document::reserved(&row)).transpose()
    }

    async fn cursor(&self, tenant: &TenantId, user: &UserId, name: &str) -> Result<u64, PortError> {
        let row = sqlx::query("SELECT position FROM cursors WHERE tenant = ? AND owner = ? AND name = ?")
            .bind(tenant.as_str())
            .bind(user.as_str())
            .bind(name)
            .fetch_optional(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read a place"))?;
        row.map_or(Ok(0), |row| Columns(&row).number("position"))
    }

    async fn set_cursor(&self, tenant: &TenantId, user: &UserId, cursor: Cursor) -> Result<(), PortError> {
        is_a_place(&cursor)?;
        self.writer.apply(Advance { tenant: tenant.clone(), user: user.clone(), cursor }).await
    }

    async fn last_global(&self) -> Result<u64, PortError> {
        let row = sqlx::query("SELECT coalesce(max(global), 0) AS last FROM events")
            .fetch_one(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read the last event"))?;
        Columns(&row).number("last")
    }
}

struct AddToken(Token);

impl Change for AddToken {
    type Answer = ();
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<(), PortError> {
        let token = &self.0;
        sqlx::query(
            "INSERT INTO tokens (id, tenant, owner, name, scope, hash, created_at, expires_at, revoked_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(token.id.as_str())
        .bind(token.tenant.as_str())
        .bind(token.user.as_str())
        .bind(token.name.as_str())
        .bind(word(&token.scope)?)
        .bind(token.hash.0.as_str())
        .bind(token.created_at.as_micros())
        .bind(token.expires_at.map(Timestamp::as_micros))
        .bind(token.revoked_at.map(Timestamp::as_micros))
        .execute(tx)
        .await
        .map_err(|error| {
            if is_taken(&error) {
                // Neither the error's text nor its cause may show the hash.
                return PortError::conflict(format!("token {} exists", token.id));
            }
            sql("cannot add a token")(error)
        })?;
        Ok(())
    }
}

struct Revoke {
    tenant: TenantId,
    id: TokenId,
    at: Timestamp,
}

impl Change for Revoke {
    type Answer = ();
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<(), PortError> {
        let changed =
            sqlx::query("UPDATE tokens SET revoked_at = coalesce(revoked_at, ?) WHERE id = ? AND tenant = ?")
                .bind(self.at.as_micros())
                .bind(self.id.as_str())
                .bind(self.tenant.as_str())
                .execute(tx)
                .await
                .map_err(sql("cannot revoke a token"))?;
        if changed.rows_affected() == 1 {
            return Ok(());
        }
        Err(PortError::not_found(format!("there is no token {}", self.id)))
    }
}

struct Advance {
    tenant: TenantId,
    user: UserId,
    cursor: Cursor,
}

impl Change for Advance {
    type Answer = ();
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<(), PortError> {
        sqlx::query(
            "INSERT INTO cursors (tenant, owner, name, position) VALUES (?, ?, ?, ?)
             ON CONFLICT (tenant, owner, name) DO UPDATE SET position = max(position, excluded.position)",
        )
        .bind(self.tenant.as_str())
        .bind(self.user.as_str())
        .bind(self.cursor.name.as_str())
        .bind(integer(self.cursor.position))
        .execute(tx)
        .await
        .map_err(sql("cannot move a place"))?;
        Ok(())
    }
}
