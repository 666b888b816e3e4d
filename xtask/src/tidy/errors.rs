//! Development tool, `tidy`: each code that the API answers errors with has a page in `docs/reference/errors/`, and each page a
//! code.
//!
//! A code is found where an error is made: the argument of a constructor, or what stands beside a `Fault`.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Finding;
use super::mask::mask;
use super::tree::Tree;

/// Where errors of the API are made.
const SOURCES: &[&str] = &["crates/engine/src/", "crates/server/src/"];
/// Where their pages lie.
const PAGES: &str = "docs/reference/errors/";
/// The page that lists them.
const INDEX: &str = "docs/reference/errors/README.md";
/// What makes an error, and the argument that is its code, from 0.
const MAKERS: &[(&str, usize)] = &[
    ("Error::invalid(", 0),
    ("Error::not_found(", 0),
    ("Error::conflict(", 0),
    ("Error::new(", 1),
    ("Self::invalid(", 0),
    ("Self::not_found(", 0),
    ("Self::new(", 1),
    ("unauthenticated(", 0),
    ("refuse(", 0),
    ("(Fault::", 1),
    ("(other", 1),
];

pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut codes: BTreeMap<String, &str> = BTreeMap::new();
    for (file, _) in tree.rust() {
        if SOURCES.iter().any(|folder| file.path.starts_with(folder)) {
            codes.extend(codes_of(&file.text).into_iter().map(|code| (code, file.path.as_str())));
        }
    }
    let index = tree.get(INDEX).map(|file| file.text.as_str()).unwrap_or_default();
    let mut findings = Vec::new();
    for (code, path) in &codes {
        let page = format!("{PAGES}{code}.md");
        if tree.get(&page).is_none() {
            findings.push(Finding::new(*path, format!("answers with the code {code}, which has no {page}")));
        } else if !index.contains(&format!("({code}.md)")) {
            findings.push(Finding::new(INDEX, format!("does not list {code}")));
        }
    }
    for file in tree.files.iter().filter(|file| file.path.starts_with(PAGES) && file.path != INDEX) {
        if !codes.contains_key(file.stem()) {
            findings.push(Finding::new(&file.path, "tells of a code that nothing answers with"));
        }
    }
    Ok(findings)
}

/// The codes that a source makes errors with, outside of its tests.
fn codes_of(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let letters: Vec<char> = source.chars().collect();
    let masked = mask(source);
    let code: Vec<char> = masked.chars().collect();
    let mut found = Vec::new();
    for (maker, wanted) in MAKERS {
        for (at, _) in masked.match_indices(maker) {
            let before = masked.get(..at).unwrap_or_default().chars().count();
            let inside = maker.find('(').unwrap_or_default().saturating_add(1);
            found.extend(words_of(&letters, &code, before.saturating_add(inside), *wanted));
        }
    }
    found
}

/// The texts in an argument of a call whose arguments begin there, without what is only compared with.
fn words_of(letters: &[char], code: &[char], begin: usize, wanted: usize) -> Vec<String> {
    let (mut depth, mut argument, mut open) = (0_usize, 0_usize, None);
    let mut words = Vec::new();
    for (at, letter) in code.iter().enumerate().skip(begin) {
        match (letter, open) {
            ('"', None) => open = Some(at),
            ('"', Some(start)) => {
                open = None;
                let text: String =
                    letters.get(start.saturating_add(1)..at).unwrap_or_default().iter().collect();
                let before = code.get(..start).unwrap_or_default();
                let compared = before.iter().rev().find(|letter| !letter.is_whitespace()) == Some(&'=');
                if argument == wanted && !compared && is_code(&text) {
                    words.push(text);
                }
            }
            ('(' | '[' | '{', None) => depth = depth.saturating_add(1),
            (')' | ']' | '}', None) if depth == 0 => break,
            (')' | ']' | '}', None) => depth = depth.saturating_sub(1),
            (',', None) if depth == 0 => argument = argument.saturating_add(1),
            _ => {}
        }
    }
    words
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_where_errors_are_made() {
        let source = r#"
            fn f() { EngineError::invalid("one_a", format!("x, {}", "no_code")) }
            fn g() { ApiError::new(
                StatusCode::FORBIDDEN,
                "two", "words") }
            fn h() { EngineError::invalid(if name == "no" { "three_a" } else { "three_b" }, "no") }
            fn i() { (Fault::Unavailable, "four"); (other, "five"); unauthenticated("six", "no"); }
            fn j() { Finding::new("no", "no"); println!("EngineError::invalid(\"no\")"); }
            #[cfg(test)]
            fn k() { EngineError::invalid("no", "no") }
        "#;
        let mut found = codes_of(source);
        found.sort();
        assert_eq!(found, ["five", "four", "one_a", "six", "three_a", "three_b", "two"]);
    }

    #[test]
    fn a_code_without_a_page_and_a_page_without_a_code_are_found() {
        let tree = Tree::of(&[
            (
                "crates/engine/src/a.rs",
                "fn f() { EngineError::invalid(\"a_b\", x); EngineError::invalid(\"c\", x) }",
            ),
            ("docs/reference/errors/README.md", ""),
            ("docs/reference/errors/c.md", ""),
            ("docs/reference/errors/old.md", ""),
        ]);
        let said: Vec<String> =
            check(&tree).unwrap().iter().map(|f| format!("{}: {}", f.place, f.what)).collect();
        expect_test::expect![[r#"
            crates/engine/src/a.rs: answers with the code a_b, which has no docs/reference/errors/a_b.md
            docs/reference/errors/README.md: does not list c
            docs/reference/errors/old.md: tells of a code that nothing answers with"#]]
        .assert_eq(&said.join("\n"));
    }
}
