//! Conformance suite of the process port (dev layer): the adapter runs real programs of this host (`/bin/sh`, `env`).

use crate::wait::until;
use bytes::Bytes;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::ErrorClass;
use telecoder_model::port::process::{HostCommand, HostOutput, Input, OutputTo, Processes};
use tempfile::tempdir;

cases! { $ process, process_conformance, dyn Processes {
    output_errors_and_code_are_told
    input_comes_from_where_it_should
    arguments_pass_through_no_shell
    the_environment_is_exactly_what_was_given
    it_runs_in_its_folder
    output_may_go_to_a_new_file
    only_the_end_of_long_errors_is_kept
    too_much_output_ends_it
    a_timeout_ends_everything_that_it_started
    giving_up_ends_everything_that_it_started
    a_signal_leaves_no_code
    what_cannot_be_started_says_why
    many_run_at_once
} }

fn shell(script: &str) -> HostCommand {
    let mut command = HostCommand::new("/bin/sh", "/");
    command.args = vec!["-c".into(), script.into()];
    command
}

/// A script that starts a grandchild which writes its id to a file and goes on for ever, and then waits for it.
fn with_grandchild(file: &Path) -> HostCommand {
    shell(&format!(
        "sh -c 'echo $$ > {0}.new; mv {0}.new {0}; exec tail -f /dev/null' & wait",
        file.display()
    ))
}

/// Waits until the process whose id a file holds has ended.
async fn ends(file: &Path) {
    let pid = fs::read_to_string(file).unwrap();
    let stat = format!("/proc/{}/stat", pid.trim());
    until("the end of a grandchild", || {
        // One that has ended, but that nobody has waited for yet, is a zombie.
        let over =
            fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z ") || stat.contains(") X "));
        std::future::ready(over.then_some(()))
    })
    .await;
}

/// A code other than 0 is no error.
pub async fn output_errors_and_code_are_told(processes: Arc<dyn Processes>) {
    let output = processes.run(shell("echo out; echo err >&2; exit 3")).await.unwrap();
    let expected = HostOutput { code: Some(3), stdout: "out\n".into(), stderr: "err\n".into() };
    assert_eq!(output, expected);
}

/// Nothing, bytes, or a file; a program that does not read all of it is no error.
pub async fn input_comes_from_where_it_should(processes: Arc<dyn Processes>) {
    let output = processes.run(shell("cat; readlink /proc/self/fd/0")).await.unwrap();
    assert_eq!(output.stdout, "/dev/null\n");
    let large = Bytes::from(vec![b'i'; 3 << 20]);
    let mut command = shell("wc -c");
    command.stdin = Input::Bytes(large.clone());
    assert_eq!(processes.run(command).await.unwrap().stdout.trim_ascii(), b"3145728");
    let mut command = shell("head -c 1; exit 0");
    command.stdin = Input::Bytes(large.clone());
    assert_eq!(processes.run(command).await.unwrap().stdout, "i");
    let folder = tempdir().unwrap();
    let file = folder.path().join("input");
    fs::write(&file, "from a file").unwrap();
    let mut command = shell("cat");
    command.stdin = Input::File(file);
    assert_eq!(processes.run(command).await.unwrap().stdout, "from a file");
}

/// Whatever they hold.
pub async fn arguments_pass_through_no_shell(processes: Arc<dyn Processes>) {
    let mut command = HostCommand::new("/usr/bin/printf", "/");
    let words = ["[%s]", "$(touch x)", "a b", "", "--", "*", "'\"\\", "\n"];
    command.args = words.iter().map(Into::into).collect();
    let output = processes.run(command).await.unwrap();
    assert_eq!(output.stdout, "[$(touch x)][a b][][--][*]['\"\\][\n]");
}

/// Nothing is inherited but a `PATH` where none is given.
pub async fn the_environment_is_exactly_what_was_given(processes: Arc<dyn Processes>) {
    let mut command = HostCommand::new("/usr/bin/env", "/");
    command.env.insert("GREETING".into(), "a b\nc=d".into());
    command.env.insert("PATH".into(), "/nowhere".into());
    let output = processes.run(command).await.unwrap();
    assert_eq!(output.stdout, "GREETING=a b\nc=d\nPATH=/nowhere\n");
    let output = processes.run(HostCommand::new("/usr/bin/env", "/")).await.unwrap();
    let text = String::from_utf8(output.stdout.to_vec()).unwrap();
    assert!(text.starts_with("PATH=/") && text.lines().count() == 1, "{text}");
}

