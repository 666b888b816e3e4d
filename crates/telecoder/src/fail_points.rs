//! Fail points of tests (layer 3): `TELECODER_FAIL_POINT=NAME#N` aborts the process when the point is reached for the N-th
//! time, and `TELECODER_FAIL_TRACE=FILE` writes down each point that is reached, a line `NAME#N`.
//!
//! Invariant: without debug assertions (in every released build) this does nothing at all.

use crate::config::Given;

/// Arms what the environment asks for.
#[cfg(debug_assertions)]
pub fn arm_fail_points(given: &Given) {
    armed::arm(given);
}

/// Does nothing: fail points are compiled for tests only.
#[cfg(not(debug_assertions))]
pub fn arm_fail_points(_: &Given) {}

#[cfg(debug_assertions)]
mod armed {
    use super::Given;
    use std::collections::HashMap;
    use std::fs::{File, OpenOptions};
    use std::io::Write as _;
    use std::sync::{Mutex, OnceLock, PoisonError};
    use telecoder_model::fail_point;

    static PLAN: OnceLock<Plan> = OnceLock::new();

    struct Plan {
        end_at: Option<(String, u64)>,
        trace: Option<File>,
        counts: Mutex<HashMap<&'static str, u64>>,
    }

    pub(super) fn arm(given: &Given) {
        let end_at = given.env.get("TELECODER_FAIL_POINT").and_then(|text| {
            let (name, number) = text.split_once('#')?;
            Some((name.to_owned(), number.parse().ok()?))
        });
        let trace = given.env.get("TELECODER_FAIL_TRACE");
        let trace = trace.and_then(|path| OpenOptions::new().create(true).append(true).open(path).ok());
        if end_at.is_none() && trace.is_none() {
            return;
        }
        PLAN.get_or_init(|| Plan { end_at, trace, counts: Mutex::default() });
        fail_point::install(reached);
    }

    fn reached(name: &'static str) {
        let Some(plan) = PLAN.get() else { return };
        // Held until the line is written, so that the trace has the order of what happened.
        let mut counts = plan.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(name).or_default();
        *count = count.saturating_add(1);
        if let Some(mut trace) = plan.trace.as_ref() {
            drop(trace.write_all(format!("{name}#{count}\n").as_bytes()));
        }
        if plan.end_at.as_ref().is_some_and(|(end, number)| end == name && number == count) {
            std::process::abort();
        }
    }
}
