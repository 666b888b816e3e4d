//! Follows an answer while it passes: tokens, and whether it came whole (layer 1; pure).
//!
//! Invariant: what is metered does not depend on how the answer was cut into chunks.

mod reading;
mod sse;

#[cfg(test)]
mod tests;

pub(crate) use reading::words;

use crate::route::Format;
use reading::{Progress, Reading};
use sse::SseReader;
use telecoder_model::usage::Usage;

/// Follows one answer.
#[derive(Debug)]
pub(crate) struct Meter {
    format: Format,
    shape: Shape,
    reading: Reading,
}

#[derive(Debug)]
enum Shape {
    Events(SseReader),
    /// Kept until its end; its size is bounded by the largest answer that the gateway passes.
    Document(Vec<u8>),
}

impl Meter {
    /// A meter for an answer of this content type, else of the shape that was asked for.
    pub(crate) fn new(format: Format, content_type: Option<&str>, streams: bool) -> Self {
        let kind =
            content_type.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        let events = match kind.as_deref() {
            Some("text/event-stream") => true,
            Some(kind) if kind == "application/json" || kind.ends_with("+json") => false,
            _ => streams,
        };
        Self {
            format,
            shape: if events { Shape::Events(SseReader::default()) } else { Shape::Document(Vec::new()) },
            reading: Reading::default(),
        }
    }

    /// Reads a chunk.
    pub(crate) fn feed(&mut self, chunk: &[u8]) {
        let (reading, format) = (&mut self.reading, self.format);
        match &mut self.shape {
            Shape::Events(reader) => reader.feed(chunk, &mut |data| reading.event(format, data)),
            Shape::Document(bytes) => bytes.extend_from_slice(chunk),
        }
    }

    /// The answer has ended in good order, by HTTP.
    pub(crate) fn end(&mut self) {
        let (reading, format) = (&mut self.reading, self.format);
        match &mut self.shape {
            Shape::Events(reader) => {
                reader.end(&mut |data| reading.event(format, data));
                if reading.progress == Progress::Said {
                    reading.progress = Progress::Whole;
                }
            }
            Shape::Document(bytes) => {
                reading.document(format, bytes);
                *bytes = Vec::new();
            }
        }
    }

    /// Whether the answer came whole.
    pub(crate) fn is_whole(&self) -> bool {
        self.reading.progress == Progress::Whole
    }
    /// Whether all of the content came.
    pub(crate) fn is_said(&self) -> bool {
        matches!(self.reading.progress, Progress::Said | Progress::Whole)
    }
    /// What the provider said when it failed.
    pub(crate) fn failure(&self) -> Option<&str> {
        match self.reading.progress {
            Progress::Failed => self.reading.error.as_deref(),
            Progress::Open | Progress::Said | Progress::Whole => None,
        }
    }
    /// The tokens so far.
    pub(crate) fn usage(&self) -> Usage {
        self.reading.usage()
    }
}