/// Also as seen by a shell.
pub async fn it_runs_in_its_folder(processes: Arc<dyn Processes>) {
    let folder = tempdir().unwrap();
    let mut command = shell("pwd");
    command.cwd = fs::canonicalize(folder.path()).unwrap();
    let expected = format!("{}\n", command.cwd.display());
    assert_eq!(processes.run(command).await.unwrap().stdout, expected);
}

/// A file that is there already is not overwritten.
pub async fn output_may_go_to_a_new_file(processes: Arc<dyn Processes>) {
    let folder = tempdir().unwrap();
    let file = folder.path().join("output");
    let mut command = shell("head -c 300000 /dev/zero");
    command.stdout = OutputTo::File(file.clone(), 300_000);
    let output = processes.run(command.clone()).await.unwrap();
    assert_eq!((output.code, output.stdout.len()), (Some(0), 0));
    assert_eq!(fs::metadata(&file).unwrap().len(), 300_000);
    fs::write(&file, "precious").unwrap();
    assert!(processes.run(command.clone()).await.is_err());
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    command.stdout = OutputTo::File(folder.path().join("small"), 299_999);
    assert_eq!(processes.run(command).await.unwrap_err().class, ErrorClass::Full);
}

/// 64 KiB of them.
pub async fn only_the_end_of_long_errors_is_kept(processes: Arc<dyn Processes>) {
    let output =
        processes.run(shell("head -c 500000 /dev/zero | tr '\\0' a >&2; echo end >&2")).await.unwrap();
    assert_eq!(output.stderr.len(), 64 << 10);
    assert!(output.stderr.ends_with(b"aaa\nend\n") || output.stderr.ends_with(b"aend\n"));
}

/// Class `Full`; a program that never ends by itself is ended.
pub async fn too_much_output_ends_it(processes: Arc<dyn Processes>) {
    let mut command = shell("head -c 1000 /dev/zero");
    command.stdout = OutputTo::Memory(1000);
    assert_eq!(processes.run(command.clone()).await.unwrap().stdout.len(), 1000);
    command.stdout = OutputTo::Memory(999);
    assert_eq!(processes.run(command).await.unwrap_err().class, ErrorClass::Full);
    let folder = tempdir().unwrap();
    let file = folder.path().join("pid");
    let mut command = with_grandchild(&file);
    command.args = vec!["-c".into(), format!("sh -c 'echo $$ > {}; exec yes' & wait", file.display()).into()];
    command.stdout = OutputTo::Memory(1000);
    assert_eq!(processes.run(command).await.unwrap_err().class, ErrorClass::Full);
    ends(&file).await;
}

/// Class `Transient`.
pub async fn a_timeout_ends_everything_that_it_started(processes: Arc<dyn Processes>) {
    let folder = tempdir().unwrap();
    let file = folder.path().join("pid");
    let mut command = with_grandchild(&file);
    command.timeout = Duration::from_secs(1);
    assert_eq!(processes.run(command).await.unwrap_err().class, ErrorClass::Transient);
    ends(&file).await;
}

/// The caller dropped the future.
pub async fn giving_up_ends_everything_that_it_started(processes: Arc<dyn Processes>) {
    let folder = tempdir().unwrap();
    let file = folder.path().join("pid");
    let there = until("a grandchild", || std::future::ready(file.exists().then_some(())));
    tokio::select! {
        output = processes.run(with_grandchild(&file)) => panic!("it ended: {output:?}"),
        () = there => {}
    }
    ends(&file).await;
}

/// Of its own, or another's.
pub async fn a_signal_leaves_no_code(processes: Arc<dyn Processes>) {
    assert_eq!(processes.run(shell("kill -KILL $$")).await.unwrap().code, None);
}

/// Class `NotFound` with a remedy for a missing program; an error also for a missing folder.
pub async fn what_cannot_be_started_says_why(processes: Arc<dyn Processes>) {
    let error = processes.run(HostCommand::new("no-such-program-anywhere", "/")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound);
    assert!(error.chain().contains("no-such-program-anywhere"), "{}", error.chain());
    assert!(error.remedy.is_some());
    assert!(processes.run(HostCommand::new("/bin/sh", "/no/such/folder")).await.is_err());
    assert!(processes.run(HostCommand::new("/etc/passwd", "/")).await.is_err());
}

/// None gets another's output.
pub async fn many_run_at_once(processes: Arc<dyn Processes>) {
    let runs = (0..20).map(|number| {
        let processes = Arc::clone(&processes);
        tokio::spawn(
            async move { (number, processes.run(shell(&format!("cat; echo {number}"))).await.unwrap()) },
        )
    });
    for run in futures::future::join_all(runs).await {
        let (number, output) = run.unwrap();
        assert_eq!(output.stdout, format!("{number}\n"));
    }
}
