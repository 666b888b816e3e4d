//! The bus's conformance suite within one process (dev layer).

use std::sync::Arc;
use telecoder_model::port::bus::Bus;
use telecoder_store::LocalBus;
use telecoder_testkit::conformance::Subject;

async fn make() -> Subject<dyn Bus> {
    Subject::alone(Arc::new(LocalBus::new()))
}

telecoder_testkit::bus_conformance!(make);
