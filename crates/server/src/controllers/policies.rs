//! Policies (layer 2).

use crate::access::Caller;
use crate::convert::session;
use axum::Json;
use telecoder_api::policy::Policy;
use telecoder_model::policy::{BUILT_IN, Policy as Domain};

pub(crate) async fn list(_: Caller) -> Json<Vec<Policy>> {
    Json(BUILT_IN.into_iter().filter_map(Domain::built_in).map(session::policy).collect())
}
