//! Layer 1: the warm base of a commit: a whole checkout with a `.git` of its own. Invariants: it appears by one rename and
//! never changes afterwards; it names no path of the host; nothing that an agent wrote was ever in it.

use crate::call::{Call, PLATFORM_EMAIL, PLATFORM_NAME};
use crate::folder;
use crate::layout::{Key, ObjectFormat};
use crate::options::Git;
use crate::pack::temporary;
use crate::record::BaseFacts;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::fail_point;
use telecoder_model::refs::ObjectId;

/// Where a second copy of the base's index stands, below `.git`: what the export starts from, whatever the agent did to
/// the index that git uses.
pub(crate) const BASE_INDEX: &str = "telecoder/index";
/// The most bytes of a listing of a whole tree (about two million files).
const MAX_LISTING: usize = 256 << 20;
/// The most bytes of names of files that are tracked and ignored at once.
const MAX_FORCED: usize = 64 << 10;
/// How much older than its index a base's files are made, so that git need not look at their content again.
const FILE_AGE_SECONDS: i64 = 10;
/// A pointer of git-lfs is at most this long (its specification says less than 1024 bytes).
const MAX_LFS_POINTER: u64 = 1024;

impl Git {
    /// Finds or makes the base of a commit that the mirror has. The caller holds the repository's lock.
    pub(crate) async fn base(
        &self,
        key: &Key,
        mirror: &Path,
        commit: &ObjectId,
    ) -> Result<BaseFacts, PortError> {
        if let Some(facts) = self.existing_base(key, Some(commit)).await? {
            return Ok(facts);
        }
        self.refuse_submodules(mirror, commit).await?;
        let folder = temporary(self.layout.temporary(key), "base-").await?;
        let tree = folder.path().join("tree");
        self.init_base(&tree, ObjectFormat::of(commit)).await?;
        let (from, to) = (mirror.to_owned(), tree.join(".git"));
        folder::work("cannot give a base its objects", move || share_objects(&from, &to)).await?;
        let call = in_tree(&tree, &["checkout", "-q", "--detach"])
            .arg(commit.as_str())
            .arg("--")
            .setting("checkout.workers", "0")
            .minutes(30);
        self.run_ok(call, "cannot check the base out").await?;
        self.refuse_lfs(&tree).await?;
        let facts = BaseFacts {
            tree: crate::local::parse_id(
                &self
                    .run_text(
                        in_tree(&tree, &["rev-parse", "--verify", "HEAD^{tree}"]),
                        "cannot read the base's tree",
                    )
                    .await?,
            )?,
            forced: self.forced_paths(&tree).await?,
        };
        self.finish_base(key, Some(commit), &tree, &facts).await?;
        Ok(facts)
    }

    /// Finds or makes the base that holds nothing, for sessions without a repository. The caller holds the lock.
    pub(crate) async fn empty_base(&self, key: &Key) -> Result<BaseFacts, PortError> {
        if let Some(facts) = self.existing_base(key, None).await? {
            return Ok(facts);
        }
        let folder = temporary(self.layout.temporary(key), "base-").await?;
        let tree = folder.path().join("tree");
        self.init_base(&tree, ObjectFormat::Sha1).await?;
        self.run_ok(in_tree(&tree, &["read-tree", "--empty"]), "cannot make an empty index").await?;
        let facts =
            BaseFacts { tree: crate::local::parse_id(ObjectFormat::Sha1.empty_tree())?, forced: Vec::new() };
        self.finish_base(key, None, &tree, &facts).await?;
        Ok(facts)
    }

    async fn existing_base(
        &self,
        key: &Key,
        commit: Option<&ObjectId>,
    ) -> Result<Option<BaseFacts>, PortError> {
        let base = self.layout.base(key, commit);
        if !folder::work("cannot look for a base", move || Ok(base.is_dir())).await? {
            return Ok(None);
        }
        BaseFacts::read(&self.layout, key, commit)
    }

