//! The sandbox in earnest: real namespaces, overlays, cgroups and processes, as root and as an ordinary user.
//!
//! Run as root, the whole suite is run once more by [`ordinary`] under an unprivileged uid.

mod basics;
mod ground;
mod ordinary;
