//! Conformance suite of the agent port (dev layer): a runtime that knows agents, and the conversations that it makes. An
//! adapter brings an [`AgentWorld`]: a runtime with one agent that can be started, and what that agent once wrote.

mod launch;
mod lines;
mod recording;
mod talk;

pub use launch::*;
pub use lines::*;
pub use recording::{Player, Recording};
pub use talk::*;

use std::fmt;
use std::sync::Arc;
use telecoder_model::ErrorClass;
use telecoder_model::id::AgentName;
use telecoder_model::policy::Policy;
use telecoder_model::port::agent::{AgentRuntime, AgentStatus, InstallProgress, LaunchRequest};
use telecoder_model::port::gateway::Provider;

/// A runtime with one agent that can be started.
pub trait AgentWorld: Send + Sync + fmt::Debug {
    /// The adapter.
    fn runtime(&self) -> Arc<dyn AgentRuntime>;
    /// What was asked for when the recordings were made; the runtime can start it.
    fn request(&self) -> LaunchRequest;
    /// A new session with one turn.
    fn first(&self) -> Recording;
    /// The same session in another process of the agent, which replays what was said, and one more turn.
    fn loaded(&self) -> Recording;
    /// Words that stand somewhere in the runtime's surroundings and that no agent may see.
    fn secrets(&self) -> Vec<String>;
}

cases! { $ agent, agent_conformance, dyn AgentWorld {
    every_agent_is_listed_once_and_says_what_is_missing
    an_agent_that_can_be_started_is_found_by_a_check
    what_nobody_knows_is_not_found_and_the_remedy_says_more
    what_is_not_installed_is_not_started
    installing_what_is_there_changes_nothing
    a_launch_fits_into_a_sandbox
    a_launch_is_the_same_each_time
    a_launch_holds_no_secret
    only_providers_with_a_key_are_used
    the_name_of_a_model_is_never_an_option
    recordings_are_played_as_they_were
    a_restart_between_any_two_lines_changes_nothing
    a_replayed_history_gives_no_event
    a_state_is_small_and_holds_no_words
    a_state_that_cannot_be_read_is_an_error
    whatever_comes_is_taken_at_any_place
    what_is_no_message_is_told_and_the_turn_goes_on
    a_question_is_answered_once
    a_cancel_is_sent_once_and_closes_questions
    a_new_process_has_no_open_questions
    calls_at_the_wrong_time_send_nothing
} }

struct Silent;

impl InstallProgress for Silent {
    fn line(&self, _: &str) {}
}

fn unknown() -> AgentName {
    "no-such-agent".parse().unwrap()
}

fn request(agent: &AgentName) -> LaunchRequest {
    let providers = Provider::ALL.to_vec();
    LaunchRequest { agent: agent.clone(), model: None, policy: Policy::standard(), providers }
}

/// What the list says of the agent that can be started.
async fn listed(world: &dyn AgentWorld) -> AgentStatus {
    let name = world.request().agent;
    let all = world.runtime().list().await.unwrap();
    all.into_iter().find(|status| status.name == name).unwrap()
}

/// Twice alike; a description is one line.
pub async fn every_agent_is_listed_once_and_says_what_is_missing(world: Arc<dyn AgentWorld>) {
    let all = world.runtime().list().await.unwrap();
    assert_eq!(world.runtime().list().await.unwrap(), all);
    let mut names: Vec<_> = all.iter().map(|status| &status.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all.len(), "a name is there twice");
    for status in &all {
        assert!(!status.description.is_empty() && !status.description.contains('\n'), "{status:?}");
        assert!(status.installed || status.problem.as_ref().is_some_and(|words| !words.is_empty()));
    }
    let working = listed(&*world).await;
    assert!(working.installed && working.location.is_some(), "{working:?}");
    assert_eq!(working.problem, None);
}

/// It says the same as the list but for the version, which may be more exact.
pub async fn an_agent_that_can_be_started_is_found_by_a_check(world: Arc<dyn AgentWorld>) {
    let listed = listed(&*world).await;
    let checked = world.runtime().check(&listed.name).await.unwrap();
    assert_eq!(AgentStatus { version: listed.version.clone(), ..checked }, listed);
}

/// By a check, an install and a launch alike.
pub async fn what_nobody_knows_is_not_found_and_the_remedy_says_more(world: Arc<dyn AgentWorld>) {
    let (runtime, name) = (world.runtime(), unknown());
    let before = runtime.list().await.unwrap();
    let errors = [
        runtime.check(&name).await.unwrap_err(),
        runtime.install(&name, &Silent).await.unwrap_err(),
        runtime.launch(&request(&name)).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.class, ErrorClass::NotFound);
        assert!(error.chain().contains(name.as_str()) && error.remedy.is_some(), "{error:?}");
    }
    assert_eq!(runtime.list().await.unwrap(), before);
}

/// Class `NotFound` with a remedy.
pub async fn what_is_not_installed_is_not_started(world: Arc<dyn AgentWorld>) {
    let runtime = world.runtime();
    for status in runtime.list().await.unwrap().into_iter().filter(|status| !status.installed) {
        let error = runtime.launch(&request(&status.name)).await.unwrap_err();
        assert_eq!((error.class, error.remedy.is_some()), (ErrorClass::NotFound, true), "{error:?}");
    }
}

/// An agent of the configuration cannot be installed.
pub async fn installing_what_is_there_changes_nothing(world: Arc<dyn AgentWorld>) {
    let (runtime, before) = (world.runtime(), listed(&*world).await);
    for _ in 0..2 {
        let installed = runtime.install(&before.name, &Silent).await;
        if before.in_catalogue {
            assert_eq!(installed.unwrap(), before);
        } else {
            assert!(installed.is_err(), "{installed:?}");
        }
        assert_eq!(listed(&*world).await, before);
    }
}
