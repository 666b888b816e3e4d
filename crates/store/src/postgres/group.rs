//! Groups of commits (layer 1): one transaction for all that came while the one before was made durable.
//!
//! Invariants:
//! - The sessions of a group are locked first, in the order of their ids, so that groups of several servers cannot lock each
//!   other out; what they say is read only then, and their jobs after them, so that a fence is held against what is true.
//! - Numbers within a session are counted in its locked row. Global numbers are taken last, under a lock that is held until
//!   the commit: whoever has the next numbers began to take them after all earlier ones could be read.
//! - A commit that is refused before it wrote anything costs its neighbours nothing. One that fails later costs them the
//!   transaction: it is told, and they are done again without it.
//! - Where the connection breaks, nobody is told that nothing happened, and nothing is done again.

use super::failure::{is_broken, is_retried, sql};
use super::link::{Held, Link, silent};
use super::lock::{self, EVENTS, execute};
use super::write::{Place, apply_write, insert_session};
use crate::failure::again;
use crate::prepared::{Head, Lease, Prepared, Told};
use crate::queue::{Groups, Reply};
use crate::row::{Columns, Record, integer};
use sqlx::PgConnection;
use std::collections::HashMap;
use telecoder_model::PortError;
use telecoder_model::id::{HostId, SessionId};
use telecoder_model::port::store::{Committed, Write};

/// How often a group is done again as a whole, or without one of its commits, before each is done alone.
const ROUNDS: u32 = 3;

/// A commit with its caller.
pub(super) struct Waiting {
    pub(super) commit: Prepared,
    pub(super) reply: Reply<Committed>,
}

impl Waiting {
    fn settle(self, outcome: Result<Committed, PortError>) {
        // A caller that went away wants no answer; the commit stands all the same.
        drop(self.reply.send(outcome));
    }
}

/// Commits groups until there are no more.
pub(super) async fn run(link: Link, host: Option<HostId>, mut groups: Groups<Waiting>) {
    while let Some(group) = groups.next().await {
        commit_all(&link, host.as_ref(), group).await;
    }
    link.close().await;
}

async fn commit_all(link: &Link, host: Option<&HostId>, mut group: Vec<Waiting>) {
    group.sort_by(|a, b| a.commit.session.cmp(&b.commit.session));
    for _ in 0..ROUNDS {
        group = commit(link, host, group, true).await;
        if group.is_empty() {
            return;
        }
    }
    for one in group {
        let mut rest = vec![one];
        for round in 1..=ROUNDS {
            rest = commit(link, host, rest, round < ROUNDS).await;
        }
    }
}

/// Why a transaction was given up.
enum Broken {
    /// One commit failed after it wrote something.
    Culprit(usize, PortError),
    /// A statement for all of them failed.
    All(sqlx::Error),
}

impl From<sqlx::Error> for Broken {
    fn from(error: sqlx::Error) -> Self {
        Self::All(error)
    }
}

/// Commits a group; gives those that are to be done again.
async fn commit(
    link: &Link,
    host: Option<&HostId>,
    mut group: Vec<Waiting>,
    may_retry: bool,
) -> Vec<Waiting> {
    if group.is_empty() {
        return group;
    }
    let mut held = match link.held().await {
        Ok(held) => held,
        Err(error) => return refuse(group, &sql("cannot write to the database")(error)),
    };
    let attempt = transact(&mut held, host, &group);
    let ended = match tokio::time::timeout(link.patience(), attempt).await {
        Ok(ended) => ended,
        // Dropping the connection gives the transaction up, unless its end was on its way.
        Err(_) => return refuse(group, &unknown(silent())),
    };
    match ended {
        Ok(outcomes) => {
            held.give_back();
            for (waiting, outcome) in group.into_iter().zip(outcomes) {
                waiting.settle(outcome);
            }
            Vec::new()
        }
        Err(Broken::Culprit(index, error)) => {
            roll_back(held).await;
            group.remove(index).settle(Err(error));
            group
        }
        Err(Broken::All(error)) if is_broken(&error) => refuse(group, &unknown(error)),
        Err(Broken::All(error)) => {
            roll_back(held).await;
            if may_retry && (is_retried(&error) || group.len() > 1) {
                tracing::debug!(%error, commits = group.len(), "a group is committed again");
                return group;
            }
            refuse(group, &sql("cannot write to the database")(error))
        }
    }
}

