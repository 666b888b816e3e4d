//! Browsers that are signed in (layer 1).

use super::SqliteStore;
use super::failure::sql;
use super::group::Change;
use crate::document;
use crate::failure::is_taken;
use crate::row::word;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use telecoder_model::PortError;
use telecoder_model::port::store::{SignIn, SignInStore, TokenHash};
use telecoder_model::time::Timestamp;

pub(super) const SIGN_IN: &str = "SELECT * FROM sign_ins WHERE hash = ?";

#[async_trait]
impl SignInStore for SqliteStore {
    async fn add_sign_in(&self, sign_in: SignIn) -> Result<(), PortError> {
        self.writer.apply(Add(sign_in)).await
    }

    async fn sign_in(&self, hash: &TokenHash) -> Result<Option<SignIn>, PortError> {
        sqlx::query(SIGN_IN)
            .bind(hash.0.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read a sign-in"))?
            .as_ref()
            .map(document::sign_in)
            .transpose()
    }

    async fn extend_sign_in(&self, hash: &TokenHash, expires_at: Timestamp) -> Result<(), PortError> {
        self.writer.apply(Extend { hash: hash.clone(), expires_at }).await
    }

    async fn take_sign_in(&self, hash: &TokenHash) -> Result<Option<SignIn>, PortError> {
        self.writer.apply(Take(hash.clone())).await
    }
}

struct Add(SignIn);

impl Change for Add {
    type Answer = ();
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<(), PortError> {
        let new = &self.0;
        sqlx::query("DELETE FROM sign_ins WHERE until < ?")
            .bind(new.created_at.as_micros())
            .execute(&mut *tx)
            .await
            .map_err(sql("cannot forget old sign-ins"))?;
        sqlx::query(
            "INSERT INTO sign_ins (hash, kind, tenant, owner, scope, token, created_at, expires_at, until)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.hash.0.as_str())
        .bind(word(&new.kind)?)
        .bind(new.tenant.as_str())
        .bind(new.user.as_str())
        .bind(word(&new.scope)?)
        .bind(new.token.as_ref().map(|hash| hash.0.as_str()))
        .bind(new.created_at.as_micros())
        .bind(new.expires_at.as_micros())
        .bind(new.until.as_micros())
        .execute(tx)
        .await
        .map_err(|error| {
            if is_taken(&error) {
                // Neither the error's text nor its cause may show the hash.
                return PortError::conflict("this sign-in exists");
            }
            sql("cannot add a sign-in")(error)
        })?;
        Ok(())
    }
}

struct Extend {
    hash: TokenHash,
    expires_at: Timestamp,
}

impl Change for Extend {
    type Answer = ();
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<(), PortError> {
        sqlx::query("UPDATE sign_ins SET expires_at = max(expires_at, min(?, until)) WHERE hash = ?")
            .bind(self.expires_at.as_micros())
            .bind(self.hash.0.as_str())
            .execute(tx)
            .await
            .map_err(sql("cannot extend a sign-in"))?;
        Ok(())
    }
}

struct Take(TokenHash);

impl Change for Take {
    type Answer = Option<SignIn>;
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<Option<SignIn>, PortError> {
        sqlx::query("DELETE FROM sign_ins WHERE hash = ? RETURNING *")
            .bind(self.0.0.as_str())
            .fetch_optional(tx)
            .await
            .map_err(sql("cannot end a sign-in"))?
            .as_ref()
            .map(document::sign_in)
            .transpose()
    }
}
