//! Development tool, `tidy`: which of our crates may depend on which, and which may use the crates that carry a layer.
//!
//! Layers point downwards only; ARCHITECTURE.md shows the same table.

use anyhow::{Context, Result};

use super::Finding;
use super::tree::Tree;
use crate::house::{self, Dependency, Package};

/// A crate of ours and those of ours that it may depend on. Tests of each may use `telecoder-testkit` too.
const EDGES: &[(&str, &[&str])] = &[
    ("telecoder-cli", &["telecoder", "telecoder-api", "telecoder-sandbox"]),
    (
        "telecoder",
        &[
            "telecoder-agent",
            "telecoder-api",
            "telecoder-broker",
            "telecoder-engine",
            "telecoder-git",
            "telecoder-integrations",
            "telecoder-model",
            "telecoder-sandbox",
            "telecoder-server",
            "telecoder-store",
        ],
    ),
    ("telecoder-server", &["telecoder-api", "telecoder-engine", "telecoder-model"]),
    ("telecoder-engine", &["telecoder-model"]),
    ("telecoder-store", &["telecoder-model"]),
    ("telecoder-sandbox", &["telecoder-model"]),
    ("telecoder-broker", &["telecoder-model"]),
    ("telecoder-git", &["telecoder-model"]),
    ("telecoder-agent", &["telecoder-model"]),
    ("telecoder-integrations", &["telecoder-model"]),
    ("telecoder-model", &[]),
    ("telecoder-api", &[]),
    ("telecoder-testkit", &["telecoder-api", "telecoder-model"]),
    ("xtask", &[]),
];

const TESTKIT: &str = "telecoder-testkit";

/// What tests may use beyond that: the promises of the store, the process port and git are not worth faking.
const TEST_EDGES: &[(&str, &str)] = &[
    ("telecoder-agent", "telecoder-sandbox"),
    ("telecoder-engine", "telecoder-store"),
    ("telecoder-git", "telecoder-sandbox"),
    ("telecoder-integrations", "telecoder-git"),
    ("telecoder-integrations", "telecoder-sandbox"),
    ("telecoder-integrations", "telecoder-store"),
    ("telecoder-server", "telecoder-store"),
];

/// A crate of others that belongs to one part, and the packages that may use it outside their tests.
const RESERVED: &[(&str, &[&str])] = &[
    ("axum", &["telecoder-server", TESTKIT]),
    ("clap", &["telecoder-cli", "xtask"]),
    ("landlock", &["telecoder-sandbox"]),
    ("seccompiler", &["telecoder-sandbox"]),
    ("sqlx", &["telecoder-store"]),
    ("yamux", &["telecoder-sandbox"]),
];

/// What the engine may take of tokio: every wait goes through the clock port.
const ENGINE_TOKIO: &[&str] = &["macros", "rt", "sync"];

pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let packages = house::workspace()?.packages;
    let mut findings = Vec::new();
    for package in &packages {
        edges_of(package, &packages, &mut findings);
        reserved_of(package, &mut findings);
        manifest_of(package, tree, &mut findings)?;
        if package.name == "telecoder-engine" {
            tokio_of_the_engine(package, &mut findings);
        }
    }
    for (name, _) in EDGES {
        if !packages.iter().any(|package| package.name == *name) {
            findings.push(Finding::new(*name, "is in the table of edges, but not in the workspace"));
        }
    }
    Ok(findings)
}

fn edges_of(package: &Package, packages: &[Package], findings: &mut Vec<Finding>) {
    let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == package.name) else {
        findings.push(Finding::new(&package.name, "is not in the table of edges (xtask/src/tidy/edges.rs)"));
        return;
    };
    for dependency in &package.dependencies {
        let ours = packages.iter().any(|other| other.name == dependency.name);
        let edge = (package.name.as_str(), dependency.name.as_str());
        let for_tests = is_for_tests(dependency) && (edge.1 == TESTKIT || TEST_EDGES.contains(&edge));
        if ours && !for_tests && !allowed.contains(&dependency.name.as_str()) {
            findings.push(Finding::new(&package.name, format!("must not depend on {}", dependency.name)));
        }
    }
}

