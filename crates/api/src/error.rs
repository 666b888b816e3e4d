//! Wire type: error (layer 0). Every failed request is answered by one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// In words.
    pub error: String,
    /// A stable name, for programs.
    #[schema(example = "session_not_found")]
    pub code: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
    /// Names the request in the server's log.
    pub request_id: String,
}
