//! Commits (layer 1) before they meet a database: bounds, contradictions, documents, and the conditions that are held against
//! the session's row. The same for every database.
//!
//! Invariant: whatever can be prepared without the database is prepared before the writer's queue.

use crate::row::{Columns, Record, json};
use telecoder_model::PortError;
use telecoder_model::decision::Decision;
use telecoder_model::event::{Author, EventBody};
use telecoder_model::id::SessionId;
use telecoder_model::port::store::{Commit, Fence, Write};
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
pub(crate) struct Prepared {
    pub(crate) session: SessionId,
    pub(crate) expect: Option<u64>,
    pub(crate) fence: Option<Fence>,
    pub(crate) at: Timestamp,
    pub(crate) events: Vec<Told>,
    pub(crate) writes: Vec<Ready>,
}

/// An event with its document.
#[derive(Debug)]
pub(crate) struct Told {
    /// Its body as JSON.
    pub(crate) body: String,
    /// The name of its type.
    pub(crate) name: &'static str,
    /// The status that it tells.
    pub(crate) status: Option<&'static str>,
    /// Whether it changes what a list shows.
    pub(crate) listed: bool,
}

impl Told {
    fn new(event: &EventBody) -> Result<Self, PortError> {
        let name = event.name();
        let of_a_flood = matches!(
            name,
            "thought" | "plan" | "tool_call" | "tool_update" | "output" | "step" | "file_change"
        );
        let by_the_agent = matches!(event, EventBody::Message { author: Author::Agent, .. });
        Ok(Self { body: json(event)?, name, status: status(event), listed: !of_a_flood && !by_the_agent })
    }
}

/// A write with the documents that it needs.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) write: Write,
    /// The row's value as JSON, where it has one.
    pub(crate) document: String,
    /// The words to be searched, for a session.
    pub(crate) search: String,
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
            | Write::Blob { .. }
            | Write::Reserve(_) => 0,
        };
        // The value itself is about as large as its document.
        2 * self.document.len() + self.search.len() + rest
    }
}

impl Prepared {
    /// Checks the bounds and writes the documents.
    pub(crate) fn new(commit: Commit) -> Result<Self, PortError> {
        let Commit { session, expect, fence, at, events, writes } = commit;
        if events.len() > MAX_EVENTS || writes.len() > MAX_WRITES {
            return Err(PortError::permanent(format!(
                "a commit appends at most {MAX_EVENTS} events and writes at most {MAX_WRITES} rows"
            )));
        }
        let events: Vec<Told> = events.iter().map(Told::new).collect::<Result<_, _>>()?;
        if events.iter().map(|event| event.body.len()).sum::<usize>() > MAX_EVENT_BYTES {
            return Err(PortError::permanent(format!(
                "the events of one commit have more than {MAX_EVENT_BYTES} bytes"
            )));
        }
        for write in &writes {
            check(write, &session, expect, fence.as_ref())?;
        }
        Ok(Self {
            events,
            writes: writes.into_iter().map(ready).collect::<Result<_, _>>()?,
            session,
            expect,
            fence,
            at,
        })
    }
}

fn status(event: &EventBody) -> Option<&'static str> {
    if let EventBody::Status { status, .. } | EventBody::Done { status, .. } = event {
        return Some(status.as_str());
    }
    None
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
        | Write::Blob { .. }
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
        | Write::Blob { .. }
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
pub(crate) struct Head {
    pub(crate) session: SessionId,
    pub(crate) tenant: String,
    pub(crate) owner: String,
    pub(crate) repository: Option<String>,
    pub(crate) version: u64,
    pub(crate) last_seq: u64,
    pub(crate) messages: u64,
    pub(crate) created_at: Timestamp,
}

impl Head {
    /// The head of a session that is being made.
    pub(crate) fn of_new(session: &Session) -> Self {
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

impl Head {
    pub(crate) fn read<R: Record>(session: &SessionId, row: &R) -> Result<Self, PortError> {
        let columns = Columns(row);
        Ok(Self {
            session: session.clone(),
            tenant: columns.text("tenant")?,
            owner: columns.text("owner")?,
            repository: columns.optional_text("repository")?,
            version: columns.number("version")?,
            last_seq: columns.number("last_seq")?,
            messages: columns.number("messages")?,
            created_at: columns.time("created_at")?,
        })
    }
}

/// The server that owns a session's job, and its epoch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lease {
    pub(crate) instance: Option<String>,
    pub(crate) epoch: Option<u64>,
}

impl Lease {
    pub(crate) fn read<R: Record>(row: &R) -> Result<Self, PortError> {
        let columns = Columns(row);
        Ok(Self { instance: columns.optional_text("instance")?, epoch: columns.optional_number("epoch")? })
    }
}

impl Prepared {
    /// About how many bytes it holds.
    pub(crate) fn bytes(&self) -> usize {
        let writes: usize = self.writes.iter().map(Ready::bytes).sum();
        let events: usize = self.events.iter().map(|event| event.body.len()).sum();
        events.saturating_add(writes)
    }

    pub(crate) fn missing(&self) -> PortError {
        PortError::not_found(format!("there is no session {}", self.session))
    }

    /// Holds the commit's conditions against what the session's row and its job's say.
    pub(crate) fn hold(&self, head: Option<&Head>, lease: &Lease) -> Result<(), PortError> {
        let Some(head) = head else {
            return match (&self.expect, &self.fence) {
                (None, None) => Ok(()),
                _ => Err(self.missing()),
            };
        };
        if let Some(expect) = self.expect
            && expect != head.version
        {
            return Err(PortError::conflict(format!(
                "session {} has version {}, not {expect}",
                self.session, head.version
            )));
        }
        if let Some(fence) = &self.fence
            && (lease.instance.as_deref() != Some(fence.instance.as_str())
                || lease.epoch != Some(fence.epoch))
        {
            return Err(PortError::conflict(format!(
                "server {} no longer owns the job of session {} (epoch {})",
                fence.instance, self.session, fence.epoch
            )));
        }
        Ok(())
    }
}

/// Refuses a replacement that gives the session to somebody else.
pub(crate) fn keeps_its_owner(head: &Head, session: &Session) -> Result<(), PortError> {
    if head.tenant != session.tenant.as_str()
        || head.owner != session.owner.as_str()
        || head.created_at != session.created_at
    {
        return Err(PortError::permanent(format!(
            "tenant, owner and creation time of session {} never change",
            session.id
        )));
    }
    Ok(())
}

/// Refuses a decision about somebody else's session.
pub(crate) fn is_of_the_owner(head: &Head, decision: &Decision) -> Result<(), PortError> {
    if decision.tenant.as_str() == head.tenant && decision.owner.as_str() == head.owner {
        return Ok(());
    }
    Err(PortError::permanent(format!("decision {} does not belong to the owner of its session", decision.id)))
}
