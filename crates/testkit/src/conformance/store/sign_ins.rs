//! Browsers that are signed in, and links (dev layer).

use super::fixture::{NEVER, THEN, user};
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::ErrorClass;
use telecoder_model::id::TenantId;
use telecoder_model::port::store::{SignIn, SignInKind, Store, TokenHash};
use telecoder_model::principal::Scope;

fn sign_in(n: u64) -> SignIn {
    SignIn {
        hash: TokenHash(format!("{n:064}")),
        kind: if n.is_multiple_of(2) { SignInKind::Link } else { SignInKind::Browser },
        tenant: TenantId::default_tenant(),
        user: user("ann"),
        scope: Scope::Run,
        token: n.is_multiple_of(2).then(|| TokenHash("t".repeat(64))),
        created_at: THEN,
        expires_at: THEN.plus(Duration::from_secs(10)),
        until: THEN.plus(Duration::from_secs(100)),
    }
}

/// Found as it was kept, expired or not; a hash is taken once, and never shown.
pub async fn a_sign_in_is_found_by_its_hash(store: Arc<dyn Store>) {
    for n in 1..=2 {
        store.add_sign_in(sign_in(n)).await.unwrap();
        assert_eq!(store.sign_in(&sign_in(n).hash).await.unwrap(), Some(sign_in(n)));
    }
    assert_eq!(store.sign_in(&sign_in(3).hash).await.unwrap(), None);
    let error = store.add_sign_in(sign_in(1)).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict);
    assert!(!error.chain().contains(&sign_in(1).hash.0), "{}", error.chain());
}

/// The expiry goes forward up to the end, and never back.
pub async fn a_sign_in_is_extended_up_to_its_end(store: Arc<dyn Store>) {
    store.add_sign_in(sign_in(1)).await.unwrap();
    for (to, expected) in [(50, 50), (20, 50), (500, 100)] {
        store.extend_sign_in(&sign_in(1).hash, THEN.plus(Duration::from_secs(to))).await.unwrap();
        let found = store.sign_in(&sign_in(1).hash).await.unwrap().unwrap();
        assert_eq!(found.expires_at, THEN.plus(Duration::from_secs(expected)));
    }
    store.extend_sign_in(&sign_in(2).hash, NEVER).await.unwrap();
    assert_eq!(store.sign_in(&sign_in(2).hash).await.unwrap(), None);
}

/// Of many that take one at once, one gets it; then it is gone.
pub async fn a_sign_in_is_taken_once(store: Arc<dyn Store>) {
    store.add_sign_in(sign_in(2)).await.unwrap();
    let takers = (0..10).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.take_sign_in(&sign_in(2).hash).await.unwrap() })
    });
    let taken = futures::future::join_all(takers).await;
    let taken: Vec<SignIn> = taken.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(taken, [sign_in(2)]);
    assert_eq!(store.sign_in(&sign_in(2).hash).await.unwrap(), None);
}

/// What can never work again is not kept.
pub async fn sign_ins_that_are_over_are_forgotten(store: Arc<dyn Store>) {
    store.add_sign_in(sign_in(1)).await.unwrap();
    let later = THEN.plus(Duration::from_secs(101));
    store
        .add_sign_in(SignIn { created_at: later, expires_at: NEVER, until: NEVER, ..sign_in(2) })
        .await
        .unwrap();
    assert_eq!(store.sign_in(&sign_in(1).hash).await.unwrap(), None);
    assert!(store.sign_in(&sign_in(2).hash).await.unwrap().is_some());
}
