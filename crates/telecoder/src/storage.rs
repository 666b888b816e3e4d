//! Where everything is kept (layer 3): SQLite and files in the data folder, or a database that several servers share.

use crate::builder::Builder;
use crate::config::{Config, DatabaseConfig};
use crate::private_file;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use telecoder_model::PortError;
use telecoder_model::id::HostId;
use telecoder_model::port::blobs::Blobs;
use telecoder_model::port::bus::Bus;
use telecoder_model::port::clock::Clock;
use telecoder_model::port::ids::Ids;
use telecoder_model::port::store::Store;
use telecoder_store::{
    DataDirLock, FileBlobs, LocalBus, Postgres, PostgresOptions, SqliteOptions, SqliteStore, SystemIds,
};

/// The database. The name is ours alone: earlier systems left a `telecoder.db` in the same folder.
pub(crate) const DATABASE: &str = "server.db";
/// The file that names a data folder among those of the servers that share a database.
const HOST: &str = "host";

/// The adapters that keep things.
pub(crate) struct Storage {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) blobs: Arc<dyn Blobs>,
}

/// Opens what the builder or the configuration names.
pub(crate) async fn open(
    builder: &Builder,
    data: &Path,
    lock: Arc<DataDirLock>,
    clock: Arc<dyn Clock>,
) -> Result<Storage, PortError> {
    if let (None, Some(database)) = (&builder.store, &builder.config.database) {
        return shared(&builder.config, database, data, lock).await;
    }
    let store: Arc<dyn Store> = match &builder.store {
        Some(store) => Arc::clone(store),
        None => {
            let options = SqliteOptions { lock: Some(lock), clock, ..SqliteOptions::default() };
            Arc::new(SqliteStore::open(&data.join(DATABASE), options).await?)
        }
    };
    let blobs = Arc::new(FileBlobs::open(&data.join("blobs"))?);
    Ok(Storage { store, bus: Arc::new(LocalBus::new()), blobs })
}

async fn shared(
    config: &Config,
    database: &DatabaseConfig,
    data: &Path,
    lock: Arc<DataDirLock>,
) -> Result<Storage, PortError> {
    let options = PostgresOptions {
        host: Some(host(data)?),
        lock: Some(lock),
        host_gone: config.host_gone,
        ..PostgresOptions::default()
    };
    let Postgres { store, bus, blobs } = Postgres::open(&database.url, options).await?;
    Ok(Storage { store: Arc::new(store), bus: Arc::new(bus), blobs: Arc::new(blobs) })
}

/// The data folder's own name, which it keeps: sessions whose workspaces lie in it are worked on here.
fn host(data: &Path) -> Result<HostId, PortError> {
    let path = data.join(HOST);
    let wrong = |error| PortError::io(format!("cannot use {}", path.display()), error);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let name = format!("host-{}", SystemIds.word(12));
            private_file::write(&path, name.as_bytes()).map_err(wrong)?;
            name
        }
        Err(error) => return Err(wrong(error)),
    };
    text.trim().parse().map_err(|error| {
        PortError::permanent(format!("{} names no data folder", path.display()))
            .because(error)
            .remedy("Remove it if no session lies in this folder; otherwise restore it from a backup.")
    })
}

/// What the store is, for people.
pub(crate) fn name(config: &Config) -> String {
    match &config.database {
        Some(database) => format!("PostgreSQL, {}", database.url.place()),
        None => "SQLite".to_owned(),
    }
}

/// The database of this folder that is not used, since another one is named.
pub(crate) fn left_alone(config: &Config, data: &Path) -> Option<PathBuf> {
    config.database.as_ref()?;
    Some(data.join(DATABASE)).filter(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_folder_keeps_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let first = host(folder.path()).unwrap();
        assert_eq!(host(folder.path()).unwrap(), first);
        std::fs::write(folder.path().join(HOST), "Not A Name").unwrap();
        assert!(host(folder.path()).unwrap_err().remedy.is_some());
    }
}
