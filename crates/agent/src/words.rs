//! Splitting a configured command into words (layer 1), without a shell: quotes and backslashes mean what a POSIX shell
//! takes them for; everything that only a shell could do is refused by name.

/// The longest command, in bytes.
const MAX_COMMAND: usize = 8 * 1024;
/// The most words of a command.
const MAX_WORDS: usize = 200;

/// Splits a command; the error says what is wrong with it.
pub(crate) fn split(text: &str, home: Option<&str>) -> Result<Vec<String>, String> {
    if text.len() > MAX_COMMAND {
        return Err(format!("it has {} bytes; {MAX_COMMAND} are allowed", text.len()));
    }
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\0' | '\n' | '\r' => return Err("it holds a line break or a NUL".to_owned()),
            ' ' | '\t' => words.extend(word.take()),
            '\'' => single_quoted(&mut chars, word.get_or_insert_default())?,
            '"' => double_quoted(&mut chars, word.get_or_insert_default())?,
            '\\' => match chars.next() {
                Some(next) if next != '\n' => word.get_or_insert_default().push(next),
                _ => return Err("it ends in a backslash".to_owned()),
            },
            '|' | '&' | ';' | '<' | '>' | '(' | ')' | '`' | '*' | '?' => {
                return Err(format!(
                    "`{c}` means something to a shell only, and none is used; quote it, or put the line into a script"
                ));
            }
            '$' => return Err("`$` is not expanded; write the value out, or quote it".to_owned()),
            '~' if word.is_none() && matches!(chars.peek(), Some('/') | None) => {
                let home = home.ok_or("`~` stands for a home that is not known here; write the path out")?;
                word = Some(home.to_owned());
            }
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word.take());
    let Some(first) = words.first() else {
        return Err("it is empty".to_owned());
    };
    if words.len() > MAX_WORDS {
        return Err(format!("it has {} words; {MAX_WORDS} are allowed", words.len()));
    }
    if first.is_empty() || first.starts_with('-') {
        return Err("its first word is not a program".to_owned());
    }
    if first.contains('=') {
        return Err(
            "it begins with an environment variable; agents get their environment from TeleCoder".to_owned()
        );
    }
    Ok(words)
}

fn single_quoted(chars: &mut impl Iterator<Item = char>, word: &mut String) -> Result<(), String> {
    for c in chars {
        if c == '\'' {
            return Ok(());
        }
        word.push(c);
    }
    Err("a single quote is not closed".to_owned())
}

fn double_quoted(chars: &mut impl Iterator<Item = char>, word: &mut String) -> Result<(), String> {
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok(()),
            '\\' => match chars.next() {
                Some(next @ ('"' | '\\' | '$' | '`')) => word.push(next),
                Some(next) => word.extend(['\\', next]),
                None => break,
            },
            '$' | '`' => {
                return Err(format!("`{c}` is not expanded inside double quotes; use single quotes"));
            }
            _ => word.push(c),
        }
    }
    Err("a double quote is not closed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words_are_what_a_shell_would_take_them_for() {
        for (text, expected) in [
            ("claude --model sonnet", vec!["claude", "--model", "sonnet"]),
            (r#"  a  "b c" 'd "e' f\ g "" "#, vec!["a", "b c", "d \"e", "f g", ""]),
            (r#"a"b"'c' "x\"y\\z\n" '$HOME;'"#, vec!["abc", r#"x"y\z\n"#, "$HOME;"]),
            ("~/bin/agent a~b ~", vec!["/home/u/bin/agent", "a~b", "/home/u"]),
        ] {
            assert_eq!(split(text, Some("/home/u")).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_only_a_shell_can_do_is_refused_by_name() {
        for (text, part) in [
            ("", "empty"),
            ("   ", "empty"),
            ("'' x", "not a program"),
            ("-x", "not a program"),
            ("a 'b", "single quote"),
            ("a \"b", "double quote"),
            ("a \\", "backslash"),
            ("a | b", "`|`"),
            ("a && b", "`&`"),
            ("a $HOME", "`$`"),
            ("a \"$HOME\"", "`$`"),
            ("KEY=1 a", "environment"),
            ("a\nb", "line break"),
        ] {
            let error = split(text, None).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(split("~/x", None).unwrap_err().contains("home"));
        assert!(split(&"x ".repeat(300), None).unwrap_err().contains("300 words"));
    }
}
