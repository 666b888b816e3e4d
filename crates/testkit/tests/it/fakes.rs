//! Every fake passes its port's conformance suite.

use std::sync::Arc;
use telecoder_testkit::conformance::Subject;
use telecoder_testkit::fakes::{FakeClock, MemoryBlobs, MemoryBus, SeededIds};

mod clock {
    use super::*;
    use std::time::Duration;
    use telecoder_model::port::clock::Clock;

    /// Ends a task when it is dropped.
    struct Mover(tokio::task::JoinHandle<()>);

    impl Drop for Mover {
        fn drop(&mut self) {
            self.0.abort();
        }
    }

    /// A manual clock that is moved as fast as a real one.
    async fn moved() -> Subject<dyn Clock> {
        let clock = FakeClock::new();
        let moving = clock.clone();
        let mover = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(1));
            loop {
                ticks.tick().await;
                moving.advance(Duration::from_millis(1));
            }
        });
        Subject::with(Arc::new(clock), Mover(mover))
    }

    telecoder_testkit::clock_conformance!(moved);
}

mod ids {
    use super::*;
    use telecoder_model::port::ids::Ids;

    async fn seeded() -> Subject<dyn Ids> {
        Subject::alone(Arc::new(SeededIds::new(7)))
    }

    telecoder_testkit::ids_conformance!(seeded);
}

mod blobs {
    use super::*;
    use telecoder_model::port::blobs::Blobs;

    async fn memory() -> Subject<dyn Blobs> {
        Subject::alone(Arc::new(MemoryBlobs::default()))
    }

    telecoder_testkit::blobs_conformance!(memory);
}

mod bus {
    use super::*;
    use telecoder_model::port::bus::Bus;

    async fn memory() -> Subject<dyn Bus> {
        Subject::alone(Arc::new(MemoryBus::new()))
    }

    telecoder_testkit::bus_conformance!(memory);
}
