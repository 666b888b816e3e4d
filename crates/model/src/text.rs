//! Text rules (layer 0): prompts, titles, cutting by graphemes, and making foreign text harmless for a terminal.

use unicode_segmentation::UnicodeSegmentation;

/// The longest prompt or message, in characters.
pub const MAX_PROMPT_CHARS: usize = 100_000;
/// The longest title (commit subject, pull request title), in graphemes.
pub const MAX_TITLE: usize = 72;

/// Checks a prompt or a message and trims it.
///
/// # Errors
/// In words, if it is empty, too long, or holds a NUL.
pub fn parse_prompt(text: &str) -> Result<String, String> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err("the prompt is empty: say what is to be done".to_owned());
    }
    if trimmed.contains('\0') {
        return Err("the prompt holds a NUL character".to_owned());
    }
    let count = trimmed.chars().count();
    if count > MAX_PROMPT_CHARS {
        return Err(format!("the prompt has {count} characters; {MAX_PROMPT_CHARS} are allowed"));
    }
    Ok(trimmed.to_owned())
}

/// Cuts to at most `max` graphemes; a cut text ends in `…`.
pub fn cut(text: &str, max: usize) -> String {
    let mut graphemes = text.graphemes(true);
    let head: String = graphemes.by_ref().take(max).collect();
    if graphemes.next().is_none() {
        return head;
    }
    let kept: String = text.graphemes(true).take(max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Makes a one-line title of at most [`MAX_TITLE`] graphemes: first line that has words, no control characters.
pub fn title(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    let clean: String = line.chars().map(|c| if is_hostile(c) { ' ' } else { c }).collect();
    cut(clean.split_whitespace().collect::<Vec<_>>().join(" ").as_str(), MAX_TITLE)
}

/// Whether a character may move a cursor, hide text or reverse its direction.
pub fn is_hostile(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Replaces what could change a terminal's state by visible marks; keeps newlines and tabs.
pub fn harmless(text: &str) -> String {
    text.chars().map(|c| if is_hostile(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_first_line_cut_by_graphemes() {
        assert_eq!(title("\n  Fix the bug \nmore"), "Fix the bug");
        assert_eq!(title("a\u{1b}[31mb\tc"), "a [31mb c");
        let family = "👨‍👩‍👧‍👦".repeat(80);
        let cut = title(&family);
        assert_eq!(cut.graphemes(true).count(), 72);
        assert!(cut.ends_with('…'));
        assert_eq!(title("x".repeat(72).as_str()), "x".repeat(72));
    }

    #[test]
    fn prompts_are_bounded() {
        assert_eq!(parse_prompt("  do it\n").unwrap(), "do it");
        assert!(parse_prompt(" \n").is_err());
        assert!(parse_prompt("a\0b").is_err());
        assert!(parse_prompt(&"é".repeat(100_000)).is_ok());
        assert!(parse_prompt(&"é".repeat(100_001)).unwrap_err().contains("100001"));
    }

    #[test]
    fn terminal_escapes_become_harmless() {
        assert_eq!(harmless("a\u{1b}[2Jb\u{202e}c\n"), "a\u{fffd}[2Jb\u{fffd}c\n");
    }
}
