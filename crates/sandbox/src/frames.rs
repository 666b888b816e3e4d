//! What must hold for any bytes that come out of a sandbox (layer 1); tried with a corpus by the tests, and by
//! `cargo xtask fuzz`.
//!
//! The first byte says how they are read: as headers, as the pieces of an output, or as a whole connection with its
//! multiplexer. Nothing panics, nothing waits for more than has come, and what is held follows from what has come.

use crate::driver::{ATTEMPT, attached};
use crate::protocol::{MAX_OPENING, MAX_REPLY, MAX_REQUEST, Opening, Reply, Request, read_header};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

/// How long an end may take that is there already.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tries bytes.
pub(crate) fn supervisor_frames(bytes: &[u8]) {
    let Some((how, bytes)) = bytes.split_first() else { return };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let outcome = runtime.block_on(async { tokio::time::timeout(PATIENCE, read(*how, bytes)).await });
    assert!(outcome.is_ok(), "what has ended is waited for");
}

async fn read(how: u8, bytes: &[u8]) {
    let mut from = bytes;
    match how % 5 {
        0 => while read_header::<Reply>(&mut from, MAX_REPLY).await.is_ok() {},
        1 => while read_header::<Opening>(&mut from, MAX_OPENING).await.is_ok() {},
        2 => while read_header::<Request>(&mut from, MAX_REQUEST).await.is_ok() {},
        3 => attached::read_pieces(from).await,
        _ => connection(bytes).await,
    }
}

/// A peer that says all of it at once and is gone.
async fn connection(bytes: &[u8]) {
    let Ok((ours, mut theirs)) = UnixStream::pair() else { return };
    let Ok(reference) = ATTEMPT.parse() else { return };
    let say = async {
        // The other side may have had enough before the end.
        drop(theirs.write_all(bytes).await);
        drop(theirs);
    };
    let attach = async {
        if let Ok(sandbox) = attached::LocalSandbox::attach(reference, ours).await {
            attached::use_all(&sandbox).await;
        }
    };
    tokio::join!(say, attach);
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_corpus_and_its_changes_hold() {
        let tried = telecoder_testkit::corpus::try_all("supervisor_frames", super::supervisor_frames);
        assert!(tried > 400, "{tried}");
    }
}
