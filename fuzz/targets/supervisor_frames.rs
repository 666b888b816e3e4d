//! Fuzz target: whatever a sandbox could send instead of its supervisor.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| telecoder_sandbox::fuzzing::supervisor_frames(bytes));
