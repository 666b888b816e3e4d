//! The ids' conformance suite on the system's randomness (dev layer).

use std::sync::Arc;
use telecoder_model::port::ids::Ids;
use telecoder_store::SystemIds;
use telecoder_testkit::conformance::Subject;

async fn make() -> Subject<dyn Ids> {
    Subject::alone(Arc::new(SystemIds))
}

telecoder_testkit::ids_conformance!(make);