    /// Makes the repository of a base, with the settings that an agent finds in it.
    async fn init_base(&self, tree: &Path, format: ObjectFormat) -> Result<(), PortError> {
        let parent = tree.parent().unwrap_or(Path::new("/"));
        let call = Call::new(parent, &["init", "-q", "--template=", "--initial-branch=main"])
            .arg(format!("--object-format={}", format.as_str()))
            .arg("--")
            .arg(tree);
        self.run_ok(call, "cannot make a repository").await?;
        let config = tree.join(".git/config");
        folder::work("cannot configure a base", move || {
            let mut text = fs::read_to_string(&config)?;
            text.push_str("[core]\n\tcheckStat = minimal\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n");
            text.push_str(&format!("[user]\n\tname = {PLATFORM_NAME}\n\temail = {PLATFORM_EMAIL}\n"));
            fs::write(&config, text)
        })
        .await
    }

    /// Refreshes the index, hands the tree over, and puts it in its place.
    async fn finish_base(
        &self,
        key: &Key,
        commit: Option<&ObjectId>,
        tree: &Path,
        facts: &BaseFacts,
    ) -> Result<(), PortError> {
        let aged = tree.to_owned();
        folder::work("cannot set the times of a base", move || {
            let index = fs::metadata(aged.join(".git/index"))?;
            folder::set_times(&aged, index.mtime().saturating_sub(FILE_AGE_SECONDS))
        })
        .await?;
        let call = in_tree(tree, &["update-index", "-q", "--refresh"]).minutes(30);
        self.run_ok(call, "cannot refresh the index of a base").await?;
        let (tree, owner, durable) = (tree.to_owned(), self.options.owner, self.options.durable);
        let (target, bases) = (self.layout.base(key, commit), self.layout.bases(key));
        let done = tree.clone();
        folder::work("cannot hand a base over", move || {
            let index = tree.join(".git/index");
            let copy = tree.join(".git").join(BASE_INDEX);
            if let Some(parent) = copy.parent() {
                folder::make(parent, 0o755)?;
            }
            fs::copy(&index, &copy)?;
            let metadata = fs::metadata(&index)?;
            folder::set_time(&copy, metadata.mtime(), metadata.mtime_nsec())?;
            folder::own_all(&tree, owner)?;
            if durable {
                rustix::fs::syncfs(fs::File::open(&tree)?)?;
            }
            folder::make(&bases, 0o711)
        })
        .await?;
        facts.write(&self.layout, key, commit)?;
        fail_point::reach("git.base.before");
        folder::work("cannot put a base in its place", move || fs::rename(&done, &target)).await?;
        fail_point::reach("git.base.after");
        Ok(())
    }

    /// Refuses a tree that needs other repositories, by name.
    async fn refuse_submodules(&self, mirror: &Path, commit: &ObjectId) -> Result<(), PortError> {
        let call = Call::in_repository(mirror, &["ls-tree", "-r", "-z", "--full-tree"])
            .arg(commit.as_str())
            .at_most(MAX_LISTING)
            .minutes(5);
        let listing = self.run_ok(call, "cannot list the base's files").await?;
        let found: Vec<String> = listing
            .split(|byte| *byte == 0)
            .filter(|entry| entry.starts_with(b"160000 "))
            .filter_map(|entry| entry.splitn(2, |byte| *byte == b'\t').nth(1))
            .map(|path| String::from_utf8_lossy(path).into_owned())
            .collect();
        if found.is_empty() {
            return Ok(());
        }
        Err(PortError::permanent(format!(
            "the repository has submodules, which cannot be fetched yet: {}",
            listed(&found)
        ))
        .remedy("Choose a base without submodules, or copy what is needed of them into the repository."))
    }

