//! Development tool: the Debian packages that the build and the tests need.
//!
//! Only root on a machine with apt installs them; everybody else is told the exact command.

use anyhow::{Context, Result, bail};

use super::Purpose;
use crate::console;
use crate::process::Program;

/// A package, what shows that it is there, and why it is needed.
struct Need {
    package: &'static str,
    /// A command that exits with 0 where it is there.
    probe: &'static [&'static str],
    reason: &'static str,
    /// Whether only the tests need it.
    for_tests: bool,
}

/// Everything the build and the tests need of the machine, whatever package gave it.
const NEEDS: &[Need] = &[
    Need {
        package: "ca-certificates",
        probe: &["test", "-s", "/etc/ssl/certs/ca-certificates.crt"],
        reason: "TLS to package registries and models",
        for_tests: false,
    },
    Need {
        package: "gcc",
        probe: &["cc", "--version"],
        reason: "links Rust and builds SQLite and aws-lc",
        for_tests: false,
    },
    Need {
        package: "libc6-dev",
        probe: &["test", "-e", "/usr/include/stdio.h"],
        reason: "C headers",
        for_tests: false,
    },
    Need {
        package: "git",
        probe: &["git", "--version"],
        reason: "the product runs it on the host",
        for_tests: false,
    },
    Need { package: "nodejs", probe: &["node", "--version"], reason: "bootstraps npm", for_tests: false },
    Need {
        package: "npm",
        probe: &["npm", "--version"],
        reason: "installs agents and Node 22",
        for_tests: false,
    },
    Need {
        package: "python3",
        probe: &["/usr/bin/python3", "--version"],
        reason: "the demo's sample project, and tests in the sandbox",
        for_tests: false,
    },
    Need {
        package: "python3-pytest",
        probe: &["/usr/bin/python3", "-c", "import pytest"],
        reason: "pytest runs inside the sandbox in a test",
        for_tests: true,
    },
    Need {
        package: "postgresql",
        probe: &["sh", "-c", "ls /usr/lib/postgresql/*/bin/initdb"],
        reason: "the store's tests run on a private PostgreSQL",
        for_tests: true,
    },
    Need {
        package: "systemd",
        probe: &["systemd-analyze", "--version"],
        reason: "reads the unit that `service install` writes, in a test; nothing is started",
        for_tests: true,
    },
    Need {
        package: "chromium",
        probe: &["test", "-x", "/usr/bin/chromium"],
        reason: "the web UI's tests look at its pages",
        for_tests: true,
    },
];

/// Installs the packages that are missing and gives back their names.
///
/// # Errors
/// Where this user or machine cannot install them: the message is the command to run.
pub(super) fn install_missing(purpose: Purpose) -> Result<Vec<String>> {
    let wanted = |need: &&Need| purpose == Purpose::Tests || !need.for_tests;
    let missing: Vec<&Need> = NEEDS.iter().filter(wanted).filter(|need| !need.is_met()).collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    for need in &missing {
        console::note(&format!("missing: {} ({})", need.package, need.reason));
    }
    let root = rustix::process::geteuid().is_root();
    let apt = Program::new("apt-get").arg("--version").succeeds();
    if !apt {
        bail!("please install what Debian calls: {}", packages.join(" "));
    }
    if !root {
        bail!("please run: sudo apt-get install --no-install-recommends {}", packages.join(" "));
    }
    apt_get(&["update", "--quiet"])?;
    if let Some(size) = download_size(&packages) {
        console::note(&format!("Debian packages: {size}"));
    }
    let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
    apt_get(&[install.as_slice(), packages.as_slice()].concat())?;
    if let Some(need) = missing.iter().find(|need| !need.is_met()) {
        bail!("{} was installed, but what it is needed for does not work: {}", need.package, need.reason);
    }
    Ok(packages.into_iter().map(str::to_owned).collect())
}

impl Need {
    fn is_met(&self) -> bool {
        match self.probe.split_first() {
            Some((program, arguments)) => Program::new(program).args(arguments).succeeds(),
            None => false,
        }
    }
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    Program::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run()
        .context("apt-get could not install what is missing")
}

/// What apt says it will download and how much disk it takes, in its own words.
fn download_size(packages: &[&str]) -> Option<String> {
    let said = Program::new("apt-get")
        .args(["install", "--assume-no", "--no-install-recommends"])
        .args(packages)
        .env("LC_ALL", "C")
        .output_of_any_end()?;
    size_lines(&said)
}

fn size_lines(said: &str) -> Option<String> {
    let lines: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("Need to get") || line.starts_with("After this"))
        .collect();
    (!lines.is_empty()).then(|| lines.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_in_apts_words() {
        let said = "Reading package lists...\nNeed to get 1,234 kB of archives.\nAfter this operation, 5 MB of additional disk space will be used.\nDo you want to continue? [Y/n] N\n";
        expect_test::expect![[
            r#"Some("Need to get 1,234 kB of archives. After this operation, 5 MB of additional disk space will be used.")"#
        ]]
        .assert_eq(&format!("{:?}", size_lines(said)));
        assert_eq!(size_lines("nothing to do"), None);
    }

    #[test]
    fn no_package_is_named_twice() {
        let mut names: Vec<&str> = NEEDS.iter().map(|need| need.package).collect();
        names.sort_unstable();
        let before = names.len();
        names.dedup();
        assert_eq!(names.len(), before);
    }
}
