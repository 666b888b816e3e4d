//! Users and the limits of their requests (dev layer).

use super::super::access::{HOURLY, TokenKind};
use super::super::call::{Answer, Call, Refusal, Reply};
use super::super::render;
use super::super::world::World;
use super::page;
use serde_json::json;

pub(in super::super) fn rate_limit(world: &mut World, call: &Call) -> Answer {
    let (used, window) = call.who.credential().map_or((0, world.now), |found| (found.used, found.window));
    let rate = json!({
        "limit": HOURLY, "used": used, "remaining": HOURLY.saturating_sub(used), "reset": window + 3600,
    });
    Ok(Reply::ok(json!({"resources": {"core": rate, "search": rate}, "rate": rate})))
}

pub(in super::super) fn me(world: &mut World, call: &Call) -> Answer {
    let installation =
        call.who.credential().is_some_and(|found| matches!(found.kind, TokenKind::Installation { .. }));
    if installation {
        return Err(Refusal::forbidden("Resource not accessible by integration"));
    }
    let login = call.login()?;
    Ok(Reply::ok(render::private_user(page(world, call), &login)))
}

pub(in super::super) fn by_name(world: &mut World, call: &Call) -> Answer {
    let login = call.part("username");
    if !world.users.contains_key(login) {
        return Err(Refusal::not_found());
    }
    Ok(Reply::ok(render::private_user(page(world, call), login)))
}
