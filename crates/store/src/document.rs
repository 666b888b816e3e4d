//! What rows mean (layer 1): from the columns that every database has alike to the values of the port.

use crate::row::{Columns, Record};
use telecoder_model::PortError;
use telecoder_model::event::Event;
use telecoder_model::port::store::{
    Message, OutboxRow, RepositoryUse, Reserved, SessionChange, SignIn, Token, TokenHash, Versioned,
};
use telecoder_model::pull::Pull;
use telecoder_model::session::{Session, Status};

pub(crate) fn versioned<R: Record>(row: &R) -> Result<Versioned<Session>, PortError> {
    let columns = Columns(row);
    Ok(Versioned {
        value: columns.json("document")?,
        version: columns.number("version")?,
        last_seq: columns.number("last_seq")?,
    })
}

pub(crate) fn event<R: Record>(row: &R) -> Result<Event, PortError> {
    let columns = Columns(row);
    Ok(Event {
        seq: columns.number("seq")?,
        global: columns.number("global")?,
        session: columns.parsed("session")?,
        at: columns.time("at")?,
        body: columns.json("body")?,
    })
}

pub(crate) fn change<R: Record>(row: &R) -> Result<SessionChange, PortError> {
    let columns = Columns(row);
    let name = columns.text("name")?;
    // Other types have a field of that name too.
    let tells = matches!(name.as_str(), "status" | "done");
    Ok(SessionChange {
        global: columns.number("global")?,
        session: columns.parsed("session")?,
        seq: columns.number("seq")?,
        status: if tells { columns.optional::<Status>("status")? } else { None },
        name,
    })
}

pub(crate) fn repository_use<R: Record>(row: &R) -> Result<RepositoryUse, PortError> {
    let columns = Columns(row);
    Ok(RepositoryUse {
        repository: columns.parsed("repository")?,
        sessions: columns.number("sessions")?,
        active: columns.number("active")?,
        last_used: columns.time("last_used")?,
    })
}

pub(crate) fn message<R: Record>(row: &R) -> Result<Message, PortError> {
    let columns = Columns(row);
    Ok(Message {
        number: columns.number("number")?,
        author: columns.parsed("author")?,
        content: columns.text("content")?,
        queue: columns.word("queue")?,
        state: columns.word("state")?,
        turn: columns.optional_small("turn")?,
        created_at: columns.time("created_at")?,
    })
}

pub(crate) fn effect<R: Record>(row: &R) -> Result<OutboxRow, PortError> {
    let columns = Columns(row);
    Ok(OutboxRow {
        key: columns.text("key")?,
        session: columns.parsed("session")?,
        kind: columns.text("kind")?,
        payload: columns.json("payload")?,
        state: columns.word("state")?,
        tries: columns.small("tries")?,
        not_before: columns.time("not_before")?,
        result: columns.optional_json("result")?,
    })
}

pub(crate) fn pull<R: Record>(row: &R) -> Result<Pull, PortError> {
    let columns = Columns(row);
    Ok(Pull {
        number: columns.number("number")?,
        tenant: columns.parsed("tenant")?,
        owner: columns.parsed("owner")?,
        session: columns.parsed("session")?,
        repository: columns.parsed("repository")?,
        title: columns.text("title")?,
        body: columns.text("body")?,
        base: columns.parsed("base")?,
        head: columns.parsed("head")?,
        head_commit: columns.parsed("head_commit")?,
        state: columns.word("state")?,
        merge_commit: columns.optional("merge_commit")?,
        created_at: columns.time("created_at")?,
        updated_at: columns.time("updated_at")?,
    })
}

pub(crate) fn token<R: Record>(row: &R) -> Result<Token, PortError> {
    let columns = Columns(row);
    Ok(Token {
        id: columns.parsed("id")?,
        tenant: columns.parsed("tenant")?,
        user: columns.parsed("owner")?,
        name: columns.text("name")?,
        scope: columns.word("scope")?,
        hash: TokenHash(columns.text("hash")?),
        created_at: columns.time("created_at")?,
        expires_at: columns.optional_time("expires_at")?,
        revoked_at: columns.optional_time("revoked_at")?,
    })
}

pub(crate) fn sign_in<R: Record>(row: &R) -> Result<SignIn, PortError> {
    let columns = Columns(row);
    Ok(SignIn {
        hash: TokenHash(columns.text("hash")?),
        kind: columns.word("kind")?,
        tenant: columns.parsed("tenant")?,
        user: columns.parsed("owner")?,
        scope: columns.word("scope")?,
        token: columns.optional_text("token")?.map(TokenHash),
        created_at: columns.time("created_at")?,
        expires_at: columns.time("expires_at")?,
        until: columns.time("until")?,
    })
}

pub(crate) fn reserved<R: Record>(row: &R) -> Result<Reserved, PortError> {
    let columns = Columns(row);
    Ok(Reserved {
        request: columns.text("request")?,
        session: columns.parsed("session")?,
        message: columns.number("message")?,
    })
}
