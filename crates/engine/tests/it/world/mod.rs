//! A world of fakes that outlives engines: crashing one and starting another is what a restart looks like from inside.

mod agent;
pub(crate) mod forge;
pub(crate) mod ports;
mod sandbox;
mod store;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use telecoder_engine::request::NewSession;
use telecoder_engine::{Engine, EngineOptions, Ports};
use telecoder_model::event::{EventBody, StepState};
use telecoder_model::id::SessionId;
use telecoder_model::principal::Principal;
use telecoder_model::refs::ObjectId;
use telecoder_model::repository::Repository;
use telecoder_model::session::Session;
use telecoder_store::{DataDirLock, SqliteOptions, SqliteStore};
use telecoder_testkit::fakes::{Faults, MemoryBlobs, MemoryBus, SeededIds};
use telecoder_testkit::wait::until;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What outlives an engine.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) state: Arc<Mutex<State>>,
    pub(crate) changed: watch::Sender<u64>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) blobs: Arc<MemoryBlobs>,
    folder: Arc<tempfile::TempDir>,
    ids: Arc<SeededIds>,
}

/// The outside: sandboxes, trees, branches, pull requests.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) sandboxes: BTreeMap<String, sandbox::Inside>,
    pub(crate) trees: BTreeMap<SessionId, BTreeMap<String, String>>,
    /// Commits with their trees.
    pub(crate) commits: BTreeMap<ObjectId, ObjectId>,
    pub(crate) branches: BTreeMap<String, String>,
    pub(crate) pulls: Vec<(String, String)>,
    pub(crate) received: Vec<String>,
    /// The origin of every repository of this host.
    pub(crate) origin: Option<Repository>,
    pub(crate) forge: forge::ForgeSide,
}

/// An engine at work.
pub(crate) struct Running {
    pub(crate) engine: Engine,
    task: JoinHandle<()>,
    _stop: watch::Sender<bool>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            state: Arc::default(),
            changed: watch::Sender::new(0),
            faults: Faults::none(),
            folder: Arc::new(folder),
            ids: Arc::new(SeededIds::new(7)),
            blobs: Arc::default(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Opens the store as a new server does: the lock proves earlier ones dead, so that their work is adopted at once.
    async fn store(&self) -> SqliteStore {
        let folder = self.folder.path();
        let lock = until("the data folder is free", || async { DataDirLock::acquire(folder).ok() }).await;
        let options = SqliteOptions { lock: Some(Arc::new(lock)), ..SqliteOptions::default() };
        SqliteStore::open(&folder.join("db"), options).await.unwrap()
    }

    async fn ports(&self) -> Ports {
        let store = self.store().await;
        let world = Arc::new(self.clone());
        Ports {
            store: Arc::new(store::Faulty { inner: store, faults: Arc::clone(&self.faults) }),
            blobs: self.blobs.clone(),
            bus: Arc::new(MemoryBus::new()),
            clock: Arc::new(telecoder_store::SystemClock::new()),
            ids: self.ids.clone(),
            driver: world.clone(),
            workspaces: world.clone(),
            diffs: world.clone(),
            upkeep: world.clone(),
            trees: world.clone(),
            local: world.clone(),
            remote: world.clone(),
            rebase: world.clone(),
            agents: world.clone(),
            gateway: world.clone(),
            forges: vec![world],
            settings: Arc::new(telecoder_testkit::fakes::NoSettings),
            stages: Vec::new(),
        }
    }

    /// Starts an engine that sees earlier ones as dead.
    pub(crate) async fn start(&self) -> Running {
        self.start_with(|_| {}).await
    }

    pub(crate) async fn start_with(&self, change: impl FnOnce(&mut EngineOptions)) -> Running {
        let mut options = EngineOptions::new("/sessions");
        options.stop_grace = Duration::from_millis(50);
        change(&mut options);
        let engine = Engine::new(self.ports().await, options).unwrap();
        let (stop, stopping) = watch::channel(false);
        let worker = engine.clone();
        let task = tokio::spawn(async move { worker.run(stopping).await.unwrap() });
        Running { engine, task, _stop: stop }
    }
}

impl Running {
    /// Ends the engine as a kill would: in the middle of whatever it does.
    pub(crate) async fn crash(self) {
        self.task.abort();
        drop(self.task.await);
    }

