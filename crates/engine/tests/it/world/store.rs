//! The real store, with planned failures of commits and claims.

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::decision::Decision;
use telecoder_model::event::Event;
use telecoder_model::id::{DecisionId, InstanceId, ProcessId, SessionId, TenantId, TokenId, UserId};
use telecoder_model::port::store::{
    AccessStore, Burial, Claim, ClaimLimits, Commit, Committed, Cursor, EndStore, EndedQuery, EndedSession,
    Grave, Hold, JobStore, Message, NewPull, OutboxRow, OverviewStore, Page, PullChange, PullQuery,
    PullStore, QueueDepth, RepositoryUse, Reserved, RunStore, SessionChange, SessionQuery, SessionStore,
    SignIn, SignInStore, Token, TokenHash, Versioned,
};
use telecoder_model::principal::Principal;
use telecoder_model::pull::Pull;
use telecoder_model::session::Session;
use telecoder_model::time::Timestamp;
use telecoder_store::SqliteStore;
use telecoder_testkit::fakes::Faults;

#[derive(Debug)]
pub(crate) struct Faulty {
    pub(crate) inner: SqliteStore,
    pub(crate) faults: Arc<Faults>,
}

type Done<T> = Result<T, PortError>;

#[async_trait]
impl SessionStore for Faulty {
    async fn commit(&self, commit: Commit) -> Done<Committed> {
        self.faults.call("store.commit", self.inner.commit(commit)).await
    }
    async fn session(&self, id: &SessionId) -> Done<Option<Versioned<Session>>> {
        self.inner.session(id).await
    }
    async fn sessions(&self, who: &Principal, query: &SessionQuery) -> Done<Page<Session>> {
        self.inner.sessions(who, query).await
    }
    async fn sessions_by_prefix(&self, who: &Principal, prefix: &str) -> Done<Vec<SessionId>> {
        self.inner.sessions_by_prefix(who, prefix).await
    }
    async fn events(&self, id: &SessionId, after: u64, limit: u32) -> Done<Vec<Event>> {
        self.inner.events(id, after, limit).await
    }
    async fn all_events(&self, after: u64, limit: u32) -> Done<Vec<Event>> {
        self.inner.all_events(after, limit).await
    }
}

#[async_trait]
impl RunStore for Faulty {
    async fn run(&self, id: &SessionId) -> Done<Option<Value>> {
        self.inner.run(id).await
    }
    async fn inputs(&self, id: &SessionId, process: &ProcessId, after: u64) -> Done<Vec<(u64, Bytes)>> {
        self.inner.inputs(id, process, after).await
    }
    async fn messages(&self, id: &SessionId) -> Done<Vec<Message>> {
        self.inner.messages(id).await
    }
    async fn decision(&self, id: &DecisionId) -> Done<Option<Decision>> {
        self.inner.decision(id).await
    }
    async fn pending_decisions(
        &self,
        tenant: &TenantId,
        owner: Option<&UserId>,
        session: Option<&SessionId>,
    ) -> Done<Vec<Decision>> {
        self.inner.pending_decisions(tenant, owner, session).await
    }
    async fn due_outbox(&self, now: Timestamp, limit: u32) -> Done<Vec<OutboxRow>> {
        self.inner.due_outbox(now, limit).await
    }
    async fn pending_outbox(&self, id: &SessionId) -> Done<Vec<OutboxRow>> {
        self.inner.pending_outbox(id).await
    }
    async fn outbox(&self, key: &str) -> Done<Option<OutboxRow>> {
        self.inner.outbox(key).await
    }
}

#[async_trait]
impl JobStore for Faulty {
    async fn register(&self, instance: &InstanceId) -> Done<u64> {
        self.inner.register(instance).await
    }
    async fn heartbeat(&self, instance: &InstanceId) -> Done<()> {
        self.inner.heartbeat(instance).await
    }
    async fn reap(&self, expiry: Duration) -> Done<u64> {
        self.inner.reap(expiry).await
    }
    async fn claim(&self, instance: &InstanceId, limits: ClaimLimits) -> Done<Option<Claim>> {
        self.inner.claim(instance, limits).await
    }
    async fn leave(&self, instance: &InstanceId) -> Done<u64> {
        self.inner.leave(instance).await
    }
    async fn holds(&self, instance: &InstanceId, session: &SessionId, epoch: u64) -> Done<bool> {
        self.inner.holds(instance, session, epoch).await
    }
    async fn is_here(&self, session: &SessionId) -> Done<bool> {
        self.inner.is_here(session).await
    }
    async fn depth(&self) -> Done<QueueDepth> {
        self.inner.depth().await
    }
}

