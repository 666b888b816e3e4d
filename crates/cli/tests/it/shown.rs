//! Makes output comparable (dev layer): what differs from run to run is replaced by a word in brackets.

use crate::world::gym;
use std::path::Path;

/// Words that look like a session's id.
const WORDS: &[&str] = &["conversation", "installation", "repositories", "unrecognized"];

/// Replaces folders, ids, commits, times, durations, addresses, processes and secrets.
pub(crate) fn filtered(text: &str, folder: &Path, repo: &Path) -> String {
    let text = text.replace(&gym().display().to_string(), "[GYM]");
    let text = text.replace(&repo.display().to_string(), "[REPO]");
    let text = text.replace(&folder.display().to_string(), "[FOLDER]");
    let mut shown = String::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        if let Some(end) = escape(rest) {
            shown.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let length = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        if length == 0 {
            let other = rest.find(|c| is_part(c) || c == '␛').filter(|at| *at > 0);
            let other = other.unwrap_or(rest.chars().next().map_or(0, char::len_utf8));
            shown.push_str(&rest[..other]);
            rest = &rest[other..];
        } else {
            shown.push_str(&word(&rest[..length], &shown));
            rest = &rest[length..];
        }
    }
    shown
}

/// Columns as wide as they need to be beside what was replaced: runs of spaces within a line become two.
pub(crate) fn squeezed(text: &str) -> String {
    let line = |line: &str| {
        let body = line.trim_start_matches(' ');
        let fields = body.split("  ").map(str::trim).filter(|field| !field.is_empty());
        let indent = &line[..line.len() - body.len()];
        format!("{indent}{}\n", fields.collect::<Vec<_>>().join("  "))
    };
    text.lines().map(line).collect()
}

/// The length of a terminal's escape at the beginning, written with `␛`.
fn escape(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("␛[")?;
    let parameters = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    Some(text.len() - rest.len() + parameters + 1)
}

/// Words hold what ids, times and addresses are made of.
fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.')
}

fn word(word: &str, before: &str) -> String {
    let (core, tail) = match word.strip_suffix([':', '.']) {
        Some(core) => (core, &word[core.len()..]),
        None => (word, ""),
    };
    let hexadecimal = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let base32 = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b));
    let number = core.starts_with(|c: char| c.is_ascii_digit())
        && core.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let time = core.len() >= 16 && core.starts_with("20") && core.contains(':') && core.contains('-');
    let replaced = if let Some(rest) = core.strip_prefix("tc_").filter(|rest| hexadecimal(rest)) {
        format!("[SECRET {}]", rest.len())
    } else if core.starts_with("tok-") {
        "[TOKEN]".to_owned()
    } else if core.starts_with("d-") && core.len() == 14 {
        "[APPROVAL]".to_owned()
    } else if matches!(core.len(), 12 | 40) && hexadecimal(core) {
        "[COMMIT]".to_owned()
    } else if core.len() == 12 && base32(core) && !WORDS.contains(&core) {
        "[ID]".to_owned()
    } else if time {
        "[TIME]".to_owned()
    } else if core.len() == 10 && core.starts_with("20") && core.split('-').count() == 3 {
        "[DATE]".to_owned()
    } else if core.len() == 5 && core.as_bytes()[2] == b':' && before.ends_with("[DATE] ") {
        "[TIME]".to_owned()
    } else if core.starts_with("127.0.0.1:") {
        "[ADDRESS]".to_owned()
    } else if number && core.matches('.').count() == 2 {
        "[VERSION]".to_owned()
    } else if number && (before.ends_with("pid ") || before.ends_with("process ")) {
        "[PID]".to_owned()
    } else if number && (before.ends_with('(') && core.contains('.') || before.ends_with("At work    ")) {
        "[N]".to_owned()
    } else {
        core.to_owned()
    };
    replaced + tail
}

#[test]
fn what_differs_is_replaced_and_nothing_else() {
    let text = "Session uj7y25xnwkmf at e1307978c9b6 (0.6 s) on http://127.0.0.1:4711, pid 12; 12 files in /tmp/w/data.\n\
         2026-01-02T03:04:05.678Z tc_00ff tok-abc d-abcdefghijkl 2026-01-02 03:04  version 0.1.0";
    expect_test::expect![[r"
        Session [ID] at [COMMIT] ([N] s) on http://[ADDRESS], pid [PID]; 12 files in [FOLDER]/data.
        [TIME] [SECRET 4] [TOKEN] [APPROVAL] [DATE] [TIME]  version [VERSION]"]]
    .assert_eq(&filtered(text, Path::new("/tmp/w"), Path::new("/tmp/r")));
}
