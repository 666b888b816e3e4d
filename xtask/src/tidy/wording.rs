//! Development tool, `tidy`: nothing in the project knows the machine it was written on, or how its writing was planned.

use anyhow::Result;

use super::Finding;
use super::tree::Tree;

/// Texts that belong to a machine or to planning, in two parts so that this file does not hold them.
const FOREIGN: &[(&str, &str)] = &[
    ("/work", "/main"),
    ("/work", "/shared"),
    ("../", "shared"),
    ("/root/", ".cargo"),
    ("/root/", ".cache"),
    ("/root/", ".pyenv"),
    ("/tmp/", "bash_"),
    ("/tmp/", "brief"),
    ("/opt/", "wheels"),
    ("facts", "/agents.md"),
    ("facts", "/sandbox.md"),
    ("facts", "/dependencies.md"),
    ("yard", "sticks"),
    ("design", ".md"),
    ("surface", ".md"),
    ("style", ".md"),
    ("earlier-", "systems"),
];

/// Words that pages for people do not use: they speak of work on the project, not of the project.
const PLANNING: &[&str] = &["issue #", "the brief", "our brief", "part 1", "part 2", "subagent", "co-worker"];

/// Where a lock file may say that packages come from.
const REGISTRIES: &[&str] =
    &["registry+https://github.com/rust-lang/crates.io-index", "https://registry.npmjs.org/"];

pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in &tree.files {
        for (number, line) in (1_usize..).zip(file.text.lines()) {
            let place = || format!("{}:{number}", file.path);
            for (one, other) in FOREIGN {
                let text = format!("{one}{other}");
                if line.contains(&text) {
                    findings.push(Finding::new(place(), format!("mentions {text}")));
                }
            }
            let words = line.to_lowercase();
            if let Some(word) = PLANNING.iter().find(|word| file.is_page() && words.contains(*word)) {
                findings.push(Finding::new(
                    place(),
                    format!("says `{word}`, which is about planning, not about the product"),
                ));
            }
            if let Some(host) = registry(&file.path, line) {
                findings.push(Finding::new(place(), format!("takes a package from {host}")));
            }
        }
    }
    Ok(findings)
}

/// The source that a line of a lock file names, where it is none of the public registries.
fn registry<'a>(path: &str, line: &'a str) -> Option<&'a str> {
    let line = line.trim();
    let value = match path.rsplit('/').next()? {
        "Cargo.lock" => line.strip_prefix("source = ")?,
        "package-lock.json" => line.strip_prefix("\"resolved\": ")?,
        _ => return None,
    };
    let value = value.trim_matches(['"', ',']);
    (!REGISTRIES.iter().any(|known| value.starts_with(known))).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_texts_are_found() {
        let machine = ["see /work", "/main/x"].concat();
        let tree = Tree::of(&[
            ("a.rs", &machine),
            ("b.md", "Fixed in issue #4.\n"),
            ("c.rs", "// issue #4 of the other project"),
            ("Cargo.lock", "source = \"registry+https://mirror.example/index\"\n"),
            ("web/package-lock.json", "  \"resolved\": \"https://registry.npmjs.org/a/-/a-1.tgz\",\n"),
        ]);
        let said: Vec<String> = check(&tree)
            .expect("works")
            .iter()
            .map(|finding| format!("{}: {}", finding.place, finding.what))
            .collect();
        assert_eq!(said.len(), 3, "{said:?}");
        assert_eq!(
            said.get(1).map(String::as_str),
            Some("b.md:1: says `issue #`, which is about planning, not about the product")
        );
        assert_eq!(
            said.get(2).map(String::as_str),
            Some("Cargo.lock:1: takes a package from registry+https://mirror.example/index")
        );
    }
}