    /// Gives a task on a repository.
    pub(crate) async fn submit(&self, prompt: &str) -> SessionId {
        self.submit_with(prompt, |_| {}).await
    }

    pub(crate) async fn submit_with(&self, prompt: &str, change: impl FnOnce(&mut NewSession)) -> SessionId {
        let mut new = NewSession {
            prompt: prompt.to_owned(),
            repository: Some(Repository::Local("/repo".to_owned())),
            ..NewSession::default()
        };
        change(&mut new);
        self.engine.submit(&Principal::local(), new).await.unwrap().0.id
    }

    /// Waits until the session stands as wanted.
    pub(crate) async fn until(&self, id: &SessionId, wanted: impl Fn(&Session) -> bool) -> Session {
        let mut news = self.engine.subscribe(id);
        let wait = async {
            loop {
                let session = self.engine.session(&Principal::local(), id).await.unwrap();
                if wanted(&session) {
                    return session;
                }
                news.changed().await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(20), wait).await {
            Ok(session) => session,
            Err(_) => panic!("the session does not get there:\n{}", self.log(id).await),
        }
    }

    /// Waits until the session's work has ended and nothing of it is left.
    pub(crate) async fn end(&self, id: &SessionId, world: &World) -> Session {
        let session = self.until(id, |session| session.status.has_ended()).await;
        let mut changed = world.changed.subscribe();
        let gone = changed.wait_for(|_| world.lock().sandboxes.is_empty());
        tokio::time::timeout(Duration::from_secs(20), gone).await.expect("the sandbox is left over").unwrap();
        session
    }

    /// The session's whole log, one line an event, without times.
    pub(crate) async fn log(&self, id: &SessionId) -> String {
        let page = self.engine.events(&Principal::local(), id, 0, 1000).await.unwrap();
        let mut text = String::new();
        for (number, event) in page.events.iter().enumerate() {
            assert_eq!(event.seq, number as u64 + 1, "the log has a gap");
            let _ = writeln!(text, "{}", line(&event.body));
        }
        text
    }
}

fn line(body: &EventBody) -> String {
    match body {
        EventBody::Status { status, .. } => format!("status {status}"),
        EventBody::Step { step, state: StepState::Finished, .. } => format!("step {step}"),
        EventBody::Step { step, state, detail, .. } => {
            let detail = detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
            format!("step {step} {state:?}{detail}")
        }
        EventBody::Message { author, text, turn, .. } => format!("message {turn} {author:?}: {text}"),
        EventBody::ToolCall(call) => format!("tool {}", call.title.as_deref().unwrap_or("")),
        EventBody::Permission { title, state, by, .. } => {
            format!("permission {title} {state} {}", by.as_deref().unwrap_or("-"))
        }
        EventBody::FileChange { paths, action, .. } => format!("{action} {}", paths.join(" ")),
        EventBody::Outcome(outcome) => format!("outcome {}", outcome.headline),
        EventBody::Git { action, .. } => format!("git {action}"),
        EventBody::PullRequest { number, action, subject, state, .. } => {
            let words = [Some(action), subject.as_ref(), state.as_ref()];
            let words: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
            format!("pull request {number} {}", words.join(" "))
        }
        EventBody::Error { kind, message, .. } => format!("error {}: {message}", kind.as_str()),
        EventBody::Done { status } => format!("done {status}"),
        EventBody::Usage(call) => format!("usage {} {:?}", call.number, call.end),
        EventBody::Output { stream, text, .. } => format!("output {stream} {text}"),
        EventBody::Thought { .. } | EventBody::ToolUpdate(_) | EventBody::Plan { .. } => {
            body.name().to_owned()
        }
    }
}
