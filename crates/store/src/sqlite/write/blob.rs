//! The blobs that a session names (layer 1).

use crate::prepared::Head;
use crate::sqlite::failure::sql;
use sqlx::SqliteConnection;
use telecoder_model::PortError;

pub(super) async fn name(tx: &mut SqliteConnection, head: &Head, digest: &str) -> Result<(), PortError> {
    sqlx::query(
        "INSERT INTO blob_uses (session, digest, tenant, owner) VALUES (?, ?, ?, ?)
         ON CONFLICT (session, digest) DO NOTHING",
    )
    .bind(head.session.as_str())
    .bind(digest)
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .execute(tx)
    .await
    .map(|_| ())
    .map_err(sql("cannot name a blob"))
}
