//! The systemd unit of a server (layer 4), as text.
//!
//! Invariants: stopping or restarting the unit ends its main process only, since the supervisors of sandboxes stand in the same
//! cgroup where the server's user may write no other; nothing of the hardening takes from the server what sandboxes are made of
//! (user namespaces, mounts, a whole `/proc`).

use std::path::Path;

/// As whom the unit runs, and so where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Level {
    /// The system's manager; the server has a user of its own, of this name.
    System(String),
    /// The manager of the user who installs it.
    User,
}

/// What a unit says.
#[derive(Debug, Clone)]
pub(crate) struct Unit<'a> {
    pub(crate) level: Level,
    pub(crate) program: &'a Path,
    pub(crate) data_dir: &'a Path,
    pub(crate) env_file: &'a Path,
}

impl Unit<'_> {
    /// The unit file.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from(
            "# Written by `telecoder service install`; a second install replaces it.\n\
             # Changes of your own go into: systemctl edit NAME\n\
             [Unit]\n\
             Description=TeleCoder, coding agents that keep working\n",
        );
        if let Level::System(_) = self.level {
            text.push_str("After=network-online.target\nWants=network-online.target\n");
        }
        text.push_str("\n[Service]\nType=exec\n");
        if let Level::System(user) = &self.level {
            text.push_str(&format!("User={user}\nGroup={user}\n"));
        }
        let (program, data) = (quoted(self.program), quoted(self.data_dir));
        text.push_str(&format!("ExecStart={program} serve --data-dir {data}\n"));
        text.push_str(&format!("WorkingDirectory={}\n", plain(self.data_dir)));
        text.push_str(&format!("EnvironmentFile=-{}\n", plain(self.env_file)));
        text.push_str(
            "Restart=on-failure\n\
             RestartSec=2\n\
             # A setting that is wrong stays wrong.\n\
             RestartPreventExitStatus=2\n\
             LimitNOFILE=65536\n\
             TasksMax=infinity\n\
             \n\
             # Agents outlive the server: only the main process is told to end, and the next start takes their sandboxes up.\n\
             KillMode=process\n\
             KillSignal=SIGTERM\n\
             TimeoutStopSec=30\n\
             # One sandbox that takes too much memory is no reason to stop all.\n\
             OOMPolicy=continue\n\
             \n\
             # Not here, because sandboxes need it: RestrictNamespaces=, ProtectProc=, ProtectKernelTunables=,\n\
             # ProtectKernelLogs=, ProtectControlGroups=, SystemCallFilter=, MemoryDenyWriteExecute=, PrivateDevices=.\n\
             NoNewPrivileges=yes\n",
        );
        if let Level::System(_) = self.level {
            text.push_str(
                "CapabilityBoundingSet=\n\
                 AmbientCapabilities=\n\
                 ProtectSystem=full\n\
                 LockPersonality=yes\n\
                 RestrictRealtime=yes\n\
                 SystemCallArchitectures=native\n",
            );
        }
        let target = match self.level {
            Level::System(_) => "multi-user.target",
            Level::User => "default.target",
        };
        text.push_str(&format!("\n[Install]\nWantedBy={target}\n"));
        text
    }
}

/// The declaration of the server's user (sysusers.d).
pub(crate) fn sysusers(user: &str, home: &Path) -> String {
    format!("# Written by `telecoder service install`.\nu {user} - \"TeleCoder server\" {}\n", plain(home))
}

/// A path where the whole rest of the line is one; `%` begins a specifier.
fn plain(path: &Path) -> String {
    path.display().to_string().replace('%', "%%")
}

/// A path as a word of a command line.
fn quoted(path: &Path) -> String {
    let text = plain(path).replace('\\', "\\\\").replace('"', "\\\"").replace('$', "$$");
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-+:@%$".contains(&b));
    if is_plain { text } else { format!("\"{text}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit<'a>(level: Level, data: &'a str) -> Unit<'a> {
        Unit {
            level,
            program: Path::new("/usr/local/bin/telecoder"),
            data_dir: Path::new(data),
            env_file: Path::new("/etc/telecoder/telecoder.env"),
        }
    }

    #[test]
    fn paths_are_quoted_for_systemd() {
        let text = unit(Level::User, "/srv/my data/50%/\"x\"$HOME").text();
        assert!(
            text.contains(
                "ExecStart=/usr/local/bin/telecoder serve --data-dir \"/srv/my data/50%%/\\\"x\\\"$$HOME\"\n"
            ),
            "{text}"
        );
        assert!(text.contains("WorkingDirectory=/srv/my data/50%%/\"x\"$HOME\n"), "{text}");
    }

    #[test]
    fn a_stop_spares_the_sandboxes() {
        for level in [Level::User, Level::System("telecoder".to_owned())] {
            let text = unit(level, "/var/lib/telecoder").text();
            assert!(text.contains("\nKillMode=process\n") && text.contains("\nOOMPolicy=continue\n"));
        }
    }
}
