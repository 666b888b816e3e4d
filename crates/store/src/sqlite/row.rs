//! Rows of `SQLite` (layer 1).

use super::failure::sql;
use crate::row::record;

record!(sqlx::sqlite::SqliteRow, sql);
