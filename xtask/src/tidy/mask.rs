//! Development tool, `tidy`: blanks what is no code in a Rust source, so that rules can search the rest by plain means.
//!
//! Comments and the contents of strings and characters become spaces; line breaks stay, so that line numbers hold.

/// The source with comments and literals blanked.
pub(super) fn mask(source: &str) -> String {
    let mut reader =
        Reader { letters: source.chars().collect(), at: 0, out: String::with_capacity(source.len()) };
    while reader.at < reader.letters.len() {
        reader.step();
    }
    reader.out
}

struct Reader {
    letters: Vec<char>,
    at: usize,
    out: String,
}

impl Reader {
    /// The letter so many places ahead; NUL behind the end.
    fn ahead(&self, places: usize) -> char {
        self.letters.get(self.at.saturating_add(places)).copied().unwrap_or('\0')
    }

    fn keep(&mut self) {
        if let Some(letter) = self.letters.get(self.at) {
            self.out.push(*letter);
            self.at = self.at.saturating_add(1);
        }
    }

    fn blank(&mut self, count: usize) {
        for _ in 0..count {
            if self.at < self.letters.len() {
                self.out.push(if self.ahead(0) == '\n' { '\n' } else { ' ' });
                self.at = self.at.saturating_add(1);
            }
        }
    }

    fn step(&mut self) {
        match (self.ahead(0), self.ahead(1)) {
            ('/', '/') => self.line_comment(),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.character_or_lifetime(),
            (letter, _) if letter.is_alphabetic() || letter == '_' => self.word(),
            _ => self.keep(),
        }
    }

    fn line_comment(&mut self) {
        while self.at < self.letters.len() && self.ahead(0) != '\n' {
            self.blank(1);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_u32;
        while self.at < self.letters.len() {
            match (self.ahead(0), self.ahead(1)) {
                ('/', '*') => {
                    depth = depth.saturating_add(1);
                    self.blank(2);
                }
                ('*', '/') => {
                    depth = depth.saturating_sub(1);
                    self.blank(2);
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.blank(1),
            }
        }
    }

    fn string(&mut self) {
        self.keep();
        while self.at < self.letters.len() {
            match self.ahead(0) {
                '\\' => self.blank(2),
                '"' => {
                    self.keep();
                    return;
                }
                _ => self.blank(1),
            }
        }
    }

    fn character_or_lifetime(&mut self) {
        let lifetime = self.ahead(1) != '\\' && self.ahead(2) != '\'';
        self.keep();
        if lifetime {
            return;
        }
        if self.ahead(0) == '\\' {
            self.blank(2);
        }
        while self.at < self.letters.len() && self.ahead(0) != '\'' {
            self.blank(1);
        }
        self.keep();
    }

    /// A word, or a raw string behind one of its prefixes.
    fn word(&mut self) {
        let start = self.out.len();
        while self.ahead(0).is_alphanumeric() || self.ahead(0) == '_' {
            self.keep();
        }
        let raw = matches!(self.out.get(start..), Some("r" | "br" | "cr"));
        let hashes = (0..).take_while(|places| self.ahead(*places) == '#').count();
        if raw && self.ahead(hashes) == '"' {
            self.raw_string(hashes);
        }
    }

    fn raw_string(&mut self, hashes: usize) {
        self.blank(hashes);
        self.keep();
        while self.at < self.letters.len() {
            if self.ahead(0) == '"' && (1..=hashes).all(|places| self.ahead(places) == '#') {
                self.keep();
                self.blank(hashes);
                return;
            }
            self.blank(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
    fn check(source: &str, expected: Expect) {
        assert_eq!(mask(source).lines().count(), source.lines().count());
        expected.assert_eq(&mask(source));
    }

    #[test]
    fn comments_go() {
        check(
            "a // fn b\nc /* { /* } */ fn */ d",
            expect![["
            a        
            c                    d"]],
        );
    }

    #[test]
    fn strings_go_and_their_quotes_stay() {
        check(r#"f("{\"", b"}", 'x', '\'', '{', "a")"#, expect![[r#"f("   ", b" ", ' ', '  ', ' ', " ")"#]]);
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        check("x(r##\"a\"# {\"##) r#fn", expect![[r##"x(r  "     "  ) r#fn"##]]);
    }

    #[test]
    fn lifetimes_are_code() {
        check(
            "fn f<'a>(x: &'a str) -> &'static str {}",
            expect![["fn f<'a>(x: &'a str) -> &'static str {}"]],
        );
    }

    #[test]
    fn an_open_end_is_no_trouble() {
        for open in ["\"abc", "/* abc", "r#\"abc", "'\\", "'"] {
            assert_eq!(mask(open).chars().count(), open.chars().count(), "{open}");
        }
    }
}
