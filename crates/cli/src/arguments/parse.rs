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

/// An age in seconds: `30d`, `12h`, `15m`, `0s`.
pub(super) fn age(text: &str) -> Result<u64, String> {
    let expected = || "an age such as 30d, 12h or 15m was expected".to_owned();
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(expected)?;
    let (number, unit) = text.split_at(at);
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(expected()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(expected)
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
    fn an_age_has_a_unit() {
        assert_eq!(age("30d"), Ok(2_592_000));
        assert_eq!(age("0s"), Ok(0));
        for bad in ["30", "d", "", "-1d", "1w", "99999999999999999999d"] {
            assert!(age(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn several_statuses_may_be_named() {
        assert_eq!(statuses("error,stopped"), Ok("error,stopped".to_owned()));
        assert_eq!(statuses("active"), Ok("active".to_owned()));
        assert!(statuses("done").unwrap_err().starts_with("`done` is not a status: pending, "));
    }
}