fn unknown(error: sqlx::Error) -> PortError {
    sql("the connection to the database broke; it is not known whether the change was kept")(error)
}

fn refuse(group: Vec<Waiting>, error: &PortError) -> Vec<Waiting> {
    for waiting in group {
        waiting.settle(Err(again(error)));
    }
    Vec::new()
}

async fn roll_back(mut held: Held) {
    if execute(&mut held, "ROLLBACK").await.is_ok() {
        held.give_back();
    }
}

/// What the sessions of a group say, kept up to date while their commits are applied.
#[derive(Default)]
struct Heads {
    heads: HashMap<SessionId, Head>,
    leases: HashMap<SessionId, Lease>,
    /// Those that were written, and whether by a worker.
    written: HashMap<SessionId, bool>,
}

/// The events of a group, column by column.
#[derive(Default)]
struct Rows<'g> {
    session: Vec<String>,
    seq: Vec<i64>,
    tenant: Vec<String>,
    owner: Vec<String>,
    at: Vec<i64>,
    name: Vec<&'g str>,
    status: Vec<Option<&'g str>>,
    listed: Vec<bool>,
    body: Vec<&'g str>,
}

async fn transact(
    connection: &mut PgConnection,
    host: Option<&HostId>,
    group: &[Waiting],
) -> Result<Vec<Result<Committed, PortError>>, Broken> {
    execute(connection, "BEGIN").await?;
    let mut heads = load(connection, group).await?;
    let mut rows = Rows::default();
    let mut outcomes = Vec::with_capacity(group.len());
    for (index, waiting) in group.iter().enumerate() {
        let commit = &waiting.commit;
        let head = heads.heads.get(&commit.session);
        let lease = heads.leases.get(&commit.session).cloned().unwrap_or_default();
        if let Err(refusal) = commit.hold(head, &lease) {
            outcomes.push(Err(refusal));
            continue;
        }
        let head = head.cloned();
        let (mut head, message) =
            apply(connection, commit, head).await.map_err(|error| Broken::Culprit(index, error))?;
        for event in &commit.events {
            head.last_seq += 1;
            rows.push(&head, commit, event);
        }
        outcomes.push(Ok(Committed { version: head.version, last_seq: head.last_seq, message }));
        heads.after(commit, head);
    }
    store_heads(connection, &heads, host).await?;
    if !rows.seq.is_empty() {
        append(connection, rows).await?;
    }
    lock::commit(connection).await?;
    Ok(outcomes)
}

/// Locks the sessions, then reads what they and their jobs say.
async fn load(connection: &mut PgConnection, group: &[Waiting]) -> Result<Heads, Broken> {
    let mut heads = Heads::default();
    let mut ids: Vec<&str> = group.iter().map(|waiting| waiting.commit.session.as_str()).collect();
    ids.dedup();
    let found = sqlx::query(
        "SELECT id, tenant, owner, repository, version, last_seq, messages, created_at
         FROM sessions WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
    )
    .bind(&ids)
    .fetch_all(&mut *connection)
    .await?;
    let unreadable = |error: PortError| Broken::All(sqlx::Error::Decode(error.chain().into()));
    for row in &found {
        let id: SessionId = Columns(row).parsed("id").map_err(unreadable)?;
        heads.heads.insert(id.clone(), Head::read(&id, row).map_err(unreadable)?);
    }
    let mut fenced: Vec<&str> = group
        .iter()
        .filter(|waiting| waiting.commit.fence.is_some())
        .map(|waiting| waiting.commit.session.as_str())
        .collect();
    fenced.dedup();
    if fenced.is_empty() {
        return Ok(heads);
    }
    let found = sqlx::query(
        "SELECT session, instance, epoch FROM jobs WHERE session = ANY($1) ORDER BY session FOR NO KEY UPDATE",
    )
    .bind(&fenced)
    .fetch_all(connection)
    .await?;
    for row in &found {
        let id = row.text("session").and_then(|id| {
            id.parse().map_err(|error| PortError::permanent("a job of no session").because(error))
        });
        heads.leases.insert(id.map_err(unreadable)?, Lease::read(row).map_err(unreadable)?);
    }
    Ok(heads)
}

