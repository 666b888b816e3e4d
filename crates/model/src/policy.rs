//! Policies (layer 0): named limits, frozen into a session when it is made.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How the agent may change the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkspaceRule {
    /// The tree is mounted read-only.
    ReadOnly,
    /// Writes go to a layer that is listed and discarded.
    ThrowAway,
    /// Writes are kept and become the change.
    Keep,
}

/// When a change leaves as a pull request. The order is the order of strictness, strictest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishRule {
    /// Only when a person publishes by hand.
    Manual,
    /// After a person approved.
    Ask,
    /// By itself.
    Auto,
}

/// The most that a policy lets out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishCeiling {
    /// Nothing is ever published.
    Never,
    /// Only after a person approved.
    Ask,
    /// Anything the request allows.
    Auto,
}

impl std::str::FromStr for PublishRule {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "manual" => Ok(Self::Manual),
            "ask" => Ok(Self::Ask),
            "auto" => Ok(Self::Auto),
            _ => Err(format!("`{text}` is not a publish rule: manual, ask or auto")),
        }
    }
}

/// How an agent's permission requests are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermissionRule {
    /// All are refused.
    DenyAll,
    /// Reading, searching, thinking and running are allowed; editing, deleting and moving are refused.
    ApproveReads,
    /// A person answers each.
    Ask,
    /// All are allowed.
    ApproveAll,
}

/// What kind of thing an agent asks to do (ACP's `ToolKind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ToolKind {
    /// Reads files.
    Read,
    /// Changes files.
    Edit,
    /// Deletes files.
    Delete,
    /// Moves files.
    Move,
    /// Searches.
    Search,
    /// Runs a command.
    Execute,
    /// Thinks.
    Think,
    /// Fetches from outside.
    Fetch,
    /// Changes its own mode.
    SwitchMode,
    /// Anything else, or not said.
    #[default]
    Other,
}

/// The answer to a permission request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermissionAnswer {
    /// Allowed, this once.
    Allow,
    /// Refused.
    Deny,
    /// A person must say.
    Ask,
}

/// Named limits on a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
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

/// The names of the built-in policies, strictest first.
pub const BUILT_IN: [&str; 3] = ["locked", "observe", "standard"];

