//! Commands and reads (layer 1): one verb a file, each a method of [`crate::Engine`]. Every one takes a `Principal` and
//! hides what is not the principal's.

mod agents;
pub mod answer;
mod backup;
mod diff;
mod doctor;
mod failing_logs;
mod files;
mod inbox;
mod message;
mod once;
mod overview;
mod place;
mod preview;
pub(crate) mod publish;
mod pulls;
mod read;
mod remove;
mod rename;
mod rerun;
mod settings;
mod sign_in;
mod stop;
mod submit;
pub(crate) mod tokens;