/// Writes the rows of one commit whose conditions hold.
async fn apply(
    connection: &mut PgConnection,
    commit: &Prepared,
    mut head: Option<Head>,
) -> Result<(Head, Option<u64>), PortError> {
    let mut message = None;
    for ready in &commit.writes {
        match (&mut head, &ready.write) {
            (None, Write::NewSession(session)) => {
                insert_session(connection, session, ready).await?;
                head = Some(Head::of_new(session));
            }
            (Some(_), Write::NewSession(session)) => {
                return Err(PortError::conflict(format!("session {} exists", session.id)));
            }
            (Some(head), _) => {
                let place = Place { head, at: commit.at };
                if let Some(number) = apply_write(connection, place, ready).await? {
                    message = Some(number);
                }
            }
            (None, _) => return Err(commit.missing()),
        }
    }
    Ok((head.ok_or_else(|| commit.missing())?, message))
}

impl Heads {
    fn after(&mut self, commit: &Prepared, head: Head) {
        *self.written.entry(commit.session.clone()).or_default() |= commit.fence.is_some();
        if commit.writes.iter().any(|ready| matches!(ready.write, Write::EndJob)) {
            self.leases.remove(&commit.session);
        }
        self.heads.insert(commit.session.clone(), head);
    }
}

impl<'g> Rows<'g> {
    fn push(&mut self, head: &Head, commit: &Prepared, event: &'g Told) {
        self.session.push(commit.session.to_string());
        self.seq.push(integer(head.last_seq));
        self.tenant.push(head.tenant.clone());
        self.owner.push(head.owner.clone());
        self.at.push(commit.at.as_micros());
        self.name.push(event.name);
        self.status.push(event.status);
        self.listed.push(event.listed);
        self.body.push(&event.body);
    }
}

/// Writes what was counted, and binds sessions that a worker wrote to its host.
async fn store_heads(
    connection: &mut PgConnection,
    heads: &Heads,
    host: Option<&HostId>,
) -> Result<(), sqlx::Error> {
    let (all, worked_on): (Vec<&Head>, Vec<bool>) = heads
        .written
        .iter()
        .filter_map(|(session, worked_on)| Some((heads.heads.get(session)?, *worked_on)))
        .unzip();
    if all.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE sessions s SET version = v.version, last_seq = v.last_seq, messages = v.messages,
                host = CASE WHEN v.worked_on THEN coalesce(s.host, $6) ELSE s.host END
         FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bool[])
              AS v (id, version, last_seq, messages, worked_on)
         WHERE s.id = v.id",
    )
    .bind(all.iter().map(|head| head.session.as_str()).collect::<Vec<_>>())
    .bind(all.iter().map(|head| integer(head.version)).collect::<Vec<_>>())
    .bind(all.iter().map(|head| integer(head.last_seq)).collect::<Vec<_>>())
    .bind(all.iter().map(|head| integer(head.messages)).collect::<Vec<_>>())
    .bind(worked_on)
    .bind(host.map(HostId::as_str))
    .execute(connection)
    .await
    .map(|_| ())
}

async fn append(connection: &mut PgConnection, rows: Rows<'_>) -> Result<(), sqlx::Error> {
    execute(connection, EVENTS).await?;
    sqlx::query(
        "INSERT INTO events (global, session, seq, tenant, owner, at, name, status, listed, body)
         SELECT nextval('events_global'), e.session, e.seq, e.tenant, e.owner, e.at, e.name, e.status, e.listed, e.body
         FROM (SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[],
                                    $7::text[], $8::bool[], $9::text[]) WITH ORDINALITY
                        AS u (session, seq, tenant, owner, at, name, status, listed, body, place)
               ORDER BY place) e",
    )
    .bind(rows.session)
    .bind(rows.seq)
    .bind(rows.tenant)
    .bind(rows.owner)
    .bind(rows.at)
    .bind(rows.name)
    .bind(rows.status)
    .bind(rows.listed)
    .bind(rows.body)
    .execute(connection)
    .await
    .map(|_| ())
}
