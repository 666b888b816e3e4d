//! What an error of the database means (layer 1): the one place where error codes of `PostgreSQL` become classes.
//!
//! Invariant: neither an address nor a password is ever part of an error; details that the database gives beside its message,
//! which may show values of a row, are dropped.

use telecoder_model::{ErrorClass, PortError};

const REACH: &str = "Check that PostgreSQL runs and can be reached from here.";

/// Turns an error of the database into the port's error.
pub(super) fn sql(what: impl Into<String>) -> impl FnOnce(sqlx::Error) -> PortError {
    move |error| translate(what.into(), &error)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "sqlx::Error is a foreign, open enum")]
fn translate(what: String, error: &sqlx::Error) -> PortError {
    match error {
        sqlx::Error::Database(database) => {
            let (class, remedy) = meaning(database.code().as_deref().unwrap_or(""));
            let failure = PortError::new(class, what).because(database.message().to_owned());
            match remedy {
                Some(remedy) => failure.remedy(remedy),
                None => failure,
            }
        }
        sqlx::Error::PoolClosed => PortError::permanent(format!("{what}: the store is closed")),
        sqlx::Error::PoolTimedOut => {
            PortError::transient(format!("{what}: no connection to the database is free or can be made"))
                .remedy(REACH)
        }
        sqlx::Error::Io(error) => PortError::transient(what).because(error.to_string()).remedy(REACH),
        sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
            PortError::transient(what).because("the connection to the database broke").remedy(REACH)
        }
        sqlx::Error::Tls(error) => PortError::permanent(what)
            .because(error.to_string())
            .remedy("See `sslmode` and `sslrootcert` in the guide to PostgreSQL."),
        sqlx::Error::Configuration(error) => PortError::permanent(what).because(error.to_string()),
        _ => PortError::permanent(what).because(error.to_string()),
    }
}

/// Whether the same may succeed at once, in a transaction of its own: a deadlock, a conflict of the database's own.
pub(super) fn is_retried(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| matches!(code.as_str(), "40001" | "40P01" | "23503"))
}

/// Whether the connection is of no more use.
#[expect(clippy::wildcard_enum_match_arm, reason = "sqlx::Error is a foreign, open enum")]
pub(super) fn is_broken(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(_) => code(error)
            .is_some_and(|code| code.starts_with("08") || code.starts_with("57P") || code == "25P03"),
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed | sqlx::Error::Tls(_) => {
            true
        }
        _ => false,
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    let sqlx::Error::Database(database) = error else { return None };
    database.code().map(std::borrow::Cow::into_owned)
}

/// Class and remedy of an error code (<https://www.postgresql.org/docs/15/errcodes-appendix.html>).
fn meaning(code: &str) -> (ErrorClass, Option<&'static str>) {
    match code {
        // Deadlock, serialization, a lock that is not free, a query that took too long, an idle transaction.
        "40001" | "40P01" | "55P03" | "57014" | "25P02" | "25P03" => (ErrorClass::Transient, None),
        "53300" => (
            ErrorClass::Transient,
            Some("Raise max_connections of PostgreSQL: each server takes about 10 connections."),
        ),
        "53100" => (ErrorClass::Full, Some("Free space on the disk of the database.")),
        "53000" | "53200" => (ErrorClass::Full, Some("Give PostgreSQL more memory.")),
        "28000" | "28P01" => {
            (ErrorClass::Denied, Some("Check user and password in TELECODER_DATABASE_URL, and pg_hba.conf."))
        }
        "3D000" => (ErrorClass::Permanent, Some("Create the database: createdb NAME")),
        "42501" => (
            ErrorClass::Denied,
            Some("The database's user must own its schema: create the database with that user as its owner."),
        ),
        "25006" => {
            (ErrorClass::Denied, Some("Give the address of the primary: a standby cannot be written."))
        }
        "22021" => (ErrorClass::Permanent, Some("PostgreSQL keeps no NUL characters in texts.")),
        "XX001" | "XX002" => {
            (ErrorClass::Permanent, Some("The database is damaged: restore it from a backup."))
        }
        _ if code.starts_with("08") || code.starts_with("57P") => (ErrorClass::Transient, Some(REACH)),
        _ => (ErrorClass::Permanent, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_class_that_tells_what_to_do() {
        for (code, class) in [
            ("40P01", ErrorClass::Transient),
            ("08006", ErrorClass::Transient),
            ("57P01", ErrorClass::Transient),
            ("28P01", ErrorClass::Denied),
            ("53100", ErrorClass::Full),
            ("42P01", ErrorClass::Permanent),
            ("", ErrorClass::Permanent),
        ] {
            assert_eq!(meaning(code).0, class, "{code}");
        }
    }

    #[test]
    fn a_broken_connection_may_be_tried_again() {
        let error = sqlx::Error::Io(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        assert!(is_broken(&error) && !is_retried(&error));
        assert_eq!(sql("cannot read")(error).class, ErrorClass::Transient);
        let closed = sql("cannot read")(sqlx::Error::PoolClosed);
        assert_eq!(
            (closed.class, closed.what.as_str()),
            (ErrorClass::Permanent, "cannot read: the store is closed")
        );
    }
}
