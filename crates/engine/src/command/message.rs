//! A further message: queued, and the session goes back to work where it rests or has ended.

use crate::command::stop::retry_on_conflict;
use crate::engine::Engine;
use crate::error::EngineError;
use telecoder_model::event::EventBody;
use telecoder_model::id::SessionId;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::store::{Commit, Message, MessageState, Queueing, Write};
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::session::{Mode, Move};
use telecoder_model::text::parse_prompt;

impl Engine {
    /// Accepts a message to a session.
    pub async fn message(
        &self,
        who: &Principal,
        id: &SessionId,
        content: String,
        queue: Queueing,
    ) -> Result<Message, EngineError> {
        let content = parse_prompt(&content).map_err(|text| EngineError::invalid("prompt_invalid", text))?;
        let first = self.owned(who, id, Scope::Run).await?.value;
        if first.mode == Mode::Chat {
            let count = self.ports().store.messages(id).await?.len();
            if count >= usize::try_from(self.options().chat_max_messages).unwrap_or(usize::MAX) {
                return Err(EngineError::conflict(
                    "chat_full",
                    format!("this chat has its {count} messages"),
                )
                .hint("begin a new one, or raise TELECODER_CHAT_MAX_MESSAGES"));
            }
        }
        let committed = retry_on_conflict(|| async {
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
                content: content.clone(),
                queue,
            });
            commit.writes.push(Write::Enqueue { not_before: now });
            Ok((self.ports().store.commit(commit).await?, now))
        })
        .await?;
        let (committed, now) = committed;
        self.tell_of_message(id);
        Ok(Message {
            number: committed.message.unwrap_or(0),
            author: who.user.clone(),
            content,
            queue,
            state: MessageState::Queued,
            turn: None,
            created_at: now,
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
