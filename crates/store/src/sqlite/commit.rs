//! Commits (layer 1): checks first, then the rows in order, then the events.
//!
//! Invariants: whatever can be prepared without the database is prepared before the writer's queue; numbers of events
//! come from the session's row in the same transaction, so they are dense whatever else is written.

use super::failure::{is_taken, sql};
use super::group::Change;
use super::row::{Columns, integer, json};
use super::write::apply_write;
use sqlx::SqliteConnection;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::store::{Commit, Committed, Fence, Write};
use telecoder_model::session::Session;
use telecoder_model::time::Timestamp;

/// Events that one commit appends at most.
const MAX_EVENTS: usize = 10_000;
/// Rows that one commit writes at most.
const MAX_WRITES: usize = 1000;
/// Bytes of events, as JSON, that one commit appends at most.
const MAX_EVENT_BYTES: usize = 64 << 20;

/// A commit with its documents written out.
#[derive(Debug)]
pub(super) struct Prepared {
    session: SessionId,
    expect: Option<u64>,
    fence: Option<Fence>,
    at: Timestamp,
    /// A JSON array of strings, each one event's body as JSON.
    bodies: String,
    events: usize,
    writes: Vec<Ready>,
}

/// A write with the documents that it needs.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) write: Write,
    /// The row's value as JSON, where it has one.
    pub(super) document: String,
    /// The words to be searched, for a session.
    pub(super) search: String,
}

impl Ready {
    fn bytes(&self) -> usize {
        let rest = match &self.write {
            Write::Input { line, .. } => line.len(),
            Write::NewMessage { content, .. } => content.len(),
            Write::NewSession(_)
            | Write::Session(_)
            | Write::Run(_)
            | Write::DropInputs { .. }
            | Write::Message { .. }
            | Write::NewDecision(_)
            | Write::Decision(_)
            | Write::Enqueue { .. }
            | Write::EndJob
            | Write::Outbox(_)
            | Write::OutboxUpdate(_)
            | Write::Reserve(_) => 0,
        };
        // The value itself is about as large as its document.
        2 * self.document.len() + self.search.len() + rest
    }
}

impl Prepared {
    /// Checks the bounds and writes the documents.
    pub(super) fn new(commit: Commit) -> Result<Self, PortError> {
        let Commit { session, expect, fence, at, events, writes } = commit;
        if events.len() > MAX_EVENTS || writes.len() > MAX_WRITES {
            return Err(PortError::permanent(format!(
                "a commit appends at most {MAX_EVENTS} events and writes at most {MAX_WRITES} rows"
            )));
        }
        let bodies: Vec<String> = events.iter().map(json).collect::<Result<_, _>>()?;
        if bodies.iter().map(String::len).sum::<usize>() > MAX_EVENT_BYTES {
            return Err(PortError::permanent(format!(
                "the events of one commit have more than {MAX_EVENT_BYTES} bytes"
            )));
        }
        for write in &writes {
            check(write, &session, expect, fence.as_ref())?;
        }
        Ok(Self {
            bodies: json(&bodies)?,
            events: bodies.len(),
            writes: writes.into_iter().map(ready).collect::<Result<_, _>>()?,
            session,
            expect,
            fence,
            at,
        })
    }
}

/// Refuses what contradicts itself.
fn check(
    write: &Write,
    session: &SessionId,
    expect: Option<u64>,
    fence: Option<&Fence>,
) -> Result<(), PortError> {
    let foreign = |other: &SessionId| other != session;
    let wrong = match write {
        Write::NewSession(new) => foreign(&new.id),
        Write::Session(new) if expect.is_none() => {
            return Err(PortError::permanent(format!(
                "session {} can only be replaced with the version that was read",
                new.id
            )));
        }
        Write::Session(new) => foreign(&new.id),
        Write::NewDecision(decision) | Write::Decision(decision) => foreign(&decision.session),
        Write::Outbox(row) | Write::OutboxUpdate(row) => foreign(&row.session),
        Write::Reserve(reservation) => {
            if reservation.key.chars().count() > 200 {
                return Err(PortError::permanent("an idempotency key has at most 200 characters"));
            }
            foreign(&reservation.session)
        }
        Write::EndJob if fence.is_none() => {
            return Err(PortError::permanent(format!(
                "the job of session {session} can only be ended by its owner"
            )));
        }
        Write::EndJob
        | Write::Run(_)
        | Write::Input { .. }
        | Write::DropInputs { .. }
        | Write::NewMessage { .. }
        | Write::Message { .. }
        | Write::Enqueue { .. } => false,
    };
    if wrong {
        return Err(PortError::permanent(format!(
            "a commit of session {session} may not write rows of another"
        )));
    }
    Ok(())
}

fn ready(write: Write) -> Result<Ready, PortError> {
    let (document, search) = match &write {
        Write::NewSession(session) | Write::Session(session) => (json(session)?, words(session)),
        Write::Run(state) => (json(state)?, String::new()),
        Write::NewDecision(decision) | Write::Decision(decision) => (json(decision)?, String::new()),
        Write::Outbox(row) => (json(&row.payload)?, String::new()),
        Write::OutboxUpdate(_)
        | Write::Input { .. }
        | Write::DropInputs { .. }
        | Write::NewMessage { .. }
        | Write::Message { .. }
        | Write::Enqueue { .. }
        | Write::EndJob
        | Write::Reserve(_) => (String::new(), String::new()),
    };
    Ok(Ready { write, document, search })
}

