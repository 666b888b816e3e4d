//! Blobs in the database (layer 1), in parts, so that every server of it reaches them.
//!
//! Invariant: a digest and all of its parts are one transaction; only 64 lowercase hexadecimal digits ever become a key.

use super::failure::sql;
use super::link::{Link, silent};
use super::lock::{commit, execute};
use crate::blobs::{MAX_LIST, bounded, checked, digest_of};
use crate::row::{Columns, Record, integer};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use sqlx::PgConnection;
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::event::BlobRef;
use telecoder_model::port::blobs::Blobs;

/// Bytes of one part.
const PART: usize = 4 << 20;

/// Large payloads as rows of the database.
#[derive(Debug, Clone)]
pub struct PostgresBlobs {
    link: Link,
}

impl PostgresBlobs {
    pub(super) fn new(link: Link) -> Self {
        Self { link }
    }
}

#[async_trait]
impl Blobs for PostgresBlobs {
    async fn put(&self, bytes: Bytes) -> Result<BlobRef, PortError> {
        bounded(&bytes)?;
        let hashed = bytes.clone();
        let digest = tokio::task::spawn_blocking(move || digest_of(&hashed))
            .await
            .map_err(|error| PortError::transient("the work on a blob was broken off").because(error))?;
        let failed = || sql(format!("cannot keep the blob {digest}"));
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let mut held = self.link.held().await.map_err(failed())?;
        // Each part is waited for by itself: many of them may take long.
        let patience =
            self.link.patience().saturating_mul(1 + u32::try_from(bytes.len() / PART).unwrap_or(u32::MAX));
        let kept = tokio::time::timeout(patience, keep(&mut held, &digest, &bytes)).await;
        // Closing the connection gives an unfinished transaction up.
        kept.unwrap_or_else(|_| Err(silent())).map_err(failed())?;
        held.give_back();
        Ok(BlobRef { digest, size })
    }

    async fn get(&self, digest: &str) -> Result<Bytes, PortError> {
        let digest = checked(digest)?;
        let failed = || sql(format!("cannot read the blob {digest}"));
        let missing = || PortError::not_found(format!("there is no blob {digest}"));
        let found = sqlx::query("SELECT size FROM blobs WHERE digest = $1").bind(digest.as_str());
        let row = self.link.row(found).await.map_err(failed())?.ok_or_else(missing)?;
        let size = usize::try_from(Columns(&row).number("size")?).unwrap_or(usize::MAX);
        let mut bytes = BytesMut::new();
        for part in 0_i64.. {
            if bytes.len() >= size {
                break;
            }
            let next = sqlx::query("SELECT bytes FROM blob_parts WHERE digest = $1 AND part = $2")
                .bind(digest.as_str())
                .bind(part);
            // It may be removed while it is read.
            let row = self.link.row(next).await.map_err(failed())?.ok_or_else(missing)?;
            bytes.extend_from_slice(row.bytes("bytes")?);
        }
        Ok(bytes.freeze())
    }

    fn named(&self, _: &[String]) {
        // Another server may have put the same and not named it yet: only time tells.
    }

    async fn remove(&self, digest: &str, quiet: Duration) -> Result<bool, PortError> {
        let digest = checked(digest)?;
        let failed = || sql(format!("cannot remove the blob {digest}"));
        let micros = i64::try_from(quiet.as_micros()).unwrap_or(i64::MAX);
        let gone = sqlx::query(
            "DELETE FROM blobs WHERE digest = $1 AND put_at <= clock_timestamp() - $2 * interval '1 microsecond'",
        )
        .bind(digest.as_str())
        .bind(micros);
        self.link.change(gone).await.map_err(failed())?;
        let left = sqlx::query("SELECT 1 FROM blobs WHERE digest = $1").bind(digest.as_str());
        Ok(self.link.row(left).await.map_err(failed())?.is_none())
    }

    async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, PortError> {
        let after = after.map(checked).transpose()?.unwrap_or_default();
        let listed = sqlx::query("SELECT digest FROM blobs WHERE digest > $1 ORDER BY digest LIMIT $2")
            .bind(after)
            .bind(i64::try_from(limit.min(MAX_LIST)).unwrap_or(i64::MAX));
        let rows = self.link.rows(listed).await.map_err(sql("cannot list blobs"))?;
        rows.iter().map(|row| Columns(row).text("digest")).collect()
    }
}

async fn keep(connection: &mut PgConnection, digest: &str, bytes: &Bytes) -> Result<(), sqlx::Error> {
    execute(connection, "BEGIN").await?;
    // Whoever puts the same at the same time waits here until it is durable.
    let put = sqlx::query(
        "INSERT INTO blobs (digest, size, put_at) VALUES ($1, $2, clock_timestamp())
         ON CONFLICT (digest) DO UPDATE SET put_at = clock_timestamp() RETURNING (xmax = 0)::int4::int8 AS new",
    )
    .bind(digest)
    .bind(integer(u64::try_from(bytes.len()).unwrap_or(u64::MAX)))
    .fetch_one(&mut *connection)
    .await?;
    if sqlx::Row::try_get::<i64, _>(&put, "new")? == 1 {
        for (part, piece) in (0_i64..).zip(bytes.chunks(PART)) {
            sqlx::query("INSERT INTO blob_parts (digest, part, bytes) VALUES ($1, $2, $3)")
                .bind(digest)
                .bind(part)
                .bind(piece)
                .execute(&mut *connection)
                .await?;
        }
    }
    commit(connection).await
}
