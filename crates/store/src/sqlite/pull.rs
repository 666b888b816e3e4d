//! Local pull requests (layer 1).

use super::SqliteStore;
use super::failure::sql;
use super::group::Change;
use crate::document;
use crate::failure::is_orphan;
use crate::list::{self, page_of_pulls};
use crate::pull::{begins_open, changed, missing};
use crate::row::integer;
use async_trait::async_trait;
use sqlx::{Sqlite, SqliteConnection};
use telecoder_model::PortError;
use telecoder_model::port::store::{NewPull, Page, PullChange, PullQuery, PullStore};
use telecoder_model::principal::Principal;
use telecoder_model::pull::Pull;
use telecoder_model::time::Timestamp;

const BY_NUMBER: &str = "SELECT * FROM pulls WHERE number = ?";
pub(super) const OPEN_OF_HEAD: &str = "SELECT * FROM pulls
     WHERE tenant = ? AND repository = ? AND head = ? AND state IN ('draft', 'open')";

#[async_trait]
impl PullStore for SqliteStore {
    async fn open_pull(&self, pull: NewPull) -> Result<(Pull, bool), PortError> {
        begins_open(&pull)?;
        self.writer.apply(Open(pull)).await
    }

    async fn change_pull(&self, number: u64, change: PullChange, at: Timestamp) -> Result<Pull, PortError> {
        self.writer.apply(Alter { number, change, at }).await
    }

    async fn pull(&self, number: u64) -> Result<Option<Pull>, PortError> {
        sqlx::query(BY_NUMBER)
            .bind(integer(number))
            .fetch_optional(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read a pull request"))?
            .as_ref()
            .map(document::pull)
            .transpose()
    }

    async fn pulls(&self, who: &Principal, query: &PullQuery) -> Result<Page<Pull>, PortError> {
        let found = list::pulls::<Sqlite>(who, query)?
            .build()
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot list pull requests"))?;
        page_of_pulls(query, &found)
    }
}

struct Open(NewPull);

impl Change for Open {
    type Answer = (Pull, bool);
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<Self::Answer, PortError> {
        let pull = &self.0;
        let failed = || sql("cannot open a pull request");
        let made = sqlx::query(
            "INSERT INTO pulls (tenant, owner, session, repository, title, body, base, head, head_commit, state,
                                created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)
             ON CONFLICT (tenant, repository, head) WHERE state IN ('draft', 'open') DO NOTHING RETURNING *",
        )
        .bind(pull.tenant.as_str())
        .bind(pull.owner.as_str())
        .bind(pull.session.as_str())
        .bind(pull.repository.to_string())
        .bind(pull.title.as_str())
        .bind(pull.body.as_str())
        .bind(pull.base.as_str())
        .bind(pull.head.as_str())
        .bind(pull.head_commit.as_str())
        .bind(pull.state.as_str())
        .bind(pull.at.as_micros())
        .fetch_optional(&mut *tx)
        .await
        .map_err(|error| {
            if is_orphan(&error) {
                return PortError::not_found(format!("there is no session {}", pull.session));
            }
            failed()(error)
        })?;
        if let Some(row) = made {
            return Ok((document::pull(&row)?, true));
        }
        let row = sqlx::query(OPEN_OF_HEAD)
            .bind(pull.tenant.as_str())
            .bind(pull.repository.to_string())
            .bind(pull.head.as_str())
            .fetch_one(tx)
            .await
            .map_err(failed())?;
        Ok((document::pull(&row)?, false))
    }
}

struct Alter {
    number: u64,
    change: PullChange,
    at: Timestamp,
}

impl Change for Alter {
    type Answer = Pull;
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<Pull, PortError> {
        let row = sqlx::query(BY_NUMBER)
            .bind(integer(self.number))
            .fetch_optional(&mut *tx)
            .await
            .map_err(sql("cannot read a pull request"))?;
        let Some(row) = row else {
            return Err(missing(self.number));
        };
        let pull = changed(document::pull(&row)?, &self.change, self.at)?;
        sqlx::query(
            "UPDATE pulls SET title = ?, body = ?, base = ?, head_commit = ?, state = ?, merge_commit = ?,
                              updated_at = ?
             WHERE number = ?",
        )
        .bind(pull.title.as_str())
        .bind(pull.body.as_str())
        .bind(pull.base.as_str())
        .bind(pull.head_commit.as_str())
        .bind(pull.state.as_str())
        .bind(pull.merge_commit.as_ref().map(|commit| commit.as_str()))
        .bind(pull.updated_at.as_micros())
        .bind(integer(pull.number))
        .execute(tx)
        .await
        .map_err(sql("cannot change a pull request"))?;
        Ok(pull)
    }
}