/// Title and prompt in lowercase, apart by a character that nobody types.
fn words(session: &Session) -> String {
    let title = session.title.as_deref().unwrap_or("");
    format!("{}\u{1f}{title}\u{1f}{}", session.display_title(), session.prompt).to_lowercase()
}

/// What the session's row says, kept up to date while its commit is applied.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) session: SessionId,
    pub(super) tenant: String,
    pub(super) owner: String,
    pub(super) repository: Option<String>,
    pub(super) version: u64,
    pub(super) last_seq: u64,
    pub(super) messages: u64,
    pub(super) created_at: Timestamp,
}

impl Head {
    /// The head of a session that is being made.
    pub(super) fn of_new(session: &Session) -> Self {
        Self {
            session: session.id.clone(),
            tenant: session.tenant.to_string(),
            owner: session.owner.to_string(),
            repository: session.repository.as_ref().map(ToString::to_string),
            version: 1,
            last_seq: 0,
            messages: 0,
            created_at: session.created_at,
        }
    }
}

impl Change for Prepared {
    type Answer = Committed;

    fn bytes(&self) -> usize {
        let writes: usize = self.writes.iter().map(Ready::bytes).sum();
        self.bodies.len().saturating_add(writes)
    }

    async fn apply(&self, tx: &mut SqliteConnection) -> Result<Committed, PortError> {
        let mut head = self.load(tx).await?;
        let mut message = None;
        for ready in &self.writes {
            match (&mut head, &ready.write) {
                (None, Write::NewSession(session)) => {
                    super::write::insert_session(tx, session, ready).await?;
                    head = Some(Head::of_new(session));
                }
                (Some(_), Write::NewSession(session)) => {
                    return Err(PortError::conflict(format!("session {} exists", session.id)));
                }
                (Some(head), _) => {
                    if let Some(number) = apply_write(tx, head, ready, self.at).await? {
                        message = Some(number);
                    }
                }
                (None, _) => return Err(self.missing()),
            }
        }
        let mut head = head.ok_or_else(|| self.missing())?;
        self.append(tx, &mut head).await?;
        Ok(Committed { version: head.version, last_seq: head.last_seq, message })
    }
}

impl Prepared {
    fn missing(&self) -> PortError {
        PortError::not_found(format!("there is no session {}", self.session))
    }

    /// Reads the session's head and holds the commit's conditions against it.
    async fn load(&self, tx: &mut SqliteConnection) -> Result<Option<Head>, PortError> {
        let row = sqlx::query(
            "SELECT s.tenant, s.owner, s.repository, s.version, s.last_seq, s.messages, s.created_at,
                    j.instance, j.epoch
             FROM sessions s LEFT JOIN jobs j ON j.session = s.id WHERE s.id = ?",
        )
        .bind(self.session.as_str())
        .fetch_optional(tx)
        .await
        .map_err(sql("cannot read a session"))?;
        let Some(row) = row else {
            return match (&self.expect, &self.fence) {
                (None, None) => Ok(None),
                _ => Err(self.missing()),
            };
        };
        let columns = Columns(&row);
        let head = Head {
            session: self.session.clone(),
            tenant: columns.get("tenant")?,
            owner: columns.get("owner")?,
            repository: columns.get("repository")?,
            version: columns.number("version")?,
            last_seq: columns.number("last_seq")?,
            messages: columns.number("messages")?,
            created_at: columns.time("created_at")?,
        };
        if let Some(expect) = self.expect
            && expect != head.version
        {
            return Err(PortError::conflict(format!(
                "session {} has version {}, not {expect}",
                self.session, head.version
            )));
        }
        if let Some(fence) = &self.fence {
            let instance: Option<&str> = columns.get("instance")?;
            let epoch: Option<i64> = columns.get("epoch")?;
            if instance != Some(fence.instance.as_str()) || epoch != Some(integer(fence.epoch)) {
                return Err(PortError::conflict(format!(
                    "server {} no longer owns the job of session {} (epoch {})",
                    fence.instance, self.session, fence.epoch
                )));
            }
        }
        Ok(Some(head))
    }

    async fn append(&self, tx: &mut SqliteConnection, head: &mut Head) -> Result<(), PortError> {
        if self.events == 0 {
            return Ok(());
        }
        let count = i64::try_from(self.events).unwrap_or(i64::MAX);
        // The head was read in this transaction, and nobody else writes meanwhile.
        let before = integer(head.last_seq);
        sqlx::query(
            "UPDATE sessions SET last_seq = last_seq + ? WHERE id = ?;
             INSERT INTO events (session, seq, tenant, owner, at, body)
             SELECT ?, ? + e.key, ?, ?, ?, e.value FROM json_each(?) e",
        )
        .bind(count)
        .bind(self.session.as_str())
        .bind(self.session.as_str())
        .bind(before + 1)
        .bind(head.tenant.as_str())
        .bind(head.owner.as_str())
        .bind(self.at.as_micros())
        .bind(self.bodies.as_str())
        .execute(tx)
        .await
        .map_err(|error| {
            if is_taken(&error) {
                return super::failure::damaged(
                    format!("events of session {} are numbered twice", self.session),
                    error,
                );
            }
            sql("cannot append events")(error)
        })?;
        head.last_seq += u64::try_from(count).unwrap_or(0);
        Ok(())
    }
}