    /// Refuses a tree whose large files stand outside the repository, by name.
    async fn refuse_lfs(&self, tree: &Path) -> Result<(), PortError> {
        let root = tree.to_owned();
        let named = folder::work("cannot look for git-lfs attributes", move || names_lfs(&root)).await?;
        if !named {
            return Ok(());
        }
        let call = in_tree(tree, &["ls-files", "-z"]).at_most(MAX_LISTING);
        let files = self.run_ok(call, "cannot list the base's files").await?;
        let call = in_tree(tree, &["check-attr", "--stdin", "-z", "filter"])
            .stdin(files)
            .at_most(MAX_LISTING)
            .minutes(5);
        let attributes = self.run_ok(call, "cannot read the attributes of the base's files").await?;
        let fields: Vec<&[u8]> = attributes.split(|byte| *byte == 0).collect();
        let candidates: Vec<PathBuf> = fields
            .chunks_exact(3)
            .filter_map(|field| match field {
                [path, _, b"lfs"] => Some(tree.join(std::ffi::OsStr::from_bytes(path))),
                _ => None,
            })
            .collect();
        let root = tree.to_owned();
        let found =
            folder::work("cannot look for git-lfs pointers", move || pointers(&root, candidates)).await?;
        if found.is_empty() {
            return Ok(());
        }
        Err(PortError::permanent(format!(
            "the repository keeps files in git-lfs, which cannot be fetched yet: {}",
            listed(&found)
        ))
        .remedy("Choose a base without git-lfs files, or store these files in the repository itself."))
    }

    /// Files that are tracked although a rule ignores them.
    async fn forced_paths(&self, tree: &Path) -> Result<Vec<String>, PortError> {
        let call = in_tree(tree, &["ls-files", "-z", "--cached", "--ignored", "--exclude-standard"])
            .at_most(MAX_LISTING)
            .minutes(5);
        let output = self.run_ok(call, "cannot list the base's tracked and ignored files").await?;
        let mut room = MAX_FORCED;
        let mut paths = Vec::new();
        for path in output.split(|byte| *byte == 0).filter(|path| !path.is_empty()) {
            let (Ok(path), Some(left)) = (std::str::from_utf8(path), room.checked_sub(path.len() + 1)) else {
                continue;
            };
            room = left;
            paths.push(path.to_owned());
        }
        Ok(paths)
    }
}

/// A call in a base that is being made.
fn in_tree(tree: &Path, args: &[&str]) -> Call {
    Call::new(tree, args)
        .env("GIT_DIR", tree.join(".git"))
        .env("GIT_WORK_TREE", tree)
        .env("GIT_OPTIONAL_LOCKS", "1")
}

/// Gives a base the mirror's packs (as further names of the same files) and its knowledge of where history ends.
fn share_objects(mirror: &Path, git: &Path) -> io::Result<()> {
    let target = git.join("objects/pack");
    for entry in fs::read_dir(mirror.join("objects/pack"))? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with("tmp_") {
            folder::link_or_copy(&entry.path(), &target.join(name))?;
        }
    }
    let shallow = mirror.join("shallow");
    if shallow.is_file() {
        fs::copy(&shallow, git.join("shallow"))?;
    }
    Ok(())
}

/// Whether any `.gitattributes` of a checkout speaks of git-lfs.
fn names_lfs(root: &Path) -> io::Result<bool> {
    let mut named = false;
    folder::walk(root, &mut |path, metadata| {
        if !named && metadata.is_file() && path.file_name().is_some_and(|name| name == ".gitattributes") {
            let bytes = folder::read_bounded(path, 16 << 20)?.unwrap_or_default();
            named = bytes.windows(10).any(|window| window == b"filter=lfs");
        }
        Ok(())
    })?;
    Ok(named)
}

/// Which of these files are git-lfs pointers.
fn pointers(root: &Path, candidates: Vec<PathBuf>) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for path in candidates {
        let metadata = fs::symlink_metadata(&path)?;
        if !metadata.is_file() || metadata.len() > MAX_LFS_POINTER {
            continue;
        }
        if fs::read(&path)?.starts_with(b"version https://git-lfs") {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            found.push(relative.to_string_lossy().into_owned());
        }
    }
    Ok(found)
}

/// The first names of a list, and how many more there are.
pub(crate) fn listed(names: &[String]) -> String {
    let mut text = names.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > 5 {
        text.push_str(&format!(" and {} more", names.len() - 5));
    }
    text
}
