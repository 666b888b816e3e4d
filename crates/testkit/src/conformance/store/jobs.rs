//! Jobs (dev layer): claims, fairness, limits, epochs, and what happens to a server's jobs when it goes.

use super::fixture::{
    NEVER, NO_LIMITS, THEN, add, claim, end, id, queue, repository, server, session, session_of, writes,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::ErrorClass;
use telecoder_model::id::SessionId;
use telecoder_model::port::store::{Claim, ClaimLimits, QueueDepth, Store, Write};
use telecoder_model::session::Session;

const HOUR: Duration = Duration::from_secs(3600);

async fn enqueue(store: &Arc<dyn Store>, n: u64) {
    let write = Write::Enqueue { not_before: THEN };
    store.commit(writes(n, vec![write])).await.unwrap();
}

async fn depth(store: &Arc<dyn Store>) -> (u64, u64) {
    let QueueDepth { queued, leased } = store.depth().await.unwrap();
    (queued, leased)
}

/// Oldest first, each once.
pub async fn a_claim_gives_the_oldest_job_once(store: Arc<dyn Store>) {
    store.register(&server("s1")).await.unwrap();
    assert_eq!(claim(&store, "s1").await, None);
    for n in [3, 1, 2] {
        queue(&store, session(n)).await;
    }
    assert_eq!(depth(&store).await, (3, 0));
    for n in [3, 1, 2] {
        let expected = Claim { session: id(n), epoch: 1, tries: 1, is_lost: false };
        assert_eq!(claim(&store, "s1").await, Some(expected));
        assert!(store.holds(&server("s1"), &id(n), 1).await.unwrap());
    }
    assert_eq!(claim(&store, "s1").await, None);
    assert_eq!(depth(&store).await, (0, 3));
}

/// A job of the future waits, and does not hold up those behind it.
pub async fn a_job_is_not_claimed_before_its_time(store: Arc<dyn Store>) {
    store.register(&server("s1")).await.unwrap();
    add(&store, session(1)).await;
    let later = Write::Enqueue { not_before: NEVER };
    store.commit(writes(1, vec![later])).await.unwrap();
    queue(&store, session(2)).await;
    assert_eq!(claim(&store, "s1").await.unwrap().session, id(2));
    assert_eq!(claim(&store, "s1").await, None);
    assert_eq!(depth(&store).await, (1, 1));
}

/// Of two times the earlier counts; there is still one job.
pub async fn a_queued_job_becomes_due_at_the_earlier_time(store: Arc<dyn Store>) {
    store.register(&server("s1")).await.unwrap();
    add(&store, session(1)).await;
    for not_before in [NEVER, THEN, NEVER] {
        let again = Write::Enqueue { not_before };
        store.commit(writes(1, vec![again])).await.unwrap();
    }
    assert_eq!(depth(&store).await, (1, 0));
    let lease = claim(&store, "s1").await.unwrap();
    end(&store, "s1", &lease).await.unwrap();
    assert_eq!(depth(&store).await, (0, 0));
}

/// What comes while a job is leased is not lost: ending the job puts it back, due at the earliest of those times.
pub async fn news_while_leased_requeue_the_job(store: Arc<dyn Store>) {
    store.register(&server("s1")).await.unwrap();
    queue(&store, session(1)).await;
    let first = claim(&store, "s1").await.unwrap();
    enqueue(&store, 1).await;
    assert_eq!(claim(&store, "s1").await, None, "it is leased");
    end(&store, "s1", &first).await.unwrap();
    let second = claim(&store, "s1").await.unwrap();
    assert_eq!((second.epoch, second.tries), (2, 1));
    let later = Write::Enqueue { not_before: NEVER };
    store.commit(writes(1, vec![later])).await.unwrap();
    end(&store, "s1", &second).await.unwrap();
    assert_eq!(depth(&store).await, (1, 0));
    assert_eq!(claim(&store, "s1").await, None, "it is not due");
    enqueue(&store, 1).await;
    let third = claim(&store, "s1").await.unwrap();
    end(&store, "s1", &third).await.unwrap();
    assert_eq!(depth(&store).await, (0, 0));
}

/// Without news an ended job is gone.
pub async fn an_ended_job_is_gone(store: Arc<dyn Store>) {
    store.register(&server("s1")).await.unwrap();
    queue(&store, session(1)).await;
    let lease = claim(&store, "s1").await.unwrap();
    end(&store, "s1", &lease).await.unwrap();
    assert_eq!(claim(&store, "s1").await, None);
    assert!(!store.holds(&server("s1"), &id(1), lease.epoch).await.unwrap());
    assert_eq!(depth(&store).await, (0, 0));
}

/// Each claim of a session has a greater epoch, whatever became of its earlier jobs.
pub async fn epochs_never_go_back(store: Arc<dyn Store>) {
    let mut last = 0;
    add(&store, session(1)).await;
    for round in 0..6 {
        store.register(&server("s1")).await.unwrap();
        enqueue(&store, 1).await;
        let lease = claim(&store, "s1").await.unwrap();
        assert!(lease.epoch > last, "{} after {last}", lease.epoch);
        last = lease.epoch;
        if round % 3 == 0 {
            end(&store, "s1", &lease).await.unwrap();
        } else if round % 3 == 1 {
            store.leave(&server("s1")).await.unwrap();
        } else {
            assert_eq!(store.reap(Duration::ZERO).await.unwrap(), 1);
        }
    }
}

/// Claims count until the job ends; a server's death counts, being drained does not.
pub async fn tries_count_claims_until_the_job_is_ended(store: Arc<dyn Store>) {
    queue(&store, session(1)).await;
    let mut tries = Vec::new();
    for name in ["s1", "s2", "s3"] {
        store.register(&server(name)).await.unwrap();
        tries.push(claim(&store, name).await.unwrap().tries);
        if name != "s3" {
            assert_eq!(store.reap(Duration::ZERO).await.unwrap(), 1);
        }
    }
    assert_eq!(store.leave(&server("s3")).await.unwrap(), 1);
    store.register(&server("s4")).await.unwrap();
    let lease = claim(&store, "s4").await.unwrap();
    tries.push(lease.tries);
    end(&store, "s4", &lease).await.unwrap();
    enqueue(&store, 1).await;
    tries.push(claim(&store, "s4").await.unwrap().tries);
    assert_eq!(tries, [1, 2, 3, 1, 1]);
}

/// One user's many jobs do not hold up another's first.
pub async fn the_user_with_the_fewest_jobs_at_work_comes_first(store: Arc<dyn Store>) {
    store.register(&server("s1")).await.unwrap();
    for n in 0..4 {
        queue(&store, session_of(n, "ann")).await;
    }
    queue(&store, session_of(10, "bob")).await;
    queue(&store, session_of(11, "bob")).await;
    queue(&store, session_of(20, "cyn")).await;
    let mut order = Vec::new();
    while let Some(lease) = claim(&store, "s1").await {
        order.push(lease.session);
    }
    let expected: Vec<SessionId> = [0, 10, 20, 1, 11, 2, 3].into_iter().map(id).collect();
    assert_eq!(order, expected);
}

/// Each limit stops claims, and frees them again when a job ends.
pub async fn limits_of_server_user_and_repository_hold(store: Arc<dyn Store>) {
    store.register(&server("s1")).await.unwrap();
    store.register(&server("s2")).await.unwrap();
    let of = |n: u64, owner: &str, name: Option<&str>| Session {
        repository: name.map(repository),
        ..session_of(n, owner)
    };
    queue(&store, of(1, "ann", Some("acme/api"))).await;
    queue(&store, of(2, "ann", Some("acme/web"))).await;
    queue(&store, of(3, "bob", Some("acme/api"))).await;
    queue(&store, of(4, "cyn", None)).await;
    queue(&store, of(5, "dan", None)).await;
    let limits = ClaimLimits { server: 2, user: 1, repository: 1 };
    let take = async |name: &str| store.claim(&server(name), limits).await.unwrap();
    let first = take("s1").await.unwrap();
    assert_eq!(first.session, id(1));
    // ann has one at work, bob's repository has one at work.
    assert_eq!(take("s1").await.unwrap().session, id(4));
    assert_eq!(take("s1").await, None, "the server is full");
    assert_eq!(take("s2").await.unwrap().session, id(5));
    assert_eq!(take("s2").await, None, "user and repository are full on all servers");
    end(&store, "s1", &first).await.unwrap();
    assert_eq!(take("s2").await.unwrap().session, id(2));
    assert_eq!(take("s1").await.unwrap().session, id(3));
    assert_eq!(depth(&store).await, (0, 4));
    queue(&store, of(6, "eve", None)).await;
    for limits in [ClaimLimits { server: 0, ..NO_LIMITS }, ClaimLimits { user: 0, ..NO_LIMITS }] {
        assert_eq!(store.claim(&server("s2"), limits).await.unwrap(), None);
    }
}

/// Servers that claim at the same time never get the same job, and together get all.
pub async fn many_servers_never_claim_the_same_job(store: Arc<dyn Store>) {
    for n in 0..60 {
        queue(&store, session_of(n, ["ann", "bob", "cyn"][usize::try_from(n % 3).unwrap()])).await;
    }
    let tasks: Vec<_> = (0..4)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let name = format!("s{n}");
                store.register(&server(&name)).await.unwrap();
                let mut mine = Vec::new();
                while let Some(lease) = claim(&store, &name).await {
                    assert!(store.holds(&server(&name), &lease.session, lease.epoch).await.unwrap());
                    mine.push(lease.session);
                }
                mine
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    assert_eq!(all.len(), 60);
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), 60);
}

