//! Pages (layer 1): bounds of lists and the cursors between pages.
//!
//! Invariant: a cursor names the last row that was seen, so that rows which come or go meanwhile neither repeat nor hide
//! others. Its form is ours alone; who changes it gets an error or other rows of the same owner, never somebody else's.

use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::store::Cursor;
use telecoder_model::time::Timestamp;

/// The most rows that one read gives.
pub(crate) const MAX_ROWS: u32 = 1000;

/// Ids that a prefix gives at most.
pub(crate) const MAX_IDS: i64 = 10;

/// Where ids with a prefix begin, and what lies behind all of them; `None` where no id is so long.
pub(crate) fn prefix_range(prefix: &str) -> Option<(String, String)> {
    // `{` follows `z`, and ids hold nothing beyond it.
    (prefix.len() <= 12).then(|| (prefix.to_owned(), format!("{prefix}{{")))
}

/// Checks the name of a place up to which somebody has read.
pub(crate) fn is_a_place(cursor: &Cursor) -> Result<(), PortError> {
    if cursor.name.len() <= 100 {
        return Ok(());
    }
    Err(PortError::permanent("the name of a place has at most 100 bytes"))
}

/// Checks a limit: 1 to 1,000.
pub(crate) fn limit(rows: u32) -> Result<i64, PortError> {
    if (1..=MAX_ROWS).contains(&rows) {
        return Ok(i64::from(rows));
    }
    Err(PortError::permanent(format!("a page has 1 to {MAX_ROWS} rows, not {rows}")))
}

/// The place behind a session in the order newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionPlace {
    pub(crate) created_at: Timestamp,
    pub(crate) id: SessionId,
}

impl SessionPlace {
    pub(crate) fn write(&self) -> String {
        format!("s{:x}-{}", self.created_at.as_micros(), self.id)
    }
    pub(crate) fn read(text: &str) -> Result<Self, PortError> {
        text.strip_prefix('s')
            .and_then(|rest| rest.split_once('-'))
            .and_then(|(micros, id)| {
                Some(Self {
                    // Written as two's complement, like `{:x}` does.
                    created_at: Timestamp::from_micros(u64::from_str_radix(micros, 16).ok()?.cast_signed()),
                    id: id.parse().ok()?,
                })
            })
            .ok_or_else(not_ours)
    }
}

/// The place behind a pull request in the order newest first.
pub(crate) fn write_number(number: u64) -> String {
    format!("p{number:x}")
}

/// Reads what [`write_number`] wrote.
pub(crate) fn read_number(text: &str) -> Result<u64, PortError> {
    text.strip_prefix('p').and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or_else(not_ours)
}

fn not_ours() -> PortError {
    PortError::not_found("the page's beginning is not one that this list gave")
        .remedy("Give `next` of the page before, unchanged.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive_the_trip_and_others_are_refused() {
        for micros in [0, 1, -1, i64::MAX, i64::MIN] {
            let place = SessionPlace {
                created_at: Timestamp::from_micros(micros),
                id: SessionId::from_random([9; 8]),
            };
            assert_eq!(SessionPlace::read(&place.write()).unwrap(), place);
        }
        assert_eq!(read_number(&write_number(u64::MAX)).unwrap(), u64::MAX);
        for bad in ["", "s", "s-", "s1-x", "p", "p-1", "1", "s1-abcdefghijkl' OR 1=1"] {
            assert!(SessionPlace::read(bad).is_err() && read_number(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn limits_are_bounded() {
        assert_eq!(limit(1).unwrap(), 1);
        assert_eq!(limit(1000).unwrap(), 1000);
        assert!(limit(0).is_err() && limit(1001).is_err());
    }
}
