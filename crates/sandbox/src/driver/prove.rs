//! Running the isolation proof (layer 1): see [`crate::proof`].

use super::LocalDriver;
use crate::failure::failed;
use crate::proof::{Finding, Planted, all};
use futures::StreamExt;
use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::id::{ProcessId, SessionId};
use telecoder_model::port::sandbox::{
    AGENTS_DIR, Access, HOME_DIR, Limits, OutputStream, ProcessOutput, ProcessSpec, Proof, ReadOnlyBind,
    Sandbox, SandboxDriver, SandboxRef, SandboxSpec, SandboxState, WORKSPACE_DIR, WorkspaceSource,
};

/// How long a proof may take.
const PROOF_WAIT: Duration = Duration::from_secs(60);
/// The most that a probe may write, in bytes.
const MAX_FINDINGS: usize = 1 << 20;
const REMEDY: &str =
    "do not run sessions on this host: report this with the output of `telecoder doctor --prove`";

/// Makes a throw-away sandbox beside canaries and tries to get out of it.
pub(super) async fn prove(driver: &LocalDriver) -> Result<Vec<Proof>, PortError> {
    let bytes = random()?;
    let nonce: String = bytes.iter().map(|byte| char::from(b'a' + byte % 26)).collect();
    let reference = SandboxRef { session: SessionId::from_random(bytes), attempt: 1, nonce: nonce.clone() };
    let planted = Planted::plant(&driver.options.run_dir, &nonce, driver.owner)?;
    let tried = tokio::time::timeout(PROOF_WAIT, attempt(driver, &reference, &planted)).await;
    driver.destroy(&reference).await?;
    let findings = tried.map_err(|_| PortError::transient("the proof did not end"))??;
    let mut rows = judge(&findings, all(planted.canaries()));
    rows.extend(from_outside(driver, &reference).await?);
    Ok(rows)
}

fn random() -> Result<[u8; 8], PortError> {
    let mut bytes = [0; 8];
    let mut source = std::fs::File::open("/dev/urandom").map_err(failed("cannot open /dev/urandom"))?;
    source.read_exact(&mut bytes).map_err(failed("cannot read /dev/urandom"))?;
    Ok(bytes)
}

/// The file of the program that runs in the sandbox. Where another one stands in its place by now, a copy of the image.
fn file_of(driver: &LocalDriver, planted: &Planted) -> Result<PathBuf, PortError> {
    let (program, image) = (&driver.options.program, &driver.image);
    let place = |path: &Path| std::fs::metadata(path).map(|found| (found.dev(), found.ino()));
    let own = place(image).map_err(failed(format!("cannot find {}", program.display())))?;
    if place(program).is_ok_and(|named| named == own) {
        return Ok(program.clone());
    }
    let copy = planted.folder().join("probe");
    std::fs::copy(image, &copy).map_err(failed(format!("cannot make {}", copy.display())))?;
    Ok(copy)
}

async fn attempt(
    driver: &LocalDriver,
    reference: &SandboxRef,
    planted: &Planted,
) -> Result<Vec<Finding>, PortError> {
    let program = format!("{AGENTS_DIR}/.probe");
    let spec = SandboxSpec {
        workspace: WorkspaceSource::Overlay {
            lower: planted.folder().join("base"),
            layer: planted.folder().join("layer"),
        },
        access: Access::ReadWrite,
        home: planted.folder().join("home"),
        home_files: Vec::new(),
        read_only: vec![ReadOnlyBind {
            host: file_of(driver, planted)?,
            inside: program.clone().into(),
            hidden: Vec::new(),
        }],
        limits: Limits::default(),
        listeners: Vec::new(),
        lifetime: PROOF_WAIT,
        unattended: PROOF_WAIT,
    };
    let sandbox = driver.create(reference, &spec).await?;
    let id: ProcessId =
        "probe".parse().map_err(|error| PortError::permanent("no process id").because(error))?;
    let process = ProcessSpec {
        id: id.clone(),
        argv: vec![program, "supervise".to_owned(), "probe".to_owned()],
        env: BTreeMap::from([
            ("HOME".to_owned(), HOME_DIR.to_owned()),
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
        ]),
        cwd: WORKSPACE_DIR.into(),
    };
    sandbox.start(&process).await?;
    let line =
        serde_json::to_vec(planted.canaries()).map_err(|error| PortError::permanent(error.to_string()))?;
    sandbox.write_line(&id, 1, line.into()).await?;
    let text = read(&*sandbox, &id).await?;
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

async fn read(sandbox: &dyn Sandbox, id: &ProcessId) -> Result<String, PortError> {
    let mut pieces = sandbox.follow(id, OutputStream::Stdout, 0).await?;
    let mut text = Vec::new();
    while let Some(piece) = pieces.next().await {
        if let ProcessOutput::Chunk { bytes, .. } = piece? {
            text.extend_from_slice(&bytes);
        }
        if text.len() > MAX_FINDINGS {
            return Err(PortError::full("the probe writes without end"));
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Joins what was found with what should have been tried.
fn judge(findings: &[Finding], attempts: Vec<String>) -> Vec<Proof> {
    let row = |attempt: String| match findings.iter().find(|finding| finding.attempt == attempt) {
        Some(finding) => proof(attempt, finding.held, finding.detail.clone()),
        None => proof(attempt, false, "the probe ended before it reported this".to_owned()),
    };
    attempts.into_iter().map(row).collect()
}

fn proof(attempt: String, held: bool, detail: String) -> Proof {
    Proof { attempt, held, detail, remedy: (!held).then(|| REMEDY.to_owned()) }
}

/// What only the host can say.
async fn from_outside(driver: &LocalDriver, reference: &SandboxRef) -> Result<Vec<Proof>, PortError> {
    let state = driver.inspect(reference).await?;
    let memory = if driver.cgroups.limit() {
        "memory and processes by a cgroup"
    } else {
        "memory by the supervisor's watch and processes by rlimits, since no cgroup may be written"
    };
    let cpu =
        if driver.cgroups.limit_cpu() { "processor time by a cgroup" } else { "processor time not at all" };
    Ok(vec![
        proof("leave anything behind".to_owned(), state == SandboxState::Absent, format!("{state:?}")),
        Proof {
            attempt: "take more than its share".to_owned(),
            held: true,
            detail: format!("{memory}; {cpu}"),
            remedy: (!driver.cgroups.limit_cpu()).then(|| {
                "delegate a cgroup v2 folder with memory, pids and cpu to the server's user (systemd: Delegate=yes)"
                    .to_owned()
            }),
        },
    ])
}
