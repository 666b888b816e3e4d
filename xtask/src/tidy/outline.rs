//! Development tool, `tidy`: what a Rust source declares: functions with their lengths, types, modules, attributes.
//!
//! It reads words and brackets only. Whatever a macro makes is not seen.

use super::mask::mask;

/// What a declared thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Function,
    Type,
    Module,
}

/// A declared thing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// The line it begins on, from 1.
    pub(super) line: usize,
    /// How many lines it takes, attributes and comments before it left out.
    pub(super) lines: usize,
    /// Whether it belongs to tests.
    pub(super) of_tests: bool,
    /// Whether it is followed by a body in braces.
    pub(super) has_body: bool,
}

/// An attribute, without its brackets and spaces: `cfg(test)`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) text: String,
    pub(super) line: usize,
}

/// What a source declares. A `type` on an indented line is a trait's and not named here.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) items: Vec<Item>,
    pub(super) attributes: Vec<Attribute>,
}

#[derive(Clone, Debug)]
struct Token {
    text: String,
    line: usize,
    /// Whether its line begins with a space.
    indented: bool,
}

impl Outline {
    /// Reads a source.
    pub(super) fn of(source: &str) -> Self {
        let tokens = tokens(&mask(source));
        let mut outline = Self::default();
        let mut at = 0;
        let mut tests_until = 0;
        let mut marked: Vec<String> = Vec::new();
        while let Some(token) = tokens.get(at) {
            if let Some(end) = attribute_end(&tokens, at) {
                let text: String =
                    tokens.get(at..end).unwrap_or_default().iter().map(|t| t.text.as_str()).collect();
                let text = text.trim_start_matches(['#', '!', '[']).trim_end_matches(']').to_owned();
                outline.attributes.push(Attribute { text: text.clone(), line: token.line });
                marked.push(text);
                at = end;
                continue;
            }
            if let Some(kind) = kind(&tokens, at).filter(|_| !(token.text == "type" && token.indented)) {
                let end = item_end(&tokens, at);
                let last = tokens.get(end.saturating_sub(1));
                let of_tests = at < tests_until || marked.iter().any(|text| is_of_tests(text));
                if of_tests && kind == Kind::Module {
                    tests_until = tests_until.max(end);
                }
                outline.items.push(Item {
                    kind,
                    name: tokens.get(at.saturating_add(1)).map(|t| t.text.clone()).unwrap_or_default(),
                    line: token.line,
                    lines: last.map_or(1, |t| t.line.saturating_sub(token.line).saturating_add(1)),
                    of_tests,
                    has_body: last.is_some_and(|t| t.text == "}"),
                });
                at = at.saturating_add(2);
                marked.clear();
                continue;
            }
            if matches!(token.text.as_str(), ";" | "{" | "}") {
                marked.clear();
            }
            at = at.saturating_add(1);
        }
        outline
    }

    /// How many tests it holds.
    pub(super) fn tests(&self) -> usize {
        self.attributes.iter().filter(|attribute| is_test(&attribute.text)).count()
    }
}

/// `test`, `tokio::test`, `tokio::test(…)`, `rstest`.
fn is_test(attribute: &str) -> bool {
    let path = attribute.split('(').next().unwrap_or_default();
    matches!(path.rsplit(':').next(), Some("test" | "rstest"))
}

fn is_of_tests(attribute: &str) -> bool {
    is_test(attribute) || attribute == "cfg(test)"
}

fn kind(tokens: &[Token], at: usize) -> Option<Kind> {
    let name = tokens.get(at.checked_add(1)?)?.text.chars().next()?;
    if !(name.is_alphabetic() || name == '_') {
        return None;
    }
    match tokens.get(at)?.text.as_str() {
        "fn" => Some(Kind::Function),
        "struct" | "enum" | "trait" | "type" => Some(Kind::Type),
        "mod" => Some(Kind::Module),
        _ => None,
    }
}

/// The place behind an attribute that begins here.
fn attribute_end(tokens: &[Token], at: usize) -> Option<usize> {
    if tokens.get(at)?.text != "#" {
        return None;
    }
    let next = at.checked_add(1)?;
    let open = if tokens.get(next)?.text == "!" { next.checked_add(1)? } else { next };
    (tokens.get(open)?.text == "[").then(|| closing(tokens, open))
}

/// The place behind an item: its first `;` or the end of its first `{ … }` outside other brackets.
fn item_end(tokens: &[Token], from: usize) -> usize {
    let mut at = from;
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "(" | "[" => at = closing(tokens, at),
            "{" => return closing(tokens, at),
            ";" => return at.saturating_add(1),
            _ => at = at.saturating_add(1),
        }
    }
    tokens.len()
}

/// The place behind the bracket that closes the one here.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth = depth.saturating_add(1),
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at.saturating_add(1);
        }
    }
    tokens.len()
}

fn tokens(masked: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (number, line) in masked.lines().enumerate() {
        let mut word = String::new();
        let mut push = |text: String| {
            let line_number = number.saturating_add(1);
            tokens.push(Token { text, line: line_number, indented: line.starts_with(' ') });
        };
        for letter in line.chars() {
            if letter.is_alphanumeric() || letter == '_' {
                word.push(letter);
                continue;
            }
            if !word.is_empty() {
                push(std::mem::take(&mut word));
            }
            if !letter.is_whitespace() {
                push(letter.to_string());
            }
        }
        if !word.is_empty() {
            push(word);
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    const SOURCE: &str = "
mod elsewhere;
/// fn no_function() {}
#[derive(Debug)]
pub(crate) struct Point<const N: usize>([u8; N]);
impl Point<3> {
    #[must_use]
    pub fn len(&self, f: fn(usize) -> usize) -> usize {
        let text = \"}\";
        f(3)
    }
}
trait Shape {
    type Unit; fn area(&self) -> u32; }
#[cfg(test)]
mod tests {
    fn support() {}
    #[tokio::test(start_paused = true)]
    async fn it_works() {
    }
}
#[test]
fn alone() {}
";

    #[test]
    fn what_is_declared_is_seen() {
        let outline = Outline::of(SOURCE);
        let rows: Vec<String> = outline
            .items
            .iter()
            .map(|item| {
                let tests = if item.of_tests { " (tests)" } else { "" };
                format!("{:?} {} {}+{}{tests}", item.kind, item.name, item.line, item.lines)
            })
            .collect();
        expect![[r#"
            Module elsewhere 2+1
            Type Point 5+1
            Function len 8+4
            Type Shape 13+2
            Function area 14+1
            Module tests 16+6 (tests)
            Function support 17+1 (tests)
            Function it_works 19+2 (tests)
            Function alone 23+1 (tests)"#]]
        .assert_eq(&rows.join("\n"));
        assert_eq!(outline.tests(), 2);
    }

    #[test]
    fn attributes_keep_their_words() {
        let outline = Outline::of("#![expect(dead_code, reason = \"why\")]\nfn f() {}");
        expect![[r#"[Attribute { text: "expect(dead_code,reason=\"\")", line: 1 }]"#]]
            .assert_eq(&format!("{:?}", outline.attributes));
    }
}
