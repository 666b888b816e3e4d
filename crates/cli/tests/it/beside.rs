//! What lies beside the product's own interfaces (dev layer): its database, and what the host knows of its sandboxes.

use crate::world::World;
use sqlx::{ConnectOptions, Connection};
use std::path::Path;

/// Runs statements on a database file that no server has open.
pub(crate) fn sql(database: &Path, statements: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database);
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

/// The processes that see a mount of the world's folder, by name and number.
pub(crate) fn with_mounts(world: &World) -> Vec<String> {
    let folder = world.path("").display().to_string();
    let folder = folder.trim_end_matches('/');
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let mounts = std::fs::read_to_string(process.path().join("mountinfo")).unwrap_or_default();
        if mounts.contains(folder) {
            let name = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            found.push(format!("{} ({})", name.trim(), process.file_name().display()));
        }
    }
    found
}
