//! Layer 1: reads git's listings and patches. Pure. Invariants: file names come only from the NUL-separated listings, never
//! from a patch's quoted headers; whatever the bytes are, it ends and gives at most what was there.

use telecoder_model::port::git::{DiffHunk, DiffLine, FileChange};

/// Lines added and removed; `None` for a binary file.
pub(crate) type Numbers = Option<(u64, u64)>;

/// A changed file out of `--raw --numstat -z`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) path: Vec<u8>,
    pub(crate) old_path: Option<Vec<u8>>,
    pub(crate) kind: FileChange,
    pub(crate) numbers: Numbers,
    /// How many sections of a patch belong to it: a file that became a link is first removed, then added.
    pub(crate) sections: usize,
}

impl Change {
    /// Takes its sections out of those of a patch, which come in the same order.
    pub(crate) fn take(&self, found: &mut impl Iterator<Item = Section>) -> Option<Section> {
        let mut own = found.next()?;
        for _ in 1..self.sections {
            own.hunks.extend(found.next()?.hunks);
        }
        Some(own)
    }
}

/// One file's part of a patch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Section {
    pub(crate) hunks: Vec<DiffHunk>,
}

/// Reads the output of `diff-tree --raw --numstat -z`: first all raw records, then all numbers, in one order.
pub(crate) fn changes(output: &[u8]) -> Vec<Change> {
    let mut fields = output.split(|byte| *byte == 0).peekable();
    let mut changes = Vec::new();
    while let Some(record) = fields.next_if(|field| field.first() == Some(&b':')) {
        let status = record.rsplit(|byte| *byte == b' ').next().and_then(|s| s.first());
        let (kind, renamed, sections) = match status {
            Some(b'A') => (FileChange::Added, false, 1),
            Some(b'D') => (FileChange::Deleted, false, 1),
            Some(b'R') => (FileChange::Renamed, true, 1),
            Some(b'C') => (FileChange::Added, true, 1),
            Some(b'T') => (FileChange::Modified, false, 2),
            Some(_) | None => (FileChange::Modified, false, 1),
        };
        let Some(first) = fields.next() else { break };
        let second = if renamed { fields.next() } else { None };
        changes.push(Change {
            path: second.unwrap_or(first).to_vec(),
            old_path: second.map(|_| first.to_vec()),
            kind,
            numbers: Some((0, 0)),
            sections,
        });
    }
    let rest: Vec<&[u8]> = fields.collect();
    for (change, (_, numbers)) in changes.iter_mut().zip(numbers_of(rest.into_iter())) {
        change.numbers = numbers;
    }
    changes
}

/// Reads the output of `diff-tree --numstat -z`: path and numbers.
pub(crate) fn numbers(output: &[u8]) -> Vec<(&[u8], Numbers)> {
    numbers_of(output.split(|byte| *byte == 0))
}