impl Policy {
    /// Deny everything: a read-only tree, the model only, 60 s.
    pub fn locked() -> Self {
        Self {
            name: "locked".to_owned(),
            workspace: WorkspaceRule::ReadOnly,
            permissions: PermissionRule::DenyAll,
            publish: PublishCeiling::Never,
            time_seconds: 60,
            ..Self::standard()
        }
    }
    /// Look and run, keep nothing: a throw-away layer, 180 s.
    pub fn observe() -> Self {
        Self {
            name: "observe".to_owned(),
            workspace: WorkspaceRule::ThrowAway,
            permissions: PermissionRule::ApproveReads,
            publish: PublishCeiling::Never,
            time_seconds: 180,
            ..Self::standard()
        }
    }
    /// Work inside the sandbox: 30 min, may be published.
    pub fn standard() -> Self {
        Self {
            name: "standard".to_owned(),
            workspace: WorkspaceRule::Keep,
            permissions: PermissionRule::ApproveAll,
            publish: PublishCeiling::Auto,
            time_seconds: 30 * 60,
            memory_bytes: 2 << 30,
            cpu_millis: 2000,
            processes: 512,
            output_bytes: 256 << 20,
        }
    }
    /// Finds a built-in policy.
    pub fn built_in(name: &str) -> Option<Self> {
        match name {
            "locked" => Some(Self::locked()),
            "observe" => Some(Self::observe()),
            "standard" => Some(Self::standard()),
            _ => None,
        }
    }
    /// Time at work from the first prompt.
    pub fn time(&self) -> Duration {
        Duration::from_secs(self.time_seconds)
    }
    /// How a permission request is answered.
    pub fn answer(&self, kind: ToolKind) -> PermissionAnswer {
        match self.permissions {
            PermissionRule::DenyAll => PermissionAnswer::Deny,
            PermissionRule::ApproveAll => PermissionAnswer::Allow,
            PermissionRule::Ask => PermissionAnswer::Ask,
            PermissionRule::ApproveReads => match kind {
                ToolKind::Read | ToolKind::Search | ToolKind::Think | ToolKind::Execute => {
                    PermissionAnswer::Allow
                }
                ToolKind::Edit
                | ToolKind::Delete
                | ToolKind::Move
                | ToolKind::Fetch
                | ToolKind::SwitchMode
                | ToolKind::Other => PermissionAnswer::Deny,
            },
        }
    }
    /// The rule that holds when a request asks for `wanted`.
    ///
    /// # Errors
    /// In words, if the request asks for more than the policy lets out.
    pub fn publish_rule(&self, wanted: Option<PublishRule>) -> Result<PublishRule, String> {
        match (self.publish, wanted) {
            (PublishCeiling::Never, None | Some(PublishRule::Manual)) => Ok(PublishRule::Manual),
            (PublishCeiling::Never, Some(PublishRule::Ask | PublishRule::Auto)) => Err(format!(
                "policy `{}` never publishes; leave `publish` out or choose another policy",
                self.name
            )),
            (PublishCeiling::Ask, Some(PublishRule::Auto)) => {
                Err(format!("policy `{}` publishes only after approval; use `ask` or `manual`", self.name))
            }
            (PublishCeiling::Ask, None) => Ok(PublishRule::Ask),
            (PublishCeiling::Auto, None) => Ok(PublishRule::Auto),
            (PublishCeiling::Ask | PublishCeiling::Auto, Some(rule)) => Ok(rule),
        }
    }
    /// Whether nothing is allowed here that `other` forbids.
    pub fn is_within(&self, other: &Self) -> bool {
        let permission = |p: &Self| match p.permissions {
            PermissionRule::DenyAll => 0,
            PermissionRule::ApproveReads => 1,
            PermissionRule::Ask => 2,
            PermissionRule::ApproveAll => 3,
        };
        self.workspace <= other.workspace
            && permission(self) <= permission(other)
            && self.publish <= other.publish
            && self.time_seconds <= other.time_seconds
            && self.memory_bytes <= other.memory_bytes
            && self.cpu_millis <= other.cpu_millis
            && self.processes <= other.processes
            && self.output_bytes <= other.output_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locked_is_within_observe_is_within_standard() {
        assert!(Policy::locked().is_within(&Policy::observe()));
        assert!(Policy::observe().is_within(&Policy::standard()));
        assert!(!Policy::standard().is_within(&Policy::observe()));
        assert!(!Policy::observe().is_within(&Policy::locked()));
        for name in BUILT_IN {
            assert_eq!(Policy::built_in(name).unwrap().name, name);
        }
    }

    #[test]
    fn the_stricter_publish_rule_wins_and_more_is_refused() {
        let standard = Policy::standard();
        assert_eq!(standard.publish_rule(None), Ok(PublishRule::Auto));
        assert_eq!(standard.publish_rule(Some(PublishRule::Manual)), Ok(PublishRule::Manual));
        assert_eq!(Policy::observe().publish_rule(None), Ok(PublishRule::Manual));
        assert!(
            Policy::observe().publish_rule(Some(PublishRule::Auto)).unwrap_err().contains("never publishes")
        );
    }

    #[test]
    fn answers_follow_the_rule() {
        let observe = Policy::observe();
        assert_eq!(observe.answer(ToolKind::Read), PermissionAnswer::Allow);
        assert_eq!(observe.answer(ToolKind::Execute), PermissionAnswer::Allow);
        assert_eq!(observe.answer(ToolKind::Edit), PermissionAnswer::Deny);
        assert_eq!(observe.answer(ToolKind::Other), PermissionAnswer::Deny);
        assert_eq!(Policy::locked().answer(ToolKind::Read), PermissionAnswer::Deny);
        assert_eq!(Policy::standard().answer(ToolKind::Edit), PermissionAnswer::Allow);
    }
}
