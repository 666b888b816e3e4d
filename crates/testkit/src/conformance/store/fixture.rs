//! Fixtures of the store's suite (dev layer): sessions, commits and short ways through the port.

use std::sync::Arc;
use std::time::Duration;
use telecoder_model::decision::{Decision, DecisionState};
use telecoder_model::event::{Author, EventBody};
use telecoder_model::id::{InstanceId, SessionId, TenantId, UserId};
use telecoder_model::policy::{Policy, PublishRule, ToolKind};
use telecoder_model::port::store::{
    Claim, ClaimLimits, Commit, Committed, Fence, OutboxRow, OutboxState, Queueing, Reservation, Store, Write,
};
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::refs::BranchName;
use telecoder_model::repository::Repository;
use telecoder_model::session::{ForgeChoice, Mode, Pipeline, ResultKind, Session, Source, Status};
use telecoder_model::time::Timestamp;
use telecoder_model::usage::Usage;
use telecoder_model::{ErrorClass, PortError};

/// A fixed moment, long ago.
pub const THEN: Timestamp = Timestamp::from_micros(1_700_000_000_123_457);
/// A moment that no test will see.
pub const NEVER: Timestamp = Timestamp::from_micros(7_000_000_000_000_000);
/// Limits that do not limit.
pub const NO_LIMITS: ClaimLimits = ClaimLimits { server: 1000, user: 1000, repository: 1000 };

/// The n-th session id; in the order of their numbers up to 31.
pub fn id(n: u64) -> SessionId {
    SessionId::from_random(n.to_le_bytes())
}

/// The user of a name.
pub fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

/// A principal of the default tenant.
pub fn principal(name: &str) -> Principal {
    Principal { tenant: TenantId::default_tenant(), user: user(name), scope: Scope::Admin }
}

/// A server's name.
pub fn server(name: &str) -> InstanceId {
    name.parse().unwrap()
}

/// A repository.
pub fn repository(text: &str) -> Repository {
    text.parse().unwrap()
}

/// The n-th session, of user `local`, created n seconds after [`THEN`].
pub fn session(n: u64) -> Session {
    let at = THEN.plus(Duration::from_secs(n));
    Session {
        id: id(n),
        tenant: TenantId::default_tenant(),
        owner: UserId::local(),
        repository: Some(repository("acme/api")),
        origin: None,
        target: None,
        followed: None,
        issue: None,
        prompt: format!("Do the thing number {n}"),
        title: None,
        mode: Mode::Task,
        agent: "gym".parse().unwrap(),
        model: None,
        policy: Policy::standard(),
        pipeline: Pipeline::None,
        publish: PublishRule::Manual,
        forge: ForgeChoice::Origin,
        status: Status::Pending,
        failure: None,
        error: None,
        hint: None,
        branch: BranchName::of_session(&id(n)),
        base: None,
        base_commit: None,
        head: None,
        parent: None,
        lineage: id(n),
        attempt: 0,
        turns: 0,
        source: Source::Api,
        requester: None,
        outcome: None,
        diff: None,
        result: ResultKind::None,
        result_text: None,
        pull: None,
        usage: Usage::default(),
        created_at: at,
        started_at: None,
        finished_at: None,
        updated_at: at,
        workspace_removed_at: None,
    }
}

/// The n-th session of a user.
pub fn session_of(n: u64, owner: &str) -> Session {
    Session { owner: user(owner), ..session(n) }
}

/// A message event.
pub fn said(text: &str) -> EventBody {
    EventBody::Message { author: Author::Agent, text: text.to_owned(), chunk: true, turn: 1 }
}

/// A commit of the n-th session.
pub fn change(n: u64) -> Commit {
    Commit::new(id(n), THEN.plus(Duration::from_secs(n)))
}

/// A commit that writes rows.
pub fn writes(n: u64, writes: Vec<Write>) -> Commit {
    Commit { writes, ..change(n) }
}

/// A commit that appends messages.
pub fn says(n: u64, texts: &[&str]) -> Commit {
    Commit { events: texts.iter().map(|text| said(text)).collect(), ..change(n) }
}

/// Makes a session.
pub async fn add(store: &Arc<dyn Store>, session: Session) -> Committed {
    let commit = Commit {
        writes: vec![Write::NewSession(Box::new(session.clone()))],
        ..Commit::new(session.id.clone(), session.created_at)
    };
    store.commit(commit).await.unwrap()
}

/// Makes a session with a job that is due.
pub async fn queue(store: &Arc<dyn Store>, session: Session) {
    let commit = Commit {
        writes: vec![Write::NewSession(Box::new(session.clone())), Write::Enqueue { not_before: THEN }],
        ..Commit::new(session.id.clone(), session.created_at)
    };
    store.commit(commit).await.unwrap();
}

/// Claims without limits.
pub async fn claim(store: &Arc<dyn Store>, instance: &str) -> Option<Claim> {
    store.claim(&server(instance), NO_LIMITS).await.unwrap()
}

/// The proof of a claim.
pub fn fence(instance: &str, claim: &Claim) -> Option<Fence> {
    Some(Fence { instance: server(instance), epoch: claim.epoch })
}

/// Ends the job of a claim.
pub async fn end(store: &Arc<dyn Store>, instance: &str, claim: &Claim) -> Result<Committed, PortError> {
    store
        .commit(Commit {
            fence: fence(instance, claim),
            writes: vec![Write::EndJob],
            ..Commit::new(claim.session.clone(), THEN)
        })
        .await
}

/// A decision of the n-th session that waits.
pub fn decision(name: &str, n: u64) -> Decision {
    Decision {
        id: name.parse().unwrap(),
        session: id(n),
        tenant: TenantId::default_tenant(),
        owner: UserId::local(),
        title: format!("May I {name}?"),
        kind: ToolKind::Execute,
        options: Vec::new(),
        subject: None,
        request: "7".to_owned(),
        state: DecisionState::Pending,
        answered_by: None,
        note: None,
        created_at: THEN.plus(Duration::from_secs(n)),
        answered_at: None,
    }
}

/// An outside effect of the n-th session that is due.
pub fn effect(key: &str, n: u64) -> OutboxRow {
    OutboxRow {
        key: key.to_owned(),
        session: id(n),
        kind: "publish".to_owned(),
        payload: serde_json::json!({"branch": "x", "n": n}),
        state: OutboxState::Pending,
        tries: 0,
        not_before: THEN,
        result: None,
    }
}

/// A reservation of the n-th session.
pub fn reservation(key: &str, n: u64) -> Reservation {
    Reservation {
        tenant: TenantId::default_tenant(),
        user: UserId::local(),
        key: key.to_owned(),
        request: format!("{n:064}"),
        session: id(n),
    }
}

/// A message of `ann` that waits for the turn's end.
pub fn queue_message(content: &str) -> Write {
    Write::NewMessage { author: user("ann"), content: content.to_owned(), queue: Queueing::Followup }
}

/// The class of a refusal.
pub fn class<T: std::fmt::Debug>(outcome: Result<T, PortError>) -> ErrorClass {
    outcome.unwrap_err().class
}

/// A small generator of pseudo-random numbers (splitmix64), so that a property test repeats from its seed.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }
    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides.max(1)
    }
}
