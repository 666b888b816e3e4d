//! Development tool, `tidy`: a lint is silenced by `#[expect(…, reason = "…")]`, so that it goes once it is not needed.

use anyhow::Result;

use super::Finding;
use super::tree::Tree;

pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (file, outline) in tree.rust() {
        for attribute in &outline.attributes {
            let silences = ["expect(", "allow("].iter().any(|start| attribute.text.starts_with(start));
            let place = || format!("{}:{}", file.path, attribute.line);
            if silences && !attribute.text.contains("reason=\"") {
                findings.push(Finding::new(place(), "silences a lint without a reason"));
            }
            if attribute.text == "ignore" || attribute.text.starts_with("ignore=") {
                findings.push(Finding::new(place(), "skips a test; a test runs or goes"));
            }
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_needs_a_reason() {
        let source = "#[expect(dead_code)]\nfn a() {}\n#[allow(dead_code, reason = \"x\")]\nfn b() {}\n#[expect(\n    dead_code,\n    reason = \"y\"\n)]\nfn c() {}\n#[ignore = \"slow\"]\n#[test]\nfn d() {}\n";
        let places: Vec<String> = check(&Tree::of(&[("a.rs", source)]))
            .expect("works")
            .into_iter()
            .map(|finding| finding.place)
            .collect();
        assert_eq!(places, ["a.rs:1", "a.rs:10"]);
    }
}
