//! API tokens: 256 random bits, kept only as a hash.

use crate::command::read::allow;
use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use crate::request::{NewToken, TokenRequest};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use telecoder_model::id::TokenId;
use telecoder_model::port::store::{Token, TokenHash};
use telecoder_model::principal::{Principal, Scope};

/// How a secret begins, so that scanners recognise it.
const PREFIX: &str = "tc_";

impl Engine {
    /// All tokens of the tenant, newest first.
    pub async fn tokens(&self, who: &Principal) -> Result<Vec<Token>, EngineError> {
        allow(who, Scope::Admin)?;
        Ok(self.ports().store.tokens(&who.tenant).await?)
    }

    /// Makes a token. Its secret is given only here.
    pub async fn create_token(
        &self,
        who: &Principal,
        request: TokenRequest,
    ) -> Result<NewToken, EngineError> {
        allow(who, Scope::Admin)?;
        let name = request.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(EngineError::invalid(
                "token_name_invalid",
                "a token's name has 1 to 100 printable characters",
            ));
        }
        let now = self.now();
        if request.expires_at.is_some_and(|at| at <= now) {
            return Err(EngineError::invalid("token_expiry_past", "the token would have expired already"));
        }
        let secret = self.secret(PREFIX);
        let id: TokenId = format!("tok-{}", self.ports().ids.word(10))
            .parse()
            .map_err(|_| EngineError::new(Fault::Internal, "internal", "no token id could be formed"))?;
        let token = Token {
            id,
            tenant: who.tenant.clone(),
            user: request.user.unwrap_or_else(|| who.user.clone()),
            name,
            scope: request.scope,
            hash: hash(&secret),
            created_at: now,
            expires_at: request.expires_at,
            revoked_at: None,
        };
        self.ports().store.add_token(token.clone()).await?;
        self.tell_all();
        Ok(NewToken { token, secret })
    }

    /// Keeps a token whose secret was given by the operator (`TELECODER_API_TOKEN`); does nothing where it is known.
    pub async fn adopt_token(&self, who: &Principal, name: &str, secret: &str) -> Result<(), EngineError> {
        let hash = hash(secret);
        if self.ports().store.token(&hash).await?.is_some() {
            return Ok(());
        }
        let id: TokenId = format!("tok-{}", self.ports().ids.word(10))
            .parse()
            .map_err(|_| EngineError::new(Fault::Internal, "internal", "no token id could be formed"))?;
        let token = Token {
            id,
            tenant: who.tenant.clone(),
            user: who.user.clone(),
            name: name.to_owned(),
            scope: Scope::Admin,
            hash,
            created_at: self.now(),
            expires_at: None,
            revoked_at: None,
        };
        Ok(self.ports().store.add_token(token).await?)
    }

    /// Revokes a token.
    pub async fn revoke_token(&self, who: &Principal, id: &TokenId) -> Result<(), EngineError> {
        allow(who, Scope::Admin)?;
        match self.ports().store.revoke_token(&who.tenant, id, self.now()).await {
            Err(error) if error.class == telecoder_model::ErrorClass::NotFound => {
                Err(EngineError::not_found("token_not_found", format!("there is no token `{id}`"))
                    .hint("`telecoder token list` shows all tokens"))
            }
            other => {
                other?;
                self.tell_all();
                Ok(())
            }
        }
    }

    /// Finds out as whom a secret acts.
    pub async fn authenticate(&self, secret: &str) -> Result<Principal, EngineError> {
        let token = self.good_token(secret).await?;
        Ok(Principal { tenant: token.tenant, user: token.user, scope: token.scope })
    }

    /// A new secret of 256 random bits.
    pub(crate) fn secret(&self, prefix: &str) -> String {
        let mut bytes = [0; 32];
        self.ports().ids.fill(&mut bytes);
        let mut secret = prefix.to_owned();
        for byte in bytes {
            let _ = write!(secret, "{byte:02x}");
        }
        secret
    }

    /// The token of a secret, if it works.
    pub(crate) async fn good_token(&self, secret: &str) -> Result<Token, EngineError> {
        let found = if secret.len() > 300 {
            None
        } else {
            // The look-up is by the hash, so its time tells nothing about a secret.
            self.ports().store.token(&hash(secret)).await?
        };
        self.good(found)
    }

    /// The token, if there is one and it works.
    pub(crate) fn good(&self, token: Option<Token>) -> Result<Token, EngineError> {
        let refuse = |code, text: &str| Err(EngineError::new(Fault::Unauthenticated, code, text));
        let Some(token) = token else {
            return refuse("token_unknown", "this token is not known");
        };
        if token.revoked_at.is_some() {
            return refuse("token_revoked", "this token was revoked");
        }
        if token.expires_at.is_some_and(|at| at <= self.now()) {
            return refuse("token_expired", "this token has expired");
        }
        Ok(token)
    }
}

/// What is kept of a secret.
pub(crate) fn hash(secret: &str) -> TokenHash {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(secret.as_bytes()) {
        let _ = write!(text, "{byte:02x}");
    }
    TokenHash(text)
}
