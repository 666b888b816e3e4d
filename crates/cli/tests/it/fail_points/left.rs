//! What is left when nothing happens any more (dev layer): the log, what the outside has seen, what the agent was sent, and
//! what should not be there.

use super::drive::Driven;
use crate::beside::with_mounts;
use crate::world::dense;
use sqlx::Connection;
use std::collections::BTreeSet;
use std::path::Path;
use telecoder_testkit::fake_forge::Hosted;
use telecoder_testkit::postgres::Database;

/// What two runs of a story have in common.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// What the log tells, in order, without repeated steps.
    pub(super) log: Vec<String>,
    /// Branches with the subjects of their commits and their files.
    pub(super) branches: Vec<String>,
    /// Pull requests and comments.
    pub(super) pulls: Vec<String>,
    /// What the agent's process was sent.
    pub(super) received: serde_json::Value,
    /// The session's own fields.
    pub(super) session: serde_json::Value,
    /// Jobs, effects that are not done, decisions that wait.
    pub(super) rows: Vec<String>,
    /// Processes and mounts that know the world's folder, cgroups of the session, run folders.
    pub(super) orphans: BTreeSet<String>,
}

/// Whether no work is under way: no job, and no sandbox.
pub(super) fn is_quiet(driven: &Driven) -> bool {
    let idle = driven.get("/health").is_some_and(|health| {
        let queue = &health["queue"];
        queue["queued"] == 0 && queue["running"] == 0
    });
    idle && run_folders(&driven.world.data()).is_empty()
}

/// Looks at everything.
pub(super) fn look(
    driven: &mut Driven,
    id: &str,
    forge: Option<&Hosted>,
    database: Option<&Database>,
) -> Left {
    let events = dense(&driven.read(&["events", id]));
    let filtered = |text: String| driven.world.filtered(&text);
    let mut log: Vec<String> = events.iter().map(told).map(filtered).collect();
    // A step whose record was lost is done and told again.
    log.dedup();
    let branch = format!("telecoder/{id}");
    let (branches, pulls) = match forge {
        None => local(driven, &branch),
        Some(demo) => remote(demo, &branch),
    };
    let received = std::fs::read_to_string(driven.world.agent_home(id).join("received"));
    let mut received: serde_json::Value =
        received.map_or(serde_json::Value::Null, |text| serde_json::from_str(&text).unwrap());
    if let Some(report) = received.as_object_mut() {
        // The conversation's id differs.
        report.retain(|name, _| !matches!(name.as_str(), "pid" | "digest"));
    }
    let session = driven.read(&["status", id]);
    let fields =
        ["status", "failureKind", "error", "outcome", "diffStat", "result", "prNumber", "prState", "turns"];
    let session = fields.iter().map(|name| ((*name).to_owned(), session[*name].clone())).collect();
    Left {
        log,
        branches,
        pulls,
        received,
        session,
        rows: match database {
            Some(database) => database.sql(ROWS).lines().map(str::to_owned).collect(),
            None => rows(&driven.world.data()),
        },
        orphans: orphans(driven, id),
    }
}

fn told(event: &serde_json::Value) -> String {
    let data = &event["data"];
    let what = ["status", "step", "action", "title", "text", "headline", "message", "state"];
    let what = what.iter().find_map(|key| data[key].as_str()).unwrap_or_default();
    let what: String = what.split(" GYM").next().unwrap_or_default().chars().take(40).collect();
    let state = data["state"].as_str().unwrap_or_default();
    format!("{} {what} {state}", event["type"].as_str().unwrap())
}

fn local(driven: &mut Driven, branch: &str) -> (Vec<String>, Vec<String>) {
    let pulls = driven.read(&["pr", "list", "--output", "json"]);
    let repo = &driven.world.repo;
    let refs = repo.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads/telecoder"]);
    let branches = refs.lines().map(|name| {
        assert_eq!(name, branch);
        let log = repo.git(&["log", "--format=%s", name]);
        format!("{} · {}", log.replace('\n', " | "), repo.git(&["show", &format!("{name}:log.txt")]))
    });
    let branches = branches.collect();
    let head = refs.lines().next().map(|name| repo.git(&["rev-parse", name]).trim().to_owned());
    let pulls = pulls.as_array().unwrap().iter().map(|pull| {
        let whole = pull["headSha"].as_str() == head.as_deref();
        format!("#{} {} {} at its branch: {whole}", pull["number"], pull["state"], pull["title"])
    });
    (branches, pulls.collect())
}

fn remote(demo: &Hosted, branch: &str) -> (Vec<String>, Vec<String>) {
    let branches = demo.branches().into_keys().map(|name| {
        let shown = if name == branch { "[OURS]" } else { &name };
        format!("{shown} · {} · {:?}", demo.log(&name).join(" | "), demo.file(&name, "log.txt"))
    });
    let branches = branches.collect();
    let pulls = demo.pulls().into_iter().map(|pull| {
        let comments = demo.comments(pull.number).len();
        format!("#{} {} {} with {comments} comments", pull.number, pull.state, pull.title)
    });
    (branches, pulls.collect())
}

/// Following the first publishing of a pull request ends at some look after the second has begun: one row or two.
const ROWS: &str = "SELECT 'job of ' || session FROM jobs
    UNION ALL SELECT 'effect ' || kind || ' ' || state FROM outbox WHERE state != 'done' AND kind != 'follow'
    UNION ALL SELECT DISTINCT 'effect follow ' || state FROM outbox WHERE state != 'done' AND kind = 'follow'
    UNION ALL SELECT 'decision ' || state FROM decisions WHERE state = 'pending'
    ORDER BY 1";

fn rows(data: &Path) -> Vec<String> {
    let path = format!("sqlite://{}?mode=ro", data.join("server.db").display());
    let read = async {
        let mut database = sqlx::SqliteConnection::connect(&path).await.unwrap();
        let found = sqlx::query_scalar::<_, String>(ROWS);
        let found = found.fetch_all(&mut database).await.unwrap();
        database.close().await.unwrap();
        found
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(read)
}

fn run_folders(data: &Path) -> Vec<String> {
    let found = std::fs::read_dir(data.join("run")).into_iter().flatten().flatten();
    found.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// What should have gone with the session's work.
fn orphans(driven: &Driven, id: &str) -> BTreeSet<String> {
    let mut found: BTreeSet<String> =
        run_folders(&driven.world.data()).into_iter().map(|name| format!("run folder {name}")).collect();
    found.extend(with_mounts(&driven.world).into_iter().map(|name| format!("a mount that {name} sees")));
    let mut folders = vec![std::path::PathBuf::from("/sys/fs/cgroup")];
    while let Some(folder) = folders.pop() {
        let inside = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        for entry in inside.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            if entry.file_name().to_string_lossy().contains(id) {
                found.insert(format!("cgroup {}", entry.path().display()));
            }
            folders.push(entry.path());
        }
    }
    found
}
