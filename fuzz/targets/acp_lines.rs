//! Fuzz target: the lines of an agent, with what a person and a restart do in between.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| telecoder_agent::fuzzing::acp_lines(bytes));
