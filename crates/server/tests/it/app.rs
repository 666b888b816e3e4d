//! A server for one test: its own folder, port, store and engine; plain HTTP calls on it.

use crate::fake_forge::FakeForge;
use crate::fake_settings::FakeSettings;
use crate::fakes::{CountingIds, FakeAgents, FakeGateway, FakeGit, NoSandboxes, SetClock};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use telecoder_api::Client;
use telecoder_engine::request::{NewSession, TokenRequest};
use telecoder_engine::{Engine, EngineOptions, Ports};
use telecoder_model::event::{Author, EventBody};
use telecoder_model::id::SessionId;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::clock::Clock;
use telecoder_model::port::store::{Commit, Store, Write};
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::session::{Session, Status};
use telecoder_server::{Asset, Server, ServerOptions, WebUi};
use telecoder_store::{FileBlobs, LocalBus, SqliteOptions, SqliteStore};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What a test changes of a server.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    pub(crate) token_required: bool,
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) max_streams: Option<usize>,
    pub(crate) web: Option<&'static [Asset]>,
    pub(crate) hosts: Vec<String>,
}

/// A server that runs.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) engine: Engine,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) sqlite: SqliteStore,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) agents: Arc<FakeAgents>,
    bus: Arc<LocalBus>,
    http: reqwest::Client,
    shutdown: watch::Sender<bool>,
    running: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
    /// Status and code of an error.
    pub(crate) fn error(&self) -> String {
        let json = self.json();
        assert!(json["requestId"].is_string() && json["error"].is_string(), "{json}");
        assert_eq!(json["requestId"], self.header("x-request-id"));
        format!("{} {}", self.status, json["code"].as_str().unwrap())
    }
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock::default());
        let sqlite = SqliteStore::open(&folder.path().join("db"), SqliteOptions::default()).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(sqlite.clone());
        let bus = Arc::new(LocalBus::new());
        let agents = Arc::new(FakeAgents::default());
        let settings = Arc::new(FakeSettings::default());
        let ports = Ports {
            store: Arc::clone(&store),
            blobs: Arc::new(FileBlobs::open(&folder.path().join("blobs")).unwrap()),
            bus: bus.clone(),
            clock: clock.clone(),
            ids: Arc::new(CountingIds::default()),
            driver: Arc::new(NoSandboxes),
            workspaces: Arc::new(FakeGit),
            diffs: Arc::new(FakeGit),
            upkeep: Arc::new(FakeGit),
            trees: Arc::new(FakeGit),
            local: Arc::new(FakeGit),
            remote: Arc::new(FakeGit),
            rebase: Arc::new(FakeGit),
            agents: agents.clone(),
            gateway: Arc::new(FakeGateway),
            forges: vec![Arc::new(FakeForge(Arc::clone(&store)))],
            settings,
            stages: Vec::new(),
        };
        let engine = Engine::new(ports, EngineOptions::new(folder.path().join("sessions"))).unwrap();
        let mut options = ServerOptions::new(([127, 0, 0, 1], 0).into());
        options.token_required = setup.token_required;
        options.version = "9.9.9".to_owned();
        options.drain = Duration::from_secs(20);
        // Not what happens to be built in this tree.
        options.web = WebUi::of(setup.web.unwrap_or(&[]));
        options.allowed_hosts = setup.hosts;
        if let Some(heartbeat) = setup.heartbeat {
            options.sse_heartbeat = heartbeat;
        }
        if let Some(most) = setup.max_streams {
            options.max_streams = most;
        }
        let server = Server::new(engine.clone(), options).bind().await.unwrap();
        let address = server.local_addr();
        let (shutdown, told) = watch::channel(false);
        let running = Some(tokio::spawn(server.run(told)));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { address, engine, store, sqlite, clock, agents, bus, http, shutdown, running, _folder: folder }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The typed client, without a token.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url("/"), None).unwrap()
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.http.request(Method::from_bytes(method.as_bytes()).unwrap(), self.url(path))
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        let request =
            self.request(method, path).header("content-type", "application/json").body(body.to_string());
        self.send(request).await
    }

    /// Tells the server to stop.
    pub(crate) fn tell_to_stop(&self) {
        self.shutdown.send_replace(true);
    }

    /// Tells the server to stop and waits until it has.
    pub(crate) async fn stop(&mut self) {
        self.tell_to_stop();
        self.running.take().unwrap().await.unwrap();
    }

    /// A token of a user, with a scope.
    pub(crate) async fn token(&self, user: &str, scope: Scope) -> String {
        let request = TokenRequest {
            name: format!("{user} {}", scope.as_str()),
            scope,
            user: Some(user.parse().unwrap()),
            expires_at: None,
        };
        self.engine.create_token(&Principal::local(), request).await.unwrap().secret
    }

    /// Creates a session of another user and gives its id.
    pub(crate) async fn create_of(&self, user: &str, prompt: &str) -> SessionId {
        let who = Principal { user: user.parse().unwrap(), ..Principal::local() };
        let new = NewSession { prompt: prompt.to_owned(), ..NewSession::default() };
        self.engine.submit(&who, new).await.unwrap().0.id
    }

    /// Creates a session over HTTP and gives its id.
    pub(crate) async fn create(&self, prompt: &str) -> SessionId {
        let body = serde_json::json!({"prompt": prompt, "repo": "/srv/code", "base": "main"});
        let answer = self.call("POST", "/api/sessions", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().parse().unwrap()
    }

    /// Changes a session's row as a worker would, with events.
    pub(crate) async fn change(
        &self,
        id: &SessionId,
        events: Vec<EventBody>,
        change: impl FnOnce(&mut Session),
    ) {
        let mut found = self.store.session(id).await.unwrap().unwrap();
        change(&mut found.value);
        let mut commit = Commit::new(id.clone(), self.clock.now());
        commit.expect = Some(found.version);
        commit.events = events;
        commit.writes.push(Write::Session(Box::new(found.value)));
        self.store.commit(commit).await.unwrap();
        self.wake(id);
    }

    /// Appends events.
    pub(crate) async fn append(&self, id: &SessionId, events: Vec<EventBody>) {
        let mut commit = Commit::new(id.clone(), self.clock.now());
        commit.events = events;
        self.store.commit(commit).await.unwrap();
        self.wake(id);
    }

    /// Ends a session as a worker would.
    pub(crate) async fn finish(&self, id: &SessionId, status: Status) {
        let at = self.clock.now();
        self.change(id, vec![EventBody::Done { status }], |session| {
            session.status = status;
            session.finished_at = Some(at);
        })
        .await;
    }

    /// Wakes the readers of a session.
    pub(crate) fn wake(&self, id: &SessionId) {
        use telecoder_model::port::bus::Bus;
        self.bus.wake(&Topic::Session(id.clone()));
        self.bus.wake(&Topic::Everything);
    }
}

/// A message of the agent.
pub(crate) fn words(text: &str) -> EventBody {
    EventBody::Message { author: Author::Agent, text: text.to_owned(), chunk: true, turn: 1 }
}
