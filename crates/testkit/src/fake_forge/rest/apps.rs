//! Apps, their installations and the tokens of installations (dev layer).

use super::super::access::{Credential, INSTALLATION_TOKEN_SECONDS, TokenKind, Who};
use super::super::call::{Answer, Call, Refusal, Reply};
use super::super::render;
use super::super::world::{AppRecord, Installation, World};
use super::page;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn app<'a>(world: &'a World, call: &Call) -> Result<&'a AppRecord, Refusal> {
    let Who::App(id) = call.who else {
        return Err(Refusal::unauthorized("A JSON web token could not be decoded"));
    };
    world.apps.iter().find(|app| app.id == id).ok_or_else(Refusal::not_found)
}

fn of_app<'a>(
    world: &'a World,
    call: &Call,
    wanted: impl Fn(&Installation) -> bool,
) -> Result<&'a Installation, Refusal> {
    let app = app(world, call)?;
    let mut all = world.installations.iter();
    all.find(|found| found.app == app.id && wanted(found)).ok_or_else(Refusal::not_found)
}

pub(in super::super) fn me(world: &mut World, call: &Call) -> Answer {
    Ok(Reply::ok(render::app(page(world, call), app(world, call)?)))
}

pub(in super::super) fn installations(world: &mut World, call: &Call) -> Answer {
    let app = app(world, call)?;
    let page = page(world, call);
    let all = world.installations.iter().filter(|found| found.app == app.id);
    Ok(call.page(all.map(|found| render::installation(page, found)).collect()))
}

fn shown(world: &World, call: &Call, wanted: impl Fn(&Installation) -> bool) -> Answer {
    let found = of_app(world, call, wanted)?;
    Ok(Reply::ok(render::installation(page(world, call), found)))
}

pub(in super::super) fn installation(world: &mut World, call: &Call) -> Answer {
    let id = call.number("installation_id")?;
    shown(world, call, |found| found.id == id)
}

pub(in super::super) fn of_repository(world: &mut World, call: &Call) -> Answer {
    let repository = world.repository(&call.full_name()).ok_or_else(Refusal::not_found)?;
    shown(world, call, |found| found.covers(repository))
}

pub(in super::super) fn of_organization(world: &mut World, call: &Call) -> Answer {
    shown(world, call, |found| found.account == call.part("org"))
}

pub(in super::super) fn of_user(world: &mut World, call: &Call) -> Answer {
    shown(world, call, |found| found.account == call.part("username"))
}

pub(in super::super) fn token(world: &mut World, call: &Call) -> Answer {
    let id = call.number("installation_id")?;
    let found = of_app(world, call, |found| found.id == id)?.clone();
    let app = app(world, call)?.clone();
    let names = call.texts("repositories");
    let repositories: Vec<String> = names.iter().map(|name| format!("{}/{name}", found.account)).collect();
    let unknown = |name: &String| world.repository(name).is_none_or(|repository| !found.covers(repository));
    if repositories.iter().any(unknown) {
        return Err(Refusal::new(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        ));
    }
    let permissions = narrowed(&found, call.body.get("permissions"))?;
    let expires = world.now + INSTALLATION_TOKEN_SECONDS;
    let selection = if found.repositories.is_empty() && repositories.is_empty() { "all" } else { "selected" };
    let credential = Credential {
        login: format!("{}[bot]", app.slug),
        kind: TokenKind::Installation { id, repositories, permissions: permissions.clone() },
        expires: Some(expires),
        used: 0,
        window: world.now,
    };
    let number = world.id();
    let secret = world.credentials.add(credential, &format!("fake{number:030}"));
    Ok(Reply::with(
        201,
        json!({
            "token": secret, "expires_at": render::time(expires), "permissions": permissions,
            "repository_selection": selection,
        }),
    ))
}

/// The permissions asked for, none of which may exceed those of the installation.
fn narrowed(found: &Installation, asked: Option<&Value>) -> Result<BTreeMap<String, String>, Refusal> {
    let Some(asked) = asked.and_then(Value::as_object) else {
        return Ok(found.permissions.clone());
    };
    let mut permissions = BTreeMap::from([("metadata".to_owned(), "read".to_owned())]);
    for (name, level) in asked {
        let level = level.as_str().unwrap_or_default();
        let granted = found.permissions.get(name).map(String::as_str);
        if granted.is_none() || (granted == Some("read") && level != "read") {
            return Err(Refusal::new(422, "The permissions requested are not granted to this installation."));
        }
        permissions.insert(name.clone(), level.to_owned());
    }
    Ok(permissions)
}

pub(in super::super) fn repositories(world: &mut World, call: &Call) -> Answer {
    let Some(TokenKind::Installation { id, repositories, .. }) =
        call.who.credential().map(|found| &found.kind)
    else {
        return Err(Refusal::forbidden(
            "You must authenticate with an installation access token in order to list repositories for an installation.",
        ));
    };
    let page = page(world, call);
    let all = world.repositories.values().filter(|found| world.installation_covers(*id, repositories, found));
    Ok(call.counted_page("repositories", all.map(|found| render::repository(page, found)).collect()))
}

pub(in super::super) fn revoke(world: &mut World, call: &Call) -> Answer {
    let Who::Token { secret, .. } = &call.who else {
        return Err(Refusal::unauthorized("Bad credentials"));
    };
    world.credentials.all.remove(secret);
    Ok(Reply::empty(204))
}
