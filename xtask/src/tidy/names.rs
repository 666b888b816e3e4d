//! Development tool, `tidy`: words that say nothing and therefore name nothing: files, modules, types and functions.

use anyhow::Result;

use super::Finding;
use super::outline::Kind;
use super::tree::Tree;

/// Words that no name may hold.
const BANNED: &[&str] = &[
    "common", "commons", "data", "do", "helper", "helpers", "info", "infos", "manager", "managers", "misc",
    "new2", "util", "utils",
];

/// Names that hold one for a reason: they are the product's or somebody else's own words.
const EXCEPTIONS: &[&str] = &["data_dir", "datadir", "credential_helper"];

/// The part where `handler` is the usual word for a function that answers a request.
const HTTP: &str = "crates/server/";

pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (file, outline) in tree.rust() {
        if let Some(word) = banned(file.stem(), &file.path) {
            findings.push(Finding::new(&file.path, format!("`{word}` says nothing in a file's name")));
        }
        for item in &outline.items {
            let of_tests = item.of_tests || file.path.contains("/tests/");
            if of_tests && item.kind == Kind::Function {
                continue;
            }
            if let Some(word) = banned(&item.name, &file.path) {
                let place = format!("{}:{}", file.path, item.line);
                findings
                    .push(Finding::new(place, format!("`{word}` says nothing in the name {}", item.name)));
            }
        }
    }
    Ok(findings)
}

fn banned(name: &str, path: &str) -> Option<String> {
    let mut plain = snake(name);
    for exception in EXCEPTIONS {
        plain = plain.replace(exception, "");
    }
    let handler = |word: &str| matches!(word, "handler" | "handlers") && !path.starts_with(HTTP);
    plain.split(['_', '-']).find(|word| BANNED.contains(word) || handler(word)).map(str::to_owned)
}

/// `CamelCase` as `camel_case`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_uppercase() && (before.is_lowercase() || before.is_numeric()) {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
        before = letter;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_every_spelling() {
        for (name, expected) in [
            ("SessionManager", Some("manager")),
            ("do_it", Some("do")),
            ("string_utils", Some("utils")),
            ("AgentInfo", Some("info")),
            ("test_data_dir", None),
            ("data_of", Some("data")),
            ("metadata", None),
            ("domain", None),
            ("new2", Some("new2")),
            ("event_handler", Some("handler")),
        ] {
            assert_eq!(banned(name, "crates/engine/src/x.rs").as_deref(), expected, "{name}");
        }
        assert_eq!(banned("create_handler", "crates/server/src/route.rs"), None);
    }

    #[test]
    fn sentences_of_tests_are_free() {
        let tree = Tree::of(&[(
            "crates/x/src/info.rs",
            "mod util;\nfn run_do() {}\n#[cfg(test)]\nmod tests {\n#[test]\nfn data_is_kept() {}\n}\n",
        )]);
        let places: Vec<String> =
            check(&tree).expect("works").into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["crates/x/src/info.rs", "crates/x/src/info.rs:1", "crates/x/src/info.rs:2"]);
    }
}
