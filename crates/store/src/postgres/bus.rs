//! The bus between the servers of one database (layer 1), by LISTEN and NOTIFY.
//!
//! Invariants: this process's own readers are woken at once, without the database. Others' wake-ups may be lost (a connection
//! breaks, a server dies between its commit and its wake-up), so that everybody is woken after each break, and now and then as
//! long as events come. What waits to be sent is a set, and bounded: too many topics become all of them.

use super::failure::sql;
use super::link::Link;
use crate::bus::LocalBus;
use crate::row::Record;
use sqlx::postgres::{PgListener, PgNotification};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::port::bus::{Bus, Subscription, Topic};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// The channel that all servers of a database listen to.
const CHANNEL: &str = "telecoder";
/// Topics that may wait to be sent; more become all of them.
const MOST: usize = 1000;
/// How often it is looked whether the listener still hears, and whether events came.
const BEAT: Duration = Duration::from_secs(5);
/// The pause after a break.
const PAUSE: Duration = Duration::from_secs(1);
/// All topics.
const ALL: &str = "*";
/// A word to oneself.
const PING: &str = "ping";

/// Wakes the readers of all servers of a database.
#[derive(Debug, Clone)]
pub struct PostgresBus {
    local: LocalBus,
    outgoing: Arc<Outgoing>,
    tasks: Arc<Tasks>,
}

/// What is to be sent.
#[derive(Debug)]
struct Outgoing {
    /// Who sends it: nobody hears himself.
    name: String,
    words: Mutex<BTreeSet<String>>,
    news: Notify,
}

/// Ended with the last handle.
#[derive(Debug)]
struct Tasks {
    link: Link,
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl Tasks {
    fn end(&self) -> Vec<JoinHandle<()>> {
        let running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        for task in &running {
            task.abort();
        }
        running
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.end();
    }
}

impl PostgresBus {
    pub(super) fn start(link: Link) -> Self {
        let mut name = String::new();
        let mut random = [0_u8; 8];
        // Two that are called alike would only not hear each other's words at once.
        let _ = getrandom::fill(&mut random);
        for byte in random {
            let _ = write!(name, "{byte:02x}");
        }
        let local = LocalBus::new();
        let outgoing = Arc::new(Outgoing { name, words: Mutex::default(), news: Notify::new() });
        let running = vec![
            tokio::spawn(speak(link.clone(), Arc::clone(&outgoing))),
            tokio::spawn(listen(link.clone(), local.clone(), Arc::clone(&outgoing))),
        ];
        Self { local, outgoing, tasks: Arc::new(Tasks { link, running: Mutex::new(running) }) }
    }

    pub(super) async fn close(&self) {
        for task in self.tasks.end() {
            drop(task.await);
        }
        self.tasks.link.close().await;
    }
}

impl Bus for PostgresBus {
    fn wake(&self, topic: &Topic) {
        self.local.wake(topic);
        self.outgoing.add(word(topic));
    }
    fn subscribe(&self, topic: &Topic) -> Box<dyn Subscription> {
        self.local.subscribe(topic)
    }
}

impl Outgoing {
    fn add(&self, word: String) {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if words.len() >= MOST {
            words.clear();
            words.insert(ALL.to_owned());
        } else {
            words.insert(word);
        }
        drop(words);
        self.news.notify_one();
    }
    fn take(&self) -> Vec<String> {
        let words = std::mem::take(&mut *self.words.lock().unwrap_or_else(PoisonError::into_inner));
        words.into_iter().map(|word| format!("{} {word}", self.name)).collect()
    }
}

fn word(topic: &Topic) -> String {
    match topic {
        Topic::Session(id) => id.to_string(),
        Topic::Jobs => "-jobs".to_owned(),
        Topic::Outbox => "-outbox".to_owned(),
        Topic::Everything => "-everything".to_owned(),
    }
}

fn topic(word: &str) -> Option<Topic> {
    match word {
        "-jobs" => Some(Topic::Jobs),
        "-outbox" => Some(Topic::Outbox),
        "-everything" => Some(Topic::Everything),
        id => id.parse().ok().map(Topic::Session),
    }
}

/// Sends what waits; what comes meanwhile is sent next.
async fn speak(link: Link, outgoing: Arc<Outgoing>) {
    loop {
        outgoing.news.notified().await;
        let words = outgoing.take();
        if words.is_empty() {
            continue;
        }
        let sent = sqlx::query("SELECT pg_notify($1, w) FROM unnest($2::text[]) w").bind(CHANNEL).bind(words);
        if let Err(error) = link.rows(sent).await {
            tracing::debug!(error = %sql("cannot wake the other servers")(error).chain(), "they look by themselves");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Listens for ever, over breaks.
async fn listen(link: Link, local: LocalBus, outgoing: Arc<Outgoing>) {
    let mut seen = None;
    loop {
        if let Err(error) = hear(&link, &local, &outgoing, &mut seen).await {
            tracing::debug!(error = %error.chain(), "the other servers are not heard for a moment");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Listens until the connection breaks.
async fn hear(
    link: &Link,
    local: &LocalBus,
    outgoing: &Outgoing,
    seen: &mut Option<i64>,
) -> Result<(), PortError> {
    let failed = || sql("cannot listen to the other servers");
    let begin = async {
        let mut listener = PgListener::connect_with(link.pool()).await?;
        listener.listen(CHANNEL).await?;
        Ok(listener)
    };
    let mut listener = link.within(begin).await.map_err(failed())?;
    // Whatever was said before was not heard.
    local.wake_all();
    let mut heard = true;
    let mut beat = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            word = listener.try_recv() => match word.map_err(failed())? {
                Some(word) => heard |= is_told(&word, local, &outgoing.name),
                None => return Ok(()),
            },
            _ = beat.tick() => {
                if !std::mem::take(&mut heard) {
                    return Err(failed()(super::link::silent()));
                }
                outgoing.add(PING.to_owned());
                let last = last_event(link).await?;
                if seen.replace(last).is_some_and(|before| before != last) {
                    local.wake_all();
                }
            }
        }
    }
}

/// Wakes whom a word is for; gives whether it was one to oneself.
fn is_told(said: &PgNotification, local: &LocalBus, me: &str) -> bool {
    let Some((name, word)) = said.payload().split_once(' ') else { return false };
    if name == me {
        return word == PING;
    }
    match topic(word) {
        Some(topic) => local.wake(&topic),
        None if word == ALL => local.wake_all(),
        None => {}
    }
    false
}

/// How far the events are, to know whether a wake-up may have been missed.
async fn last_event(link: &Link) -> Result<i64, PortError> {
    let row = link
        .row(sqlx::query("SELECT last_value FROM events_global"))
        .await
        .map_err(sql("cannot look for events"))?;
    row.map_or(Ok(0), |row| row.signed("last_value"))
}
