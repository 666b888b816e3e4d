//! Layer 1: the bare mirror of a repository: every commit that a session began from, with its history. Invariants: a
//! commit has a ref only when all it reaches is there, so that an interrupted transfer leaves a usable mirror; objects
//! stand in packs only; one writer at a time (the repository's lock); nothing is pruned.

use crate::call::Call;
use crate::folder;
use crate::layout::{Key, ObjectFormat};
use crate::local::{Local, read_small};
use crate::options::Git;
use crate::pack::{Pack, temporary};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::fail_point;
use telecoder_model::refs::ObjectId;

/// How many known commits are offered to the other side, so that it sends only what is new.
const MAX_HAVES: &str = "--count=200";
/// From this many packs on they are combined.
const MAX_PACKS: usize = 40;

/// The ref that keeps a commit and says that it is whole.
pub(crate) fn base_ref(commit: &ObjectId) -> String {
    format!("refs/bases/{commit}")
}

impl Git {
    /// Finds or makes the mirror of a repository, and tidies what an interrupted run left.
    pub(crate) async fn mirror(&self, key: &Key, format: ObjectFormat) -> Result<PathBuf, PortError> {
        let mirror = self.layout.mirror(key, format);
        let (mirrors, swept, found) = (self.layout.mirrors(), self.layout.temporary(key), mirror.clone());
        let there = folder::work("cannot open the folder of mirrors", move || {
            folder::make(&mirrors, 0o700)?;
            folder::sweep(&swept);
            let there = found.is_dir();
            if there {
                folder::tidy_repository(&found)?;
            }
            Ok(there)
        })
        .await?;
        if !there {
            let folder = temporary(self.layout.temporary(key), "mirror-").await?;
            let made = folder.path().join("mirror.git");
            self.init_bare(&made, format).await?;
            let target = mirror.clone();
            fail_point::reach("git.mirror.before");
            folder::work("cannot put a mirror in its place", move || fs::rename(&made, &target)).await?;
            fail_point::reach("git.mirror.after");
        }
        Ok(mirror)
    }

    /// Makes a bare repository without hooks.
    pub(crate) async fn init_bare(&self, path: &Path, format: ObjectFormat) -> Result<(), PortError> {
        let parent = path.parent().unwrap_or(Path::new("/"));
        let call = Call::new(parent, &["init", "-q", "--bare", "--template="])
            .arg(format!("--object-format={}", format.as_str()))
            .arg("--")
            .arg(path);
        self.run_ok(call, "cannot make a repository").await.map(|_| ())
    }

    /// Whether a mirror has a commit with all that it reaches.
    pub(crate) async fn mirrored(&self, mirror: &Path, commit: &ObjectId) -> Result<bool, PortError> {
        // Git writes such a file as a whole; only where refs are packed or kept otherwise git itself must be asked.
        let loose = read_small(mirror.join(base_ref(commit))).await?;
        if loose.is_some_and(|content| content.trim_ascii() == commit.as_str().as_bytes()) {
            return Ok(true);
        }
        let call =
            Call::in_repository(mirror, &["show-ref", "--verify", "--quiet", "--"]).arg(base_ref(commit));
        Ok(self.run(call).await?.code == Some(0))
    }

    /// Says that a commit is whole in a mirror.
    pub(crate) async fn mark_mirrored(&self, mirror: &Path, commit: &ObjectId) -> Result<(), PortError> {
        let call =
            Call::in_repository(mirror, &["update-ref", "--"]).arg(base_ref(commit)).arg(commit.as_str());
        fail_point::reach("git.mirrored.before");
        self.run_ok(call, "cannot keep a commit in the mirror").await?;
        fail_point::reach("git.mirrored.after");
        Ok(())
    }

    /// The newest commits that a mirror has whole.
    pub(crate) async fn mirror_commits(&self, mirror: &Path) -> Result<Vec<ObjectId>, PortError> {
        let call = Call::in_repository(
            mirror,
            &["for-each-ref", "--format=%(objectname)", "--sort=-creatordate", MAX_HAVES, "refs/bases"],
        );
        let text = self.run_text(call, "cannot list the commits of a mirror").await?;
        Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
    }

