//! Conformance suite of the store port (dev layer): what every adapter must do, written for `SQLite` and `PostgreSQL`
//! alike.
//!
//! An adapter's tests hold one line, `telecoder_testkit::store_conformance!(make);`, where `make` is an async function
//! that gives a fresh, empty store as a [`Subject`]; each case then is a test of its own. Nothing here rests on a single
//! writer, on the order of concurrent commits, or on the passing of time.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a case is a test: it ends where the contract is broken"
)]

pub mod access;
pub mod all_or_nothing;
pub mod commits;
pub mod events;
pub mod fixture;
pub mod jobs;
pub mod lists;
pub mod pulls;
pub mod rows;

use futures::future::BoxFuture;
use std::any::Any;
use std::sync::Arc;
use telecoder_model::port::store::Store;

/// A fresh store, and what must live as long as it does (a temporary folder, a database).
pub struct Subject {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Dropped after the case.
    pub keep: Box<dyn Any + Send>,
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject").field("store", &self.store).finish_non_exhaustive()
    }
}

/// One case: it panics where the store breaks the contract.
pub type Case = fn(Arc<dyn Store>) -> BoxFuture<'static, ()>;

macro_rules! cases {
    ($d:tt $($module:ident { $($name:ident)+ })+) => {
        /// All cases by name.
        pub fn all() -> Vec<(&'static str, Case)> {
            vec![$($((stringify!($name), (|store| Box::pin($module::$name(store))) as Case)),+),+]
        }

        /// Declares one test a case for an adapter; takes the path of an async function that gives a `Subject`.
        #[macro_export]
        macro_rules! store_conformance {
            ($d make:path) => {
                $($(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $name() {
                        let subject = $d make().await;
                        $crate::conformance::store::$module::$name(subject.store).await;
                        drop(subject.keep);
                    }
                )+)+
            };
        }
    };
}

cases! { $
    commits {
        a_new_session_is_read_back_whole
        a_taken_id_is_refused
        a_replaced_session_has_the_next_version
        of_many_writers_with_one_version_one_wins
        a_commit_without_a_session_writes_nothing
        a_commit_that_contradicts_itself_is_refused
        neighbours_of_a_failing_commit_are_kept
        a_stale_fence_loses
    }
    all_or_nothing { a_failing_write_of_any_kind_leaves_nothing_behind }
    events {
        events_are_numbered_densely_from_one
        appending_alone_leaves_the_version
        numbers_stay_dense_under_concurrent_writers
        a_concurrent_reader_never_meets_an_earlier_event
        an_acknowledged_commit_is_visible_to_every_read
        reads_of_events_are_bounded
    }
    jobs {
        a_claim_gives_the_oldest_job_once
        a_job_is_not_claimed_before_its_time
        a_queued_job_becomes_due_at_the_earlier_time
        news_while_leased_requeue_the_job
        an_ended_job_is_gone
        epochs_never_go_back
        tries_count_claims_until_the_job_is_ended
        the_user_with_the_fewest_jobs_at_work_comes_first
        limits_of_server_user_and_repository_hold
        many_servers_never_claim_the_same_job
        a_silent_server_loses_its_jobs
        a_living_server_keeps_its_jobs
        a_server_that_leaves_gives_its_jobs_back
        a_server_that_was_declared_dead_is_told
    }
    lists {
        pages_go_from_new_to_old_without_gaps
        pages_stay_stable_while_sessions_come
        filters_narrow_a_list
        a_list_follows_the_status
        a_search_ignores_case
        lists_show_only_what_is_the_owners
        a_prefix_finds_ids
        bounds_of_pages_hold
    }
    rows {
        the_state_of_an_execution_is_replaced
        input_lines_are_kept_until_forgotten
        messages_are_numbered_densely
        a_message_leaves_the_queue_once
        the_first_answer_to_a_decision_wins
        pending_decisions_are_listed_oldest_first
        an_outside_effect_is_written_once
        outside_effects_are_due_in_order
        an_idempotency_key_is_taken_once
    }
    pulls {
        a_head_has_one_open_pull_request
        concurrent_openers_get_the_same_pull_request
        an_open_pull_request_changes
        the_state_of_a_pull_request_rules_its_changes
        pull_requests_are_listed_in_pages
        a_list_of_pull_requests_is_narrowed
    }
    access {
        a_token_is_found_by_its_hash
        a_token_is_revoked_once
        a_place_moves_only_forward
        the_last_global_number_is_that_of_the_last_event
    }
}
