//! Browsers that are signed in: by a token, or by a link that works once. Only hashes of their secrets are kept.
//!
//! A browser stays signed in for a week after it was last seen and a month at most, and never longer than the token works
//! from which it came.

use crate::command::read::allow;
use crate::command::tokens::hash;
use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use crate::request::{Credential, NewSignIn};
use std::time::Duration;
use telecoder_model::port::store::{SignIn, SignInKind, TokenHash};
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::time::Timestamp;

const HOUR: Duration = Duration::from_secs(3600);
/// How long a browser stays signed in without being used.
const IDLE: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a browser stays signed in at most.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a link works.
const LINK: Duration = Duration::from_secs(5 * 60);

impl Engine {
    /// Signs a browser in by a token.
    pub async fn sign_in(&self, token: &str) -> Result<NewSignIn, EngineError> {
        let token = self.good_token(token).await?;
        let who = Principal { tenant: token.tenant, user: token.user, scope: token.scope };
        let until = token.expires_at.unwrap_or(Timestamp::from_micros(i64::MAX));
        self.add_sign_in(SignInKind::Browser, who, Some(token.hash), until).await
    }

    /// Signs a browser in by a link's code, which works once.
    pub async fn sign_in_by_link(&self, code: &str) -> Result<NewSignIn, EngineError> {
        let refused = || {
            EngineError::new(
                Fault::Unauthenticated,
                "code_invalid",
                "this link was used before, or is too old",
            )
            .hint("make a new one: telecoder open")
        };
        if code.len() > 300 {
            return Err(refused());
        }
        let hash = hash(code);
        // A browser's secret is no code, and asking with one must not sign it out.
        let link = self.ports().store.sign_in(&hash).await?;
        if link.is_none_or(|link| link.kind != SignInKind::Link) {
            return Err(refused());
        }
        let taken = self.ports().store.take_sign_in(&hash).await?;
        let Some(link) = taken.filter(|link| link.expires_at > self.now()) else {
            return Err(refused());
        };
        let (who, until) = self.holder(&link).await?;
        self.add_sign_in(SignInKind::Browser, who, link.token, until).await
    }

    /// Makes a link that signs one browser in as the principal.
    pub async fn create_sign_in_link(
        &self,
        who: &Principal,
        by: Credential<'_>,
    ) -> Result<NewSignIn, EngineError> {
        allow(who, Scope::Admin)?;
        let token = match by {
            Credential::Nothing => None,
            Credential::Token(secret) => Some(hash(secret)),
            Credential::Browser(secret) => {
                self.ports().store.sign_in(&hash(secret)).await?.and_then(|found| found.token)
            }
        };
        let until = self.now().plus(LINK);
        self.add_sign_in(SignInKind::Link, who.clone(), token, until).await
    }

    /// Finds out as whom a browser that is signed in acts, and until when; being asked, it stays signed in for longer.
    pub async fn signed_in(&self, secret: &str) -> Result<(Principal, Timestamp), EngineError> {
        let over = || {
            EngineError::new(Fault::Unauthenticated, "sign_in_expired", "this browser is signed in no longer")
        };
        if secret.len() > 300 {
            return Err(over());
        }
        let hash = hash(secret);
        let now = self.now();
        let found = self.ports().store.sign_in(&hash).await?;
        let good =
            found.filter(|one| one.kind == SignInKind::Browser && one.expires_at > now && one.until > now);
        let Some(found) = good else { return Err(over()) };
        let (who, _) = self.holder(&found).await?;
        let later = now.plus(IDLE).min(found.until);
        // Not each request is a write.
        if later.since(found.expires_at) < HOUR {
            return Ok((who, found.expires_at));
        }
        self.ports().store.extend_sign_in(&hash, later).await?;
        Ok((who, later))
    }

    /// Signs a browser out.
    pub async fn sign_out(&self, secret: &str) -> Result<(), EngineError> {
        self.ports().store.take_sign_in(&hash(secret)).await?;
        Ok(())
    }

    /// As whom a sign-in acts, and how long its token works: the token may have been revoked since.
    async fn holder(&self, of: &SignIn) -> Result<(Principal, Timestamp), EngineError> {
        let who = Principal { tenant: of.tenant.clone(), user: of.user.clone(), scope: of.scope };
        match &of.token {
            None => Ok((who, Timestamp::from_micros(i64::MAX))),
            Some(token) => {
                let token = self.good(self.ports().store.token(token).await?)?;
                let until = token.expires_at.unwrap_or(Timestamp::from_micros(i64::MAX));
                Ok((Principal { scope: who.scope.min(token.scope), ..who }, until))
            }
        }
    }

    async fn add_sign_in(
        &self,
        kind: SignInKind,
        principal: Principal,
        token: Option<TokenHash>,
        until: Timestamp,
    ) -> Result<NewSignIn, EngineError> {
        let secret = self.secret("ts_");
        let now = self.now();
        let until = until.min(now.plus(LONGEST));
        let expires_at = until.min(now.plus(IDLE));
        let sign_in = SignIn {
            hash: hash(&secret),
            kind,
            tenant: principal.tenant.clone(),
            user: principal.user.clone(),
            scope: principal.scope,
            token,
            created_at: now,
            expires_at,
            until,
        };
        self.ports().store.add_sign_in(sign_in).await?;
        Ok(NewSignIn { secret, principal, expires_at, until })
    }
}
