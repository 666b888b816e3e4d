//! A sandbox is made, a program runs in it, and nothing is left.

use crate::ground::{Ground, Ran, code, shell};
use std::fs;
use telecoder_model::error::ErrorClass;
use telecoder_model::port::sandbox::{
    Access, HomeFile, OutputStream, ProcessState, ReadOnlyBind, SandboxDriver, SandboxState, WorkspaceSource,
};

#[tokio::test]
async fn a_program_runs_and_nothing_is_left() {
    let ground = Ground::new();
    let running = ground.sandbox(&ground.spec()).await;
    let ran = running
        .run("id -u; id -un; pwd; cat README.md; echo oops >&2; exit 3")
        .await;
    assert_eq!(
        ran,
        Ran {
            stdout: "1000\nagent\n/workspace\nbase\n".to_owned(),
            stderr: "oops\n".to_owned(),
            exit: code(3)
        }
    );
    assert_eq!(
        ground.driver.inspect(&running.reference).await.unwrap(),
        SandboxState::Running
    );
    assert_eq!(ground.driver.list().await.unwrap(), [running.reference.clone()]);
    let reference = running.reference.clone();
    running.destroy().await;
    assert_eq!(
        ground.driver.inspect(&reference).await.unwrap(),
        SandboxState::Absent
    );
    assert_eq!(ground.driver.list().await.unwrap(), []);
    assert_eq!(fs::read_dir(ground.path("run")).unwrap().count(), 0);
    ground.driver.destroy(&reference).await.unwrap();
}
