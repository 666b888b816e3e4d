//! What goes wrong on purpose (dev layer): which call is hit, how, and how often.

use std::time::Duration;

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Nothing is done, and the connection is closed.
    DropBefore,
    /// It is done, and the connection is closed without an answer.
    DropAfter,
    /// Nothing is done, and the answer has this status.
    FailBefore(u16),
    /// It is done, and the answer has this status.
    FailAfter(u16),
    /// Nothing is done: 403, no request is left, and the limit is lifted so many seconds from now.
    RateLimited {
        /// Until then, in seconds.
        seconds: u64,
    },
    /// Nothing is done: 403 of the secondary limit, with `Retry-After`.
    SecondaryLimited {
        /// Until then, in seconds.
        seconds: u64,
    },
    /// It is done so much later.
    Slow(Duration),
    /// It is done, and the connection breaks in the middle of the answer.
    Truncated,
    /// A read answers what was true before the last write.
    Stale,
}

/// A fault that waits for its call.
#[derive(Debug, Clone)]
pub struct Fault {
    pattern: String,
    kind: FaultKind,
    times: u64,
    skip: u64,
}

impl Fault {
    /// Hits calls of an operation once: its id (`pulls/create`, `git/receive-pack`) or its method and path
    /// (`POST /repos/octo/demo/pulls`); `*` stands for anything.
    pub fn on(pattern: &str, kind: FaultKind) -> Self {
        Self { pattern: pattern.to_owned(), kind, times: 1, skip: 0 }
    }

    /// Hits so many calls.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// Lets so many calls pass before.
    #[must_use]
    pub fn skip(mut self, skip: u64) -> Self {
        self.skip = skip;
        self
    }
}

/// Faults in the order in which they were planned.
#[derive(Debug, Default)]
pub(super) struct Faults {
    waiting: Vec<Fault>,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.waiting.push(fault);
    }

    /// How many calls will still be hit.
    pub(super) fn left(&self) -> u64 {
        self.waiting.iter().map(|fault| fault.times).sum()
    }

    /// What hits this call, if anything does.
    pub(super) fn take(&mut self, operation: &str, method: &str, path: &str) -> Option<FaultKind> {
        let line = format!("{method} {path}");
        for fault in self.waiting.iter_mut().filter(|fault| fault.times > 0) {
            if !matches(&fault.pattern, operation) && !matches(&fault.pattern, &line) {
                continue;
            }
            // A stale answer is a read's.
            if fault.kind == FaultKind::Stale && method != "GET" {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.times -= 1;
            return Some(fault.kind);
        }
        None
    }
}

/// Whether a text is of a pattern in which `*` stands for anything.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(start) else { return false };
    (0..=text.len()).any(|at| text.get(at..).is_some_and(|text| matches(rest, text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let cases = [
            ("*", "a/b"),
            ("pulls/*", "pulls/create"),
            ("*/create", "pulls/create"),
            ("POST /repos/*/pulls", "POST /repos/o/r/pulls"),
        ];
        assert!(cases.iter().all(|(pattern, text)| matches(pattern, text)));
        assert!(!matches("pulls/*", "issues/create") && !matches("pulls/create", "pulls/create-review"));
    }

    #[test]
    fn a_fault_hits_as_often_as_it_was_told_to() {
        let mut faults = Faults::default();
        faults.add(Fault::on("pulls/create", FaultKind::DropAfter).skip(1).times(2));
        let mut take = || faults.take("pulls/create", "POST", "/repos/o/r/pulls").is_some();
        assert_eq!([take(), take(), take(), take()], [false, true, true, false]);
        assert_eq!(faults.left(), 0);
    }
}
