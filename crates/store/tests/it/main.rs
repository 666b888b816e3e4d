//! The store's integration tests (dev layer): the ports' conformance suites, and what only
//! one of the databases can show.

#[cfg(test)]
mod adoption;
#[cfg(test)]
mod blobs;
#[cfg(test)]
mod bus;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod full;
#[cfg(test)]
mod ids;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod sqlite;
