//! Conformance suite of the store port (dev layer): what every adapter must do, written for `SQLite` and `PostgreSQL`
//! alike. Nothing here rests on a single writer, on the order of concurrent commits, or on the passing of time.

mod access;
mod all_or_nothing;
mod commits;
mod ends;
mod events;
pub mod fixture;
mod jobs;
mod lists;
mod overview;
mod pulls;
mod rows;
mod sign_ins;

pub use access::*;
pub use all_or_nothing::*;
pub use commits::*;
pub use ends::*;
pub use events::*;
pub use jobs::*;
pub use lists::*;
pub use overview::*;
pub use pulls::*;
pub use rows::*;
pub use sign_ins::*;

use telecoder_model::port::store::Store;

cases! { $ store, store_conformance, dyn Store {
    a_new_session_is_read_back_whole
    a_taken_id_is_refused
    a_replaced_session_has_the_next_version
    of_many_writers_with_one_version_one_wins
    a_commit_without_a_session_writes_nothing
    a_commit_that_contradicts_itself_is_refused
    neighbours_of_a_failing_commit_are_kept
    a_stale_fence_loses
    a_failing_write_of_any_kind_leaves_nothing_behind
    events_are_numbered_densely_from_one
    appending_alone_leaves_the_version
    numbers_stay_dense_under_concurrent_writers
    a_concurrent_reader_never_meets_an_earlier_event
    an_acknowledged_commit_is_visible_to_every_read
    reads_of_events_are_bounded
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
    pages_go_from_new_to_old_without_gaps
    pages_stay_stable_while_sessions_come
    filters_narrow_a_list
    a_pull_request_on_a_forge_finds_its_sessions
    a_list_follows_the_status
    a_search_ignores_case
    lists_show_only_what_is_the_owners
    a_prefix_finds_ids
    bounds_of_pages_hold
    the_state_of_an_execution_is_replaced
    input_lines_are_kept_until_forgotten
    messages_are_numbered_densely
    a_message_leaves_the_queue_once
    the_first_answer_to_a_decision_wins
    pending_decisions_are_listed_oldest_first
    an_outside_effect_is_written_once
    outside_effects_are_due_in_order
    an_idempotency_key_is_taken_once
    a_head_has_one_open_pull_request
    concurrent_openers_get_the_same_pull_request
    an_open_pull_request_changes
    the_state_of_a_pull_request_rules_its_changes
    pull_requests_are_listed_in_pages
    a_list_of_pull_requests_is_narrowed
    a_token_is_found_by_its_hash
    a_token_is_revoked_once
    a_place_moves_only_forward
    the_last_global_number_is_that_of_the_last_event
    a_sign_in_is_found_by_its_hash
    a_sign_in_is_extended_up_to_its_end
    a_sign_in_is_taken_once
    sign_ins_that_are_over_are_forgotten
    changes_are_those_that_lists_show
    repositories_are_counted
    sessions_that_have_ended_are_listed_by_their_last_change
    sessions_that_have_not_ended_are_listed
    what_keeps_a_session_is_told
    what_is_kept_is_not_removed
    a_removed_session_leaves_nothing_but_a_grave
    a_removal_holds_against_the_version
    of_many_removals_one_is_done
    blobs_are_named_as_long_as_a_session_does
    the_rows_have_a_size
} }
