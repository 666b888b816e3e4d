//! Reads server-sent events (layer 0): bytes in, frames out, no IO. Lines may end in LF, CRLF or CR, and break anywhere.

use std::collections::VecDeque;

/// The largest event that is read, in bytes: the log keeps payloads up to 64 KiB, escaped to at most six times that.
pub const MAX_EVENT_BYTES: usize = 4 << 20;

/// One frame of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// An event.
    Event {
        /// Its `id:`; empty if it has none.
        id: String,
        /// Its `event:`; `message` if it has none.
        event: String,
        /// Its `data:` lines, joined by newlines.
        data: String,
    },
    /// A comment, without its colon, trimmed.
    Comment(String),
}

/// A frame was larger than [`MAX_EVENT_BYTES`], or no UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// Too large.
    #[error("an event of the stream is larger than {MAX_EVENT_BYTES} bytes")]
    TooLarge,
    /// No UTF-8.
    #[error("the stream is not UTF-8")]
    NotText,
}

/// Takes a stream apart.
#[derive(Debug, Default)]
pub struct SseParser {
    line: Vec<u8>,
    after_cr: bool,
    id: String,
    event: String,
    data: String,
    has_data: bool,
    frames: VecDeque<Frame>,
}

impl SseParser {
    /// Takes the next piece of the stream.
    ///
    /// # Errors
    /// If a frame is too large or no text; the stream is of no use from then on.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), SseError> {
        for &byte in bytes {
            match byte {
                b'\n' if self.after_cr => self.after_cr = false,
                b'\n' | b'\r' => {
                    self.after_cr = byte == b'\r';
                    let line = std::mem::take(&mut self.line);
                    self.take_line(&String::from_utf8(line).map_err(|_| SseError::NotText)?);
                }
                other => {
                    self.after_cr = false;
                    if self.line.len() + self.data.len() >= MAX_EVENT_BYTES {
                        return Err(SseError::TooLarge);
                    }
                    self.line.push(other);
                }
            }
        }
        Ok(())
    }

    /// The next whole frame.
    pub fn next_frame(&mut self) -> Option<Frame> {
        self.frames.pop_front()
    }

    fn take_line(&mut self, line: &str) {
        if line.is_empty() {
            self.end_event();
            return;
        }
        if let Some(comment) = line.strip_prefix(':') {
            self.frames.push_back(Frame::Comment(comment.trim().to_owned()));
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => value.clone_into(&mut self.id),
            "event" => value.clone_into(&mut self.event),
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.has_data = true;
            }
            _ => {}
        }
    }

    fn end_event(&mut self) {
        let event = std::mem::take(&mut self.event);
        let data = std::mem::take(&mut self.data);
        let id = std::mem::take(&mut self.id);
        if std::mem::take(&mut self.has_data) {
            let event = if event.is_empty() { "message".to_owned() } else { event };
            self.frames.push_back(Frame::Event { id, event, data });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(pieces: &[&[u8]]) -> Vec<Frame> {
        let mut parser = SseParser::default();
        for piece in pieces {
            parser.push(piece).unwrap();
        }
        std::iter::from_fn(|| parser.next_frame()).collect()
    }

    fn event(id: &str, event: &str, data: &str) -> Frame {
        Frame::Event { id: id.to_owned(), event: event.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn frames_do_not_depend_on_how_the_bytes_arrive() {
        let text = "retry: 1000\n\n: keep-alive\n\nid: 1\nevent: status\ndata: {\"a\":\"é\"}\n\nid:2\r\ndata:x\r\ndata: y\r\n\r\ndata: cut";
        let whole = frames(&[text.as_bytes()]);
        let bytewise: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(whole, frames(&bytewise));
        assert_eq!(
            whole,
            [
                Frame::Comment("keep-alive".to_owned()),
                event("1", "status", "{\"a\":\"é\"}"),
                event("2", "message", "x\ny")
            ]
        );
    }

    #[test]
    fn the_corpus_holds_however_it_is_cut() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/sse_resume");
        let mut tried = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            for first in 0..=255 {
                let mut cut = bytes.clone();
                if let Some(byte) = cut.first_mut() {
                    *byte = first;
                }
                crate::sse_fuzzing::sse_resume(&cut);
                tried += 1;
            }
        }
        assert!(tried > 1000, "{tried}");
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut parser = SseParser::default();
        assert_eq!(parser.push(&vec![b'x'; MAX_EVENT_BYTES + 1]), Err(SseError::TooLarge));
        let mut parser = SseParser::default();
        let line = [b"data: ".as_slice(), &vec![b'x'; 1 << 20], b"\n"].concat();
        assert!((0..5).any(|_| parser.push(&line) == Err(SseError::TooLarge)));
        assert_eq!(SseParser::default().push(b"data: \xff\n"), Err(SseError::NotText));
    }
}
