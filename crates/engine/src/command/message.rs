//! A further message: queued, and the session goes back to work where it rests or has ended.

use crate::command::once::reserve;
use crate::command::stop::retry_on_conflict;
use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use crate::request::NewMessage;
use telecoder_model::event::EventBody;
use telecoder_model::id::SessionId;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::store::{Commit, Message, MessageState, Reserved, Write};
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::session::{Mode, Move, Session};
use telecoder_model::text::parse_prompt;

impl Engine {
    /// Accepts a message to a session. The flag is false where an earlier request with the same idempotency key brought it.
    pub async fn message(
        &self,
        who: &Principal,
        id: &SessionId,
        new: NewMessage,
    ) -> Result<(Message, bool), EngineError> {
        let session = self.owned(who, id, Scope::Run).await?.value;
        if let Some(earlier) = self.earlier(who, new.once.as_ref()).await? {
            return Ok((self.brought(&earlier).await?, false));
        }
        let content =
            if new.failing_logs { self.with_failing_logs(who, id, &new.content).await? } else { new.content };
        let content = parse_prompt(&content).map_err(|text| EngineError::invalid("prompt_invalid", text))?;
        self.has_room_for_a_message(&session).await?;
        let new = NewMessage { content, ..new };
        let accepted = retry_on_conflict(|| async {
            // Another request with the same key may be faster.
            if let Some(earlier) = self.earlier(who, new.once.as_ref()).await? {
                return Ok((self.brought(&earlier).await?, false));
            }
            Ok((self.accept(who, id, &new).await?, true))
        })
        .await?;
        self.tell_of_message(id);
        Ok(accepted)
    }

    async fn has_room_for_a_message(&self, session: &Session) -> Result<(), EngineError> {
        if session.mode != Mode::Chat {
            return Ok(());
        }
        let count = self.ports().store.messages(&session.id).await?.len();
        if count < usize::try_from(self.options().chat_max_messages).unwrap_or(usize::MAX) {
            return Ok(());
        }
        Err(EngineError::conflict("chat_full", format!("this chat has its {count} messages"))
            .hint("begin a new one, or raise TELECODER_CHAT_MAX_MESSAGES"))
    }

    /// Queues the message and calls the session to work, in one commit.
    async fn accept(
        &self,
        who: &Principal,
        id: &SessionId,
        new: &NewMessage,
    ) -> Result<Message, EngineError> {
        let mut versioned = self.owned(who, id, Scope::Run).await?;
        if versioned.value.workspace_removed_at.is_some() {
            return Err(workspace_gone(id));
        }
        let now = self.now();
        let mut commit = Commit::new(id.clone(), now);
        commit.expect = Some(versioned.version);
        if let Some(status) = versioned.value.status.after(Move::Message) {
            let session = &mut versioned.value;
            session.status = status;
            session.failure = None;
            session.error = None;
            session.hint = None;
            session.finished_at = None;
            session.updated_at = now;
            commit.events.push(EventBody::Status { status, reason: Some("a message came".to_owned()) });
            commit.writes.push(Write::Session(Box::new(versioned.value)));
        }
        commit.writes.push(Write::NewMessage {
            author: who.user.clone(),
            content: new.content.clone(),
            queue: new.queue,
        });
        commit.writes.push(Write::Enqueue { not_before: now });
        commit.writes.extend(new.once.as_ref().map(|once| reserve(who, once, id)));
        let committed = self.ports().store.commit(commit).await?;
        Ok(Message {
            number: committed.message.unwrap_or(0),
            author: who.user.clone(),
            content: new.content.clone(),
            queue: new.queue,
            state: MessageState::Queued,
            turn: None,
            created_at: now,
        })
    }

    /// The message that an earlier request brought.
    async fn brought(&self, earlier: &Reserved) -> Result<Message, EngineError> {
        let all = self.ports().store.messages(&earlier.session).await?;
        all.into_iter().find(|message| message.number == earlier.message).ok_or_else(|| {
            EngineError::new(
                Fault::NotFound,
                "not_found",
                format!("session `{}` has no message {}", earlier.session, earlier.message),
            )
        })
    }

    /// Wakes whoever waits for a message. One that waits for the turn's end is no event yet, and is told to all.
    fn tell_of_message(&self, id: &SessionId) {
        self.ports().bus.wake(&Topic::Session(id.clone()));
        self.ports().bus.wake(&Topic::Jobs);
        self.tell_all();
    }
}

/// No agent can go on where its work is no longer.
fn workspace_gone(id: &SessionId) -> EngineError {
    EngineError::conflict(
        "workspace_gone",
        format!(
            "the workspace of session `{id}` was removed some time after its end, so no agent can go on in it"
        ),
    )
    .hint(format!("its change is kept (telecoder diff {id}); begin anew with: telecoder rerun {id}"))
}
