//! The suites of the two ports that this crate implements: the process port on this host, and the local driver.

mod process {
    use std::sync::Arc;
    use telecoder_model::port::process::Processes;
    use telecoder_sandbox::HostProcesses;
    use telecoder_testkit::conformance::Subject;

    async fn make() -> Subject<dyn Processes> {
        Subject::alone(Arc::new(HostProcesses::new("/usr/local/bin:/usr/bin:/bin")))
    }

    telecoder_testkit::process_conformance!(make);
}

mod sandbox {
    use crate::ground::{Ground, options};
    use std::fmt;
    use std::sync::Arc;
    use telecoder_model::port::sandbox::{Listener, SandboxDriver, SandboxRef, SandboxSpec};
    use telecoder_sandbox::{CgroupChoice, LocalDriver};
    use telecoder_testkit::conformance::Subject;
    use telecoder_testkit::conformance::sandbox::SandboxWorld;

    struct Local {
        ground: Ground,
        driver: Arc<LocalDriver>,
    }

    impl fmt::Debug for Local {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.driver.fmt(f)
        }
    }

    async fn make() -> Subject<dyn SandboxWorld> {
        let ground = Ground::new();
        let driver = LocalDriver::new(options(ground.dir.path(), CgroupChoice::Detect)).unwrap();
        Subject::alone(Arc::new(Local { ground, driver: Arc::new(driver) }))
    }

    impl SandboxWorld for Local {
        fn driver(&self) -> Arc<dyn SandboxDriver> {
            self.driver.clone()
        }

        fn reference(&self) -> SandboxRef {
            self.ground.reference()
        }

        fn spec(&self) -> SandboxSpec {
            let listener = Listener { name: "model".to_owned(), port: 8391 };
            SandboxSpec { listeners: vec![listener], ..self.ground.spec() }
        }
    }

    telecoder_testkit::sandbox_conformance!(make);
}
