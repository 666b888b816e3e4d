//! An incremental reader of server-sent events (layer 1; pure).
//!
//! The stream may be split anywhere. Lines end with CR LF, LF or CR; an event ends with an empty line, or with the
//! stream. An event above the bound is skipped whole, and the reader goes on with the next one.

/// The largest event that is read, in bytes. Pictures come as events of several megabytes.
pub(crate) const MAX_EVENT: usize = 16 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// One reader for one stream.
#[derive(Debug)]
pub(crate) struct SseReader {
    max_event: usize,
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    too_long: bool,
    after_carriage_return: bool,
    first_line: bool,
}

impl Default for SseReader {
    fn default() -> Self {
        Self::bounded(MAX_EVENT)
    }
}

impl SseReader {
    pub(crate) fn bounded(max_event: usize) -> Self {
        Self {
            max_event,
            line: Vec::new(),
            data: Vec::new(),
            has_data: false,
            too_long: false,
            after_carriage_return: false,
            first_line: true,
        }
    }

    /// Reads on; each whole event's data is given to `event`.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], event: &mut impl FnMut(&[u8])) {
        while let Some(first) = bytes.first() {
            if self.after_carriage_return {
                self.after_carriage_return = false;
                if *first == b'\n' {
                    bytes = bytes.get(1..).unwrap_or_default();
                    continue;
                }
            }
            let Some(at) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.take(bytes);
                return;
            };
            self.take(bytes.get(..at).unwrap_or_default());
            self.after_carriage_return = bytes.get(at) == Some(&b'\r');
            bytes = bytes.get(at + 1..).unwrap_or_default();
            self.end_line(event);
        }
    }

    /// The stream has ended: what stands there is the last event.
    pub(crate) fn end(&mut self, event: &mut impl FnMut(&[u8])) {
        if !self.line.is_empty() {
            self.end_line(event);
        }
        self.end_event(event);
    }

    fn take(&mut self, part: &[u8]) {
        if self.line.len() + self.data.len() + part.len() > self.max_event {
            self.too_long = true;
            // Only whether the line is empty still matters.
            self.line.truncate(1);
            self.data.clear();
            if self.line.is_empty() && !part.is_empty() {
                self.line.push(b':');
            }
        } else {
            self.line.extend_from_slice(part);
        }
    }

    fn end_line(&mut self, event: &mut impl FnMut(&[u8])) {
        let line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        if std::mem::take(&mut self.first_line) {
            text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        }
        if text.is_empty() {
            self.end_event(event);
        } else if let Some(value) = text.strip_prefix(b"data:".as_slice()) {
            if self.has_data {
                self.data.push(b'\n');
            }
            self.has_data = true;
            self.data.extend_from_slice(value.strip_prefix(b" ".as_slice()).unwrap_or(value));
        }
        // The other fields (event, id, retry, comments) say nothing that the data does not. The line's memory is used again.
        self.line = line;
        self.line.clear();
    }

    fn end_event(&mut self, event: &mut impl FnMut(&[u8])) {
        if self.has_data && !self.too_long {
            event(&self.data);
        }
        self.data.clear();
        self.has_data = false;
        self.too_long = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn events(max: usize, chunks: &[&[u8]]) -> Vec<String> {
        let mut out = Vec::new();
        let mut reader = SseReader::bounded(max);
        let mut keep = |data: &[u8]| out.push(String::from_utf8_lossy(data).into_owned());
        for chunk in chunks {
            reader.feed(chunk, &mut keep);
        }
        reader.end(&mut keep);
        out
    }

    #[test]
    fn all_line_ends_and_fields_are_understood() {
        let text = b"\xEF\xBB\xBFevent: a\r\ndata: one\r\n\r\n: comment\ndata:two\ndata: three\n\nid: 7\n\ndata\rdata: four\r\rdata: last";
        assert_eq!(events(1000, &[text]), ["one", "two\nthree", "four", "last"]);
    }

    #[test]
    fn a_too_large_event_is_skipped_and_the_next_is_read() {
        let text = b"data: 0123456789\n\ndata: a\n\ndata: 012345\ndata: 67890\n\ndata: b\n\n";
        assert_eq!(events(12, &[text]), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_events(
            text in "(data: ?|event: |x|\\{\\}|\r|\n|\r\n|: ){0,40}", max in 5usize..40, cuts in proptest::collection::vec(0usize..200, 0..8)
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(events(max, &chunks), events(max, &[bytes]));
        }
    }
}