fn reserved_of(package: &Package, findings: &mut Vec<Finding>) {
    for dependency in package.dependencies.iter().filter(|dependency| !is_for_tests(dependency)) {
        let reserved = RESERVED.iter().find(|(name, _)| *name == dependency.name);
        if let Some((name, users)) = reserved
            && !users.contains(&package.name.as_str())
        {
            findings.push(Finding::new(
                &package.name,
                format!("must not use {name}; only {} may", users.join(", ")),
            ));
        }
    }
}

/// Every package takes the workspace's lints, and only the facade has tests in its documentation.
fn manifest_of(package: &Package, tree: &Tree, findings: &mut Vec<Finding>) -> Result<()> {
    let path = package.manifest_path.strip_prefix(house::root()).unwrap_or(&package.manifest_path);
    let path = path.to_string_lossy();
    let Some(file) = tree.get(&path) else {
        return Ok(());
    };
    let manifest: toml::Table = toml::from_str(&file.text).with_context(|| path.to_string())?;
    let holds = |section: &str, key: &str, wanted: bool| {
        let value = manifest.get(section).and_then(|table| table.get(key)).and_then(toml::Value::as_bool);
        value == Some(wanted)
    };
    if !holds("lints", "workspace", true) {
        findings.push(Finding::new(path.as_ref(), "must have [lints] workspace = true"));
    }
    if manifest.contains_key("lib") && !holds("lib", "doctest", false) {
        findings.push(Finding::new(
            path.as_ref(),
            "must have [lib] doctest = false; the facade's examples are compiled",
        ));
    }
    Ok(())
}

fn tokio_of_the_engine(package: &Package, findings: &mut Vec<Finding>) {
    let tokio = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.name == "tokio" && !is_for_tests(dependency));
    for feature in tokio.flat_map(|dependency| &dependency.features) {
        if !ENGINE_TOKIO.contains(&feature.as_str()) {
            findings.push(Finding::new(&package.name, format!("must not use tokio's feature {feature}")));
        }
    }
}

fn is_for_tests(dependency: &Dependency) -> bool {
    dependency.kind.as_deref() == Some("dev")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(name: &str, kind: Option<&str>, features: &[&str]) -> Dependency {
        Dependency {
            name: name.to_owned(),
            kind: kind.map(str::to_owned),
            features: features.iter().map(|feature| (*feature).to_owned()).collect(),
        }
    }

    fn package(name: &str, dependencies: Vec<Dependency>) -> Package {
        Package { name: name.to_owned(), manifest_path: name.into(), dependencies, targets: Vec::new() }
    }

    #[test]
    fn an_edge_upwards_is_found_and_testkit_is_for_tests_only() {
        let engine = package(
            "telecoder-engine",
            vec![
                dependency("telecoder-model", None, &[]),
                dependency("telecoder-store", None, &[]),
                dependency(TESTKIT, Some("dev"), &[]),
                dependency(TESTKIT, None, &[]),
                dependency("tokio", None, &["sync", "time"]),
                dependency("tokio", Some("dev"), &["full"]),
                dependency("sqlx", None, &[]),
            ],
        );
        let packages = [
            package("telecoder-model", Vec::new()),
            package("telecoder-store", Vec::new()),
            package(TESTKIT, Vec::new()),
        ];
        let mut findings = Vec::new();
        edges_of(&engine, &packages, &mut findings);
        reserved_of(&engine, &mut findings);
        tokio_of_the_engine(&engine, &mut findings);
        let said: Vec<String> = findings.into_iter().map(|finding| finding.what).collect();
        expect_test::expect![[r#"
            must not depend on telecoder-store
            must not depend on telecoder-testkit
            must not use sqlx; only telecoder-store may
            must not use tokio's feature time"#]]
        .assert_eq(&said.join("\n"));
    }

    #[test]
    fn a_manifest_takes_the_lints() {
        let tree = Tree::of(&[("x", "[lib]\nname = 'x'\n[lints]\nworkspace = false\n")]);
        let mut findings = Vec::new();
        manifest_of(&package("x", Vec::new()), &tree, &mut findings).expect("TOML");
        assert_eq!(findings.len(), 2, "{findings:?}");
    }

    #[test]
    fn the_table_has_no_cycle() {
        for (name, allowed) in EDGES {
            for other in *allowed {
                let back =
                    EDGES.iter().find(|(candidate, _)| candidate == other).map(|(_, allowed)| *allowed);
                assert!(back.is_some_and(|back| !back.contains(name)), "{name} and {other}");
            }
        }
    }
}
