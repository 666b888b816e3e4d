//! Bounds of events (layer 1): what is larger than the inline limit becomes a blob and leaves a head.

use crate::engine::Engine;
use crate::options::Secrets;
use bytes::Bytes;
use telecoder_model::PortError;
use telecoder_model::event::{EventBody, ToolCall, ToolDiff};
use telecoder_model::port::blobs::INLINE_LIMIT;

/// Bytes of a large payload that stay in the event.
const HEAD: usize = 4 * 1024;
/// Bytes of the input of a call, and of each side of an edit, that a decision keeps.
const SUBJECT: usize = 16 * 1024;
/// Edits and locations that a decision keeps.
const SUBJECT_ITEMS: usize = 20;

/// Events without large payloads, and the digests of the blobs that hold those.
pub(crate) struct Bounded {
    pub(crate) events: Vec<EventBody>,
    pub(crate) blobs: Vec<String>,
}

/// Replaces the large payloads of events.
pub(crate) async fn bounded(engine: &Engine, events: Vec<EventBody>) -> Result<Bounded, PortError> {
    let mut all = Bounded { events: Vec::with_capacity(events.len()), blobs: Vec::new() };
    for event in events {
        let event = super::redact::whole(&engine.options().secrets, event);
        if size(&event) > INLINE_LIMIT {
            let (event, digest) = shrunk(engine, event).await?;
            all.events.push(event);
            all.blobs.push(digest);
        } else {
            all.events.push(event);
        }
    }
    Ok(all)
}

/// What a person needs of a tool call to decide on it: small, and without secrets.
pub(crate) fn subject(secrets: &Secrets, call: ToolCall) -> Option<ToolCall> {
    let input = call.input.filter(|input| input.to_string().len() <= SUBJECT);
    let diffs = call.diffs.into_iter().take(SUBJECT_ITEMS).map(|diff| ToolDiff {
        path: diff.path,
        old_text: diff.old_text.map(|text| cut(&text).to_owned()),
        new_text: cut(&diff.new_text).to_owned(),
    });
    let mut locations = call.locations;
    locations.truncate(SUBJECT_ITEMS);
    let small = ToolCall {
        id: call.id,
        title: call.title,
        kind: call.kind,
        status: None,
        output: None,
        diffs: diffs.collect(),
        locations,
        input,
    };
    // Where a secret stood at a place that takes nothing else, it comes back as another event.
    let EventBody::ToolUpdate(call) = super::redact::whole(secrets, EventBody::ToolUpdate(small)) else {
        return None;
    };
    Some(call)
}

/// The beginning of a text of a subject.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(SUBJECT)).unwrap_or(text)
}

/// The length of an event's encoding, without making it.
pub(crate) fn size(event: &EventBody) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.saturating_add(bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, event).map_or(usize::MAX, |()| count.0)
}

async fn shrunk(engine: &Engine, event: EventBody) -> Result<(EventBody, String), PortError> {
    let whole = Bytes::from(serde_json::to_vec(&event).unwrap_or_default());
    let blob = engine.ports().blobs.put(whole).await?;
    let note = format!("… ({} bytes in all, kept as blob {})", blob.size, blob.digest);
    let digest = blob.digest.clone();
    let small = match event {
        EventBody::ToolCall(call) => EventBody::ToolCall(small_tool(call, &note)),
        EventBody::ToolUpdate(call) => EventBody::ToolUpdate(small_tool(call, &note)),
        EventBody::Message { author, text, chunk, turn } => {
            EventBody::Message { author, text: format!("{}{note}", head(&text)), chunk, turn }
        }
        EventBody::Thought { text } => EventBody::Thought { text: format!("{}{note}", head(&text)) },
        EventBody::Output { stream, text, .. } => {
            EventBody::Output { stream, text: head(&text).to_owned(), blob: Some(blob) }
        }
        other @ (EventBody::Status { .. }
        | EventBody::Step { .. }
        | EventBody::Plan { .. }
        | EventBody::FileChange { .. }
        | EventBody::Usage(_)
        | EventBody::Permission { .. }
        | EventBody::Outcome(_)
        | EventBody::Git { .. }
        | EventBody::PullRequest { .. }
        | EventBody::Error { .. }
        | EventBody::Done { .. }) => {
            let text = serde_json::to_string(&other).unwrap_or_default();
            EventBody::Output {
                stream: other.name().to_owned(),
                text: head(&text).to_owned(),
                blob: Some(blob),
            }
        }
    };
    Ok((small, digest))
}

fn small_tool(call: ToolCall, note: &str) -> ToolCall {
    ToolCall {
        id: head(&call.id).to_owned(),
        title: call.title.map(|title| head(&title).to_owned()),
        kind: call.kind,
        status: call.status,
        output: call.output.map(|text| format!("{}{note}", head(&text))).or_else(|| Some(note.to_owned())),
        diffs: Vec::new(),
        locations: call.locations.into_iter().take(20).map(|path| head(&path).to_owned()).collect(),
        input: None,
    }
}

fn head(text: &str) -> &str {
    let mut end = text.len().min(HEAD);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or("")
}
