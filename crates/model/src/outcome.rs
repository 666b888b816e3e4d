//! Outcomes (layer 0): what a session reports, and the reading of the sections that an agent may write.
//!
//! What an agent says is a claim. Evidence comes from elsewhere.

use crate::session::DiffStat;
use serde::{Deserialize, Serialize};

/// What a session reports, outcome first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Outcome {
    /// One sentence.
    pub headline: String,
    /// What changed, from the diff.
    pub changed: Vec<String>,
    /// What the platform itself verified.
    pub verified: Vec<String>,
    /// What is uncertain.
    pub uncertain: Vec<String>,
    /// What should happen next.
    pub next: Vec<String>,
    /// What the agent says about it.
    pub claims: Claims,
}

/// The agent's own words, by section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Claims {
    /// Under `Changed`.
    pub changed: Vec<String>,
    /// Under `Verified`.
    pub verified: Vec<String>,
    /// Under `Uncertain`.
    pub uncertain: Vec<String>,
    /// Under `Next`.
    pub next: Vec<String>,
}

const MAX_ITEMS: usize = 20;
const MAX_ITEM_CHARS: usize = 500;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Changed,
    Verified,
    Uncertain,
    Next,
}

/// Reads the last complete block of `Changed / Verified / Uncertain / Next` sections. A block is complete when it
/// has `Changed` and at least one of the others. Headings may be `Changed:`, `**Changed:**`, `## Changed`, in any
/// case; what stands inside code fences does not count. Returns `None` where there is no such block.
pub fn parse_claims(text: &str) -> Option<Claims> {
    let mut blocks: Vec<(Claims, Vec<Section>)> = Vec::new();
    let mut current: Option<Section> = None;
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(mark) = fence_mark(trimmed) {
            fence = match fence {
                None => Some(mark),
                Some(open) if open == mark => None,
                Some(open) => Some(open),
            };
            continue;
        }
        if fence.is_some() {
            continue;
        }
        if let Some((section, rest)) = heading(trimmed) {
            let fresh = blocks.last().is_none_or(|(_, seen)| seen.contains(&section));
            if fresh {
                blocks.push((Claims::default(), Vec::new()));
            }
            if let Some((claims, seen)) = blocks.last_mut() {
                seen.push(section);
                push(claims, section, rest);
            }
            current = Some(section);
        } else if trimmed.starts_with('#') {
            current = None;
        } else if let (Some(section), Some((claims, _))) = (current, blocks.last_mut()) {
            push(claims, section, trimmed);
        }
    }
    blocks
        .into_iter()
        .rev()
        .find(|(_, seen)| seen.contains(&Section::Changed) && seen.len() >= 2)
        .map(|(c, _)| c)
}

fn fence_mark(line: &str) -> Option<&'static str> {
    if line.starts_with("```") {
        Some("```")
    } else if line.starts_with("~~~") {
        Some("~~~")
    } else {
        None
    }
}

fn heading(line: &str) -> Option<(Section, &str)> {
    let bare = line.trim_start_matches('#').trim_start();
    let is_heading = line.starts_with('#');
    let bold = bare.starts_with("**") || bare.starts_with("__");
    let bare = bare.trim_start_matches(['*', '_']);
    for (word, section) in [
        ("changed", Section::Changed),
        ("verified", Section::Verified),
        ("uncertain", Section::Uncertain),
        ("next", Section::Next),
    ] {
        let Some(head) = bare.get(..word.len()) else {
            continue;
        };
        if !head.eq_ignore_ascii_case(word) {
            continue;
        }
        let rest = bare.get(word.len()..).unwrap_or("");
        let after = rest.trim_start_matches(['*', '_']);
        if let Some(text) = after.strip_prefix(':') {
            return Some((section, text.trim_start_matches(['*', '_']).trim()));
        }
        if (is_heading || bold) && after.trim().is_empty() {
            return Some((section, ""));
        }
    }
    None
}

fn push(claims: &mut Claims, section: Section, line: &str) {
    let item = line.trim_start_matches(['-', '*', '•', '+']).trim();
    if item.is_empty() {
        return;
    }
    let list = match section {
        Section::Changed => &mut claims.changed,
        Section::Verified => &mut claims.verified,
        Section::Uncertain => &mut claims.uncertain,
        Section::Next => &mut claims.next,
    };
    if list.len() < MAX_ITEMS {
        list.push(item.chars().take(MAX_ITEM_CHARS).collect());
    }
}

/// One file of a change, for the `changed` part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path.
    pub path: String,
    /// Lines added.
    pub additions: u64,
    /// Lines removed.
    pub deletions: u64,
}

