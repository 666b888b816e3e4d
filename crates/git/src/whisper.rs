//! Layer 1: a credential on its way to git, as a file of settings that is in memory only. Invariant: it is in no argument and
//! no environment of any process, and has no name in any folder; it is gone with the run.

use rustix::fs::{MemfdFlags, memfd_create};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;

/// Settings that only a git which this server starts can read.
#[derive(Debug)]
pub(crate) struct Whisper {
    file: File,
}

impl Whisper {
    /// Takes the value of an `Authorization` header.
    pub(crate) fn new(authorization: &str) -> io::Result<Self> {
        let fits = authorization.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !fits || authorization.contains(['"', '\\']) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no value of a header"));
        }
        let mut file = File::from(memfd_create("telecoder", MemfdFlags::CLOEXEC)?);
        write!(file, "[http]\n\textraHeader = \"Authorization: {authorization}\"\n")?;
        Ok(Self { file })
    }

    /// Where git finds it, for as long as this lives: it takes no part of it over by inheritance.
    pub(crate) fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_more_than_once_and_holds_one_header_only() {
        let whisper = Whisper::new("Basic aHVudGVyMg==").unwrap();
        let path = whisper.path();
        for _ in 0..2 {
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text, "[http]\n\textraHeader = \"Authorization: Basic aHVudGVyMg==\"\n");
        }
        assert!(Whisper::new("a\n[core]").is_err() && Whisper::new("a\"b").is_err());
    }
}
