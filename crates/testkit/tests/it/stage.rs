//! The suite of the stage port on a small example (the product has no stage of its own yet), and on stages that break it.

use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use telecoder_model::PortError;
use telecoder_model::port::stage::{Moment, Stage, StageView, Verdict};
use telecoder_testkit::conformance::Subject;
use telecoder_testkit::conformance::stage::{self, StageWorld, view};

/// Doubts a change of code that touches no test.
#[derive(Debug)]
struct Untested;

/// The files that a patch names as changed.
fn files(patch: &str) -> impl Iterator<Item = &str> {
    patch.lines().filter_map(|line| line.strip_prefix("+++ b/"))
}

#[async_trait]
impl Stage for Untested {
    fn name(&self) -> &'static str {
        "untested"
    }

    fn moment(&self) -> Moment {
        Moment::AfterTurn
    }

    async fn run(&self, view: &StageView) -> Result<Verdict, PortError> {
        let code = files(&view.patch).filter(|file| !file.contains("test")).count();
        if code == 0 || files(&view.patch).any(|file| file.contains("test")) {
            return Ok(Verdict::Pass);
        }
        Ok(Verdict::Doubt(format!("no test was changed along with {code} files")))
    }
}

fn telling() -> StageView {
    let patch = "diff --git a/src/calc.py b/src/calc.py\n--- a/src/calc.py\n+++ b/src/calc.py\n".to_owned();
    StageView { patch, ..view() }
}

#[derive(Debug)]
struct Example;

impl StageWorld for Example {
    fn stage(&self) -> Arc<dyn Stage> {
        Arc::new(Untested)
    }

    fn telling(&self) -> StageView {
        telling()
    }

    fn reachable(&self) -> String {
        String::new()
    }
}

async fn make() -> Subject<dyn StageWorld> {
    Subject::alone(Arc::new(Example))
}

telecoder_testkit::stage_conformance!(make);

/// Counts its runs, says so, and says it at the wrong moment.
#[derive(Debug, Default)]
struct Counting(AtomicU64);

#[async_trait]
impl Stage for Counting {
    fn name(&self) -> &'static str {
        "Counting stage"
    }

    fn moment(&self) -> Moment {
        Moment::BeforeTurn
    }

    async fn run(&self, _: &StageView) -> Result<Verdict, PortError> {
        Ok(Verdict::Revise(format!("run {}", self.0.fetch_add(1, Ordering::SeqCst))))
    }
}

#[derive(Debug, Default)]
struct Breaking(Arc<Counting>);

impl StageWorld for Breaking {
    fn stage(&self) -> Arc<dyn Stage> {
        self.0.clone()
    }

    fn telling(&self) -> StageView {
        telling()
    }

    fn reachable(&self) -> String {
        format!("{:?}", self.0)
    }
}

#[tokio::test]
async fn every_case_notices_a_stage_that_breaks_it() {
    for (name, case) in stage::all() {
        let world: Arc<dyn StageWorld> = Arc::new(Breaking::default());
        assert!(tokio::spawn(case(world)).await.is_err(), "{name} notices nothing");
    }
}
