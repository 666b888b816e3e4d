//! What the scripted agent has been sent (dev layer): shows whether input arrives once and in order.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// The most calls that are listed.
const MAX_CALLS: usize = 10_000;

/// A report on the input of one process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// The process.
    pub pid: u32,
    /// How many lines came.
    pub lines: u64,
    /// How many bytes came, newlines included.
    pub bytes: u64,
    /// The SHA-256 of all lines with their newlines, in hexadecimal digits.
    pub digest: String,
    /// Each request and notification in order: `method#id` or `method`; the first ten thousand.
    pub calls: Vec<String>,
    /// How many requests carried an id that had come before.
    pub repeated: u64,
    /// How many lines were no JSON-RPC message.
    pub broken: u64,
}

/// Keeps the report while input comes.
#[derive(Debug, Default)]
pub(super) struct Receiving {
    report: Received,
    hasher: Sha256,
    seen: HashSet<String>,
}

impl Receiving {
    /// Counts a line, given without its newline.
    pub(super) fn line(&mut self, line: &[u8], message: Option<&serde_json::Value>) {
        self.hasher.update(line);
        self.hasher.update(b"\n");
        self.report.lines += 1;
        self.report.bytes += line.len() as u64 + 1;
        let Some(message) = message else {
            self.report.broken += 1;
            return;
        };
        let Some(method) = message.get("method").and_then(serde_json::Value::as_str) else {
            return;
        };
        let call = match message.get("id") {
            Some(id) => {
                if !self.seen.insert(id.to_string()) {
                    self.report.repeated += 1;
                }
                format!("{method}#{id}")
            }
            None => method.to_owned(),
        };
        if self.report.calls.len() < MAX_CALLS {
            self.report.calls.push(call);
        }
    }

    /// The report so far.
    pub(super) fn report(&self) -> Received {
        let digest = hexadecimal(self.hasher.clone());
        Received { pid: std::process::id(), digest, ..self.report.clone() }
    }
}

/// The digest that a report has after these bytes.
pub fn digest_of(bytes: &[u8]) -> String {
    hexadecimal(Sha256::new_with_prefix(bytes))
}

fn hexadecimal(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_calls_and_repeats_are_counted() {
        let mut receiving = Receiving::default();
        for line in
            [r#"{"id":1,"method":"a"}"#, r#"{"id":1,"method":"a"}"#, r#"{"method":"b"}"#, "{", r#"{"id":7}"#]
        {
            receiving.line(line.as_bytes(), serde_json::from_str(line).ok().as_ref());
        }
        let report = receiving.report();
        assert_eq!((report.lines, report.bytes, report.repeated, report.broken), (5, 70, 1, 1));
        assert_eq!(report.calls, ["a#1", "a#1", "b"]);
        assert_eq!(report.digest.len(), 64);
    }
}