/// A server that was silent too long is dead: its jobs go to others, and its own writes lose.
pub async fn a_silent_server_loses_its_jobs(store: Arc<dyn Store>) {
    store.register(&server("s1")).await.unwrap();
    queue(&store, session(1)).await;
    queue(&store, session(2)).await;
    let lost = claim(&store, "s1").await.unwrap();
    claim(&store, "s1").await.unwrap();
    assert_eq!(store.reap(Duration::ZERO).await.unwrap(), 2);
    assert_eq!(depth(&store).await, (2, 0));
    assert_eq!(end(&store, "s1", &lost).await.unwrap_err().class, ErrorClass::Conflict);
    store.register(&server("s2")).await.unwrap();
    let next = claim(&store, "s2").await.unwrap();
    assert_eq!((next.session, next.tries), (id(1), 2), "it kept its place");
}

/// Within the expiry nothing happens, and another server's arrival takes nothing away.
pub async fn a_living_server_keeps_its_jobs(store: Arc<dyn Store>) {
    store.register(&server("s1")).await.unwrap();
    queue(&store, session(1)).await;
    let lease = claim(&store, "s1").await.unwrap();
    store.heartbeat(&server("s1")).await.unwrap();
    assert_eq!(store.reap(HOUR).await.unwrap(), 0);
    assert_eq!(store.register(&server("s2")).await.unwrap(), 0);
    assert_eq!(store.register(&server("s1")).await.unwrap(), 0, "registering again changes nothing");
    assert!(store.holds(&server("s1"), &id(1), lease.epoch).await.unwrap());
    end(&store, "s1", &lease).await.unwrap();
}

