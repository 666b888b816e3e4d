//! The answers' JSON as GitHub's description has it (dev layer): one noun a file.
//!
//! Invariant: every field that the description requires is there; the tests hold every answer against it.

mod actions;
mod issues;
mod pulls;
mod repositories;
mod users;

pub(super) use actions::{check_run, combined_status, job, run, status};
pub(super) use issues::{comment, issue, label};
pub(super) use pulls::{pull, review, review_comment};
pub(super) use repositories::{commit, full_repository, repository};
pub(super) use users::{app, installation, private_user, user};

use super::call::Links;
use super::world::World;
use base64::Engine;
use jiff::Timestamp;
use serde_json::Value;

/// What rendering needs: the world, and the addresses to name.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) world: &'a World,
    pub(super) links: &'a Links,
}

/// Sets a field of an object.
pub(super) fn put(value: &mut Value, name: &str, field: impl Into<Value>) {
    if let Some(object) = value.as_object_mut() {
        object.insert(name.to_owned(), field.into());
    }
}

/// A moment as GitHub writes it.
pub(super) fn time(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}

/// An id of GraphQL's kind.
fn node(kind: &str, id: u64) -> String {
    format!("{kind}_{}", base64::engine::general_purpose::STANDARD_NO_PAD.encode(id.to_be_bytes()))
}

/// The number in an id of GraphQL's kind.
pub(super) fn node_number(node: &str) -> Option<u64> {
    let (_, text) = node.split_once('_')?;
    let bytes = base64::engine::general_purpose::STANDARD_NO_PAD.decode(text).ok()?;
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}
