//! Conformance suite of the stage port (dev layer). An adapter brings a [`StageWorld`]: the stage, a session about which it
//! has something to say, and eyes for what it could have changed.

use super::store::fixture;
use futures::future::join_all;
use std::fmt;
use std::sync::Arc;
use telecoder_model::port::stage::{Moment, Stage, StageView, Verdict};
use telecoder_model::repository::Repository;
use telecoder_model::session::Session;

/// A stage and what it works on.
pub trait StageWorld: Send + Sync + fmt::Debug {
    /// The adapter.
    fn stage(&self) -> Arc<dyn Stage>;
    /// What it sees where it has something to say.
    fn telling(&self) -> StageView;
    /// Everything that the stage could reach and change, as text; empty where it reaches nothing.
    fn reachable(&self) -> String;
}

cases! { $ stage, stage_conformance, dyn StageWorld {
    it_has_a_name_that_fits_a_configuration
    it_runs_twice_with_the_same_verdict
    it_changes_nothing
    a_verdict_fits_its_moment
    many_run_at_once
    whatever_it_sees_it_ends_by_a_verdict_or_an_error
} }

/// What a stage sees of a session where nothing was done.
pub fn view() -> StageView {
    StageView { session: fixture::session(1), last_words: String::new(), patch: String::new() }
}

async fn verdict(world: &dyn StageWorld) -> Verdict {
    world.stage().run(&world.telling()).await.unwrap()
}

/// Lowercase words with dashes, always the same.
pub async fn it_has_a_name_that_fits_a_configuration(world: Arc<dyn StageWorld>) {
    let (stage, again) = (world.stage(), world.stage());
    let name = stage.name();
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    assert!(!name.is_empty() && name.len() <= 40 && name.bytes().all(fits), "{name:?}");
    assert_eq!((again.name(), again.moment()), (name, stage.moment()));
}

/// And the verdict says something, so that this shows anything.
pub async fn it_runs_twice_with_the_same_verdict(world: Arc<dyn StageWorld>) {
    let first = verdict(&*world).await;
    assert_ne!(first, Verdict::Pass, "the world's view must be one that the stage speaks about");
    for _ in 0..3 {
        assert_eq!(verdict(&*world).await, first);
    }
}

/// Of what it could reach.
pub async fn it_changes_nothing(world: Arc<dyn StageWorld>) {
    let before = world.reachable();
    verdict(&*world).await;
    drop(world.stage().run(&view()).await);
    assert_eq!(world.reachable(), before);
}

fn fits(moment: Moment, verdict: &Verdict) {
    match verdict {
        Verdict::Pass => {}
        Verdict::Preface(words) => {
            assert!(moment == Moment::BeforeTurn && !words.trim().is_empty(), "{verdict:?} {moment:?}");
        }
        Verdict::Revise(words) => {
            assert!(moment == Moment::AfterTurn && !words.trim().is_empty(), "{verdict:?} {moment:?}");
        }
        Verdict::Doubt(words) => assert!(!words.trim().is_empty(), "a doubt without words"),
    }
}

/// A preface comes before a turn, a revision after one, and each has words.
pub async fn a_verdict_fits_its_moment(world: Arc<dyn StageWorld>) {
    fits(world.stage().moment(), &verdict(&*world).await);
}

/// None gets another's verdict.
pub async fn many_run_at_once(world: Arc<dyn StageWorld>) {
    let expected = verdict(&*world).await;
    let runs = (0..20).map(|_| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { verdict(&*world).await })
    });
    for run in join_all(runs).await {
        assert_eq!(run.unwrap(), expected);
    }
}

/// Nothing, the longest patch, no repository, words that look like paths, markup or commands: what comes of it names no
/// moment of another, and an error says what it is about.
pub async fn whatever_it_sees_it_ends_by_a_verdict_or_an_error(world: Arc<dyn StageWorld>) {
    let odd =
        "\0\u{202e}$(id) `id` ../../etc/passwd\n--- a/\n+++ /dev/null\n@@ -9999999999999999999 +0,0 @@\n";
    let patches = [
        String::new(),
        odd.repeat(40),
        "x".repeat(1 << 20),
        "diff --git a/é b/é\nBinary files differ\n".repeat(1000),
        "+\n".repeat(1 << 19),
    ];
    let nowhere = Session { repository: None, prompt: String::new(), ..fixture::session(1) };
    let gone: Repository = "/no/such/folder".parse().unwrap();
    let gone = Session { repository: Some(gone), prompt: odd.repeat(400), ..fixture::session(1) };
    for session in [nowhere, gone] {
        for patch in &patches {
            let view =
                StageView { session: session.clone(), last_words: odd.to_owned(), patch: patch.clone() };
            match world.stage().run(&view).await {
                Ok(verdict) => fits(world.stage().moment(), &verdict),
                Err(error) => assert!(!error.what.is_empty(), "an error without words"),
            }
        }
    }
}
