//! A sandbox is made, a program runs in it, and nothing is left.

use crate::ground::{Ground, Ran, code, process, shell};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use telecoder_model::error::ErrorClass;
use telecoder_model::port::sandbox::{
    Access, HomeFile, ReadOnlyBind, SandboxDriver, SandboxSpec, SandboxState, WorkspaceSource,
};
use telecoder_sandbox::host_owner;

#[tokio::test]
async fn a_program_runs_and_nothing_is_left() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    let ran = running.run("id -u; id -un; pwd; cat README.md; echo oops >&2; exit 3").await;
    assert_eq!(
        ran,
        Ran {
            stdout: "1000\nagent\n/workspace\nbase\n".to_owned(),
            stderr: "oops\n".to_owned(),
            exit: code(3)
        }
    );
    let reference = running.reference.clone();
    assert_eq!(ground.driver.inspect(&reference).await.unwrap(), SandboxState::Running);
    assert_eq!(ground.driver.list().await.unwrap().as_slice(), std::slice::from_ref(&reference));
    running.destroy().await;
    assert_eq!(ground.driver.inspect(&reference).await.unwrap(), SandboxState::Absent);
    assert_eq!(ground.driver.list().await.unwrap(), []);
    assert_eq!(fs::read_dir(ground.path("run")).unwrap().count(), 0);
    ground.driver.destroy(&reference).await.unwrap();
}

#[tokio::test]
async fn making_and_starting_twice_has_the_effect_of_once() {
    let ground = Ground::new();
    let spec = ground.spec();
    let running = ground.sandbox(&spec).await;
    running.start("one", "echo once >> log; cat log").await;
    running.start("one", "echo twice >> log; cat log").await;
    assert_eq!(running.ended("one").await.stdout, "once\n");
    let again = ground.driver.create(&running.reference, &spec).await.unwrap();
    let status = again.status().await.unwrap();
    let names: Vec<&str> = status.processes.iter().map(|process| process.id.as_str()).collect();
    assert_eq!(names, ["one"]);
    again.start(&shell("one", "echo thrice >> log")).await.unwrap();
    assert_eq!(fs::read_to_string(layer(&spec).join("log")).unwrap(), "once\n");
    running.destroy().await;
}

#[tokio::test]
async fn what_cannot_start_says_why_and_leaves_no_process() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    let absent = running.sandbox.start(&process("a", &["no-such-program"])).await.unwrap_err();
    assert_eq!(
        (absent.class, absent.to_string().as_str()),
        (ErrorClass::NotFound, "there is no program `no-such-program` in the sandbox")
    );
    let folder = running.sandbox.start(&process("a", &["/usr"])).await.unwrap_err();
    assert_eq!(folder.class, ErrorClass::Denied, "{folder}");
    let mut elsewhere = shell("a", "pwd");
    elsewhere.cwd = "/nowhere".into();
    let lost = running.sandbox.start(&elsewhere).await.unwrap_err();
    assert_eq!(lost.class, ErrorClass::NotFound, "{lost}");
    assert_eq!(running.sandbox.status().await.unwrap().processes, []);
    running.start("a", "echo now").await;
    assert_eq!(running.ended("a").await.stdout, "now\n");
    running.destroy().await;
}

#[tokio::test]
async fn the_environment_is_exactly_what_was_given() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    let mut wanted = process("env", &["env"]);
    wanted.env.insert("GREETING".to_owned(), "a b\nc".to_owned());
    running.sandbox.start(&wanted).await.unwrap();
    assert_eq!(
        running.ended("env").await.stdout,
        "GREETING=a b\nc\nHOME=/home/agent\nPATH=/usr/local/bin:/usr/bin:/bin\n"
    );
    running.destroy().await;
}

fn layer(spec: &SandboxSpec) -> std::path::PathBuf {
    match &spec.workspace {
        WorkspaceSource::Overlay { layer, .. } => layer.join("upper"),
        WorkspaceSource::Bind { path } => path.clone(),
    }
}

