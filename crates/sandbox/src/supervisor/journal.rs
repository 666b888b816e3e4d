//! The journal of one output stream (layer 1): bytes with offsets, on disk until they are acknowledged.
//!
//! Segments of a few MiB each, so that acknowledged output can be deleted. Invariants: `start <= end`; every byte in
//! `start..end` can be read; a segment is deleted once all of it lies before `start`. The journal needs no recovery:
//! it ends with the supervisor, as all processes do.

use rustix::fs::{AtFlags, Mode, OFlags};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::rc::Rc;

/// The size of a full segment, in bytes.
const SEGMENT: u64 = 4 << 20;

/// A journal. Dropping it deletes what is left of it.
#[derive(Debug)]
pub(super) struct Journal {
    dir: Rc<OwnedFd>,
    name: String,
    segments: VecDeque<Segment>,
    start: u64,
    end: u64,
}

#[derive(Debug)]
struct Segment {
    begin: u64,
    length: u64,
    file: File,
}

impl Journal {
    /// Makes an empty journal whose files begin with `name` in `dir`.
    pub(super) fn new(dir: Rc<OwnedFd>, name: String) -> Self {
        Self { dir, name, segments: VecDeque::new(), start: 0, end: 0 }
    }

    /// The offset before which everything is acknowledged.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// The offset behind the last byte.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Adds bytes at the end. On an error (a full disk) none of them counts.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.segments.back().is_none_or(|last| last.length >= SEGMENT) {
            let file = File::from(self.make_file()?);
            self.segments.push_back(Segment { begin: self.end, length: 0, file });
        }
        let Some(last) = self.segments.back_mut() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        last.file.write_all_at(bytes, last.length)?;
        let length = bytes.len() as u64;
        last.length += length;
        self.end += length;
        Ok(())
    }

    /// Reads at most `limit` bytes from an offset in `start..=end`; nothing at the end.
    pub(super) fn read(&self, from: u64, limit: usize) -> io::Result<Vec<u8>> {
        let Some(segment) = self.segments.iter().rev().find(|segment| segment.begin <= from) else {
            return Ok(Vec::new());
        };
        let within = from - segment.begin;
        let length = segment.length.saturating_sub(within).min(limit as u64);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        segment.file.read_exact_at(&mut bytes, within)?;
        Ok(bytes)
    }

    /// Forgets what lies before an offset; an offset behind the end means the end.
    pub(super) fn acknowledge(&mut self, before: u64) {
        self.start = self.start.max(before.min(self.end));
        while self.segments.front().is_some_and(|first| first.begin + first.length <= self.start) {
            self.remove_first();
        }
    }

    fn remove_first(&mut self) {
        if let Some(first) = self.segments.pop_front() {
            // What cannot be deleted now goes with the run folder.
            rustix::fs::unlinkat(&self.dir, self.file_name(first.begin), AtFlags::empty()).ok();
        }
    }

    fn file_name(&self, begin: u64) -> String {
        format!("{}.{begin:016x}", self.name)
    }

    fn make_file(&self) -> io::Result<OwnedFd> {
        // A segment that was made but could not be written is made again under its name.
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.dir, self.file_name(self.end), flags, Mode::from_raw_mode(0o600))?)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        while !self.segments.is_empty() {
            self.remove_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn journal(dir: &tempfile::TempDir) -> Journal {
        Journal::new(Rc::new(File::open(dir.path()).unwrap().into()), "a.stdout".to_owned())
    }

    fn files(dir: &tempfile::TempDir) -> usize {
        std::fs::read_dir(dir.path()).unwrap().count()
    }

    #[test]
    fn acknowledged_segments_are_deleted_and_the_rest_can_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = journal(&dir);
        let block: Vec<u8> = (0..1 << 20).map(|i: u32| u8::try_from(i % 251).unwrap()).collect();
        for _ in 0..10 {
            journal.append(&block).unwrap();
        }
        assert_eq!((journal.start(), journal.end(), files(&dir)), (0, 10 << 20, 3));
        journal.acknowledge((8 << 20) - 1);
        assert_eq!(files(&dir), 2);
        assert_eq!(journal.read((8 << 20) - 1, 10).unwrap(), [block[(1 << 20) - 1]]);
        journal.acknowledge(u64::MAX);
        assert_eq!((journal.start(), journal.end(), files(&dir)), (10 << 20, 10 << 20, 0));
        journal.acknowledge(3);
        assert_eq!(journal.start(), 10 << 20);
        journal.append(b"more").unwrap();
        assert_eq!(journal.read(10 << 20, 100).unwrap(), b"more");
        drop(journal);
        assert_eq!(files(&dir), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn what_is_read_is_what_was_written(
            writes in proptest::collection::vec((1_usize..300_000, 0_u64..400_000), 1..40),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut journal = journal(&dir);
            let mut written = Vec::new();
            for (length, acknowledge) in writes {
                let bytes: Vec<u8> = (0..length).map(|i| u8::try_from((i * 7 + written.len()) % 253).unwrap()).collect();
                journal.append(&bytes).unwrap();
                written.extend(bytes);
                journal.acknowledge(acknowledge * 10);
                let mut at = journal.start();
                while at < journal.end() {
                    let read = journal.read(at, 65_536).unwrap();
                    prop_assert!(!read.is_empty());
                    let from = usize::try_from(at).unwrap();
                    prop_assert_eq!(&read[..], &written[from..from + read.len()]);
                    at += read.len() as u64;
                }
            }
        }
    }
}
