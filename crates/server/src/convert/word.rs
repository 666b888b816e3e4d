//! The closed lists of words, domain to wire and back (layer 2). Matched without a wildcard, so that a new word is a compile
//! error here.

use telecoder_api as wire;
use telecoder_model as model;

macro_rules! to_wire {
    ($name:ident, $from:path => $to:path, $($variant:ident),+ $(,)?) => {
        pub(crate) fn $name(value: $from) -> $to {
            use $from as From;
            use $to as To;
            match value { $(From::$variant => To::$variant),+ }
        }
    };
}

to_wire!(status, model::session::Status => wire::session::Status,
    Pending, Preparing, Running, Waiting, Idle, Hibernated, Complete, Error, Stopped);
to_wire!(failure, model::session::FailureKind => wire::session::FailureKind,
    Abandoned, SetupError, SandboxError, AgentError, PolicyDenied, Timeout, Budget, GitError, ForgeError, DiskFull, Internal);
to_wire!(mode, model::session::Mode => wire::session::Mode, Task, Chat);
to_wire!(mode_of, wire::session::Mode => model::session::Mode, Task, Chat);
to_wire!(pipeline, model::session::Pipeline => wire::session::Pipeline, Full, Verify, None);
to_wire!(pipeline_of, wire::session::Pipeline => model::session::Pipeline, Full, Verify, None);
to_wire!(source, model::session::Source => wire::session::Source, Cli, Api, Web, Watch);
to_wire!(result, model::session::ResultKind => wire::session::ResultKind, Pr, Text, None);
to_wire!(forge_of, wire::session::ForgeChoice => model::session::ForgeChoice, Origin, Local);
to_wire!(workspace, model::policy::WorkspaceRule => wire::policy::WorkspaceRule, ReadOnly, ThrowAway, Keep);
to_wire!(permissions, model::policy::PermissionRule => wire::policy::PermissionRule, DenyAll, ApproveReads, Ask, ApproveAll);
to_wire!(publish, model::policy::PublishRule => wire::policy::PublishRule, Manual, Ask, Auto);
to_wire!(risk, telecoder_engine::request::Risk => wire::approval::Risk, Read, ContainedWrite, RepositoryWrite, High);
to_wire!(publish_of, wire::policy::PublishRule => model::policy::PublishRule, Manual, Ask, Auto);
to_wire!(ceiling, model::policy::PublishCeiling => wire::policy::PublishCeiling, Never, Ask, Auto);
to_wire!(tool, model::policy::ToolKind => wire::policy::ToolKind,
    Read, Edit, Delete, Move, Search, Execute, Think, Fetch, SwitchMode, Other);
to_wire!(pull_state, model::pull::PullState => wire::pull::PullState, Draft, Open, Merged, Closed);
to_wire!(pull_state_of, wire::pull::PullState => model::pull::PullState, Draft, Open, Merged, Closed);
to_wire!(mergeable, model::port::forge::Mergeable => wire::pull::Mergeable, Unknown, Clean, Conflicts);
to_wire!(check, model::port::forge::ForgeCheckState => wire::pull::PullCheckState,
    Queued, Running, Passed, Failed, Cancelled, Skipped, Neutral);
to_wire!(review, model::port::forge::ReviewState => wire::pull::ReviewState,
    Approved, ChangesRequested, Commented, Dismissed);
to_wire!(status_of, wire::session::Status => model::session::Status,
    Pending, Preparing, Running, Waiting, Idle, Hibernated, Complete, Error, Stopped);
to_wire!(scope, model::principal::Scope => wire::token::Scope, Read, Run, Publish, Admin);
to_wire!(scope_of, wire::token::Scope => model::principal::Scope, Read, Run, Publish, Admin);
to_wire!(author, model::event::Author => wire::event::Author, User, Agent, Platform);
to_wire!(step, model::event::StepState => wire::event::StepState, Started, Finished, Failed);
to_wire!(tool_status, model::event::ToolStatus => wire::event::ToolStatus, Pending, InProgress, Completed, Failed);
to_wire!(call_end, model::usage::CallEnd => wire::usage::CallEnd, Finished, Refused, Broken, Abandoned);
to_wire!(decision, model::decision::DecisionState => wire::approval::ApprovalState, Pending, Approved, Denied, Cancelled);
to_wire!(message, model::port::store::MessageState => wire::message::MessageState, Queued, Delivered, Dropped);
to_wire!(queueing, model::port::store::Queueing => wire::message::Queueing, Followup, Steer, Collect);
to_wire!(queueing_of, wire::message::Queueing => model::port::store::Queueing, Followup, Steer, Collect);
to_wire!(file_change, model::port::git::FileChange => wire::diff::FileChange, Added, Modified, Deleted, Renamed);
to_wire!(finding, telecoder_engine::request::FindingState => wire::doctor::FindingState, Ok, Warning, Failed);
