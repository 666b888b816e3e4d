//! Wire type: doctor's findings (layer 0).

use crate::word::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words!(
    /// How a finding stands.
    FindingState, "finding state", {
        /// It works.
        Ok = "ok",
        /// Something is missing that not every task needs.
        Warning = "warning",
        /// It does not work.
        Failed = "failed",
    }
);

/// One row of `doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What was looked at: `sandbox`, `agent goose`, `model anthropic`, `disk`, …
    pub subject: String,
    /// How it stands.
    pub state: FindingState,
    /// In words.
    pub detail: String,
    /// What to do.
    pub remedy: Option<String>,
}
