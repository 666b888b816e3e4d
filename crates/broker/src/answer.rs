//! The body of an answer on its way into a sandbox (layer 1).
//!
//! Invariants: at most one chunk waits, so that a slow reader slows the provider; a body ends well only when that was said
//! in words (`Piece::End`). When its sender is gone without it, for whatever reason, the reader sees a cut, after all that
//! came before it.

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// The answer broke off. The connection is closed without the end mark.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
pub(crate) struct Cut;

/// What a sender says of a streamed body.
#[derive(Debug)]
pub(crate) enum Piece {
    Chunk(Bytes),
    End,
}

/// A body that is known whole, or one that is still coming.
#[derive(Debug)]
pub(crate) enum AnswerBody {
    Full(Option<Bytes>),
    Coming(mpsc::Receiver<Piece>),
    Cutting,
    Over,
}

impl AnswerBody {
    pub(crate) fn full(bytes: Bytes) -> Self {
        Self::Full(Some(bytes))
    }
    pub(crate) fn coming() -> (mpsc::Sender<Piece>, Self) {
        let (sender, receiver) = mpsc::channel(1);
        (sender, Self::Coming(receiver))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let body = self.get_mut();
        let piece = match body {
            Self::Full(bytes) => {
                let bytes = bytes.take();
                return Poll::Ready(
                    bytes.filter(|bytes| !bytes.is_empty()).map(|bytes| Ok(Frame::data(bytes))),
                );
            }
            Self::Cutting => {
                *body = Self::Over;
                return Poll::Ready(Some(Err(Cut)));
            }
            Self::Over => return Poll::Ready(None),
            Self::Coming(receiver) => match receiver.poll_recv(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(piece) => piece,
            },
        };
        match piece {
            Some(Piece::Chunk(bytes)) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Some(Piece::End) => {
                *body = Self::Over;
                Poll::Ready(None)
            }
            None => {
                // The connection writes out what it holds before it asks again.
                *body = Self::Cutting;
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Coming(_) | Self::Cutting => false,
            Self::Over => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Coming(_) | Self::Cutting => SizeHint::default(),
            Self::Over => SizeHint::with_exact(0),
        }
    }
}
