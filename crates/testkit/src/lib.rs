//! For tests: fakes, conformance suites, the scripted agent and the scripted model.
