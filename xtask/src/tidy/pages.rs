//! Development tool, `tidy`: the pages for people: those that must be there, their length, and that their links lead somewhere.

use anyhow::Result;

use super::Finding;
use super::tree::{File, Tree};

/// Pages that every reader looks for, and the most lines that each may have.
const PAGES: &[(&str, usize)] = &[
    ("README.md", 250),
    ("ARCHITECTURE.md", 300),
    ("CONTRIBUTING.md", 200),
    ("CHANGELOG.md", 2000),
    ("SECURITY.md", 200),
    ("AGENTS.md", 150),
];

pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (path, most) in PAGES {
        match tree.get(path).map(|file| file.text.lines().count()) {
            None => findings.push(Finding::new(*path, "is missing")),
            Some(lines) if lines > *most => {
                findings.push(Finding::new(*path, format!("has {lines} lines; {most} is the most")));
            }
            Some(_) => {}
        }
    }
    for file in tree.files.iter().filter(|file| file.is_page()) {
        for target in links(&file.text).filter(|target| !leads_somewhere(tree, file, target)) {
            findings.push(Finding::new(&file.path, format!("links to {target}, which is not there")));
        }
    }
    Ok(findings)
}

/// The targets of `[text](target)` that lie in the repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ', '\n']).next());
    targets.filter(|target| !target.is_empty() && !target.contains(':') && !target.starts_with('#'))
}

fn leads_somewhere(tree: &Tree, from: &File, target: &str) -> bool {
    let target = target.split('#').next().unwrap_or_default();
    let mut parts: Vec<&str> = from.path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let path = parts.join("/");
    let folder = format!("{path}/");
    tree.pictures.contains(&path)
        || tree.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_somewhere() {
        let tree = Tree::of(&[
            (
                "docs/guide/a.md",
                "[b](b.md) [up](../../README.md#x) [dev](../dev/) [gone](c.md) [web](https://a.example) [here](#a)",
            ),
            ("docs/guide/b.md", ""),
            ("docs/dev/x.md", ""),
            ("README.md", ""),
        ]);
        let said: Vec<String> = check(&tree)
            .expect("works")
            .iter()
            .filter(|finding| finding.what != "is missing")
            .map(|finding| format!("{} {}", finding.place, finding.what))
            .collect();
        assert_eq!(said, ["docs/guide/a.md links to c.md, which is not there"]);
    }

    #[test]
    fn a_page_that_grows_too_long_is_found() {
        let long = "x\n".repeat(301);
        let found = check(&Tree::of(&[("ARCHITECTURE.md", &long)])).expect("works");
        assert!(found.iter().any(|finding| finding.what == "has 301 lines; 300 is the most"), "{found:?}");
    }
}
