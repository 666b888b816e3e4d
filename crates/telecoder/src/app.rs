//! A composed application (layer 3): server and worker in one.

use crate::config::Config;
use crate::private_file;
use crate::storage;
use crate::wiring;
use serde_json::json;
use std::path::{Path, PathBuf};
use telecoder_engine::Engine;
use telecoder_model::PortError;
use telecoder_server::BoundServer;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Server and worker, bound to an address and not yet at work.
#[derive(Debug)]
pub struct App {
    parts: Parts,
    url: String,
}

#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) engine: Engine,
    pub(crate) server: BoundServer,
    pub(crate) config: Config,
    pub(crate) data: PathBuf,
    pub(crate) first_token: Option<String>,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        let mut address = parts.server.local_addr();
        if address.ip().is_unspecified() {
            address.set_ip(std::net::IpAddr::from([127, 0, 0, 1]));
        }
        let url = parts.config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        parts.engine.announce(&url);
        Self { url: format!("http://{address}"), parts }
    }
    /// Where it answers, from this host.
    pub fn url(&self) -> &str {
        &self.url
    }
    /// Where everything is kept.
    pub fn data_dir(&self) -> &Path {
        &self.parts.data
    }
    /// The token that this start made, if it made one.
    pub fn first_token(&self) -> Option<&str> {
        self.parts.first_token.as_deref()
    }
    /// The engine, for a program that embeds it.
    pub fn engine(&self) -> &Engine {
        &self.parts.engine
    }
    /// What a person should do before the first task.
    pub async fn hints(&self) -> Vec<String> {
        let Ok(agents) = self.parts.engine.agents().await else {
            return Vec::new();
        };
        let earlier = wiring::EARLIER_DATABASES.iter().map(|name| self.parts.data.join(name));
        let mut hints: Vec<String> = earlier
            .filter(|path| path.is_file())
            .map(|path| format!("{} is the database of an earlier system; it is left alone", path.display()))
            .collect();
        if let Some(unused) = storage::left_alone(&self.parts.config, &self.parts.data) {
            hints.push(format!(
                "TELECODER_DATABASE_URL is set: the sessions in {} are not shown",
                unused.display()
            ));
        }
        if !agents.iter().any(|agent| agent.installed) {
            hints.push("no agent is installed: telecoder agents install goose".to_owned());
        }
        let keys =
            self.parts.config.providers.values().any(|provider| provider.key.is_some() || provider.custom);
        if !keys {
            hints.push("no model key is set: ANTHROPIC_API_KEY, OPENAI_API_KEY or GEMINI_API_KEY".to_owned());
        }
        hints
    }
    /// Serves and works until `until` is done; then lets requests end and leaves sessions to the next start.
    ///
    /// # Errors
    /// If the store refuses this server.
    pub async fn run(self, until: impl Future<Output = ()>) -> Result<(), PortError> {
        let (stop, stopping) = watch::channel(false);
        let file = self.parts.data.join("server.json");
        let text = json!({"url": self.url, "pid": std::process::id(), "version": env!("CARGO_PKG_VERSION")});
        private_file::write_for_now(&file, text.to_string().as_bytes())
            .map_err(|error| PortError::io(format!("cannot write {}", file.display()), error))?;
        let engine = self.parts.engine.clone();
        let worker_stopping = stopping.clone();
        let mut worker = tokio::spawn(async move { engine.run(worker_stopping).await });
        let serving = tokio::spawn(self.parts.server.run(stopping));
        let early = tokio::select! {
            () = until => None,
            ended = &mut worker => Some(ended),
        };
        stop.send_replace(true);
        let ended = match early {
            Some(ended) => ended,
            None => worker.await,
        };
        drop(serving.await);
        drop(std::fs::remove_file(&file));
        ended.unwrap_or_else(|error| Err(PortError::permanent("the worker ended badly").because(error)))
    }
}

/// Waits for SIGINT or SIGTERM; or for SIGHUP (the terminal was closed), unless this process was started to ignore it. The
/// signals are caught from the call on, not only once the future is polled. It must be called within a runtime.
pub fn interrupted() -> impl Future<Output = ()> + Send {
    // A handler would take back what `nohup` has arranged.
    let hangup = if hangup_is_ignored() { None } else { caught(SignalKind::hangup()) };
    let all = [caught(SignalKind::interrupt()), caught(SignalKind::terminate()), hangup];
    async move {
        let mut waiting = JoinSet::new();
        for mut signal in all.into_iter().flatten() {
            waiting.spawn(async move { signal.recv().await });
        }
        if waiting.join_next().await.is_none() {
            std::future::pending().await
        }
    }
}

fn caught(kind: SignalKind) -> Option<Signal> {
    signal(kind).ok()
}

/// Whether SIGHUP (bit 0 of proc(5)'s `SigIgn`) is ignored.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
