//! Counts how often each fault of each script has hit (dev layer), so that a retry can succeed.
//!
//! Invariant: a count belongs to one server, script text, step and fault; two conversations with the same script
//! text share it.

use super::script::{FaultKind, Step};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What happens to one answer.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Blow {
    /// How long it is held back first.
    pub(super) delay: Duration,
    /// What then goes wrong, if anything.
    pub(super) fault: Option<FaultKind>,
}

/// The counts of one server.
#[derive(Debug, Default)]
pub(super) struct Faults {
    hits: Mutex<HashMap<(String, usize, usize), u32>>,
}

impl Faults {
    /// How many have hit so far.
    pub(super) fn total(&self) -> u32 {
        self.hits.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// The next fault of a step that has not hit often enough yet; it is counted.
    pub(super) fn strike(&self, script: &str, index: usize, step: &Step) -> Blow {
        let mut blow = Blow::default();
        let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        for (number, fault) in step.faults.iter().enumerate() {
            let count = hits.entry((script.to_owned(), index, number)).or_default();
            if fault.times.is_some_and(|times| *count >= times) {
                continue;
            }
            *count += 1;
            match &fault.kind {
                FaultKind::Sleep(length) => blow.delay += *length,
                kind @ (FaultKind::Stall(_)
                | FaultKind::Cut(_)
                | FaultKind::Error { .. }
                | FaultKind::Truncate
                | FaultKind::Empty
                | FaultKind::MaxTokens) => {
                    blow.fault = Some(kind.clone());
                    break;
                }
            }
        }
        blow
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::{Point, Script};
    use super::*;

    #[test]
    fn each_fault_hits_as_often_as_it_says_one_after_the_other() {
        let script = Script::parse(
            r#"{"steps":[{"sleep":1,"times":1},{"error":429,"times":2},{"cut":"before","times":1},{"text":"x"}]}"#,
        )
        .unwrap();
        let faults = Faults::default();
        let strike = |script: &str, step| faults.strike(script, 0, step);
        let step = &script.steps[0];
        let error = || Some(FaultKind::Error { status: 429, retry_after: None });
        assert_eq!(strike("s", step), Blow { delay: Duration::from_secs(1), fault: error() });
        assert_eq!(strike("s", step), Blow { delay: Duration::ZERO, fault: error() });
        assert_eq!(strike("s", step).fault, Some(FaultKind::Cut(Point::Before)));
        assert_eq!(strike("s", step), Blow::default());
        assert_eq!(strike("another", step).fault, error());
        assert_eq!(faults.total(), 6);
    }
}