/// Draining puts jobs back at once.
pub async fn a_server_that_leaves_gives_its_jobs_back(store: Arc<dyn Store>) {
    store.register(&server("s1")).await.unwrap();
    store.register(&server("s2")).await.unwrap();
    for n in 1..=3 {
        queue(&store, session(n)).await;
        claim(&store, if n == 3 { "s2" } else { "s1" }).await.unwrap();
    }
    assert_eq!(store.leave(&server("s1")).await.unwrap(), 2);
    assert_eq!(depth(&store).await, (2, 1));
    assert_eq!(store.leave(&server("s1")).await.unwrap(), 0);
    assert_eq!(claim(&store, "s2").await.unwrap().session, id(1));
}

/// Who was declared dead, or never registered, learns it from its next sign of life or claim.
pub async fn a_server_that_was_declared_dead_is_told(store: Arc<dyn Store>) {
    queue(&store, session(1)).await;
    let unknown = store.heartbeat(&server("s1")).await.unwrap_err();
    assert_eq!(unknown.class, ErrorClass::Conflict);
    store.register(&server("s1")).await.unwrap();
    store.heartbeat(&server("s1")).await.unwrap();
    assert_eq!(store.reap(Duration::ZERO).await.unwrap(), 0, "it had no jobs");
    assert_eq!(store.heartbeat(&server("s1")).await.unwrap_err().class, ErrorClass::Conflict);
    let refused = store.claim(&server("s1"), NO_LIMITS).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Conflict);
    assert_eq!(depth(&store).await, (1, 0));
    store.register(&server("s1")).await.unwrap();
    assert_eq!(claim(&store, "s1").await.unwrap().epoch, 1, "the refused claim counted nothing");
}
