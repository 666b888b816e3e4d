//! Domain to wire and back (layer 2). Nothing else knows both.

pub(crate) mod diff;
pub(crate) mod event;
pub(crate) mod overview;
pub(crate) mod people;
pub(crate) mod platform;
pub(crate) mod request;
pub(crate) mod session;
pub(crate) mod word;

use telecoder_model::time::Timestamp;

fn time(at: Timestamp) -> String {
    at.to_string()
}
