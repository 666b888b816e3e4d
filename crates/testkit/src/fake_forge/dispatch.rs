//! From a REST request to its answer (dev layer): who asks, whether they may, what is done, and what is recorded.
//!
//! Invariant: one call at a time has the world, so that what a call reads and writes is of one moment.

use super::access::{HOURLY, Need, TokenKind, Who};
use super::call::{Answer, Call, Carried, Refusal, Reply};
use super::description::description;
use super::faults::{FaultKind, Faults};
use super::hosting;
use super::jwt;
use super::record::Record;
use super::world::World;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// What all calls share.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) world: World,
    /// The world before the last write.
    pub(super) before: World,
    pub(super) faults: Faults,
    pub(super) record: Record,
    pub(super) violations: Vec<String>,
}

impl State {
    /// Takes note of what breaks the description.
    pub(super) fn violated(&mut self, problems: Vec<String>) {
        const MOST: usize = 1000;
        let room = MOST.saturating_sub(self.violations.len());
        self.violations.extend(problems.into_iter().take(room));
    }

    /// Does a call and checks both directions.
    pub(super) fn call(&mut self, call: &Call, fault: Option<FaultKind>) -> Reply {
        let problems = description().request(call.operation, &call.query, &call.body);
        self.violated(problems);
        let full_name = call.full_name();
        hosting::sync(&mut self.world, &full_name);
        let answer = if call.operation.reads() && fault == Some(FaultKind::Stale) {
            let mut earlier = self.before.clone();
            // What was is answered, but only to those who may see it now.
            earlier.now = self.world.now;
            earlier.credentials = self.world.credentials.clone();
            perform(&mut earlier, call)
        } else if call.operation.reads() {
            perform(&mut self.world, call)
        } else {
            let before = self.world.clone();
            let answer = perform(&mut self.world, call);
            // What was refused is no write.
            if answer.is_ok() {
                self.before = before;
            }
            answer
        };
        let reply = answer.unwrap_or_else(Refusal::reply);
        let body = match &reply.carried {
            Carried::Json(body) => Some(body),
            Carried::Nothing => None,
            // Raw files have no schema.
            Carried::Text(_) => return reply,
        };
        let problems = description().answer(call.operation, reply.status, body);
        self.violated(problems);
        reply
    }
}

/// Checks what the caller may, and does it.
fn perform(world: &mut World, call: &Call) -> Answer {
    if call.operation.need == Need::AppToken {
        if !matches!(call.who, Who::App(_)) {
            return Err(Refusal::unauthorized("A JSON web token could not be decoded"));
        }
        return (call.operation.call)(world, call);
    }
    if matches!(call.who, Who::App(_)) && call.operation.need != Need::Nothing {
        return Err(Refusal::forbidden("Resource not accessible by integration"));
    }
    if call.operation.need != Need::Nothing {
        let full_name = call.full_name();
        let found = world.repository(&full_name).filter(|found| world.sees(&call.who, found));
        let found = found.ok_or_else(Refusal::not_found)?;
        world.allow(&call.who, found, call.operation.need)?;
        if found.archived && !call.operation.reads() {
            return Err(Refusal::forbidden("Repository was archived so is read-only."));
        }
    }
    (call.operation.call)(world, call)
}

/// Who a header names. The error is the message of a 401.
pub(super) fn who(world: &World, authorization: Option<&str>) -> Result<Who, &'static str> {
    const BAD: &str = "Bad credentials";
    let Some(value) = authorization else {
        return Ok(Who::Nobody);
    };
    let (scheme, rest) = value.trim().split_once(' ').ok_or(BAD)?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" if jwt::looks_like_one(rest) => jwt::verify(world, rest).map(Who::App),
        "bearer" | "token" => world.who(rest.trim()).ok_or(BAD),
        "basic" => basic(world, value).ok_or(BAD),
        _ => Err(BAD),
    }
}

/// Who a Basic credential names: the token is the password, or the name where there is no password.
pub(super) fn basic(world: &World, authorization: &str) -> Option<Who> {
    let (scheme, rest) = authorization.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (name, password) = pair.split_once(':')?;
    let secret = if password.is_empty() || password == "x-oauth-basic" { name } else { password };
    world.who(secret)
}

/// Counts a request against its credential's limit; the error is the refusal.
pub(super) fn count(world: &mut World, who: &Who) -> Result<(), Refusal> {
    let now = world.now;
    let Who::Token { secret, .. } = who else { return Ok(()) };
    let Some(credential) = world.credentials.all.get_mut(secret) else { return Ok(()) };
    if now >= credential.window + 3600 {
        (credential.window, credential.used) = (now, 0);
    }
    if credential.used >= HOURLY {
        return Err(limited(&credential.login));
    }
    credential.used += 1;
    Ok(())
}

/// The refusal of the primary limit.
pub(super) fn limited(login: &str) -> Refusal {
    Refusal::forbidden(&format!(
        "API rate limit exceeded for user {login}. If you reach out to GitHub Support for help, please include the request ID."
    ))
}

/// The refusal of the secondary limit.
pub(super) fn secondary(seconds: u64) -> Refusal {
    let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    Refusal::forbidden(message).header("retry-after", &seconds.to_string())
}

/// Turns the reading answer that the caller already has into 304, and gives the request back.
pub(super) fn unless_known(world: &mut World, who: &Who, reply: Reply, known: Option<&str>) -> Reply {
    if reply.status != 200 {
        return reply;
    }
    let bytes = match &reply.carried {
        Carried::Json(body) => body.to_string(),
        Carried::Text(text) => text.clone(),
        Carried::Nothing => return reply,
    };
    let digest = Sha256::digest(format!("{bytes}{:?}", reply.headers));
    let tag: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let strong = format!("\"{tag}\"");
    let same = |given: &str| given.split(',').any(|one| one.trim().trim_start_matches("W/") == strong);
    if known.is_some_and(same) {
        if let Who::Token { secret, .. } = who
            && let Some(credential) = world.credentials.all.get_mut(secret)
        {
            credential.used = credential.used.saturating_sub(1);
        }
        return Reply::empty(304).header("etag", &format!("W/{strong}"));
    }
    reply.header("etag", &format!("W/{strong}"))
}

/// The headers about limits and scopes.
pub(super) fn about_credential(world: &World, who: &Who) -> Vec<(String, String)> {
    let current = match who {
        Who::Token { secret, credential } => Some(world.credentials.all.get(secret).unwrap_or(credential)),
        Who::Nobody | Who::App(_) => None,
    };
    let (used, window) = current.map_or((0, world.now), |credential| (credential.used, credential.window));
    let mut headers = vec![
        ("x-ratelimit-limit".to_owned(), HOURLY.to_string()),
        ("x-ratelimit-remaining".to_owned(), HOURLY.saturating_sub(used).to_string()),
        ("x-ratelimit-used".to_owned(), used.to_string()),
        ("x-ratelimit-reset".to_owned(), (window + 3600).to_string()),
        ("x-ratelimit-resource".to_owned(), "core".to_owned()),
    ];
    if let Some(credential) = current {
        if let Some(scopes) = credential.scopes() {
            headers.push(("x-oauth-scopes".to_owned(), scopes));
            headers.push(("x-accepted-oauth-scopes".to_owned(), "repo".to_owned()));
        }
        let personal = !matches!(credential.kind, TokenKind::Installation { .. });
        if let Some(end) = credential.expires.filter(|_| personal) {
            let text = super::render::time(end).replace('T', " ").replace('Z', " UTC");
            headers.push(("github-authentication-token-expiration".to_owned(), text));
        }
    }
    headers
}
