//! Layer 1: a GitHub App's own proof of who it is. Invariant: it holds for nine minutes at most and is made for one use.

use super::options::GitHubApp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use telecoder_model::PortError;

/// GitHub allows ten minutes, and a clock that goes a little wrong.
const LIFE: i64 = 9 * 60;
/// So far back it is dated, against clocks that go wrong (GitHub's own advice).
const BACK: i64 = 60;

#[derive(Debug, Serialize)]
struct Claims<'a> {
    iat: i64,
    exp: i64,
    iss: &'a str,
}

/// Signs a proof that holds from now (seconds since 1970) on.
pub(super) fn proof(app: &GitHubApp, now: i64) -> Result<String, PortError> {
    let wrong = |what: &str| {
        // The cause is left out: it could hold a part of the key.
        PortError::denied(format!("the private key of the GitHub App {} {what}", app.id)).remedy(
            "Set TELECODER_GITHUB_APP_KEY_FILE to the .pem file that GitHub gave when the key was made (an RSA key).",
        )
    };
    let key = EncodingKey::from_rsa_pem(app.key.expose().as_bytes()).map_err(|_| wrong("cannot be read"))?;
    let claims = Claims { iat: now - BACK, exp: now + LIFE - BACK, iss: &app.id };
    encode(&Header::new(Algorithm::RS256), &claims, &key).map_err(|_| wrong("cannot be signed with"))
}
