//! Tests of the meter on whole answers of every format, in any chunks, and cut anywhere.

use super::*;
use crate::route::Purpose;
use proptest::prelude::*;
use telecoder_model::port::gateway::Provider;

#[path = "../../tests/it/transcripts.rs"]
mod transcripts;

use transcripts::Transcript;

fn format_of(transcript: &Transcript) -> (Format, bool) {
    let provider = Provider::of_listener(transcript.listener).unwrap();
    let parts =
        hyper::Request::post(transcript.path).header("host", "localhost").body(()).unwrap().into_parts().0;
    let Ok(crate::route::Screened::Pass(route)) = crate::route::screen(provider, &parts) else {
        panic!("{} is not passed", transcript.path)
    };
    let Purpose::Call(format) = route.purpose else { panic!("{} is not a call", transcript.path) };
    let asked = crate::request::read(&route, transcript.request.as_bytes()).unwrap();
    assert_eq!(asked.model.as_deref(), Some(transcript.model), "{}", transcript.name);
    (format, asked.streams)
}

fn metered(transcript: &Transcript, chunks: &[&[u8]], good_end: bool) -> (bool, (u64, u64, u64)) {
    let (format, streams) = format_of(transcript);
    let mut meter = Meter::new(format, Some(transcript.content_type), streams);
    for chunk in chunks {
        meter.feed(chunk);
    }
    if good_end {
        meter.end();
    }
    let usage = meter.usage();
    (meter.is_whole(), (usage.input_tokens, usage.output_tokens, usage.cached_tokens))
}

#[test]
fn every_format_is_counted_and_its_end_seen() {
    for transcript in transcripts::all() {
        let whole = metered(&transcript, &[transcript.body.as_bytes()], true);
        assert_eq!(whole, (true, transcript.tokens), "{}", transcript.name);
    }
}

#[test]
fn an_answer_that_stops_anywhere_is_whole_only_behind_its_end_mark() {
    for transcript in transcripts::all() {
        let body = transcript.body.as_bytes();
        let mark = transcript.end_mark.map(|mark| transcript.body.find(mark).unwrap() + mark.len());
        for at in 0..=body.len() {
            let (whole, _) = metered(&transcript, &[&body[..at]], false);
            assert_eq!(whole, mark.is_some_and(|mark| at >= mark), "{} cut at {at}", transcript.name);
        }
    }
}

#[test]
fn a_document_that_ends_early_in_good_order_is_not_whole() {
    for transcript in
        transcripts::all().iter().filter(|transcript| transcript.content_type == "application/json")
    {
        let body = transcript.body.as_bytes();
        for at in 0..body.len() {
            let (whole, tokens) = metered(transcript, &[&body[..at]], true);
            assert_eq!((whole, tokens), (false, (0, 0, 0)), "{} cut at {at}", transcript.name);
        }
    }
}

#[test]
fn failures_that_a_provider_tells_are_read() {
    let cases: [(Format, bool, &str, &str); 7] = [
        (
            Format::Messages,
            true,
            "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
            "Overloaded",
        ),
        (
            Format::Chat,
            true,
            "data: {\"error\":{\"message\":\"no\",\"code\":502},\"choices\":[{\"finish_reason\":\"error\"}]}\n\n",
            "no",
        ),
        (
            Format::Responses,
            true,
            "data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"x\",\"message\":\"broke\"}}}\n\n",
            "broke",
        ),
        (Format::Responses, true, "data: {\"type\":\"error\",\"message\":\"top\"}\n\n", "top"),
        (
            Format::Responses,
            false,
            "{\"status\":\"in_progress\",\"error\":null}",
            "the provider ended the answer with an error",
        ),
        (
            Format::Gemini,
            true,
            "data: {\"error\":{\"code\":503,\"message\":\"busy\",\"status\":\"UNAVAILABLE\"}}\n\n",
            "busy",
        ),
        (Format::Chat, false, "{\"error\":{\"message\":\"upstream\"}}", "upstream"),
    ];
    for (format, streams, body, words) in cases {
        let mut meter = Meter::new(format, None, streams);
        meter.feed(body.as_bytes());
        meter.end();
        assert_eq!((meter.is_whole(), meter.failure()), (false, Some(words)), "{body}");
    }
}

#[test]
fn nonsense_is_passed_over() {
    let mut meter = Meter::new(Format::Messages, Some("text/event-stream"), true);
    meter.feed(b"data: {\"usage\":7}\n\ndata: nothing\n\ndata: {\"usage\":{\"input_tokens\":-1,\"output_tokens\":\"9\"}}\n\ndata: []\n\n");
    meter
        .feed(b"data: {\"usage\":{\"input_tokens\":18446744073709551615,\"cache_read_input_tokens\":9}}\n\n");
    meter.end();
    assert!(!meter.is_whole());
    assert_eq!(meter.usage().input_tokens, u64::MAX);
}

#[test]
fn a_blocked_prompt_of_gemini_is_a_whole_answer() {
    let mut meter = Meter::new(Format::Gemini, Some("text/event-stream"), true);
    meter.feed(b"data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\n\n");
    assert!(meter.is_said() && !meter.is_whole());
    meter.end();
    assert!(meter.is_whole());
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_counts(which in 0usize..11, cuts in proptest::collection::vec(0usize..1200, 0..12)) {
        let transcript = &transcripts::all()[which];
        let bytes = transcript.body.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        prop_assert_eq!(metered(transcript, &chunks, true), (true, transcript.tokens));
    }
}
