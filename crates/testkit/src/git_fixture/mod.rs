//! Real git repositories in temporary folders (dev layer), the same to the last digit in every run.
//!
//! Names, dates and configuration are fixed: no file of the user or the system is read. Each commit is one second after
//! the one before, from 2024-01-01 on. [`hostile`] adds what an attacker would, and a mark shows whether any of it ran.

pub mod hostile;

use crate::surroundings;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use telecoder_model::refs::ObjectId;
use tempfile::TempDir;

/// 2024-01-01T00:00:00Z.
const FIRST_COMMIT: u64 = 1_704_067_200;

/// A repository with a working tree, in a temporary folder that goes when this is dropped.
#[derive(Debug)]
pub struct Fixture {
    folder: TempDir,
    commits: AtomicU64,
}

impl Default for Fixture {
    fn default() -> Self {
        Self::new()
    }
}

impl Fixture {
    /// An empty repository on the branch `main`, without any commit.
    ///
    /// # Panics
    /// As every method here, if the file system or git fails: a test cannot go on without its repository.
    pub fn new() -> Self {
        let fixture = Self { folder: must("make a folder", tempfile::tempdir()), commits: AtomicU64::new(0) };
        must("make a folder", std::fs::create_dir(fixture.path()));
        fixture.git(&["init", "--quiet", "--initial-branch=main", "."]);
        fixture
    }

    /// A repository with three files (`README.md`, `src/lib.rs`, an executable `run.sh`) in one commit.
    pub fn small() -> Self {
        let fixture = Self::new();
        fixture
            .write("README.md", "# Sample\n")
            .write("src/lib.rs", "//! Sample.\n")
            .executable("run.sh", "#!/bin/sh\n");
        fixture.commit("first");
        fixture
    }