/// Forms the outcome of a turn: `changed` from the diff, claims from the agent's last words, the headline from its
/// first sentence.
pub fn derive(last_words: &str, files: &[ChangedFile], stat: DiffStat, verified: Vec<String>) -> Outcome {
    let claims = parse_claims(last_words).unwrap_or_default();
    let mut changed: Vec<String> = files
        .iter()
        .take(MAX_ITEMS)
        .map(|f| format!("{} (+{} −{})", f.path, f.additions, f.deletions))
        .collect();
    if files.len() > MAX_ITEMS {
        changed.push(format!("and {} more files", files.len() - MAX_ITEMS));
    }
    let mut uncertain = said(&claims.uncertain);
    if verified.is_empty() && stat.files > 0 {
        uncertain.push("No check was run by TeleCoder on this change.".to_owned());
    }
    Outcome {
        headline: headline(last_words, stat),
        changed,
        verified,
        uncertain,
        next: said(&claims.next),
        claims,
    }
}

/// Items that say something: `none` under a heading stands for an empty list.
fn said(items: &[String]) -> Vec<String> {
    let nothing = |item: &&String| {
        let word = item.trim().trim_end_matches('.').to_ascii_lowercase();
        !matches!(word.as_str(), "none" | "nothing" | "n/a" | "nil" | "-")
    };
    items.iter().filter(nothing).cloned().collect()
}

fn headline(last_words: &str, stat: DiffStat) -> String {
    let mut fenced = false;
    for line in last_words.lines().map(str::trim) {
        if fence_mark(line).is_some() {
            fenced = !fenced;
            continue;
        }
        if fenced || line.is_empty() {
            continue;
        }
        if let Some((section, rest)) = heading(line) {
            if section == Section::Changed && !rest.is_empty() {
                return crate::text::title(rest);
            }
            continue;
        }
        let bare = line.trim_start_matches(['#', '-', '*', '>', ' ']).trim_end_matches('*');
        let sentence = first_sentence(bare);
        let sentence = if sentence.chars().count() < 8 { bare } else { sentence };
        if !sentence.trim().is_empty() {
            return crate::text::title(sentence.trim().trim_end_matches(['.', ':']));
        }
    }
    match stat.files {
        0 => "No change was needed".to_owned(),
        1 => "Changed 1 file".to_owned(),
        n => format!("Changed {n} files"),
    }
}

/// Up to the first `.`, `!` or `?` that ends a sentence: one inside a name (`o.txt`, `v1.2`) does not.
fn first_sentence(text: &str) -> &str {
    let end = text.char_indices().find(|(at, c)| {
        let after = text.get(at + c.len_utf8()..).unwrap_or("");
        matches!(c, '.' | '!' | '?') && after.chars().next().is_none_or(char::is_whitespace)
    });
    match end {
        Some((at, c)) => text.get(..at + c.len_utf8()).unwrap_or(text),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_inside_a_name_ends_no_sentence() {
        let outcome = derive("Wrote o.txt for v1.2. Then more.", &[], DiffStat::default(), vec![]);
        assert_eq!(outcome.headline, "Wrote o.txt for v1.2");
    }

    #[test]
    fn sections_in_every_spelling() {
        let text = "Done.\n\n**Changed:** fixed `add`\n- and its test\n## Verified\n* ran npm test\nUNCERTAIN:\n- none\n**Next**\n- merge it\n";
        let claims = parse_claims(text).unwrap();
        assert_eq!(claims.changed, ["fixed `add`", "and its test"]);
        assert_eq!(claims.verified, ["ran npm test"]);
        assert_eq!(claims.uncertain, ["none"]);
        assert_eq!(claims.next, ["merge it"]);
    }

    #[test]
    fn the_last_complete_block_wins_and_fences_do_not_count() {
        let text = "Changed: a\nVerified: b\n```\nChanged: fenced\nVerified: fenced\n```\nChanged: c\nVerified: d\nChanged: lonely";
        let claims = parse_claims(text).unwrap();
        assert_eq!(claims.changed, ["c"]);
        assert_eq!(claims.verified, ["d"]);
        assert!(parse_claims("I changed: nothing much").is_none());
        assert!(parse_claims("Next week we verify").is_none());
    }

    #[test]
    fn changed_comes_from_the_diff_not_from_the_agent() {
        let files = [ChangedFile { path: "calc.py".to_owned(), additions: 1, deletions: 1 }];
        let stat = DiffStat { files: 1, additions: 1, deletions: 1 };
        let outcome = derive(
            "Fixed the sum. All good.\nChanged: the world\nVerified: everything",
            &files,
            stat,
            vec![],
        );
        assert_eq!(outcome.headline, "Fixed the sum");
        assert_eq!(outcome.changed, ["calc.py (+1 −1)"]);
        assert!(outcome.verified.is_empty());
        assert_eq!(outcome.claims.verified, ["everything"]);
        assert_eq!(outcome.uncertain, ["No check was run by TeleCoder on this change."]);
    }

    #[test]
    fn nothing_is_no_item() {
        let text = "Changed: a\nUncertain: None.\nNext:\n- n/a\n- merge it";
        let outcome = derive(text, &[], DiffStat::default(), vec![]);
        assert_eq!((outcome.uncertain, outcome.next), (vec![], vec!["merge it".to_owned()]));
        assert_eq!(outcome.claims.uncertain, ["None."]);
    }

    #[test]
    fn an_empty_answer_has_a_headline_too() {
        assert_eq!(derive("", &[], DiffStat::default(), vec![]).headline, "No change was needed");
    }
}