fn numbers_of<'a>(mut fields: impl Iterator<Item = &'a [u8]>) -> Vec<(&'a [u8], Numbers)> {
    let mut all = Vec::new();
    while let Some(field) = fields.next() {
        let mut parts = field.splitn(3, |byte| *byte == b'\t');
        let (Some(added), Some(removed), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let path = if path.is_empty() {
            // A rename: the old and the new name follow.
            let _old = fields.next();
            fields.next().unwrap_or(path)
        } else {
            path
        };
        all.push((path, number(added).zip(number(removed))));
    }
    all
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Cuts a patch into files and hunks. What is no part of a hunk is passed over.
pub(crate) fn sections(patch: &[u8]) -> Vec<Section> {
    let mut all: Vec<Section> = Vec::new();
    let (mut old_left, mut new_left) = (0_u64, 0_u64);
    for line in patch.split(|byte| *byte == b'\n') {
        if old_left > 0 || new_left > 0 {
            let Some(hunk) = all.last_mut().and_then(|section| section.hunks.last_mut()) else {
                continue;
            };
            let (mark, text) = match line.split_first() {
                Some((mark, text)) => (*mark, String::from_utf8_lossy(text).into_owned()),
                None => (b' ', String::new()),
            };
            match mark {
                b'+' => {
                    new_left = new_left.saturating_sub(1);
                    hunk.lines.push(DiffLine::Added(text));
                }
                b'-' => {
                    old_left = old_left.saturating_sub(1);
                    hunk.lines.push(DiffLine::Removed(text));
                }
                b' ' => {
                    old_left = old_left.saturating_sub(1);
                    new_left = new_left.saturating_sub(1);
                    hunk.lines.push(DiffLine::Context(text));
                }
                // "\ No newline at end of file"
                _ => {}
            }
        } else if line.starts_with(b"diff --git ") {
            all.push(Section::default());
        } else if let Some((hunk, old, new)) = hunk_header(line)
            && let Some(section) = all.last_mut()
        {
            (old_left, new_left) = (old, new);
            section.hunks.push(hunk);
        }
    }
    all
}

/// Reads `@@ -1,2 +3,4 @@ heading`; gives the hunk without lines, and how many lines of either side follow.
fn hunk_header(line: &[u8]) -> Option<(DiffHunk, u64, u64)> {
    let text = String::from_utf8_lossy(line.strip_prefix(b"@@ -")?).into_owned();
    let (ranges, heading) = text.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let (old_start, old_count) = span(old)?;
    let (new_start, new_count) = span(new)?;
    let hunk = DiffHunk {
        old_start,
        new_start,
        heading: heading.strip_prefix(' ').unwrap_or(heading).to_owned(),
        lines: Vec::new(),
    };
    Some((hunk, old_count, new_count))
}

fn span(text: &str) -> Option<(u64, u64)> {
    match text.split_once(',') {
        Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn check(patch: &str, want: &Expect) {
        use std::fmt::Write;
        let mut text = String::new();
        for section in sections(patch.as_bytes()) {
            writeln!(text, "file").unwrap();
            for hunk in section.hunks {
                writeln!(text, " {}→{} [{}]", hunk.old_start, hunk.new_start, hunk.heading).unwrap();
                for line in hunk.lines {
                    let (mark, line) = match line {
                        DiffLine::Context(line) => ('=', line),
                        DiffLine::Added(line) => ('+', line),
                        DiffLine::Removed(line) => ('-', line),
                    };
                    writeln!(text, "  {mark}{line:?}").unwrap();
                }
            }
        }
        want.assert_eq(&text);
    }

    #[test]
    fn lines_that_look_like_headers_are_lines() {
        check(
            "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@ fn a() {\n \n-diff --git a/y b/y\n--- a\n+@@ -1 +1 @@\n+++ b\n\\ No newline at end of file\ndiff --git \"a/\\n\" \"b/\\n\"\nBinary files differ\n",
            &expect![[r#"
                file
                 1→1 [fn a() {]
                  =""
                  -"diff --git a/y b/y"
                  -"-- a"
                  +"@@ -1 +1 @@"
                  +"++ b"
                file
            "#]],
        );
    }

    #[test]
    fn a_cut_patch_gives_what_is_there() {
        check("@@ -1 +1 @@\n-a\n+b\n", &expect![""]);
        check(
            "diff --git a/x b/x\n@@ -0,0 +1,9 @@\n+a\r\n",
            &expect![[r#"
                file
                 0→1 []
                  +"a\r"
                  =""
            "#]],
        );
        check("diff --git a/x b/x\n@@ -1,x +1 @@\n@@ +1 @@\n", &expect![["file\n"]]);
    }

    #[test]
    fn listings_tell_names_as_they_are() {
        let raw = b":100644 100644 1 2 M\0a \"b\"\n\0:100644 100644 1 2 R090\0old\0new\0:100644 120000 1 2 T\0link\x001\t2\ta \"b\"\n\0-\t-\t\0old\0new\x003\t0\tlink\0";
        let found = changes(raw);
        let short: Vec<_> = found
            .iter()
            .map(|c| {
                (
                    String::from_utf8_lossy(&c.path).into_owned(),
                    c.old_path.is_some(),
                    c.kind,
                    c.numbers,
                    c.sections,
                )
            })
            .collect();
        assert_eq!(
            short,
            [
                ("a \"b\"\n".to_owned(), false, FileChange::Modified, Some((1, 2)), 1),
                ("new".to_owned(), true, FileChange::Renamed, None, 1),
                ("link".to_owned(), false, FileChange::Modified, Some((3, 0)), 2),
            ]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _sections = sections(&bytes);
            let _changes = changes(&bytes);
            let _numbers = numbers(&bytes);
        }

        #[test]
        fn patches_made_of_pieces_are_survived(pieces in proptest::collection::vec(
            prop_oneof![
                Just("diff --git a/x b/x\n"), Just("@@ -1,2 +1,3 @@\n"), Just("@@ -0,0 +1 @@\n"), Just("+x\n"),
                Just("-x\n"), Just(" x\n"), Just("\\ No\n"), Just("\n"), Just("@@ -18446744073709551615,18446744073709551615 +1 @@\n"),
            ], 0..60)) {
            let patch = pieces.concat();
            let lines: usize = sections(patch.as_bytes()).iter().flat_map(|s| &s.hunks).map(|h| h.lines.len()).sum();
            prop_assert!(lines <= pieces.len() + 1);
        }
    }
}
