//! Files and folders at a commit (dev layer).

use super::super::call::{Answer, Call, Refusal, Reply};
use super::super::hosting;
use super::super::render::put;
use super::super::world::{Repository, World};
use super::repository;
use base64::Engine;
use serde_json::{Value, json};

pub(in super::super) fn get(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    let asked = call.asked("ref").unwrap_or(&shown.default_branch);
    let sha = shown
        .resolve(asked)
        .ok_or_else(|| Refusal::new(404, &format!("No commit found for the ref {asked}")))?;
    let path = call.part("path").trim_matches('/');
    let git = |arguments: &[&str]| hosting::git(&shown.folder, arguments);
    let listed = git(&["ls-tree", "-l", "-z", &sha, "--", path]).unwrap_or_default();
    let entry = listed.split('\0').next().and_then(Entry::of).ok_or_else(Refusal::not_found)?;
    if entry.kind == "tree" {
        let inside = git(&["ls-tree", "-l", "-z", &sha, "--", &format!("{path}/")]).unwrap_or_default();
        let all = inside.split('\0').filter_map(Entry::of).map(|entry| entry.json(call, shown, asked));
        return Ok(Reply::ok(all.collect()));
    }
    let text = git(&["cat-file", "blob", entry.sha]).map_err(|_| Refusal::not_found())?;
    if call.accept.contains("raw") {
        return Ok(Reply::text(text));
    }
    let mut value = entry.json(call, shown, asked);
    let mut encoded = String::new();
    for line in base64::engine::general_purpose::STANDARD.encode(&text).as_bytes().chunks(60) {
        encoded.push_str(&String::from_utf8_lossy(line));
        encoded.push('\n');
    }
    put(&mut value, "encoding", "base64");
    put(&mut value, "content", encoded);
    Ok(Reply::ok(value))
}

struct Entry<'a> {
    kind: &'a str,
    sha: &'a str,
    size: u64,
    path: &'a str,
}

impl<'a> Entry<'a> {
    /// Reads a line of `ls-tree -l`.
    fn of(line: &'a str) -> Option<Self> {
        let (about, path) = line.split_once('\t')?;
        let mut parts = about.split_whitespace().skip(1);
        let (kind, sha, size) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { kind, sha, size: size.parse().unwrap_or(0), path })
    }

    fn json(&self, call: &Call, shown: &Repository, reference: &str) -> Value {
        let full = shown.full_name();
        let url = format!("{}/repos/{full}/contents/{}?ref={reference}", call.links.api, self.path);
        let kind = if self.kind == "tree" { "dir" } else { "file" };
        let git = format!("{}/repos/{full}/git/{}s/{}", call.links.api, self.kind, self.sha);
        let html = format!("{}/{full}/{}/{reference}/{}", call.links.html, self.kind, self.path);
        json!({
            "type": kind, "size": self.size, "name": self.path.rsplit('/').next(), "path": self.path, "sha": self.sha,
            "url": url, "git_url": git, "html_url": html,
            "download_url": (kind == "file").then(|| format!("{}/{full}/raw/{reference}/{}", call.links.html, self.path)),
            "_links": {"self": url, "git": git, "html": html},
        })
    }
}
