//! The clock's conformance suite on the system's clock (dev layer).

use std::sync::Arc;
use telecoder_model::port::clock::Clock;
use telecoder_store::SystemClock;
use telecoder_testkit::conformance::Subject;

async fn make() -> Subject<dyn Clock> {
    Subject::alone(Arc::new(SystemClock::new()))
}

telecoder_testkit::clock_conformance!(make);
