//! Values between Rust and the database (layer 1).

use super::failure::{damaged, sql};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use telecoder_model::PortError;
use telecoder_model::time::Timestamp;

/// A number as the database keeps it; beyond its range it is the largest one, which no row reaches.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// JSON text of a value.
pub(super) fn json<T: Serialize>(value: &T) -> Result<String, PortError> {
    serde_json::to_string(value)
        .map_err(|error| PortError::permanent("a value cannot be written as JSON").because(error))
}

/// The name that an enum of plain words has in JSON.
pub(super) fn word<T: Serialize>(value: &T) -> Result<String, PortError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) => Err(PortError::permanent("a state that is no word")),
        Err(error) => Err(PortError::permanent("a state cannot be written").because(error)),
    }
}

/// Reads the columns of a row; whatever does not fit is damage.
pub(super) struct Columns<'r>(pub(super) &'r SqliteRow);

impl Columns<'_> {
    pub(super) fn get<'s, T>(&'s self, name: &'static str) -> Result<T, PortError>
    where
        T: sqlx::Decode<'s, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        self.0.try_get(name).map_err(sql(format!("cannot read the column {name}")))
    }
    pub(super) fn number(&self, name: &'static str) -> Result<u64, PortError> {
        let number: i64 = self.get(name)?;
        u64::try_from(number).map_err(|error| damaged(format!("the column {name} is negative"), error))
    }
    pub(super) fn small(&self, name: &'static str) -> Result<u32, PortError> {
        let number: i64 = self.get(name)?;
        u32::try_from(number).map_err(|error| damaged(format!("the column {name} is out of range"), error))
    }
    pub(super) fn time(&self, name: &'static str) -> Result<Timestamp, PortError> {
        self.get(name).map(Timestamp::from_micros)
    }
    pub(super) fn optional_time(&self, name: &'static str) -> Result<Option<Timestamp>, PortError> {
        let micros: Option<i64> = self.get(name)?;
        Ok(micros.map(Timestamp::from_micros))
    }
    /// A text with a type of its own: an id, a name, a branch.
    pub(super) fn parsed<T>(&self, name: &'static str) -> Result<T, PortError>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        parse(name, self.get(name)?)
    }
    pub(super) fn optional<T>(&self, name: &'static str) -> Result<Option<T>, PortError>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        let text: Option<&str> = self.get(name)?;
        text.map(|text| parse(name, text)).transpose()
    }
    /// A JSON document.
    pub(super) fn json<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, PortError> {
        document(name, self.get(name)?)
    }
    pub(super) fn optional_json<T: DeserializeOwned>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, PortError> {
        let text: Option<&str> = self.get(name)?;
        text.map(|text| document(name, text)).transpose()
    }
    /// A word as [`word`] wrote it.
    pub(super) fn word<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, PortError> {
        let text: String = self.get(name)?;
        serde_json::from_value(serde_json::Value::String(text))
            .map_err(|error| damaged(format!("the column {name} cannot be read"), error))
    }
}

fn parse<T>(name: &'static str, text: &str) -> Result<T, PortError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| damaged(format!("the column {name} cannot be read"), error.to_string()))
}

fn document<T: DeserializeOwned>(name: &'static str, text: &str) -> Result<T, PortError> {
    serde_json::from_str(text)
        .map_err(|error| damaged(format!("the document in column {name} cannot be read"), error))
}
