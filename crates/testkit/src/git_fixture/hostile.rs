//! What an attacker puts into a repository so that whoever runs git in it runs his program (dev layer).
//!
//! Every program writes a line to the mark, a file beside the repository; the line names the way in. A test runs the
//! product on the repository and then looks that no mark is there.

use super::Fixture;
use std::path::PathBuf;

/// All hooks that git knows (githooks(5)).
const HOOKS: &[&str] = &[
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "sendemail-validate",
    "update",
];

/// Settings whose value is a command (git-config(1)).
const COMMANDS: &[&str] = &[
    "core.fsmonitor",
    "core.sshCommand",
    "core.pager",
    "core.editor",
    "core.askPass",
    "core.alternateRefsCommand",
    "core.gitProxy",
    "credential.helper",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.evil.process",
    "merge.evil.driver",
    "gpg.program",
    "gpg.ssh.program",
    "interactive.diffFilter",
    "pager.log",
    "pager.diff",
    "pager.show",
    "sequence.editor",
    "uploadpack.packObjectsHook",
    "receive.procReceiveRefs",
    "remote.origin.uploadpack",
    "remote.origin.receivepack",
    "trailer.evil.command",
    "trailer.evil.cmd",
    "submodule.evil.update",
];

impl Fixture {
    /// The file that shows that something hostile ran.
    pub fn mark(&self) -> PathBuf {
        self.beside("mark")
    }

    /// Asserts that nothing hostile ran.
    ///
    /// # Panics
    /// If there is a mark; the message tells what stands in it.
    #[expect(clippy::panic, reason = "this is an assertion")]
    pub fn assert_unmarked(&self) {
        if let Ok(mark) = std::fs::read_to_string(self.mark()) {
            panic!("hostile programs of the repository ran: {mark}");
        }
    }

    /// A shell command that marks; what stands behind it on the command line is ignored.
    pub fn marking(&self, way: &str) -> String {
        format!("echo {way} >> '{}'; :", self.mark().display())
    }

    /// Puts a marking program into every hook of the repository.
    pub fn hostile_hooks(&self) -> &Self {
        for hook in HOOKS {
            self.hostile_hook(".git/hooks", hook);
        }
        self
    }

    fn hostile_hook(&self, folder: &str, hook: &str) {
        let mark = self.mark();
        self.executable(
            &format!("{folder}/{hook}"),
            &format!("#!/bin/sh\necho hook {hook} >> '{}'\n", mark.display()),
        );
    }

    /// Makes every setting of the repository that holds a command mark, points hooks to another folder, includes a
    /// further file and rewrites addresses.
    pub fn hostile_config(&self) -> &Self {
        for name in COMMANDS {
            self.set(name, &self.marking(name));
        }
        self.set("submodule.evil.update", &format!("!{}", self.marking("submodule.evil.update")));
        self.hostile_hook(".git/other-hooks", "post-checkout");
        self.hostile_hook(".git/other-hooks", "reference-transaction");
        self.set("core.hooksPath", ".git/other-hooks");
        self.set("filter.evil.required", "true");
        self.set("protocol.ext.allow", "always");
        self.set("url.ext::sh -c touch% mark .insteadOf", "https://");
        self.set("include.path", "included");
        self.write(".git/included", format!("[alias]\n\tstatus = \"!{}\"\n", self.marking("alias.status")));
        self.write(".git/objects/info/alternates", "/nonexistent/objects\n")
    }

    /// Appends to the configuration file itself, because git refuses to run where some of these are in force.
    fn set(&self, name: &str, value: &str) {
        let (section, key) = name.rsplit_once('.').unwrap_or(("core", name));
        let header = match section.split_once('.') {
            Some((section, subsection)) => format!("[{section} \"{subsection}\"]"),
            None => format!("[{section}]"),
        };
        let path = self.path().join(".git/config");
        let before = super::must("read the configuration", std::fs::read_to_string(&path));
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        let after = format!("{before}{header}\n\t{key} = \"{value}\"\n");
        super::must("write the configuration", std::fs::write(path, after));
    }

    /// Puts every file under the hostile filter, diff and merge driver, in the tree and in the repository.
    pub fn hostile_attributes(&self) -> &Self {
        let line = "* filter=evil diff=evil merge=evil\n";
        self.write(".gitattributes", line).write(".git/info/attributes", line)
    }

    /// A branch whose tree holds paths that no checkout may follow: `.git/config` in other spellings, a symbolic link
    /// that leads out of the tree, and a file below that link. Made with plumbing, since git itself refuses it. Gives
    /// the commit.
    pub fn hostile_tree(&self, branch: &str) -> telecoder_model::refs::ObjectId {
        let blob = self.beside("blob");
        super::must("write a file", std::fs::write(&blob, "[core]\n\tfsmonitor = false\n"));
        let path = blob.display().to_string();
        let object = self.git(&["hash-object", "-w", "--no-filters", "--", &path]);
        super::must("write a file", std::fs::write(&blob, "../../.."));
        let link = self.git(&["hash-object", "-w", "--no-filters", "--", &path]);
        let (object, link) = (object.trim(), link.trim());
        let inner = self.tree(&format!("100644 blob {object}\tconfig\n"));
        let tree = self.tree(&format!(
            "040000 tree {inner}\t.GIT\n040000 tree {inner}\tGIT~1\n120000 blob {link}\tout\n100644 blob {object}\tplain\n"
        ));
        let commit = self.git(&["commit-tree", "-m", "hostile", &tree]);
        self.git(&["update-ref", &format!("refs/heads/{branch}"), commit.trim()]);
        self.resolve(commit.trim())
    }

    fn tree(&self, listing: &str) -> String {
        let file = self.beside("listing");
        super::must("write a file", std::fs::write(&file, listing));
        let script = format!("git mktree < '{}'", file.display());
        self.git(&["-c", &format!("alias.from-file=!{script}"), "from-file"]).trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_traps_really_snap() {
        let fixture = Fixture::small();
        fixture.assert_unmarked();
        fixture.hostile_hooks();
        fixture.git(&["checkout", "--quiet", "-b", "other"]);
        let mark = std::fs::read_to_string(fixture.mark()).unwrap();
        assert!(mark.contains("hook post-checkout") && mark.contains("hook reference-transaction"), "{mark}");
    }

    #[test]
    fn filters_and_settings_snap_too() {
        let fixture = Fixture::small();
        fixture.hostile_attributes().hostile_config().write("new.txt", "x");
        fixture.remove(".git/objects/info/alternates");
        // Whether git itself succeeds with such settings does not matter.
        drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fixture.git(&["status"]))));
        let mark = std::fs::read_to_string(fixture.mark()).unwrap();
        assert!(mark.contains("core.fsmonitor") || mark.contains("filter.evil"), "{mark}");
    }

    #[test]
    fn a_hostile_tree_is_made() {
        let fixture = Fixture::small();
        fixture.hostile_tree("evil");
        let names = fixture.git(&["ls-tree", "-r", "--name-only", "evil"]);
        assert_eq!(names, ".GIT/config\nGIT~1/config\nout\nplain\n");
    }
}