#[async_trait]
impl PullStore for Faulty {
    async fn open_pull(&self, pull: NewPull) -> Done<(Pull, bool)> {
        self.inner.open_pull(pull).await
    }
    async fn change_pull(&self, number: u64, change: PullChange, at: Timestamp) -> Done<Pull> {
        self.inner.change_pull(number, change, at).await
    }
    async fn pull(&self, number: u64) -> Done<Option<Pull>> {
        self.inner.pull(number).await
    }
    async fn pulls(&self, who: &Principal, query: &PullQuery) -> Done<Page<Pull>> {
        self.inner.pulls(who, query).await
    }
}

#[async_trait]
impl AccessStore for Faulty {
    async fn add_token(&self, token: Token) -> Done<()> {
        self.inner.add_token(token).await
    }
    async fn token(&self, hash: &TokenHash) -> Done<Option<Token>> {
        self.inner.token(hash).await
    }
    async fn tokens(&self, tenant: &TenantId) -> Done<Vec<Token>> {
        self.inner.tokens(tenant).await
    }
    async fn revoke_token(&self, tenant: &TenantId, id: &TokenId, at: Timestamp) -> Done<()> {
        self.inner.revoke_token(tenant, id, at).await
    }
    async fn reservation(&self, tenant: &TenantId, user: &UserId, key: &str) -> Done<Option<Reserved>> {
        self.inner.reservation(tenant, user, key).await
    }
    async fn cursor(&self, tenant: &TenantId, user: &UserId, name: &str) -> Done<u64> {
        self.inner.cursor(tenant, user, name).await
    }
    async fn set_cursor(&self, tenant: &TenantId, user: &UserId, cursor: Cursor) -> Done<()> {
        self.inner.set_cursor(tenant, user, cursor).await
    }
    async fn last_global(&self) -> Done<u64> {
        self.inner.last_global().await
    }
}

#[async_trait]
impl SignInStore for Faulty {
    async fn add_sign_in(&self, sign_in: SignIn) -> Done<()> {
        self.inner.add_sign_in(sign_in).await
    }
    async fn sign_in(&self, hash: &TokenHash) -> Done<Option<SignIn>> {
        self.inner.sign_in(hash).await
    }
    async fn extend_sign_in(&self, hash: &TokenHash, expires_at: Timestamp) -> Done<()> {
        self.inner.extend_sign_in(hash, expires_at).await
    }
    async fn take_sign_in(&self, hash: &TokenHash) -> Done<Option<SignIn>> {
        self.inner.take_sign_in(hash).await
    }
}

#[async_trait]
impl OverviewStore for Faulty {
    async fn changes(&self, who: &Principal, after: u64, limit: u32) -> Done<Vec<SessionChange>> {
        self.inner.changes(who, after, limit).await
    }
    async fn repositories(&self, who: &Principal, limit: u32) -> Done<Vec<RepositoryUse>> {
        self.inner.repositories(who, limit).await
    }
}

#[async_trait]
impl EndStore for Faulty {
    async fn ended(&self, query: &EndedQuery) -> Done<Vec<EndedSession>> {
        self.inner.ended(query).await
    }
    async fn active(&self, after: Option<&SessionId>, limit: u32) -> Done<Vec<SessionId>> {
        self.inner.active(after, limit).await
    }
    async fn hold(&self, id: &SessionId) -> Done<Option<Hold>> {
        self.inner.hold(id).await
    }
    async fn bury(&self, id: &SessionId, expect: Option<u64>, at: Timestamp) -> Done<Burial> {
        self.faults.call("store.bury", self.inner.bury(id, expect, at)).await
    }
    async fn graves(&self, limit: u32) -> Done<Vec<Grave>> {
        self.inner.graves(limit).await
    }
    async fn close_grave(&self, id: &SessionId) -> Done<()> {
        self.faults.call("store.close_grave", self.inner.close_grave(id)).await
    }
    async fn unnamed_blobs(&self, digests: &[String]) -> Done<Vec<String>> {
        self.inner.unnamed_blobs(digests).await
    }
    async fn bytes(&self) -> Done<u64> {
        self.inner.bytes().await
    }
}
