//! Browsers that are signed in (layer 1).

use super::PostgresStore;
use super::failure::sql;
use crate::document;
use crate::failure::is_taken;
use crate::row::word;
use async_trait::async_trait;
use telecoder_model::PortError;
use telecoder_model::port::store::{SignIn, SignInStore, TokenHash};
use telecoder_model::time::Timestamp;

#[async_trait]
impl SignInStore for PostgresStore {
    async fn add_sign_in(&self, new: SignIn) -> Result<(), PortError> {
        let added = sqlx::query(
            "WITH old AS (DELETE FROM sign_ins WHERE until < $7)
             INSERT INTO sign_ins (hash, kind, tenant, owner, scope, token, created_at, expires_at, until)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(new.hash.0.as_str())
        .bind(word(&new.kind)?)
        .bind(new.tenant.as_str())
        .bind(new.user.as_str())
        .bind(word(&new.scope)?)
        .bind(new.token.as_ref().map(|hash| hash.0.as_str()))
        .bind(new.created_at.as_micros())
        .bind(new.expires_at.as_micros())
        .bind(new.until.as_micros());
        match self.link.change(added).await {
            Ok(_) => Ok(()),
            Err(error) if is_taken(&error) => Err(PortError::conflict("this sign-in exists")),
            Err(error) => Err(sql("cannot add a sign-in")(error)),
        }
    }

    async fn sign_in(&self, hash: &TokenHash) -> Result<Option<SignIn>, PortError> {
        let found = sqlx::query("SELECT * FROM sign_ins WHERE hash = $1").bind(hash.0.as_str());
        let row = self.link.row(found).await.map_err(sql("cannot read a sign-in"))?;
        row.as_ref().map(document::sign_in).transpose()
    }

    async fn extend_sign_in(&self, hash: &TokenHash, expires_at: Timestamp) -> Result<(), PortError> {
        let extended = sqlx::query(
            "UPDATE sign_ins SET expires_at = greatest(expires_at, least($1, until)) WHERE hash = $2",
        )
        .bind(expires_at.as_micros())
        .bind(hash.0.as_str());
        self.link.change(extended).await.map(|_| ()).map_err(sql("cannot extend a sign-in"))
    }

    async fn take_sign_in(&self, hash: &TokenHash) -> Result<Option<SignIn>, PortError> {
        let taken = sqlx::query("DELETE FROM sign_ins WHERE hash = $1 RETURNING *").bind(hash.0.as_str());
        let row = self.link.row(taken).await.map_err(sql("cannot end a sign-in"))?;
        row.as_ref().map(document::sign_in).transpose()
    }
}
