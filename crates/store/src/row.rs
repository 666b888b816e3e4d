//! Values between Rust and a database (layer 1), the same for every database.

use crate::failure::damaged;
use serde::Serialize;
use serde::de::DeserializeOwned;
use telecoder_model::PortError;
use telecoder_model::time::Timestamp;

/// A number as a database keeps it; beyond its range it is the largest one, which no row reaches.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// JSON text of a value.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, PortError> {
    serde_json::to_string(value)
        .map_err(|error| PortError::permanent("a value cannot be written as JSON").because(error))
}

/// The name that an enum of plain words has in JSON.
pub(crate) fn word<T: Serialize>(value: &T) -> Result<String, PortError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) => Err(PortError::permanent("a state that is no word")),
        Err(error) => Err(PortError::permanent("a state cannot be written").because(error)),
    }
}

/// A row of a database: its columns by name.
pub(crate) trait Record {
    fn text(&self, name: &'static str) -> Result<&str, PortError>;
    fn optional_text(&self, name: &'static str) -> Result<Option<&str>, PortError>;
    fn signed(&self, name: &'static str) -> Result<i64, PortError>;
    fn optional_signed(&self, name: &'static str) -> Result<Option<i64>, PortError>;
    fn bytes(&self, name: &'static str) -> Result<&[u8], PortError>;
}

/// Makes the rows of a database readable: the row's type, and how its errors are told.
macro_rules! record {
    ($row:ty, $told:path) => {
        impl $crate::row::Record for $row {
            fn text(&self, name: &'static str) -> Result<&str, telecoder_model::PortError> {
                sqlx::Row::try_get(self, name).map_err($told(format!("cannot read the column {name}")))
            }
            fn optional_text(&self, name: &'static str) -> Result<Option<&str>, telecoder_model::PortError> {
                sqlx::Row::try_get(self, name).map_err($told(format!("cannot read the column {name}")))
            }
            fn signed(&self, name: &'static str) -> Result<i64, telecoder_model::PortError> {
                sqlx::Row::try_get(self, name).map_err($told(format!("cannot read the column {name}")))
            }
            fn optional_signed(&self, name: &'static str) -> Result<Option<i64>, telecoder_model::PortError> {
                sqlx::Row::try_get(self, name).map_err($told(format!("cannot read the column {name}")))
            }
            fn bytes(&self, name: &'static str) -> Result<&[u8], telecoder_model::PortError> {
                sqlx::Row::try_get(self, name).map_err($told(format!("cannot read the column {name}")))
            }
        }
    };
}
pub(crate) use record;

/// Reads the columns of a row; whatever does not fit is damage.
pub(crate) struct Columns<'r, R>(pub(crate) &'r R);

impl<R: Record> Columns<'_, R> {
    pub(crate) fn text(&self, name: &'static str) -> Result<String, PortError> {
        self.0.text(name).map(str::to_owned)
    }
    pub(crate) fn optional_text(&self, name: &'static str) -> Result<Option<String>, PortError> {
        Ok(self.0.optional_text(name)?.map(str::to_owned))
    }
    pub(crate) fn number(&self, name: &'static str) -> Result<u64, PortError> {
        unsigned(name, self.0.signed(name)?)
    }
    pub(crate) fn optional_number(&self, name: &'static str) -> Result<Option<u64>, PortError> {
        self.0.optional_signed(name)?.map(|number| unsigned(name, number)).transpose()
    }
    pub(crate) fn small(&self, name: &'static str) -> Result<u32, PortError> {
        narrow(name, self.0.signed(name)?)
    }
    pub(crate) fn optional_small(&self, name: &'static str) -> Result<Option<u32>, PortError> {
        self.0.optional_signed(name)?.map(|number| narrow(name, number)).transpose()
    }
    pub(crate) fn time(&self, name: &'static str) -> Result<Timestamp, PortError> {
        self.0.signed(name).map(Timestamp::from_micros)
    }
    pub(crate) fn optional_time(&self, name: &'static str) -> Result<Option<Timestamp>, PortError> {
        Ok(self.0.optional_signed(name)?.map(Timestamp::from_micros))
    }
    /// A text with a type of its own: an id, a name, a branch.
    pub(crate) fn parsed<T>(&self, name: &'static str) -> Result<T, PortError>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        parse(name, self.0.text(name)?)
    }
    pub(crate) fn optional<T>(&self, name: &'static str) -> Result<Option<T>, PortError>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        self.0.optional_text(name)?.map(|text| parse(name, text)).transpose()
    }
    /// A JSON document.
    pub(crate) fn json<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, PortError> {
        document(name, self.0.text(name)?)
    }
    pub(crate) fn optional_json<T: DeserializeOwned>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, PortError> {
        self.0.optional_text(name)?.map(|text| document(name, text)).transpose()
    }
    /// A word as [`word`] wrote it.
    pub(crate) fn word<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, PortError> {
        serde_json::from_value(serde_json::Value::String(self.text(name)?))
            .map_err(|error| damaged(format!("the column {name} cannot be read"), error))
    }
}

fn unsigned(name: &'static str, number: i64) -> Result<u64, PortError> {
    u64::try_from(number).map_err(|error| damaged(format!("the column {name} is negative"), error))
}

fn narrow(name: &'static str, number: i64) -> Result<u32, PortError> {
    u32::try_from(number).map_err(|error| damaged(format!("the column {name} is out of range"), error))
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