    /// Brings a commit of a local repository into its mirror. The caller holds the repository's lock.
    pub(crate) async fn mirror_local(
        &self,
        key: &Key,
        local: &Local,
        commit: &ObjectId,
    ) -> Result<PathBuf, PortError> {
        let mirror = self.mirror(key, ObjectFormat::of(commit)).await?;
        if self.mirrored(&mirror, commit).await? {
            return Ok(mirror);
        }
        let known = self.mirror_commits(&mirror).await?;
        let haves = self.commits_there(local.call(&[]), &known).await?;
        let parent = self.layout.temporary(key);
        let what = format!("cannot read the history of {}", local.path.display());
        let pack = match self.pack(local.call(&[]), commit, &haves, parent.clone(), &what).await {
            Ok(pack) => pack,
            // A commit that both sides know may have lost its own history over there; without it all is sent.
            Err(_) if !haves.is_empty() => self.pack(local.call(&[]), commit, &[], parent, &what).await?,
            Err(error) => return Err(error.remedy("Run `git fsck` there; where it is a partial clone, fetch all of it (`git fetch --refetch --filter=blob:limit=1t`).")),
        };
        self.receive(&mirror, &pack).await?;
        if local.shallow {
            self.note_boundary(&mirror, local, commit).await?;
        }
        self.mark_mirrored(&mirror, commit).await?;
        self.combine_packs(&mirror).await?;
        Ok(mirror)
    }

    /// Stores a pack in a mirror, as a pack.
    async fn receive(&self, mirror: &Path, pack: &Pack) -> Result<(), PortError> {
        if pack.objects == 0 {
            return Ok(());
        }
        let call = Call::in_repository(mirror, &["index-pack", "--stdin", "--fix-thin"])
            .stdin_file(&pack.path())
            .minutes(60);
        fail_point::reach("git.history.before");
        self.run_ok(call, "cannot store the history of a repository").await?;
        fail_point::reach("git.history.after");
        Ok(())
    }

    /// Takes over where the history of a shallow repository ends: commits that have no parent there but name one.
    async fn note_boundary(&self, mirror: &Path, local: &Local, commit: &ObjectId) -> Result<(), PortError> {
        let call = local.call(&["rev-list", "--max-parents=0"]).arg(commit.as_str()).arg("--").minutes(5);
        let ends = self.run_text(call, "cannot see where a shallow history ends").await?;
        let mut boundary: BTreeSet<String> = BTreeSet::new();
        for end in ends.lines().take(10_000) {
            let call = Call::in_repository(mirror, &["cat-file", "commit"]).arg(end);
            let text = self.run_text(call, "cannot read a commit of a mirror").await?;
            let names_parent =
                text.lines().take_while(|line| !line.is_empty()).any(|line| line.starts_with("parent "));
            if names_parent {
                boundary.insert(end.to_owned());
            }
        }
        if boundary.is_empty() {
            return Ok(());
        }
        let path = mirror.join("shallow");
        let before = read_small(path.clone()).await?.unwrap_or_default();
        boundary.extend(String::from_utf8_lossy(&before).lines().map(str::to_owned));
        let text: String = boundary.iter().map(|id| format!("{id}\n")).collect();
        folder::work("cannot note where a history ends", move || folder::write_whole(&path, text.as_bytes()))
            .await
    }

    /// Combines packs when there are many, and packs what stands alone (a plain file server sends objects one by one).
    /// Bases have links of their own to the old packs, so nothing is lost to them.
    pub(crate) async fn combine_packs(&self, mirror: &Path) -> Result<(), PortError> {
        let objects = mirror.join("objects");
        let needed = folder::work("cannot list packs", move || {
            let loose = fs::read_dir(&objects)?.flatten().any(|entry| entry.file_name().len() == 2);
            let packs = fs::read_dir(objects.join("pack"))?
                .flatten()
                .filter(|entry| entry.path().extension().is_some_and(|e| e == "pack"))
                .count();
            Ok(loose || packs > MAX_PACKS)
        })
        .await?;
        if !needed {
            return Ok(());
        }
        let call =
            Call::in_repository(mirror, &["repack", "-d", "-q", "--geometric=2", "--no-write-bitmap-index"])
                .minutes(60);
        self.run_ok(call, "cannot combine the packs of a mirror").await.map(|_| ())
    }
}
