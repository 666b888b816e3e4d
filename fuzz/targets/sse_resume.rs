//! Fuzz target: an event stream that breaks anywhere and is resumed. It takes the two files that need nothing else of their
//! crate, which brings an HTTP client and TLS.
#![no_main]

#[path = "../../crates/api/src/sse.rs"]
#[allow(dead_code, reason = "only the parser is wanted")]
mod sse;
#[path = "../../crates/api/src/sse_fuzzing.rs"]
mod sse_fuzzing;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sse_fuzzing::sse_resume(bytes));
