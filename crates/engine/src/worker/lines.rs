//! The lines of an agent's standard output (layer 1): pieces in, whole lines out.
//!
//! Each byte is looked at once, however a line is cut into pieces, and the buffer is given back once its line was taken.

use bytes::Bytes;
use telecoder_model::port::sandbox::MAX_LINE;

/// By so much the buffer of a long line grows.
const STEP: usize = 1 << 20;
/// Lines that are taken at once: each may want an answer, and the store bounds what one commit writes.
const PORTION: usize = 250;

/// What of the output is no whole line yet, and the lines that are.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    pieces: Vec<u8>,
    whole: Vec<Bytes>,
    waiting: usize,
}

/// A line is longer than any may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Lines {
    /// Takes what was read.
    pub(crate) fn push(&mut self, bytes: &Bytes) -> Result<(), TooLong> {
        let mut rest = bytes.clone();
        while let Some(end) = memchr::memchr(b'\n', &rest) {
            let piece = rest.split_to(end);
            drop(rest.split_to(1));
            let line = if self.pieces.is_empty() {
                piece
            } else {
                self.extend(&piece)?;
                Bytes::from(std::mem::take(&mut self.pieces))
            };
            if line.len() > MAX_LINE {
                return Err(TooLong);
            }
            self.waiting = self.waiting.saturating_add(line.len());
            self.whole.push(line);
        }
        self.extend(&rest)
    }

    fn extend(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        let wanted = self.pieces.len().saturating_add(bytes.len());
        if wanted > MAX_LINE {
            return Err(TooLong);
        }
        if wanted > self.pieces.capacity() && wanted > STEP {
            // Doubling would take twice of what the longest line needs.
            self.pieces.reserve_exact(bytes.len().max(STEP));
        }
        self.pieces.extend_from_slice(bytes);
        Ok(())
    }

    /// Bytes that wait to be taken or to become a line.
    pub(crate) fn len(&self) -> usize {
        self.pieces.len().saturating_add(self.waiting)
    }

    /// Whole lines without their ends, so many as one transaction takes, and how many bytes they took with them.
    pub(crate) fn take(&mut self) -> Option<(Vec<Bytes>, u64)> {
        let mut lines = std::mem::take(&mut self.whole);
        self.whole = lines.split_off(lines.len().min(PORTION));
        let bytes = lines.iter().map(Bytes::len).sum();
        self.waiting = self.waiting.saturating_sub(bytes);
        let read = bytes.saturating_add(lines.len());
        (read > 0).then(|| (lines, u64::try_from(read).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], size: usize) -> (Vec<Vec<u8>>, u64) {
        let mut lines = Lines::default();
        for piece in text.chunks(size) {
            lines.push(&Bytes::copy_from_slice(piece)).unwrap();
        }
        let (whole, read) = lines.take().unwrap();
        assert_eq!(lines.take(), None);
        (whole.iter().map(|line| line.to_vec()).collect(), read)
    }

    #[test]
    fn lines_are_the_same_however_they_are_cut() {
        let text = b"one\n\ntwo \xff\nthree\nrest";
        let expected = (vec![b"one".to_vec(), b"".to_vec(), b"two \xff".to_vec(), b"three".to_vec()], 17);
        for size in 1..=text.len() {
            assert_eq!(all(text, size), expected, "{size}");
        }
    }

    #[test]
    fn many_lines_are_taken_in_portions() {
        let mut lines = Lines::default();
        lines.push(&Bytes::from("x\n".repeat(PORTION + 1))).unwrap();
        assert_eq!(
            lines.take().map(|(lines, read)| (lines.len(), read)),
            Some((PORTION, 2 * PORTION as u64))
        );
        assert_eq!(lines.len(), 1);
        assert_eq!(lines.take(), Some((vec![Bytes::from_static(b"x")], 2)));
        assert_eq!((lines.take(), lines.len()), (None, 0));
    }

    #[test]
    fn the_longest_line_passes_and_a_longer_one_does_not() {
        let piece = Bytes::from(vec![b'x'; 64 << 10]);
        let mut lines = Lines::default();
        for _ in 0..MAX_LINE / piece.len() {
            lines.push(&piece).unwrap();
        }
        assert!(lines.pieces.capacity() <= MAX_LINE + STEP);
        let mut too_long = Lines { pieces: lines.pieces.clone(), ..Lines::default() };
        assert_eq!(too_long.push(&Bytes::from_static(b"x")), Err(TooLong));
        lines.push(&Bytes::from_static(b"\n")).unwrap();
        assert_eq!(lines.take().unwrap().1, 1 + MAX_LINE as u64);
        assert_eq!(lines.pieces.capacity(), 0);
    }
}