    /// The working tree.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    /// A path beside the repository, in the same temporary folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the working tree.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(path);
        if let Some(parent) = path.parent() {
            must("make a folder", std::fs::create_dir_all(parent));
        }
        must("write a file", std::fs::write(path, content));
        self
    }

    /// Writes a file with mode 0755.
    pub fn executable(&self, path: &str, content: &str) -> &Self {
        use std::os::unix::fs::PermissionsExt;
        self.write(path, content);
        let mode = std::fs::Permissions::from_mode(0o755);
        must("set a mode", std::fs::set_permissions(self.path().join(path), mode));
        self
    }

    /// Makes a symbolic link.
    pub fn link(&self, path: &str, target: &str) -> &Self {
        must("make a link", std::os::unix::fs::symlink(target, self.path().join(path)));
        self
    }

    /// Removes a file of the working tree.
    pub fn remove(&self, path: &str) -> &Self {
        must("remove a file", std::fs::remove_file(self.path().join(path)));
        self
    }

    /// Reads a file of the working tree.
    pub fn read(&self, path: &str) -> String {
        must("read a file", std::fs::read_to_string(self.path().join(path)))
    }

    /// Writes a file of so many bytes that do not compress well; the same for the same seed.
    pub fn big_file(&self, path: &str, bytes: usize, seed: u64) -> &Self {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let content: Vec<u8> = std::iter::repeat_with(|| {
            // xorshift64 (Marsaglia 2003): enough that zlib finds nothing to save.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        })
        .flatten()
        .take(bytes)
        .collect();
        self.write(path, content)
    }

    /// Writes so many small files, a hundred in each folder below `many/`.
    pub fn many_files(&self, count: usize) -> &Self {
        for number in 0..count {
            self.write(&format!("many/{:04}/{number:06}.txt", number / 100), format!("file {number}\n"));
        }
        self
    }

    /// Commits everything in the working tree (even if nothing changed).
    pub fn commit(&self, message: &str) -> ObjectId {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--no-verify", "--message", message]);
        self.head()
    }

    /// The commit that is checked out.
    pub fn head(&self) -> ObjectId {
        self.resolve("HEAD")
    }

    /// The object that a name stands for.
    pub fn resolve(&self, name: &str) -> ObjectId {
        let id = self.git(&["rev-parse", "--verify", "--end-of-options", name]);
        must("read an object id", id.trim().parse())
    }

    /// Makes a branch at the commit that is checked out.
    pub fn branch(&self, name: &str) -> &Self {
        self.git(&["branch", "--", name]);
        self
    }

    /// Checks out a branch or commit.
    pub fn checkout(&self, name: &str) -> &Self {
        self.git(&["checkout", "--quiet", name]);
        self
    }

    /// Makes a tag at the commit that is checked out.
    pub fn tag(&self, name: &str) -> &Self {
        self.git(&["tag", "--", name]);
        self
    }

    /// Adds another repository as a submodule, by its path on this host.
    pub fn submodule(&self, path: &str, other: &Self) -> &Self {
        let url = other.path().display().to_string();
        self.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "--", &url, path]);
        self
    }

    /// Adds a file that is kept with Git LFS: the attribute, and the pointer in place of the content.
    pub fn lfs_file(&self, path: &str, size: u64) -> &Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let digest = format!("{size:064x}");
        let before = std::fs::read_to_string(self.path().join(".gitattributes")).unwrap_or_default();
        let attributes = format!("{before}{name} filter=lfs diff=lfs merge=lfs -text\n");
        self.write(".gitattributes", attributes);
        self.write(
            path,
            format!("version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {size}\n"),
        )
    }

    /// Makes a bare clone beside the repository and gives its path.
    pub fn bare_clone(&self, name: &str) -> PathBuf {
        let target = self.beside(name);
        let path = target.display().to_string();
        self.git(&["clone", "--quiet", "--bare", "--no-local", "--", ".", &path]);
        target
    }

    /// Runs git in the working tree with nothing but fixed settings and gives its standard output.
    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.path(), arguments)
    }

    /// Runs git in any folder with nothing but fixed settings and gives its standard output.
    #[expect(clippy::panic, reason = "a test cannot go on without its repository")]
    pub fn git_in(&self, folder: &Path, arguments: &[&str]) -> String {
        let number = if arguments.contains(&"commit") || arguments.contains(&"merge") {
            self.commits.fetch_add(1, Ordering::Relaxed)
        } else {
            self.commits.load(Ordering::Relaxed)
        };
        let date = format!("{} +0000", FIRST_COMMIT + number);
        let mut git = surroundings::command("git");
        git.args(arguments).current_dir(folder).env_clear();
        git.env("PATH", surroundings::variable("PATH").unwrap_or_else(|| "/usr/bin:/bin".to_owned()));
        git.env("HOME", self.folder.path()).env("LC_ALL", "C").env("TZ", "UTC");
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        git.env("GIT_TERMINAL_PROMPT", "0").env("GIT_DEFAULT_HASH", "sha1");
        for role in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{role}_NAME"), "Ada Example").env(format!("GIT_{role}_DATE"), &date);
            git.env(format!("GIT_{role}_EMAIL"), "ada@example.org");
        }
        let output = must("start git", git.output());
        if !output.status.success() {
            panic!("git {arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

#[expect(clippy::panic, reason = "a test cannot go on without its repository")]
fn must<T, E: std::fmt::Display>(what: &str, result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("cannot {what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_steps_give_the_same_commits() {
        let make = || {
            let fixture = Fixture::small();
            fixture.branch("other").checkout("other").write("a", "b").commit("second");
            fixture.checkout("main").tag("v1").link("link", "README.md").remove("run.sh").commit("third");
            fixture.git(&["merge", "--quiet", "--no-edit", "other"]);
            (fixture.head(), fixture.git(&["log", "--format=%s %an %ad", "--date=unix"]))
        };
        let (head, log) = make();
        assert_eq!(make(), (head.clone(), log.clone()));
        expect_test::expect![[r#"
            07f1a8a0a9d41bf5429b793284680e7200fb9095
            Merge branch 'other' Ada Example 1704067203
            third Ada Example 1704067202
            second Ada Example 1704067201
            first Ada Example 1704067200
        "#]]
        .assert_eq(&format!("{head}\n{log}"));
    }

    #[test]
    fn files_of_every_sort_are_there() {
        let inner = Fixture::small();
        let fixture = Fixture::new();
        fixture
            .big_file("big", 300_000, 7)
            .many_files(250)
            .submodule("inner", &inner)
            .lfs_file("film.mp4", 4000);
        fixture.commit("everything");
        let names = fixture.git(&["ls-files"]);
        assert_eq!(names.lines().count(), 255, "{names}");
        assert!(names.contains(".gitmodules\n") && names.contains("many/0002/000249.txt\n"));
        assert!(fixture.git(&["count-objects", "-v"]).contains("count: "));
        let packed = fixture.bare_clone("bare.git");
        assert_eq!(fixture.git_in(&packed, &["rev-parse", "HEAD"]).trim(), fixture.head().as_str());
        assert!(fixture.read("film.mp4").contains("size 4000"));
    }
}
