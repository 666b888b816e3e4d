//! Connecting to a database (layer 1): its address, the settings of each connection, and whether it can be used.
//!
//! Invariant: the address is never shown whole, since it may hold a password.

use super::failure::sql;
use super::link::Link;
use super::migrate::migrate;
use super::{DatabaseUrl, PostgresOptions};
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, PgPool, Row};
use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::PortError;

/// The oldest version that is tested.
const LEAST_VERSION: i32 = 15;
/// Connections of the bus: one that listens, one that speaks.
const BUS: u32 = 2;

/// The ways to one database.
pub(super) struct Pools {
    pub(super) writers: Link,
    pub(super) readers: Link,
    pub(super) bus: Link,
}

impl FromStr for DatabaseUrl {
    type Err = String;

    /// Reads an address, `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; the error never repeats it.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err("expected an address that begins with postgres://".to_owned());
        }
        let options = PgConnectOptions::from_str(text)
            .map_err(|_| "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE".to_owned())?;
        let host = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        let database = options.get_database().unwrap_or(options.get_username());
        Ok(Self { place: format!("{database} at {host}"), options: Arc::new(options) })
    }
}

impl DatabaseUrl {
    /// The database and where it is, without user and password.
    pub fn place(&self) -> &str {
        &self.place
    }
}

/// Connects, looks whether the database can be used, and brings it up to this version.
pub(super) async fn open(url: &DatabaseUrl, options: &PostgresOptions) -> Result<Pools, PortError> {
    let named = |mut error: PortError| {
        error.what = format!("cannot use the database {}: {}", url.place(), error.what);
        error
    };
    let first = async {
        let mut connection = connect(url).connect().await.map_err(sql("it cannot be connected to"))?;
        look(&mut connection).await?;
        migrate(&mut connection).await
    };
    tokio::time::timeout(options.patience.saturating_mul(2), first)
        .await
        .unwrap_or_else(|_| Err(sql("it cannot be connected to")(super::link::silent())))
        .map_err(named)?;
    let pool = |connections: u32| Link::new(pool(url, options, connections), options.patience);
    Ok(Pools {
        writers: pool(options.writers.clamp(1, 64)),
        readers: pool(options.readers.clamp(2, 64)),
        bus: pool(BUS),
    })
}

fn connect(url: &DatabaseUrl) -> PgConnectOptions {
    let options = PgConnectOptions::clone(&url.options);
    options.application_name("telecoder").disable_statement_logging()
}

fn pool(url: &DatabaseUrl, options: &PostgresOptions, connections: u32) -> PgPool {
    let settings: Arc<str> = settings(options).into();
    PoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(options.patience)
        .idle_timeout(Duration::from_secs(10 * 60))
        .max_lifetime(None)
        .after_connect(move |connection, _| {
            let settings = Arc::clone(&settings);
            Box::pin(async move {
                sqlx::raw_sql(AssertSqlSafe(settings.to_string())).execute(connection).await.map(|_| ())
            })
        })
        .connect_lazy_with(connect(url))
}

/// What holds for each connection. A server that is paused or cut off must not hold up the others: the database gives up its
/// transaction, and notices within half a minute that its connection is dead.
fn settings(options: &PostgresOptions) -> String {
    let mut text = String::new();
    let idle = options.idle_in_transaction.as_millis();
    let patience = options.patience.as_millis();
    for (name, value) in [
        ("idle_in_transaction_session_timeout", idle.to_string()),
        ("lock_timeout", patience.to_string()),
        ("statement_timeout", (2 * patience).to_string()),
        ("tcp_keepalives_idle", "10".to_owned()),
        ("tcp_keepalives_interval", "5".to_owned()),
        ("tcp_keepalives_count", "3".to_owned()),
        ("tcp_user_timeout", "30000".to_owned()),
        ("client_min_messages", "warning".to_owned()),
        ("default_transaction_isolation", "'read committed'".to_owned()),
        ("default_transaction_read_only", "off".to_owned()),
    ] {
        // Numbers and words of ours.
        let _ = write!(text, "SET {name} = {value};");
    }
    text
}

/// Refuses a database on which the store would not work.
async fn look(connection: &mut PgConnection) -> Result<(), PortError> {
    let row = sqlx::query(
        "SELECT current_setting('server_version_num')::int / 10000 AS version,
                current_setting('server_encoding') AS encoding,
                pg_is_in_recovery() AS standby, current_schema()::text AS schema",
    )
    .fetch_one(connection)
    .await
    .map_err(sql("it cannot be looked at"))?;
    let failed = || sql("it cannot be looked at");
    let version: i32 = row.try_get("version").map_err(failed())?;
    let encoding: String = row.try_get("encoding").map_err(failed())?;
    let standby: bool = row.try_get("standby").map_err(failed())?;
    let schema: Option<String> = row.try_get("schema").map_err(failed())?;
    if version < LEAST_VERSION {
        return Err(PortError::permanent(format!("it is PostgreSQL {version}"))
            .remedy(format!("Use PostgreSQL {LEAST_VERSION} or newer.")));
    }
    if encoding != "UTF8" {
        return Err(PortError::permanent(format!("its encoding is {encoding}")).remedy(
            "Create the database with the encoding UTF8: createdb --encoding=UTF8 --template=template0 NAME",
        ));
    }
    if standby {
        return Err(PortError::denied("it is a standby, which cannot be written")
            .remedy("Give the address of the primary."));
    }
    if schema.is_none() {
        return Err(PortError::permanent("its search_path names no schema that exists")
            .remedy("Create the schema, or correct search_path of the database's user."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let url: DatabaseUrl = "postgres://ann:s3cret-word@db.example.com:6432/tasks".parse().unwrap();
        assert_eq!(url.place(), "tasks at db.example.com:6432");
        assert!(!format!("{url:?}").contains("s3cret"));
        let socket: DatabaseUrl = "postgresql:///tasks?host=/run/postgresql".parse().unwrap();
        assert_eq!(socket.place(), "tasks at /run/postgresql");
    }

    #[test]
    fn an_address_of_something_else_is_refused_without_repeating_it() {
        for bad in ["mysql://ann:s3cret@db/x", "ann:s3cret@db", "", "postgres://ann:s3cret@db:port/x"] {
            let told = bad.parse::<DatabaseUrl>().unwrap_err();
            assert!(told.starts_with("expected ") && !told.contains("s3cret"), "{told}");
        }
    }
}