#[tokio::test]
async fn the_layer_holds_only_the_change_and_can_be_mounted_again() {
    let ground = Ground::new();
    ground.folder("base/sub");
    ground.file("base/sub/kept", "kept\n");
    ground.file("base/gone", "gone\n");
    let spec = ground.spec();
    let running = ground.sandbox(&spec).await;
    let ran =
        running.run("echo more >> README.md; rm gone; mkdir new; echo x > new/file; cat sub/kept").await;
    assert_eq!((ran.stdout.as_str(), ran.exit), ("kept\n", code(0)), "{}", ran.stderr);
    running.destroy().await;
    assert_eq!(fs::read_to_string(ground.path("base/README.md")).unwrap(), "base\n");
    assert_eq!(fs::read_to_string(ground.path("base/gone")).unwrap(), "gone\n");
    let upper = layer(&spec);
    let mut names: Vec<_> = fs::read_dir(&upper)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["README.md", "gone", "new"]);
    assert_eq!(fs::metadata(upper.join("new/file")).unwrap().uid(), host_owner().uid);

    let again = ground.sandbox(&spec).await;
    assert_eq!(again.run("cat README.md new/file; ls").await.stdout, "base\nmore\nx\nREADME.md\nnew\nsub\n");
    again.destroy().await;
    // Whoever removes the layer needs no right but its owner's.
    fs::remove_dir_all(upper.parent().unwrap()).unwrap();
}

#[tokio::test]
async fn a_read_only_workspace_cannot_be_written() {
    let ground = Ground::new();
    let bound = ground.folder("bound");
    ground.file("bound/README.md", "bound\n");
    for workspace in [ground.spec().workspace, WorkspaceSource::Bind { path: bound }] {
        let spec = SandboxSpec { access: Access::ReadOnly, workspace, ..ground.spec() };
        let running = ground.sandbox(&spec).await;
        let ran = running.run("cat README.md >/dev/null && touch new; echo x > README.md").await;
        assert_ne!(ran.exit, code(0));
        assert_eq!(ran.stderr.matches("Read-only file system").count(), 2, "{}", ran.stderr);
        assert_eq!(running.run("echo ok > /tmp/x && echo ok > ~/x && cat ~/x").await.stdout, "ok\n");
        running.destroy().await;
    }
    assert_eq!(fs::read_to_string(ground.path("bound/README.md")).unwrap(), "bound\n");
    let spec =
        SandboxSpec { workspace: WorkspaceSource::Bind { path: ground.path("bound") }, ..ground.spec() };
    let running = ground.sandbox(&spec).await;
    assert_eq!(running.run("echo written > README.md").await.exit, code(0));
    running.destroy().await;
    assert_eq!(fs::read_to_string(ground.path("bound/README.md")).unwrap(), "written\n");
}

#[tokio::test]
async fn bound_folders_are_read_only_and_hide_what_they_must() {
    let ground = Ground::new();
    for folder in ["tools", "tools/bin", "tools/keys"] {
        ground.folder(folder);
    }
    ground.file("tools/bin/run", "tool\n");
    ground.file("tools/credentials", "CANARY\n");
    ground.file("tools/keys/id", "CANARY\n");
    symlink("credentials", ground.path("tools/alias")).unwrap();
    let hidden = ["credentials", "keys", "alias", "absent"].map(Into::into).to_vec();
    let bind =
        |inside: &str, hidden| ReadOnlyBind { host: ground.path("tools"), inside: inside.into(), hidden };
    let spec = SandboxSpec {
        read_only: vec![
            bind("/opt/telecoder/agents/x", hidden),
            bind("/home/agent/.tools", vec!["credentials".into(), "keys".into()]),
            ReadOnlyBind {
                host: ground.path("tools/bin/run"),
                inside: "/root/only/run".into(),
                hidden: Vec::new(),
            },
        ],
        ..ground.spec()
    };
    let running = ground.sandbox(&spec).await;
    let ran = running
        .run(
            "cat /opt/telecoder/agents/x/bin/run ~/.tools/bin/run /root/only/run; cat /root/only/../only/run; \
             cat /opt/telecoder/agents/x/alias ~/.tools/credentials; ls /opt/telecoder/agents/x/keys ~/.tools/keys; \
             ls -A /root; touch ~/.tools/new",
        )
        .await;
    assert_eq!(
        ran.stdout,
        "tool\ntool\ntool\ntool\n/home/agent/.tools/keys:\n\n/opt/telecoder/agents/x/keys:\nonly\n"
    );
    assert!(ran.stderr.contains("Read-only file system"), "{}", ran.stderr);
    running.destroy().await;

    let taken = SandboxSpec { read_only: vec![bind("/etc", Vec::new())], ..ground.spec() };
    assert!(ground.driver.create(&ground.reference(), &taken).await.is_err());
}

