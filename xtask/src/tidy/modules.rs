//! Development tool, `tidy`: no Rust source is forgotten: each is the root of a target or declared by its parent module.
//!
//! A test module that nobody declares never runs, and nothing else would say so.

use std::collections::BTreeSet;

use anyhow::Result;

use super::Finding;
use super::outline::Kind;
use super::tree::Tree;
use crate::house;

pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut roots = BTreeSet::new();
    for target in house::workspace()?.packages.iter().flat_map(|package| &package.targets) {
        if let Ok(path) = target.src_path.strip_prefix(house::root()) {
            roots.insert(path.to_string_lossy().into_owned());
        }
    }
    Ok(forgotten(tree, &roots))
}

fn forgotten(tree: &Tree, roots: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, _) in tree.rust() {
        if roots.contains(&file.path) || !file.path.contains("/src/") && !file.path.contains("/tests/") {
            continue;
        }
        let (module, parents) = place(&file.path, roots);
        let declared = parents.iter().any(|parent| declares(tree, parent, &module));
        if !declared {
            findings.push(Finding::new(
                &file.path,
                format!("is forgotten: no `mod {module};` in {}", parents.join(" or ")),
            ));
        }
    }
    findings
}

/// The name of the module in this file, and the files that may declare it.
fn place(path: &str, roots: &BTreeSet<String>) -> (String, Vec<String>) {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut parents = vec![format!("{folder}/mod.rs"), format!("{folder}.rs")];
    parents.extend(
        roots.iter().filter(|root| root.rsplit_once('/').is_some_and(|(of, _)| of == folder)).cloned(),
    );
    (name.to_owned(), parents)
}

fn declares(tree: &Tree, parent: &str, module: &str) -> bool {
    let outline = tree.get(parent).and_then(|file| file.outline.as_ref());
    outline.is_some_and(|outline| {
        outline.items.iter().any(|item| item.kind == Kind::Module && item.name == module && !item.has_body)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_module_that_nobody_declares_is_found() {
        let tree = Tree::of(&[
            ("crates/x/src/lib.rs", "mod a;\nmod b;\n// mod d;\n"),
            ("crates/x/src/a.rs", "mod deep;"),
            ("crates/x/src/a/deep.rs", ""),
            ("crates/x/src/b/mod.rs", "mod inner {}"),
            ("crates/x/src/b/inner.rs", ""),
            ("crates/x/src/d.rs", ""),
            ("crates/x/tests/it/main.rs", "mod seen;"),
            ("crates/x/tests/it/seen.rs", ""),
            ("crates/x/tests/it/unseen.rs", ""),
        ]);
        let roots =
            BTreeSet::from(["crates/x/src/lib.rs".to_owned(), "crates/x/tests/it/main.rs".to_owned()]);
        let places: Vec<String> = forgotten(&tree, &roots).into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["crates/x/src/b/inner.rs", "crates/x/src/d.rs", "crates/x/tests/it/unseen.rs"]);
    }
}
