//! The keys and JSON web tokens of Apps (dev layer): RS256, as GitHub takes them.
//!
//! Invariant: a token is good only if its signature is of the App's key, it was not issued in the future, and it ends
//! no more than ten minutes from now (docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App").

use super::world::World;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// The bytes of a PKCS#8 wrapping before the PKCS#1 key of 2048 bits: two lengths, a version and the algorithm.
const PKCS8_PREFIX: usize = 26;

/// The longest life of a token, in seconds.
const LONGEST: u64 = 600;

/// What clocks may differ by, in seconds.
const DRIFT: u64 = 60;

/// A key as GitHub hands it out, and its public half.
pub(super) struct NewKey {
    pub(super) pem: String,
    pub(super) public: Vec<u8>,
}

/// Makes a key of 2048 bits.
pub(super) fn new_key() -> Result<NewKey, String> {
    let wrong = |_| "no key could be made".to_owned();
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(wrong)?;
    let wrapped = pair.as_der().map_err(wrong)?;
    let inner = wrapped.as_ref().get(PKCS8_PREFIX..).ok_or("a key of another form")?;
    let mut pem = "-----BEGIN RSA PRIVATE KEY-----\n".to_owned();
    let text = STANDARD.encode(inner);
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END RSA PRIVATE KEY-----\n");
    Ok(NewKey { pem, public: pair.public_key().as_ref().to_owned() })
}

/// An App that was made, with its key.
#[derive(Clone)]
pub struct App {
    /// Its number, which a token names as its issuer.
    pub id: u64,
    /// Its name in addresses; its bot is `slug[bot]`.
    pub slug: String,
    /// Its client id, which a token may name instead of the number.
    pub client_id: String,
    /// Its private key: PEM of PKCS#1, as GitHub gives it.
    pub pem: String,
}

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("App").field("id", &self.id).field("slug", &self.slug).finish_non_exhaustive()
    }
}

impl App {
    /// A token of the App, issued at a moment (in seconds since 1970) for nine minutes.
    ///
    /// # Panics
    /// If the key is not one.
    #[expect(clippy::expect_used, reason = "only tests call this, and they cannot go on without it")]
    pub fn jwt(&self, now: u64) -> String {
        let claims = json!({"iat": now.saturating_sub(DRIFT), "exp": now + 540, "iss": self.id.to_string()});
        self.sign(&json!({"alg": "RS256", "typ": "JWT"}), &claims).expect("the App's key is not one")
    }

    fn sign(&self, header: &Value, claims: &Value) -> Option<String> {
        let inner: String = self.pem.lines().filter(|line| !line.starts_with('-')).collect();
        let key = KeyPair::from_der(&STANDARD.decode(inner).ok()?).ok()?;
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
        Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Whether it has the form of one.
pub(super) fn looks_like_one(token: &str) -> bool {
    token.split('.').count() == 3 && token.starts_with("eyJ")
}

/// The App whose token this is; the error is GitHub's message.
pub(super) fn verify(world: &World, token: &str) -> Result<u64, &'static str> {
    const UNREADABLE: &str = "A JSON web token could not be decoded";
    let mut parts = token.splitn(3, '.');
    let (Some(header), Some(claims), Some(signature)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(UNREADABLE);
    };
    let read =
        |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    let decoded = read(header).zip(read(claims)).zip(URL_SAFE_NO_PAD.decode(signature).ok());
    let ((head, claimed), signature) = decoded.ok_or(UNREADABLE)?;
    if head.get("alg").and_then(Value::as_str) != Some("RS256") {
        return Err(UNREADABLE);
    }
    let issuer = match claimed.get("iss") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => return Err("'Issuer' claim ('iss') must be an Integer"),
    };
    let app = world.apps.iter().find(|app| app.id.to_string() == issuer || app.client_id == issuer);
    let app = app.ok_or("Integration not found")?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &app.public_key);
    let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
    key.verify(signed.as_bytes(), &signature).map_err(|_| UNREADABLE)?;
    let at = |name: &str| claimed.get(name).and_then(Value::as_u64);
    match (at("iat"), at("exp")) {
        (_, None) => Err("Missing 'expiration' claim ('exp') in assertion"),
        (None, _) => Err("Missing 'issued at' claim ('iat') in assertion"),
        (Some(issued), _) if issued > world.now + DRIFT => Err(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        ),
        (_, Some(end)) if end <= world.now => Err(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        ),
        (_, Some(end)) if end > world.now + LONGEST + DRIFT => {
            Err("'Expiration time' claim ('exp') is too far in the future")
        }
        _ => Ok(app.id),
    }
}