#[tokio::test]
async fn home_files_replace_what_is_there_and_follow_no_link() {
    let ground = Ground::new();
    let outside = ground.file("outside", "untouched\n");
    let mut spec = ground.spec();
    let running = ground.sandbox(&spec).await;
    let links = format!("mkdir .a; ln -s {0} .a/one; ln -s /workspace .b; echo old > .c", outside.display());
    running.run(&format!("cd; {links}; ln -s /etc .tools")).await;
    running.destroy().await;
    let file = |path: &str| HomeFile { path: path.into(), bytes: path.as_bytes().to_vec() };
    spec.home_files = vec![file(".a/one"), file(".b/two"), file(".c/three"), file("four")];
    let running = ground.sandbox(&spec).await;
    let ran = running.run("cd; cat .a/one .b/two .c/three four; ls -A /workspace").await;
    assert_eq!(ran.stdout, ".a/one.b/two.c/threefourREADME.md\n", "{}", ran.stderr);
    running.destroy().await;
    assert_eq!(fs::read_to_string(&outside).unwrap(), "untouched\n");
    assert_eq!(fs::metadata(spec.home.join("four")).unwrap().uid(), host_owner().uid);

    // A link of the agent's is no place for a mount either.
    let tools =
        ReadOnlyBind { host: ground.path("base"), inside: "/home/agent/.tools/x".into(), hidden: Vec::new() };
    let linked = SandboxSpec { read_only: vec![tools], home_files: Vec::new(), ..spec.clone() };
    let error = ground.driver.create(&ground.reference(), &linked).await.unwrap_err();
    assert!(error.to_string().contains("/home/agent/.tools/x"), "{error}");
    for bad in ["../up", "/etc/passwd", ""] {
        let spec = SandboxSpec { home_files: vec![file(bad)], ..spec.clone() };
        assert!(ground.driver.create(&ground.reference(), &spec).await.is_err(), "{bad}");
    }
    assert_eq!(ground.driver.list().await.unwrap(), [], "a failed launch leaves nothing");
}

#[tokio::test]
async fn a_workspace_that_is_not_there_is_named() {
    let ground = Ground::new();
    let spec =
        SandboxSpec { workspace: WorkspaceSource::Bind { path: "/no/such/folder".into() }, ..ground.spec() };
    let error = ground.driver.create(&ground.reference(), &spec).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound);
    assert!(error.to_string().contains("/no/such/folder"), "{error}");
    assert!(!Path::new("/no/such/folder").exists());
}

#[tokio::test]
async fn a_terminal_can_be_opened_inside() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    let ran = running.run("script -qec 'stty rows 12 cols 34; stty size; tty' /dev/null < /dev/null").await;
    assert_eq!(
        (ran.stdout.replace('\r', "").as_str(), ran.exit),
        ("12 34\n/dev/pts/0\n", code(0)),
        "{}",
        ran.stderr
    );
    running.destroy().await;
}

#[tokio::test]
async fn the_network_is_the_sandboxs_own_loopback() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    let serve = "const s = require('net').createServer((c) => c.end('hello\\n')).listen(80, '::', () => \
                 require('net').connect(80, process.argv[1]).on('data', (d) => { process.stdout.write(d); s.close() }))";
    for address in ["127.0.0.1", "localhost", "::1", "127.77.0.5"] {
        let id = format!("serve-{}", address.replace([':', '.'], "-").trim_matches('-'));
        running.sandbox.start(&process(&id, &["node", "-e", serve, address])).await.unwrap();
        let ran = running.ended(&id).await;
        assert_eq!(ran.stdout, "hello\n", "{address}: {}", ran.stderr);
    }
    running.destroy().await;
}
