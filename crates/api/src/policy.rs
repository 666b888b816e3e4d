//! Wire type: policy (layer 0): named limits.

use crate::word::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words!(
    /// How the agent may change the workspace.
    WorkspaceRule, "workspace rule", {
        /// The tree is mounted read-only.
        ReadOnly = "read_only",
        /// Writes go to a layer that is listed and discarded.
        ThrowAway = "throw_away",
        /// Writes are kept and become the change.
        Keep = "keep",
    }
);

words!(
    /// How an agent's permission requests are answered.
    PermissionRule, "permission rule", {
        /// All are refused.
        DenyAll = "deny_all",
        /// Reading, searching, thinking and running are allowed; editing, deleting and moving are refused.
        ApproveReads = "approve_reads",
        /// A person answers each.
        Ask = "ask",
        /// All are allowed.
        ApproveAll = "approve_all",
    }
);

words!(
    /// When a change leaves as a pull request.
    PublishRule, "publish rule", {
        /// Only when a person publishes by hand.
        Manual = "manual",
        /// After a person approved.
        Ask = "ask",
        /// By itself.
        Auto = "auto",
    }
);

words!(
    /// The most that a policy lets out.
    PublishCeiling, "publish ceiling", {
        /// Nothing is ever published.
        Never = "never",
        /// Only after a person approved.
        Ask = "ask",
        /// Anything the request allows.
        Auto = "auto",
    }
);

words!(
    /// What kind of thing an agent does or asks to do.
    ToolKind, "tool kind", {
        /// Reads files.
        Read = "read",
        /// Changes files.
        Edit = "edit",
        /// Deletes files.
        Delete = "delete",
        /// Moves files.
        Move = "move",
        /// Searches.
        Search = "search",
        /// Runs a command.
        Execute = "execute",
        /// Thinks.
        Think = "think",
        /// Fetches from outside.
        Fetch = "fetch",
        /// Changes its own mode.
        SwitchMode = "switch_mode",
        /// Anything else, or not said.
        Other = "other",
    }
);

/// Named limits on a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// How the workspace may change.
    pub workspace: WorkspaceRule,
    /// How permission requests are answered.
    pub permissions: PermissionRule,
    /// The most that may be published.
    pub publish: PublishCeiling,
    /// Time at work from the first prompt, in seconds.
    pub time_seconds: u64,
    /// Memory of the sandbox, in bytes.
    pub memory_bytes: u64,
    /// CPU of the sandbox, in thousandths of a CPU.
    pub cpu_millis: u32,
    /// Processes and threads in the sandbox.
    pub processes: u32,
    /// Output of the agent that is kept, in bytes.
    pub output_bytes: u64,
}
