//! Commits (layer 1): checks first, then the rows in order, then the events.
//!
//! Invariant: numbers of events come from the session's row in the same transaction, so they are dense whatever else is
//! written.

use super::failure::sql;
use super::group::Change;
use super::write::apply_write;
use crate::failure::{damaged, is_taken};
use crate::prepared::{Head, Lease, Prepared};
use crate::row::{integer, json};
use sqlx::SqliteConnection;
use telecoder_model::PortError;
use telecoder_model::port::store::{Commit, Committed, Write};

/// A commit, and its events as one text.
pub(super) struct Apply {
    commit: Prepared,
    /// A JSON array of strings, each one event's body as JSON.
    bodies: String,
}

impl Apply {
    pub(super) fn new(commit: Commit) -> Result<Self, PortError> {
        let commit = Prepared::new(commit)?;
        let bodies: Vec<&str> = commit.events.iter().map(|event| event.body.as_str()).collect();
        Ok(Self { bodies: json(&bodies)?, commit })
    }
}

impl Change for Apply {
    type Answer = Committed;

    fn bytes(&self) -> usize {
        self.commit.bytes().saturating_add(self.bodies.len())
    }

    async fn apply(&self, tx: &mut SqliteConnection) -> Result<Committed, PortError> {
        let mut head = self.load(tx).await?;
        let mut message = None;
        for ready in &self.commit.writes {
            match (&mut head, &ready.write) {
                (None, Write::NewSession(session)) => {
                    super::write::insert_session(tx, session, ready).await?;
                    head = Some(Head::of_new(session));
                }
                (Some(_), Write::NewSession(session)) => {
                    return Err(PortError::conflict(format!("session {} exists", session.id)));
                }
                (Some(head), _) => {
                    if let Some(number) = apply_write(tx, head, ready, self.commit.at).await? {
                        message = Some(number);
                    }
                }
                (None, _) => return Err(self.commit.missing()),
            }
        }
        let mut head = head.ok_or_else(|| self.commit.missing())?;
        self.append(tx, &mut head).await?;
        Ok(Committed { version: head.version, last_seq: head.last_seq, message })
    }
}

impl Apply {
    /// Reads the session's head and holds the commit's conditions against it.
    async fn load(&self, tx: &mut SqliteConnection) -> Result<Option<Head>, PortError> {
        let row = sqlx::query(
            "SELECT s.tenant, s.owner, s.repository, s.version, s.last_seq, s.messages, s.created_at,
                    j.instance, j.epoch
             FROM sessions s LEFT JOIN jobs j ON j.session = s.id WHERE s.id = ?",
        )
        .bind(self.commit.session.as_str())
        .fetch_optional(tx)
        .await
        .map_err(sql("cannot read a session"))?;
        let head = row.as_ref().map(|row| Head::read(&self.commit.session, row)).transpose()?;
        let lease = row.as_ref().map(Lease::read).transpose()?.unwrap_or_default();
        self.commit.hold(head.as_ref(), &lease)?;
        Ok(head)
    }

    async fn append(&self, tx: &mut SqliteConnection, head: &mut Head) -> Result<(), PortError> {
        if self.commit.events.is_empty() {
            return Ok(());
        }
        let count = i64::try_from(self.commit.events.len()).unwrap_or(i64::MAX);
        // The head was read in this transaction, and nobody else writes meanwhile.
        let before = integer(head.last_seq);
        sqlx::query(
            "UPDATE sessions SET last_seq = last_seq + ? WHERE id = ?;
             INSERT INTO events (session, seq, tenant, owner, at, body)
             SELECT ?, ? + e.key, ?, ?, ?, e.value FROM json_each(?) e",
        )
        .bind(count)
        .bind(self.commit.session.as_str())
        .bind(self.commit.session.as_str())
        .bind(before + 1)
        .bind(head.tenant.as_str())
        .bind(head.owner.as_str())
        .bind(self.commit.at.as_micros())
        .bind(self.bodies.as_str())
        .execute(tx)
        .await
        .map_err(|error| {
            if is_taken(&error) {
                return damaged(
                    format!("events of session {} are numbered twice", self.commit.session),
                    error,
                );
            }
            sql("cannot append events")(error)
        })?;
        head.last_seq += u64::try_from(count).unwrap_or(0);
        Ok(())
    }
}
