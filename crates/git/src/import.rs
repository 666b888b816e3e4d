//! Layer 1: takes an export's output into the session's quarantine. Invariants: the stream is hostile: it is bounded
//! before it is stored, stored before it is parsed, checked object by object by git's own strictest rules, and its tree
//! must be whole and hold nothing but files, links and folders with honest names.

use crate::call::{Call, words};
use crate::folder;
use crate::layout::ObjectFormat;
use crate::options::Git;
use crate::pack::{count, temporary};
use crate::quarantine::lend;
use crate::record::BaseFacts;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::error::ErrorClass;
use telecoder_model::fail_point;
use telecoder_model::id::SessionId;
use telecoder_model::refs::ObjectId;
use tokio::io::AsyncWriteExt;

/// The longest first line of an export.
const MAX_HEADER: usize = 4096;
/// The longest listing of changed files (about half a million).
const MAX_CHANGES: usize = 64 << 20;
/// The most memory that git takes at once for an object from outside, in bytes.
const MAX_ALLOCATION: &str = "1g";
/// How many times the size of an export its new files may have unpacked.
const MAX_GROWTH: u64 = 8;

/// Where objects are until they have been checked: a store of their own, which goes away with its folder and which only
/// the calls below look into.
struct Incoming {
    quarantine: PathBuf,
    objects: PathBuf,
}

impl Incoming {
    fn call(&self, args: &[&str]) -> Call {
        Call::in_repository(&self.quarantine, args).env("GIT_OBJECT_DIRECTORY", &self.objects)
    }
}

/// Moves checked packs into the quarantine; a pack's index, which makes it known, comes last.
fn accept(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut names: Vec<_> =
        std::fs::read_dir(from)?.map(|entry| Ok(entry?.file_name())).collect::<std::io::Result<_>>()?;
    names.sort_by_key(|name| Path::new(name).extension().is_some_and(|extension| extension == "idx"));
    names.iter().try_for_each(|name| std::fs::rename(from.join(name), to.join(name)))
}

fn refused(reason: impl std::fmt::Display) -> PortError {
    PortError::denied(format!("the sandbox's export was refused: {reason}"))
}

/// Reads an export's first line.
fn header(line: &str) -> Result<ObjectId, PortError> {
    if let Some(said) = line.strip_prefix("telecoder-export 1 error ") {
        return Err(PortError::permanent(format!("the workspace could not be exported: {}", words(said)))
            .remedy("Look at what the message names in the workspace; ask the agent to correct it."));
    }
    line.strip_prefix("telecoder-export 1 tree ")
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| refused("its first line is not one that the export writes"))
}

impl Git {
    pub(crate) async fn import_stream(
        &self,
        session: &SessionId,
        output: BoxStream<'static, Result<Bytes, PortError>>,
    ) -> Result<ObjectId, PortError> {
        let _session = self.hold_session(session).await;
        let (quarantine, workspace) = self.quarantine_to_write(session).await?;
        let folder = temporary(self.layout.session_temporary(session), "import-").await?;
        let path = folder.path().join("pack");
        let tree = self.receive_stream(output, &path).await?;
        if ObjectFormat::of(&tree) != workspace.format() {
            return Err(refused("its tree has another object format than the repository"));
        }
        let incoming = self.incoming(quarantine, folder.path()).await?;
        self.check_pack(&incoming, &path).await?;
        let facts = BaseFacts::read(&self.layout, &workspace.key(), workspace.base_commit.as_ref())?
            .ok_or_else(|| PortError::not_found("the base of the session is not on this host"))?;
        self.check_tree(&incoming, &facts.tree, &tree).await?;
        let (from, to) = (incoming.objects.join("pack"), incoming.quarantine.join("objects/pack"));
        fail_point::reach("git.objects.before");
        folder::work("cannot take the objects of an export in", move || accept(&from, &to)).await?;
        fail_point::reach("git.objects.after");
        let call = Call::in_repository(&incoming.quarantine, &["update-ref", "--"])
            .arg(format!("refs/trees/{tree}"))
            .arg(tree.as_str());
        self.run_ok(call, "cannot keep a tree in the quarantine").await?;
        fail_point::reach("git.tree.after");
        Ok(tree)
    }

