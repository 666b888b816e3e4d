//! `service install|status|uninstall`. No systemd runs here: what the unit means is held against systemd's own reader, and its
//! kill mode is done by hand.

use crate::world::{PROGRAMS, World, gym, program, signal};
use expect_test::expect;
use rustix::process::Signal;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

/// A uid without an account.
const ORDINARY: &str = "60799";

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The unit that would be installed.
fn unit(world: &World) -> String {
    let output = world.cli(["service", "install", "--dry-run"]).run();
    assert_eq!(output.code, 0, "{output:?}");
    output.stdout
}

/// Programs of systemd that write down how they are called, and say what a test wants.
fn fake_systemd(world: &World) -> PathBuf {
    let folder = world.path("bin");
    std::fs::create_dir(&folder).unwrap();
    for name in ["systemctl", "systemd-sysusers"] {
        let script = format!(
            "#!/bin/sh\necho {name} \"$@\" >>'{calls}'\ncat '{said}' 2>/dev/null\nexit 0\n",
            calls = world.path("calls").display(),
            said = world.path("said").display(),
        );
        std::fs::write(folder.join(name), script).unwrap();
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

#[test]
fn a_unit_is_printed_and_systemd_can_read_it() {
    let world = World::without_server(&[]);
    let text = unit(&world);
    if is_root() {
        let shown = text.replace(&program().display().to_string(), "[PROGRAM]");
        expect![[r#"
            # Written by `telecoder service install`; a second install replaces it.
            # Changes of your own go into: systemctl edit NAME
            [Unit]
            Description=TeleCoder, coding agents that keep working
            After=network-online.target
            Wants=network-online.target

            [Service]
            Type=exec
            User=telecoder
            Group=telecoder
            ExecStart=[PROGRAM] serve --data-dir /var/lib/telecoder
            WorkingDirectory=/var/lib/telecoder
            EnvironmentFile=-/etc/telecoder/telecoder.env
            Restart=on-failure
            RestartSec=2
            # A setting that is wrong stays wrong.
            RestartPreventExitStatus=2
            LimitNOFILE=65536
            TasksMax=infinity

            # Agents outlive the server: only the main process is told to end, and the next start takes their sandboxes up.
            KillMode=process
            KillSignal=SIGTERM
            TimeoutStopSec=30
            # One sandbox that takes too much memory is no reason to stop all.
            OOMPolicy=continue

            # Not here, because sandboxes need it: RestrictNamespaces=, ProtectProc=, ProtectKernelTunables=,
            # ProtectKernelLogs=, ProtectControlGroups=, SystemCallFilter=, MemoryDenyWriteExecute=, PrivateDevices=.
            NoNewPrivileges=yes
            CapabilityBoundingSet=
            AmbientCapabilities=
            ProtectSystem=full
            LockPersonality=yes
            RestrictRealtime=yes
            SystemCallArchitectures=native

            [Install]
            WantedBy=multi-user.target
        "#]].assert_eq(&shown);
    }
    let file = world.path("telecoder.service");
    std::fs::write(&file, &text).unwrap();
    let verified = Command::new("systemd-analyze").arg("verify").arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && !said.contains("telecoder.service"), "{said}");
    // The reader does find what is wrong.
    std::fs::write(&file, text.replace("KillMode=process", "KillMode=proces")).unwrap();
    let verified = Command::new("systemd-analyze").arg("verify").arg(&file).output().unwrap();
    assert!(String::from_utf8_lossy(&verified.stderr).contains("telecoder.service"));
}

#[test]
fn a_service_is_installed_looked_at_and_removed() {
    let world = World::without_server(&[]);
    let path = format!("{}:{}", fake_systemd(&world).display(), std::env::var("PATH").unwrap());
    let call = |words: &[&str]| world.cli(words.iter().copied()).env("PATH", &path).run();
    let root = world.path("image").display().to_string();
    let installed =
        call(&["service", "install", "--name", "agents", "--root", &root, "--data-dir", "/srv/agents"]);
    assert_eq!(installed.code, 0, "{installed:?}");
    if is_root() {
        expect![[r#"
            exit 0
            Installed agents.service ([FOLDER]/image/etc/systemd/system/agents.service).
            Settings: /etc/telecoder/agents.env
            Data folder: /srv/agents
        "#]]
        .assert_eq(&installed.shown());
        let read = |name: &str| std::fs::read_to_string(world.path("image").join(name)).unwrap();
        let text = read("etc/systemd/system/agents.service");
        assert!(text.contains("User=agents\n") && text.contains("serve --data-dir /srv/agents\n"), "{text}");
        assert!(read("etc/sysusers.d/agents.conf").contains("u agents - \"TeleCoder server\" /srv/agents\n"));
        let settings = world.path("image/etc/telecoder/agents.env");
        assert_eq!(std::fs::metadata(&settings).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(world.path("image/srv/agents").is_dir());
        // Settings stay when it is installed again.
        std::fs::write(&settings, "TELECODER_MAX_SESSIONS=2\n").unwrap();
        assert_eq!(call(&["service", "install", "--name", "agents", "--root", &root]).code, 0);
        assert_eq!(std::fs::read_to_string(&settings).unwrap(), "TELECODER_MAX_SESSIONS=2\n");
        expect![[r#"
            exit 0
            Removed agents.service. Kept: data, settings and the user.
            ! Sandboxes of sessions at work end by themselves within an hour, or go on with the next server.
        "#]]
        .assert_eq(
            &call(&["service", "uninstall", "--name", "agents", "--root", &root])
                .shown()
                .replace(&root, "[ROOT]"),
        );
        assert!(!world.path("image/etc/systemd/system/agents.service").exists());
        assert!(!world.path("image/etc/sysusers.d/agents.conf").exists());
        assert!(settings.is_file() && world.path("image/srv/agents").is_dir());
        let again = call(&["service", "uninstall", "--name", "agents", "--root", &root]);
        assert!(again.stderr.starts_with("error: agents.service is not installed\n"), "{again:?}");
        let calls = std::fs::read_to_string(world.path("calls")).unwrap().replace(&root, "[ROOT]");
        expect![[r#"
            systemctl --root=[ROOT] enable agents.service
            systemctl --root=[ROOT] enable agents.service
            systemctl --root=[ROOT] disable agents.service
        "#]]
        .assert_eq(&calls);
    }
    let state = "LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nMainPID=42\n\
                 ActiveEnterTimestamp=Mon 2026-11-30 10:00:00 UTC\nResult=success\n";
    std::fs::write(world.path("said"), state).unwrap();
    let json = call(&["service", "status", "--output", "json"]).json();
    assert_eq!(
        (&json["state"], &json["pid"], &json["enabled"]),
        (&"active".into(), &42.into(), &true.into())
    );
    let running = call(&["service", "status"]);
    assert_eq!(running.code, 0);
    assert!(running.stdout.contains("telecoder.service: active (running, pid 42, since"), "{running:?}");
    std::fs::write(world.path("said"), "LoadState=not-found\nActiveState=inactive\nMainPID=0\n").unwrap();
    expect![[r#"
        exit 1
        ! error: telecoder.service is not installed
        !  hint: install it: telecoder service install
    "#]]
    .assert_eq(&call(&["service", "status"]).shown());
    expect![[r#"
        exit 2
        ! error: `Bad Name` is no name for a service
        !  hint: up to 31 characters of a-z, 0-9 and -, the first one a letter
    "#]]
    .assert_eq(&call(&["service", "install", "--dry-run", "--name", "Bad Name"]).shown());
    let none = world.cli(["service", "status"]).env("PATH", "/nonexistent").run();
    assert!(none.stderr.starts_with("error: there is no systemctl on this host\n"), "{none:?}");
}

/// Waits in the middle of its turn; what it does then it also does where no server listens.
const WAITS: &str = r#"GYM{"do":[{"say":"Before. "},{"write":["/home/agent/begun",""]},{"waitFor":"/home/agent/go"},{"write":["/home/agent/gone",""]},{"say":"After."}]}"#;

#[test]
fn what_the_units_kill_mode_ends_spares_the_sandboxes() {
    let mut world = World::new();
    let text = unit(&world);
    let mode = text.lines().find_map(|line| line.strip_prefix("KillMode=")).unwrap().to_owned();
    // systemd.kill(5): with `process` only the main process is killed; with the others all of the unit's cgroup is, where the
    // supervisors may stand too. First SIGTERM, as for a stop or a restart, then SIGKILL, as after the time for that.
    assert_eq!(mode, "process");
    for how in [Signal::TERM, Signal::KILL] {
        let id = world.detached(&[WAITS]);
        world.until_written(&id, "begun");
        signal(world.server_pid(), how);
        world.ended();
        // Nobody serves, and the agent goes on.
        world.release(&id, "go");
        world.until_written(&id, "gone");
        world.start();
        world.until_status(&id, "complete");
        let logs = world.cli(["logs", &id]).run().stdout;
        assert!(logs.contains("After."), "{logs}");
        let events = world.events(&id);
        let steps: Vec<_> = events.iter().filter_map(|event| event["data"]["step"].as_str()).collect();
        assert_eq!(steps.iter().filter(|step| **step == "create_sandbox").count(), 1, "{steps:?}");
    }
}

/// What `ProtectSystem=full` does, before the program gets its user and loses its rights.
const READ_ONLY: &str = r#"set -e
for folder in /usr /etc /boot; do
    if [ -d "$folder" ]; then mount --bind "$folder" "$folder"; mount -o remount,bind,ro "$folder"; fi
done
exec "$@""#;

/// A server that has no more rights than the unit gives still proves its sandboxes and finishes a task.
#[test]
fn the_hardening_leaves_what_sandboxes_are_made_of() {
    if !is_root() {
        // Only root can give rights away that others never had; for others the other tests show it.
        return;
    }
    let world = World::without_server(&[]);
    let text = unit(&world);
    for line in ["NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=full"] {
        assert!(text.lines().any(|one| one == line), "{line}");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    for (name, path) in [
        ("suite", std::env::current_exe().unwrap()),
        ("telecoder", program()),
        ("telecoder-gym-agent", gym()),
    ] {
        std::fs::copy(path, folder.path().join(name)).unwrap();
    }
    let (uid, gid) = (format!("--reuid={ORDINARY}"), format!("--regid={ORDINARY}"));
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "slave", "sh", "-c", READ_ONLY, "sh"])
        .args(["setpriv", &uid, &gid, "--clear-groups", "--no-new-privs", "--bounding-set=-all"])
        .arg("--inh-caps=-all")
        .arg(folder.path().join("suite"))
        .arg("run::a_task_becomes_a_pull_request")
        .env(PROGRAMS, folder.path())
        .env("TMPDIR", folder.path())
        .env("HOME", folder.path())
        .current_dir("/")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("test result: ok. 1 passed"), "{text}");
}
