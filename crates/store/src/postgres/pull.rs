//! Local pull requests (layer 1).

use super::PostgresStore;
use super::failure::sql;
use super::lock::{self, execute};
use super::row::plain;
use crate::document;
use crate::failure::is_orphan;
use crate::list::{self, page_of_pulls};
use crate::pull::{begins_open, changed, missing};
use crate::row::integer;
use async_trait::async_trait;
use sqlx::{PgConnection, Postgres};
use telecoder_model::PortError;
use telecoder_model::port::store::{NewPull, Page, PullChange, PullQuery, PullStore};
use telecoder_model::principal::Principal;
use telecoder_model::pull::Pull;
use telecoder_model::time::Timestamp;

const OPEN: &str =
    "INSERT INTO pulls (tenant, owner, session, repository, title, body, base, head, head_commit, state,
                                created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
     ON CONFLICT (tenant, repository, head) WHERE state IN ('draft', 'open') DO NOTHING RETURNING *";
const OPEN_OF_HEAD: &str = "SELECT * FROM pulls
     WHERE tenant = $1 AND repository = $2 AND head = $3 AND state IN ('draft', 'open')";
/// How often one that is closed between two looks is looked for.
const LOOKS: u32 = 3;

#[async_trait]
impl PullStore for PostgresStore {
    async fn open_pull(&self, pull: NewPull) -> Result<(Pull, bool), PortError> {
        begins_open(&pull)?;
        for _ in 0..LOOKS {
            if let Some(made) = self.make(&pull).await? {
                return Ok((made, true));
            }
            let found = sqlx::query(OPEN_OF_HEAD)
                .bind(pull.tenant.as_str())
                .bind(pull.repository.to_string())
                .bind(pull.head.as_str());
            let row = self.link.row(found).await.map_err(sql("cannot open a pull request"))?;
            if let Some(row) = row {
                return Ok((document::pull(&row)?, false));
            }
        }
        Err(PortError::transient("pull requests of this branch are opened and closed at this moment"))
    }

    async fn change_pull(&self, number: u64, change: PullChange, at: Timestamp) -> Result<Pull, PortError> {
        let failed = || sql("cannot change a pull request");
        let mut held = self.link.held().await.map_err(failed())?;
        let altering = tokio::time::timeout(self.link.patience(), alter(&mut held, number, &change, at));
        match altering.await {
            Ok(Ok(pull)) => {
                held.give_back();
                Ok(pull)
            }
            // Closing the connection ends the transaction.
            Ok(Err(error)) => Err(error),
            Err(_) => Err(failed()(super::link::silent())),
        }
    }

    async fn pull(&self, number: u64) -> Result<Option<Pull>, PortError> {
        let found = sqlx::query("SELECT * FROM pulls WHERE number = $1").bind(integer(number));
        let row = self.link.row(found).await.map_err(sql("cannot read a pull request"))?;
        row.as_ref().map(document::pull).transpose()
    }

    async fn pulls(&self, who: &Principal, query: &PullQuery) -> Result<Page<Pull>, PortError> {
        let mut statement = list::pulls::<Postgres>(who, query)?;
        let found = self.link.rows(statement.build()).await.map_err(sql("cannot list pull requests"))?;
        page_of_pulls(query, &found)
    }
}

impl PostgresStore {
    async fn make(&self, pull: &NewPull) -> Result<Option<Pull>, PortError> {
        let made = sqlx::query(OPEN)
            .bind(pull.tenant.as_str())
            .bind(pull.owner.as_str())
            .bind(pull.session.as_str())
            .bind(pull.repository.to_string())
            .bind(plain(&pull.title))
            .bind(plain(&pull.body))
            .bind(pull.base.as_str())
            .bind(pull.head.as_str())
            .bind(pull.head_commit.as_str())
            .bind(pull.state.as_str())
            .bind(pull.at.as_micros());
        match self.link.row(made).await {
            Ok(row) => row.as_ref().map(document::pull).transpose(),
            Err(error) if is_orphan(&error) => {
                Err(PortError::not_found(format!("there is no session {}", pull.session)))
            }
            Err(error) => Err(sql("cannot open a pull request")(error)),
        }
    }
}

async fn alter(
    connection: &mut PgConnection,
    number: u64,
    change: &PullChange,
    at: Timestamp,
) -> Result<Pull, PortError> {
    let failed = || sql("cannot change a pull request");
    execute(connection, "BEGIN").await.map_err(failed())?;
    let row = sqlx::query("SELECT * FROM pulls WHERE number = $1 FOR UPDATE")
        .bind(integer(number))
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed())?;
    let pull = changed(document::pull(&row.ok_or_else(|| missing(number))?)?, change, at)?;
    sqlx::query(
        "UPDATE pulls SET title = $1, body = $2, base = $3, head_commit = $4, state = $5, merge_commit = $6,
                          updated_at = $7
         WHERE number = $8",
    )
    .bind(plain(&pull.title))
    .bind(plain(&pull.body))
    .bind(pull.base.as_str())
    .bind(pull.head_commit.as_str())
    .bind(pull.state.as_str())
    .bind(pull.merge_commit.as_ref().map(|commit| commit.as_str()))
    .bind(pull.updated_at.as_micros())
    .bind(integer(number))
    .execute(&mut *connection)
    .await
    .map_err(failed())?;
    lock::commit(connection).await.map_err(failed())?;
    Ok(pull)
}
