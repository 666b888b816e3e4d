//! The store's integration tests (dev layer): the port's conformance suite on `SQLite`, and what only `SQLite` can show.

#[allow(unreachable_pub, dead_code, reason = "the suite is a public part of the testkit")]
#[macro_use]
#[path = "../../../testkit/src/conformance"]
mod conformance {
    #[macro_use]
    pub mod store;
}
#[cfg(test)]
mod adoption;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod full;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod sqlite;
