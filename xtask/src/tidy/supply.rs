//! Development tool, `tidy`: the licences, bans and sources of `deny.toml`, held against the crates that are built.
//!
//! It takes a fraction of a second, where cargo-deny first needs minutes to be built; `cargo xtask ci --deny` runs that too.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Finding;
use super::tree::Tree;
use crate::process::Program;

/// The platforms that we build for; crates of others are not looked at.
const PLATFORMS: &[&str] = &["x86_64-unknown-linux-gnu"];

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    /// A name, or `name:<version`.
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

/// A crate of others that is built.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
    licence: String,
    /// Where it comes from, unless that is crates.io.
    elsewhere: Option<String>,
}

pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let file = tree.get("deny.toml").context("there is no deny.toml")?;
    let deny: Deny = toml::from_str(&file.text).context("deny.toml")?;
    let mut findings = Vec::new();
    for platform in PLATFORMS {
        let said = Program::cargo()
            .args(["tree", "--workspace", "--edges=normal,build", "--target", platform])
            .args(["--prefix=none", "--format={p}|{l}"])
            .output()?;
        let built: BTreeSet<Crate> = said.lines().filter_map(Crate::from_line).collect();
        for krate in &built {
            let place = format!("{} {}", krate.name, krate.version);
            findings.extend(deny.verdict(krate).map(|what| Finding::new(place, what)));
        }
    }
    Ok(findings)
}

impl Crate {
    /// Reads `name v1.2.3 (where from)|licence (*)`; one of our own, which lies in a folder, is `None`.
    fn from_line(line: &str) -> Option<Self> {
        let (package, licence) = line.trim_end_matches(" (*)").split_once('|')?;
        let mut words = package.split_whitespace();
        let name = words.next()?.to_owned();
        let version = words.next()?.trim_start_matches('v').to_owned();
        let from =
            words.find(|word| *word != "(proc-macro)").map(|word| word.trim_matches(['(', ')']).to_owned());
        if from.as_ref().is_some_and(|from| Path::new(from).is_absolute()) {
            return None;
        }
        Some(Self { name, version, licence: licence.to_owned(), elsewhere: from })
    }
}

impl Deny {
    fn verdict(&self, krate: &Crate) -> Option<String> {
        if let Some(from) = &krate.elsewhere {
            return Some(format!("comes from {from}"));
        }
        if let Some(ban) = self.bans.deny.iter().find(|ban| ban.hits(krate)) {
            return Some(format!("is banned: {}", ban.reason));
        }
        let licence = &krate.licence;
        (!allowed(licence, &self.licenses.allow)).then(|| format!("has the licence `{licence}`"))
    }
}

impl Ban {
    fn hits(&self, krate: &Crate) -> bool {
        match self.name.split_once(":<") {
            None => self.name == krate.name,
            Some((name, below)) => name == krate.name && numbers(&krate.version) < numbers(below),
        }
    }
}

fn numbers(version: &str) -> Vec<u64> {
    version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

/// Whether an SPDX expression can be satisfied by allowed licences. The old form `MIT/Apache-2.0` means "or".
fn allowed(expression: &str, allow: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Expression { words: &words, at: 0, allow };
    reader.either() && reader.at == words.len()
}

struct Expression<'a> {
    words: &'a [&'a str],
    at: usize,
    allow: &'a BTreeSet<String>,
}

impl Expression<'_> {
    fn take(&mut self, word: &str) -> bool {
        let found = self.words.get(self.at) == Some(&word);
        self.at = self.at.saturating_add(usize::from(found));
        found
    }

    fn either(&mut self) -> bool {
        let mut allowed = self.both();
        while self.take("OR") {
            allowed |= self.both();
        }
        allowed
    }

    fn both(&mut self) -> bool {
        let mut allowed = self.one();
        while self.take("AND") {
            allowed &= self.one();
        }
        allowed
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            let allowed = self.either();
            return self.take(")") && allowed;
        }
        let Some(licence) = self.words.get(self.at).copied() else {
            return false;
        };
        self.at = self.at.saturating_add(1);
        if self.take("WITH") {
            let exception = self.words.get(self.at).copied().unwrap_or_default();
            self.at = self.at.saturating_add(1);
            return self.allow.contains(&format!("{licence} WITH {exception}"));
        }
        self.allow.contains(licence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_expressions_are_read() {
        let allow =
            BTreeSet::from(["MIT".to_owned(), "ISC".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()]);
        for (expression, expected) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("MIT OR GPL-3.0", true),
            ("GPL-3.0/MIT", true),
            ("MIT AND GPL-3.0", false),
            ("(GPL-3.0 OR MIT) AND ISC", true),
            ("GPL-3.0 OR MIT AND ISC", true),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("Apache-2.0", false),
            ("(MIT", false),
            ("", false),
        ] {
            assert_eq!(allowed(expression, &allow), expected, "{expression}");
        }
    }

    #[test]
    fn bans_and_sources_are_held() {
        let deny: Deny = toml::from_str(
            "[licenses]\nallow = ['MIT']\n[bans]\ndeny = [{ crate = 'http:<0.13', reason = 'one of them' }]",
        )
        .expect("a deny.toml");
        let verdict = |line: &str| deny.verdict(&Crate::from_line(line).expect("a crate of others"));
        assert_eq!(verdict("http v0.12.9|MIT").as_deref(), Some("is banned: one of them"));
        assert_eq!(verdict("http v0.13.0 (proc-macro)|MIT (*)"), None);
        assert_eq!(
            verdict("http v0.13.0 (https://a.example/b#1)|MIT").as_deref(),
            Some("comes from https://a.example/b#1")
        );
        assert_eq!(verdict("x v1.0.0|").as_deref(), Some("has the licence ``"));
        assert_eq!(Crate::from_line("ours v0.1.0 (/home/me/ours)|Apache-2.0"), None);
    }
}
