//! Tokens and reading places (dev layer).

use super::fixture::{NEVER, THEN, add, says, session, user};
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::ErrorClass;
use telecoder_model::id::TenantId;
use telecoder_model::port::store::{Cursor, Store, Token, TokenHash};
use telecoder_model::principal::Scope;

fn token(n: u64) -> Token {
    Token {
        id: format!("token-{n}").parse().unwrap(),
        tenant: TenantId::default_tenant(),
        user: user("ann"),
        name: "laptop".to_owned(),
        scope: Scope::Publish,
        hash: TokenHash(format!("{n:064}")),
        created_at: THEN.plus(Duration::from_secs(n)),
        expires_at: n.is_multiple_of(2).then_some(THEN),
        revoked_at: None,
    }
}

/// Expired ones are found too: who asks decides. Ids and hashes are given once. A list is the tenant's, newest first.
pub async fn a_token_is_found_by_its_hash(store: Arc<dyn Store>) {
    for n in 1..=3 {
        store.add_token(token(n)).await.unwrap();
    }
    for n in 1..=3 {
        assert_eq!(store.token(&token(n).hash).await.unwrap(), Some(token(n)));
    }
    assert_eq!(store.token(&token(4).hash).await.unwrap(), None);
    let same_id = Token { hash: TokenHash("f".repeat(64)), ..token(1) };
    assert_eq!(store.add_token(same_id).await.unwrap_err().class, ErrorClass::Conflict);
    let same_hash = Token { hash: token(1).hash, ..token(4) };
    let error = store.add_token(same_hash).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict);
    assert!(!error.chain().contains(&token(1).hash.0), "{}", error.chain());
    let listed = store.tokens(&TenantId::default_tenant()).await.unwrap();
    assert_eq!(listed, vec![token(3), token(2), token(1)]);
    assert_eq!(store.tokens(&"elsewhere".parse().unwrap()).await.unwrap(), Vec::new());
}

/// The first revocation counts; another tenant cannot revoke.
pub async fn a_token_is_revoked_once(store: Arc<dyn Store>) {
    store.add_token(token(1)).await.unwrap();
    let tenant = TenantId::default_tenant();
    let elsewhere = store.revoke_token(&"elsewhere".parse().unwrap(), &token(1).id, THEN).await;
    assert_eq!(elsewhere.unwrap_err().class, ErrorClass::NotFound);
    assert_eq!(store.token(&token(1).hash).await.unwrap(), Some(token(1)));
    store.revoke_token(&tenant, &token(1).id, THEN).await.unwrap();
    store.revoke_token(&tenant, &token(1).id, NEVER).await.unwrap();
    let revoked = store.token(&token(1).hash).await.unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(THEN));
    let none = store.revoke_token(&tenant, &token(2).id, THEN).await.unwrap_err();
    assert_eq!(none.class, ErrorClass::NotFound);
}

/// A place is one of a user, a tenant and a name, and never goes back.
pub async fn a_place_moves_only_forward(store: Arc<dyn Store>) {
    let tenant = TenantId::default_tenant();
    let place = async |name: &str, of: &str| store.cursor(&tenant, &user(of), name).await.unwrap();
    let set = async |position: u64| {
        let cursor = Cursor { name: "inbox".to_owned(), position };
        store.set_cursor(&tenant, &user("ann"), cursor).await.unwrap();
    };
    assert_eq!(place("inbox", "ann").await, 0);
    for (position, expected) in [(5, 5), (3, 5), (9, 9), (0, 9)] {
        set(position).await;
        assert_eq!(place("inbox", "ann").await, expected);
    }
    assert_eq!((place("inbox", "bob").await, place("other", "ann").await), (0, 0));
    assert_eq!(store.cursor(&"elsewhere".parse().unwrap(), &user("ann"), "inbox").await.unwrap(), 0);
}

/// 0 in an empty store, then the greatest.
pub async fn the_last_global_number_is_that_of_the_last_event(store: Arc<dyn Store>) {
    assert_eq!(store.last_global().await.unwrap(), 0);
    for n in 1..=2 {
        add(&store, session(n)).await;
        store.commit(says(n, &["x", "y"])).await.unwrap();
    }
    let events = store.all_events(0, 1000).await.unwrap();
    assert_eq!(events.len(), 4);
    assert_eq!(store.last_global().await.unwrap(), events[3].global);
}
