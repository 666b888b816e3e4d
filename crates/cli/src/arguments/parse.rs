//! Parsers of values (layer 4): a wrong value is told together with what was expected.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::error::Error;
use std::str::FromStr;
use telecoder_api::session::Status;

/// One word of a closed list.
pub(super) fn word<T>(words: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: FromStr + Clone + Send + Sync + 'static,
    T::Err: Error + Send + Sync + 'static,
{
    PossibleValuesParser::new(words).try_map(|text| text.parse::<T>())
}

/// How many rows: 1 to `most`.
pub(super) fn rows<const MOST: u32>(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(rows) if (1..=MOST).contains(&rows) => Ok(rows),
        _ => Err(format!("a number from 1 to {MOST} was expected")),
    }
}

/// A number from 0.
pub(super) fn number(text: &str) -> Result<u64, String> {
    text.trim_start_matches('#').parse().map_err(|_| "a whole number was expected".to_owned())
}

/// Statuses, separated by commas, or `active`.
pub(super) fn statuses(text: &str) -> Result<String, String> {
    for word in text.split(',') {
        if word != "active" && word.parse::<Status>().is_err() {
            let all: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
            return Err(format!("`{word}` is not a status: {}, active", all.join(", ")));
        }
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_request_may_be_written_with_its_hash() {
        assert_eq!(number("#12"), Ok(12));
        assert_eq!(number("-1"), Err("a whole number was expected".to_owned()));
    }

    #[test]
    fn several_statuses_may_be_named() {
        assert_eq!(statuses("error,stopped"), Ok("error,stopped".to_owned()));
        assert_eq!(statuses("active"), Ok("active".to_owned()));
        assert!(statuses("done").unwrap_err().starts_with("`done` is not a status: pending, "));
    }
}
