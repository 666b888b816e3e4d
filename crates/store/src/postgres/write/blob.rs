//! The blobs that a session names (layer 1).

use crate::postgres::failure::sql;
use crate::prepared::Head;
use sqlx::PgConnection;
use telecoder_model::PortError;

pub(super) async fn name(tx: &mut PgConnection, head: &Head, digest: &str) -> Result<(), PortError> {
    sqlx::query(
        "INSERT INTO blob_uses (session, digest, tenant, owner) VALUES ($1, $2, $3, $4)
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
