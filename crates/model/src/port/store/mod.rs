//! Port: store (layer 0), written for `SQLite` and `PostgreSQL` alike.
//!
//! Contract:
//! - A [`Commit`] is all or nothing, and durable when `commit` returns. It is compare-and-set: with `expect` the session's
//!   version must be that one, with `fence` the job's owner and epoch must be those; otherwise class `Conflict` and nothing
//!   is written. Commits of different writers may share one durable transaction; one that fails never harms another.
//! - Events get dense numbers per session from 1, in commit order, and a global number: a reader that has seen global `g`
//!   never later meets an event with a global number ≤ `g`.
//! - A session's version grows by one with each [`Write::Session`]; appending events alone leaves it.
//! - Reads see every commit that returned before them. Every read of rows that belong to somebody takes the tenant and,
//!   where only the owner may see them, the owner.
//! - No rule rests on the wall clock of a client: leases expire by the store's own clock, or by proof (a lock held).
//! - Lists are pages by keyset, newest first; `limit` is at most 1,000.

mod access;
mod change;
mod commit;
mod end;
mod job;
mod pull;
mod query;
mod sign_in;

pub use access::{AccessStore, Cursor, Reserved, Token, TokenHash};
pub use change::{OverviewStore, RepositoryUse, SessionChange};
pub use commit::{
    Commit, Committed, Fence, Message, MessageState, OutboxRow, OutboxState, Queueing, Reservation, Write,
};
pub use end::{Burial, EndStore, EndedQuery, EndedSession, Grave, Hold};
pub use job::{Claim, ClaimLimits, JobStore, QueueDepth};
pub use pull::{NewPull, PullChange, PullQuery, PullStore};
pub use query::{Page, PullFilter, RunStore, SessionQuery, SessionStore, Versioned};
pub use sign_in::{SignIn, SignInKind, SignInStore};

/// The whole store.
pub trait Store:
    SessionStore + RunStore + JobStore + PullStore + AccessStore + SignInStore + OverviewStore + EndStore
{
}
impl<T> Store for T where
    T: SessionStore + RunStore + JobStore + PullStore + AccessStore + SignInStore + OverviewStore + EndStore
{
}
