//! Answers that break off: the inside sees a cut, and the record says so.

use crate::inside::{Client, gateway};
use crate::recorder::Recorder;
use crate::transcripts::{self, Transcript};
use crate::upstream::{Act, Upstream, chunk, chunked_head, head, last_chunk};
use telecoder_model::port::gateway::Provider;
use telecoder_model::usage::CallEnd;

/// Plays acts for one call of a transcript, and gives what the inside saw: the body, whether it was cut, and the record.
async fn played(transcript: &Transcript, acts: Vec<Act>) -> (String, bool, CallEnd) {
    let upstream = Upstream::play(acts).await;
    let (gateway, sink) = (gateway(&upstream), Recorder::new());
    let mut client =
        Client::connect(&gateway, Provider::of_listener(transcript.listener).unwrap(), &sink).await;
    let got = client.post(transcript.path, transcript.request).await;
    let call = sink.wait(1).await;
    assert_eq!(call.error.is_none(), call.end == CallEnd::Finished, "{call:?}");
    (got.text(), got.cut, call.end)
}

#[tokio::test]
async fn an_answer_in_chunks_that_is_cut_anywhere_is_cut_inside_too() {
    for transcript in transcripts::all() {
        let chunks: Vec<&[u8]> = transcript.body.as_bytes().chunks(64).collect();
        for count in 0..=chunks.len() {
            let mut acts = vec![chunked_head(transcript.content_type)];
            acts.extend(chunks[..count].iter().map(|bytes| chunk(bytes)));
            let (body, cut, end) = played(&transcript, acts).await;
            let sent = chunks[..count].concat();
            let whole = count == chunks.len() && transcript.end_mark.is_some();
            assert_eq!(body.as_bytes(), sent, "{} after {count} chunks", transcript.name);
            let expected = if whole { (false, CallEnd::Finished) } else { (true, CallEnd::Broken) };
            assert_eq!((cut, end), expected, "{} after {count} chunks", transcript.name);
        }
    }
}

#[tokio::test]
async fn an_answer_that_ends_well_without_its_end_mark_is_cut_inside() {
    for transcript in transcripts::all() {
        let body = transcript.body.as_bytes();
        let short = &body[..body.len() / 3];
        let by_chunks = vec![chunked_head(transcript.content_type), chunk(short), last_chunk()];
        assert!(played(&transcript, by_chunks).await.1, "{}", transcript.name);
        let mut bytes = head("200 OK", &[("content-type", transcript.content_type)]);
        bytes.extend_from_slice(short);
        let (_, cut, end) = played(&transcript, vec![Act::Send(bytes)]).await;
        assert_eq!((cut, end), (true, CallEnd::Broken), "{} by the connection's end", transcript.name);
    }
}

#[tokio::test]
async fn an_answer_that_ends_with_the_connection_and_is_whole_is_whole() {
    for transcript in transcripts::all() {
        let mut bytes = head("200 OK", &[("content-type", transcript.content_type)]);
        bytes.extend_from_slice(transcript.body.as_bytes());
        let (body, cut, end) = played(&transcript, vec![Act::Send(bytes)]).await;
        assert_eq!(
            (body.as_str(), cut, end),
            (transcript.body, false, CallEnd::Finished),
            "{}",
            transcript.name
        );
    }
}

#[tokio::test]
async fn a_page_that_is_no_answer_is_cut() {
    let acts = vec![chunked_head("text/html"), chunk(b"<html>Log in to the network</html>"), last_chunk()];
    let (_, cut, end) = played(&transcripts::MESSAGES, acts).await;
    assert_eq!((cut, end), (true, CallEnd::Broken));
}
