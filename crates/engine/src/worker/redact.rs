//! Secrets that the server knows are taken out of events (layer 1), also where a secret is spread over several chunks: the end
//! of a chunk that could be the beginning of a secret is held back until the next one tells.

use super::run_state::Held;
use crate::options::Secrets;
use telecoder_model::event::{Author, EventBody};

/// What stands in place of a secret.
const MARK: &str = "[redacted]";

/// Takes secrets out of an event as a whole.
pub(crate) fn whole(secrets: &Secrets, event: EventBody) -> EventBody {
    if secrets.is_empty() {
        return event;
    }
    let Ok(text) = serde_json::to_string(&event) else { return event };
    if !secrets.current().iter().any(|secret| text.contains(secret.as_str())) {
        return event;
    }
    serde_json::from_str(&without(secrets, text)).unwrap_or(EventBody::Output {
        stream: event.name().to_owned(),
        text: MARK.to_owned(),
        blob: None,
    })
}

/// Takes the next chunk of a message or a thought; gives what can be told now. Anything else lets go what was held.
pub(crate) fn chunk(secrets: &Secrets, held: &mut Option<Held>, event: EventBody) -> Vec<EventBody> {
    let Some((thought, turn)) = kind(&event) else {
        let mut all: Vec<EventBody> = release(held).into_iter().collect();
        all.push(event);
        return all;
    };
    let same = held.as_ref().is_some_and(|held| held.thought == thought);
    let mut all: Vec<EventBody> = if same { Vec::new() } else { release(held).into_iter().collect() };
    let mut text = words(event);
    if let Some(held) = held.take() {
        text.insert_str(0, &held.text);
    }
    let mut text = without(secrets, text);
    let rest = text.split_off(text.len().saturating_sub(ending(secrets, &text)));
    if !rest.is_empty() {
        *held = Some(Held { thought, turn, text: rest });
    }
    if !text.is_empty() {
        all.push(told(thought, turn, text));
    }
    all
}

/// What was held back, as an event of its own.
pub(crate) fn release(held: &mut Option<Held>) -> Option<EventBody> {
    held.take().map(|held| told(held.thought, held.turn, held.text))
}

fn kind(event: &EventBody) -> Option<(bool, u32)> {
    match event {
        EventBody::Message { author: Author::Agent, chunk: true, turn, .. } => Some((false, *turn)),
        EventBody::Thought { .. } => Some((true, 0)),
        EventBody::Message { .. }
        | EventBody::Status { .. }
        | EventBody::Step { .. }
        | EventBody::ToolCall(_)
        | EventBody::ToolUpdate(_)
        | EventBody::Plan { .. }
        | EventBody::Output { .. }
        | EventBody::FileChange { .. }
        | EventBody::Usage(_)
        | EventBody::Permission { .. }
        | EventBody::Outcome(_)
        | EventBody::Git { .. }
        | EventBody::PullRequest { .. }
        | EventBody::Error { .. }
        | EventBody::Done { .. } => None,
    }
}

fn words(event: EventBody) -> String {
    if let EventBody::Message { text, .. } | EventBody::Thought { text } = event {
        text
    } else {
        String::new()
    }
}

fn told(thought: bool, turn: u32, text: String) -> EventBody {
    if thought {
        return EventBody::Thought { text };
    }
    EventBody::Message { author: Author::Agent, text, chunk: true, turn }
}

/// Takes secrets out of a text.
pub(crate) fn without(secrets: &Secrets, text: String) -> String {
    let mut text = text;
    for secret in secrets.current().iter() {
        if text.contains(secret.as_str()) {
            text = text.replace(secret.as_str(), MARK);
        }
    }
    text
}

/// The length of the longest end of a text that is the beginning of a secret.
fn ending(secrets: &Secrets, text: &str) -> usize {
    let longest = |secret: &str| {
        (1..secret.len())
            .rev()
            .find(|length| secret.get(..*length).is_some_and(|head| text.ends_with(head)))
            .unwrap_or(0)
    };
    secrets.current().iter().map(|secret| longest(secret)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(text: &str) -> EventBody {
        told(false, 1, text.to_owned())
    }

    fn all(secrets: &Secrets, chunks: &[&str]) -> String {
        let mut held = None;
        let mut events: Vec<EventBody> =
            chunks.iter().flat_map(|text| chunk(secrets, &mut held, say(text))).collect();
        events.extend(release(&mut held));
        events.into_iter().map(words).collect()
    }

    #[test]
    fn a_secret_in_any_number_of_chunks_is_taken_out() {
        let secrets = Secrets::new(["sk-secret-123456".to_owned()]);
        let text = "key sk-secret-123456 and sk-sk-secret-123456!";
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let chunks = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(all(&secrets, &chunks), "key [redacted] and sk-[redacted]!", "{chunks:?}");
            }
        }
        let letters: Vec<String> = text.chars().map(String::from).collect();
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        assert_eq!(all(&secrets, &letters), "key [redacted] and sk-[redacted]!");
    }

    #[test]
    fn nothing_is_held_longer_than_the_next_event() {
        let secrets = Secrets::new(["sk-secret-123456".to_owned()]);
        let mut held = None;
        assert_eq!(chunk(&secrets, &mut held, say("files")), [say("file")]);
        let thought = told(true, 0, "hm".to_owned());
        assert_eq!(chunk(&secrets, &mut held, thought.clone()), [say("s"), thought]);
        assert_eq!(held, None);
    }

    #[test]
    fn whole_events_lose_secrets_too() {
        let secrets = Secrets::new(["sk-secret-123456".to_owned()]);
        let event = EventBody::Output {
            stream: "stderr".to_owned(),
            text: "x sk-secret-123456".to_owned(),
            blob: None,
        };
        let EventBody::Output { text, .. } = whole(&secrets, event) else { panic!() };
        assert_eq!(text, "x [redacted]");
    }
}
