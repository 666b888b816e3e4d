//! Permission requests: answered by policy, or by a person through a pending decision.

use crate::world::World;
use telecoder_engine::request::Answer;
use telecoder_model::principal::Principal;

#[tokio::test]
async fn the_policy_answers() {
    for (policy, answer) in [("standard", "Allow"), ("observe", "Allow"), ("locked", "Deny")] {
        let world = World::new().await;
        let running = world.start().await;
        let id = running.submit_with("ask run it", |new| new.policy = Some(policy.to_owned())).await;
        running.end(&id, &world).await;
        let heard = world.lock().received.last().cloned();
        assert_eq!(heard, Some(format!("answer {answer}")), "{policy}");
    }
}

#[tokio::test]
async fn an_answer_to_nothing_is_refused() {
    let world = World::new().await;
    let running = world.start().await;
    let id = "d-nothing".parse().unwrap();
    let error = running.engine.answer(&Principal::local(), &id, Answer::Approve, None).await.unwrap_err();
    assert_eq!(error.code, "approval_not_found");
}
