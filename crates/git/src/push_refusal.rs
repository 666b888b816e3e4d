//! Layer 1: why another host refused a push, with what can be done about it. Git gives no codes: the words of git and of
//! the hosts in the C locale are the only thing that tells these apart (GitHub's `GH…` numbers are theirs).

use crate::call::failure;
use crate::remote::remote_failure;
use bytes::Bytes;
use telecoder_model::PortError;
use telecoder_model::error::ErrorClass;
use telecoder_model::port::process::HostOutput;
use telecoder_model::refs::BranchName;
use telecoder_model::repository::Repository;

/// Words, the class they mean, what failed and what helps; the first that is found counts.
const REFUSALS: &[(&str, ErrorClass, &str, &str)] = &[
    (
        "was archived so it is read-only",
        ErrorClass::Denied,
        "the repository is archived",
        "Unarchive it in the repository's settings, or publish elsewhere.",
    ),
    (
        "without `workflow",
        ErrorClass::Denied,
        "the credentials may not change workflow files",
        "Give the token the scope `workflow` (fine-grained tokens and Apps: the permission Workflows, read and write), or leave .github/workflows as it is.",
    ),
    (
        "GH006",
        ErrorClass::Denied,
        "the branch is protected",
        "Let the server's account push to it in the repository's branch protection, or follow another branch.",
    ),
    (
        "protected branch hook declined",
        ErrorClass::Denied,
        "the branch is protected",
        "Let the server's account push to it in the repository's branch protection, or follow another branch.",
    ),
    (
        "GH001",
        ErrorClass::Permanent,
        "the change holds a file that is larger than the host takes",
        "Ask for a change without the file, or with Git LFS made by hand.",
    ),
    (
        "GH009",
        ErrorClass::Denied,
        "the change holds what looks like a secret",
        "Ask for a change without it; allow it on the host only if it is none.",
    ),
    (
        "GH013",
        ErrorClass::Denied,
        "a rule of the repository forbids it",
        "Look at the rule that the host names; let the server's account bypass it, or change the task.",
    ),
    (
        "repository rule violations",
        ErrorClass::Denied,
        "a rule of the repository forbids it",
        "Look at the rule that the host names; let the server's account bypass it, or change the task.",
    ),
    (
        "shallow update not allowed",
        ErrorClass::Permanent,
        "the local repository is a shallow clone, so its history cannot be sent",
        "Run `git fetch --unshallow` there, then run the task again.",
    ),
    (
        "Permission to ",
        ErrorClass::Denied,
        "the credentials may not push to it",
        "Give the server's account write access; a fine-grained token or an App needs the permission Contents, read and write.",
    ),
    (
        "stale info",
        ErrorClass::Conflict,
        "somebody else moved the branch",
        "Look at who moved it; publish again to take the state as it is now.",
    ),
    (
        "fetch first",
        ErrorClass::Conflict,
        "somebody else moved the branch",
        "Look at who moved it; publish again to take the state as it is now.",
    ),
    (
        "non-fast-forward",
        ErrorClass::Conflict,
        "somebody else moved the branch",
        "Look at who moved it; publish again to take the state as it is now.",
    ),
    (
        "pre-receive hook declined",
        ErrorClass::Denied,
        "a rule of the host forbids it",
        "Look at what the host says, and change the rule or the task.",
    ),
    (
        "cannot lock ref",
        ErrorClass::Conflict,
        "another branch stands in the way of its name, or somebody else writes it now",
        "Publish again; where it fails again, rename the branch that is in the way.",
    ),
];

/// The error for a push that the other side did not take.
pub(crate) fn error(repository: &Repository, branch: &BranchName, output: &HostOutput) -> PortError {
    // With --porcelain git says on standard output what became of the branch.
    let mut said = output.stderr.to_vec();
    said.push(b'\n');
    said.extend(output.stdout.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"!")).flatten());
    let output = HostOutput { code: output.code, stdout: Bytes::new(), stderr: Bytes::from(said) };
    let text = String::from_utf8_lossy(&output.stderr);
    let found = REFUSALS.iter().find(|(words, ..)| text.contains(words));
    let Some((_, class, why, remedy)) = found else {
        return remote_failure(&format!("cannot push `{branch}` to {repository}"), &output);
    };
    let error = failure(&format!("cannot push `{branch}` to {repository}: {why}"), &output);
    PortError { class: *class, ..error }.remedy(*remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stderr: &str, stdout: &str, class: ErrorClass, what: &str) {
        let output = HostOutput {
            code: Some(1),
            stdout: Bytes::from(stdout.to_owned()),
            stderr: Bytes::from(stderr.to_owned()),
        };
        let branch = "telecoder/abcdefghijkl".parse().unwrap();
        let error = error(&"octo/demo".parse().unwrap(), &branch, &output);
        assert_eq!(error.class, class, "{error:?}");
        assert!(error.what.contains(what) && error.remedy.is_some(), "{error:?}");
    }

    #[test]
    fn refusals_are_told_apart() {
        use ErrorClass::{Conflict, Denied, NotFound, Transient};
        let forbidden = "fatal: unable to access 'https://h/o/d.git/': The requested URL returned error: 403";
        check(
            &format!("remote: Permission to o/d.git denied to bot.\n{forbidden}"),
            "",
            Denied,
            "may not push",
        );
        check(
            &format!("remote: This repository was archived so it is read-only.\n{forbidden}"),
            "",
            Denied,
            "archived",
        );
        check(
            "remote: error: GH006: Protected branch update failed for refs/heads/main.",
            "",
            Denied,
            "protected",
        );
        check(
            "error: failed to push some refs",
            "To https://h/o/d.git\n!\ta:refs/heads/b\t[remote rejected] (refusing to allow a Personal Access Token to create or update workflow `.github/workflows/ci.yml` without `workflow` scope)\nDone",
            Denied,
            "workflow files",
        );
        check("", "!\ta:refs/heads/b\t[rejected] (stale info)\n", Conflict, "somebody else");
        check(
            "fatal: could not read Username for 'https://h': terminal prompts disabled",
            "",
            Denied,
            "cannot push",
        );
        check(
            "remote: Repository not found.\nfatal: repository 'https://h/o/d.git/' not found",
            "",
            NotFound,
            "",
        );
        check("fatal: the remote end hung up unexpectedly", "", Transient, "");
        check("error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502", "", Transient, "");
    }
}