    async fn incoming(&self, quarantine: PathBuf, folder: &Path) -> Result<Incoming, PortError> {
        let (repository, lender) = (folder.to_owned(), quarantine.join("objects"));
        folder::work("cannot make a place for an export", move || {
            std::fs::create_dir_all(repository.join("objects/info"))?;
            std::fs::create_dir_all(repository.join("objects/pack"))?;
            lend(&repository, Some(&lender))
        })
        .await?;
        Ok(Incoming { quarantine, objects: folder.join("objects") })
    }

    /// Stores the pack in a file and gives the tree that the first line names.
    async fn receive_stream(
        &self,
        mut output: BoxStream<'static, Result<Bytes, PortError>>,
        path: &Path,
    ) -> Result<ObjectId, PortError> {
        let store = |error| PortError::io("cannot store an export", error);
        let mut file = tokio::fs::File::create_new(path).await.map_err(store)?;
        let mut first: Vec<u8> = Vec::new();
        let mut tree = None;
        let mut size = 0_u64;
        while let Some(chunk) = output.next().await {
            let chunk = chunk?;
            let mut rest: &[u8] = &chunk;
            if tree.is_none() {
                let end = rest.iter().position(|byte| *byte == b'\n');
                let (line, behind) = rest.split_at(end.unwrap_or(rest.len()));
                first.extend_from_slice(line);
                if first.len() > MAX_HEADER {
                    return Err(refused("its first line is too long"));
                }
                if end.is_none() {
                    continue;
                }
                tree = Some(header(&String::from_utf8_lossy(&first))?);
                rest = behind.get(1..).unwrap_or(&[]);
            }
            size = size.saturating_add(u64::try_from(rest.len()).unwrap_or(u64::MAX));
            if size > self.options.max_export_bytes {
                return Err(PortError::full(format!(
                    "the change is larger than {} bytes",
                    self.options.max_export_bytes
                ))
                .remedy("List what need not be kept (build results, downloads) in .gitignore."));
            }
            file.write_all(rest).await.map_err(store)?;
        }
        file.flush().await.map_err(store)?;
        tree.ok_or_else(|| PortError::transient("the export ended before its first line"))
    }

    /// Takes the objects in, if each of them is well-formed and all that they name is there.
    async fn check_pack(&self, incoming: &Incoming, path: &Path) -> Result<(), PortError> {
        let counted = path.to_owned();
        let objects = folder::blocking(move || count(&counted))
            .await
            .map_err(|error| PortError::transient("the export ended early").because(error))?;
        if objects == 0 {
            return Ok(());
        }
        let call = incoming
            .call(&["index-pack", "--stdin", "--strict=badFilemode=error"])
            .arg(format!("--max-input-size={}", self.options.max_export_bytes))
            .stdin_file(path)
            .env("GIT_ALLOC_LIMIT", MAX_ALLOCATION)
            .setting("core.bigFileThreshold", "32m")
            .setting("pack.threads", "1")
            .minutes(15);
        let output = self.run(call).await?;
        match output.code {
            Some(0) => Ok(()),
            Some(_) => {
                let error = self.failed("cannot check an export", &output);
                let refused = || refused(words(&String::from_utf8_lossy(&output.stderr)));
                Err(if error.class == ErrorClass::Full { error } else { refused() })
            }
            None => Err(self.failed("cannot check an export", &output)),
        }
    }

    /// Checks that a tree is there and what it changes.
    async fn check_tree(
        &self,
        incoming: &Incoming,
        base: &ObjectId,
        tree: &ObjectId,
    ) -> Result<(), PortError> {
        let output = self.run(incoming.call(&["cat-file", "-t"]).arg(tree.as_str())).await?;
        if output.code != Some(0) || output.stdout.trim_ascii() != b"tree" {
            return Err(refused("the tree that it names is not in it"));
        }
        let call = incoming
            .call(&["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames"])
            .arg(base.as_str())
            .arg(tree.as_str())
            .at_most(MAX_CHANGES)
            .minutes(5);
        let changes = self.run_ok(call, "cannot list what an export changes").await?;
        let files = changed_files(&changes)?;
        self.check_sizes(incoming, files).await
    }

