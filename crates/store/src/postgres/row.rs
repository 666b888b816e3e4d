//! Rows of `PostgreSQL` (layer 1), and what its texts cannot hold.

use super::failure::sql;
use crate::row::record;
use std::borrow::Cow;

record!(sqlx::postgres::PgRow, sql);

/// What people write, without the one character that `PostgreSQL` keeps in no text.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}
