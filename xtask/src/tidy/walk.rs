//! Development tool, `tidy`: what ARCHITECTURE.md sets in code font is there: paths exist, files have that name, and items are
//! declared somewhere.

use std::collections::BTreeSet;

use anyhow::Result;

use super::Finding;
use super::tree::Tree;

const PAGE: &str = "ARCHITECTURE.md";
/// Headers of HTTP are written like types.
const NO_TYPES: &[&str] = &["Host", "Origin"];
/// What declares an item.
const DECLARES: &[&str] = &["fn", "struct", "enum", "trait", "mod", "type", "const", "static"];

pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let Some(page) = tree.get(PAGE) else { return Ok(Vec::new()) };
    let declared = declared(tree);
    let gone = spans(&page.text).into_iter().filter(|span| !is_there(tree, &declared, span));
    Ok(gone.map(|span| Finding::new(PAGE, format!("names `{span}`, which is not there"))).collect())
}

/// What stands in code font within a line, outside of blocks.
fn spans(text: &str) -> BTreeSet<&str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.split('`').skip(1).step_by(2)).filter(|span| !span.contains('\n')).collect()
}

fn declared(tree: &Tree) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (file, _) in tree.rust() {
        let mut before = "";
        for word in
            file.text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
        {
            if DECLARES.contains(&before) {
                names.insert(word);
            }
            before = word;
        }
    }
    names
}

fn is_there(tree: &Tree, declared: &BTreeSet<&str>, span: &str) -> bool {
    // Patterns and places of the running product are no names.
    if span.contains(['{', '<', ' ', '(']) || span.starts_with('/') {
        return true;
    }
    let (place, item) = match span.split_once("::") {
        Some((place, _)) => (place, span.rsplit("::").next()),
        None => (span, None),
    };
    if place.contains('/') || place.ends_with(".rs") {
        let place = place.trim_end_matches('/');
        let (inner, folder) = (format!("/{place}"), format!("{place}/"));
        let found = tree.files.iter().any(|file| {
            let path = &file.path;
            path == place
                || path.ends_with(&inner)
                || path.starts_with(&folder)
                || path.contains(&format!("/{folder}"))
        });
        return found && item.is_none_or(|item| declared.contains(item));
    }
    let is_type = place.starts_with(|c: char| c.is_ascii_uppercase())
        && place.chars().all(char::is_alphanumeric)
        && place.chars().any(|c| c.is_ascii_lowercase());
    if is_type && !NO_TYPES.contains(&place) && !declared.contains(place) {
        return false;
    }
    item.is_none_or(|item| declared.contains(item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_there_are_found() {
        let tree = Tree::of(&[
            (
                PAGE,
                "`Engine::submit` (`crates/engine/src/submit.rs`), `submit.rs`, `crates/engine/src/`, `Host`, `/api/x`, `stage`, \
                 `crates/{a,b}`, `submit.rs::all`, `Gone`, `Engine::gone`, `gone.rs`, `crates/gone/src/`, `submit.rs::gone`\n\
                 ```\n`Blocks` are passed over\n```\n",
            ),
            (
                "crates/engine/src/submit.rs",
                "pub struct Engine; impl Engine { pub async fn submit() {} } fn all() {}",
            ),
        ]);
        let said: Vec<String> = check(&tree).unwrap().into_iter().map(|finding| finding.what).collect();
        expect_test::expect![[r#"
            names `Engine::gone`, which is not there
            names `Gone`, which is not there
            names `crates/gone/src/`, which is not there
            names `gone.rs`, which is not there
            names `submit.rs::gone`, which is not there"#]]
        .assert_eq(&said.join("\n"));
    }
}