    /// Checks that the new files are there and not larger than what an export may be.
    async fn check_sizes(&self, incoming: &Incoming, files: BTreeSet<String>) -> Result<(), PortError> {
        if files.is_empty() {
            return Ok(());
        }
        let mut input = String::with_capacity(files.len() * 41);
        for id in &files {
            input.push_str(id);
            input.push('\n');
        }
        let call = incoming
            .call(&["cat-file", "--batch-check=%(objecttype) %(objectsize)", "--buffer"])
            .stdin(input)
            .at_most(MAX_CHANGES)
            .minutes(5);
        let sizes = self.run_text(call, "cannot see the sizes of an export's files").await?;
        let mut total = 0_u64;
        for line in sizes.lines() {
            let size: u64 = line
                .strip_prefix("blob ")
                .and_then(|size| size.parse().ok())
                .ok_or_else(|| refused("a file of its tree is missing or is no file"))?;
            total = total.saturating_add(size);
        }
        if total > self.options.max_export_bytes.saturating_mul(MAX_GROWTH) {
            return Err(PortError::full(format!("the changed files have {total} bytes"))
                .remedy("List what need not be kept (build results, downloads) in .gitignore."));
        }
        Ok(())
    }
}

/// The objects of new and changed files, out of `diff-tree --raw -z`; refuses what no honest tree holds.
fn changed_files(raw: &[u8]) -> Result<BTreeSet<String>, PortError> {
    let mut fields = raw.split(|byte| *byte == 0);
    let mut files = BTreeSet::new();
    while let Some(record) = fields.next() {
        if record.is_empty() {
            continue;
        }
        let path = fields.next().unwrap_or(b"");
        let record = String::from_utf8_lossy(record).into_owned();
        let words: Vec<&str> = record.split(' ').collect();
        let [_, mode, _, id, status] = words.as_slice() else {
            return Err(refused("its changes cannot be read"));
        };
        let shown: PathBuf = PathBuf::from(String::from_utf8_lossy(path).into_owned());
        if *status == "D" {
            continue;
        }
        match *mode {
            "100644" | "100755" | "120000" => {}
            "160000" => {
                return Err(refused(format!("{} is a link to another repository", shown.display())));
            }
            _ => return Err(refused(format!("{} has the mode {mode}", shown.display()))),
        }
        if !honest(path) {
            return Err(refused(format!("it holds the path {}", shown.display())));
        }
        files.insert((*id).to_owned());
    }
    Ok(files)
}

/// Whether a path stays in its tree and out of `.git`, however a file system spells that.
fn honest(path: &[u8]) -> bool {
    !path.is_empty()
        && path.len() <= 4096
        && path.split(|byte| *byte == b'/').all(|part| {
            let lower = part.to_ascii_lowercase();
            !matches!(lower.as_slice(), b"" | b"." | b".." | b".git" | b"git~1")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(mode: &str, path: &str) -> Vec<u8> {
        format!(":000000 {mode} {} {} A\0{path}\0", "0".repeat(40), "1".repeat(40)).into_bytes()
    }

    #[test]
    fn only_files_and_links_with_honest_paths_are_taken() {
        for (mode, path) in [("100644", "a"), ("100755", "a/b"), ("120000", "a\nb"), ("100644", ".gitignore")]
        {
            assert_eq!(changed_files(&record(mode, path)).unwrap().len(), 1, "{path}");
        }
        for (mode, path) in [
            ("160000", "sub"),
            ("040000", "a"),
            ("100664", "a"),
            ("100644", ".git/config"),
            ("100644", "a/.GIT/hooks/x"),
            ("100644", "../x"),
            ("100644", "a//b"),
            ("100644", "GIT~1/config"),
            ("100644", ""),
        ] {
            assert!(changed_files(&record(mode, path)).is_err(), "{mode} {path}");
        }
        assert!(changed_files(b"rubbish\0x\0").is_err());
        assert!(changed_files(b"").unwrap().is_empty());
    }

    #[test]
    fn a_first_line_names_a_tree_or_an_error() {
        let id = "1".repeat(40);
        assert_eq!(header(&format!("telecoder-export 1 tree {id}")).unwrap().as_str(), id);
        let error = header("telecoder-export 1 error no room\u{1b}[31m").unwrap_err();
        assert_eq!(error.what, "the workspace could not be exported: no room [31m");
        for bad in ["", "telecoder-export 1 tree x", "telecoder-export 2 tree 1", "PACK"] {
            assert!(header(bad).is_err(), "{bad}");
        }
    }
}
