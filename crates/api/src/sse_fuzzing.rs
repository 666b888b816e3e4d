//! What must hold for any bytes of an event stream (layer 0); tried with a corpus by the tests, and by `cargo xtask fuzz`.
//!
//! The first byte says where the stream breaks off; from there it is resumed by a new parser, as a client does that asks for
//! what follows the last whole event.

use crate::sse::{Frame, SseError, SseParser};

/// Reads bytes whole, one by one, and with a break.
pub(crate) fn sse_resume(bytes: &[u8]) {
    let Some((first, stream)) = bytes.split_first() else { return };
    let whole = frames(stream, stream.len().max(1));
    assert_eq!(whole, frames(stream, 1), "how the bytes arrive makes no difference");
    assert_eq!(whole, frames(stream, usize::from(*first).max(1)), "how the bytes arrive makes no difference");
    let (Ok(all), true) = (whole, std::str::from_utf8(stream).is_ok()) else { return };
    let at = stream.len() * usize::from(*first) / 256;
    let Ok(before) = frames(stream.get(..at).unwrap_or_default(), 7) else { return };
    assert_eq!(
        all.get(..before.len()),
        Some(before.as_slice()),
        "a break takes nothing back and adds nothing"
    );
}

fn frames(stream: &[u8], piece: usize) -> Result<Vec<Frame>, SseError> {
    let mut parser = SseParser::default();
    for piece in stream.chunks(piece) {
        parser.push(piece)?;
    }
    Ok(std::iter::from_fn(|| parser.next_frame()).collect())
}
