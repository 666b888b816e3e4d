//! The scripted agent's side of the JSON-RPC line protocol (dev layer): whole lines out, answers matched by id.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

/// An answer of the client: a result or an error object.
pub(super) type Reply = Result<Value, Value>;

/// Writes messages to standard output.
#[derive(Debug, Default)]
pub(super) struct Wire {
    last_id: AtomicU64,
    waiting: Mutex<HashMap<u64, Sender<Reply>>>,
}

impl Wire {
    /// Writes one message as a line.
    pub(super) fn send(&self, message: &Value) -> Result<(), String> {
        let mut line = message.to_string();
        line.push('\n');
        self.raw(line.as_bytes())
    }

    /// Writes bytes as they are, in one piece.
    #[expect(clippy::unused_self, reason = "whoever writes must hold the wire")]
    pub(super) fn raw(&self, bytes: &[u8]) -> Result<(), String> {
        // One lock for a whole message, so that threads do not mix their lines.
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(bytes)
            .and_then(|()| stdout.flush())
            .map_err(|error| format!("standard output is closed: {error}"))
    }

    /// Answers a request of the client.
    pub(super) fn answer(&self, id: &Value, reply: &Reply) -> Result<(), String> {
        self.send(&match reply {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err(error) => json!({"jsonrpc": "2.0", "id": id, "error": error}),
        })
    }

    /// Sends a notification.
    pub(super) fn notify(&self, method: &str, params: &Value) -> Result<(), String> {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}))
    }

    /// Sends a request; the answer comes through the channel.
    pub(super) fn request(&self, method: &str, params: &Value) -> Result<Receiver<Reply>, String> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, receiver) = channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sender);
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))?;
        Ok(receiver)
    }

    /// Hands an answer of the client to whoever waits for it; others are ignored.
    pub(super) fn settle(&self, message: &Value) {
        let Some(id) = message.get("id").and_then(Value::as_u64) else {
            return;
        };
        let sender = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let reply = match message.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(message.get("result").cloned().unwrap_or_default()),
        };
        if let Some(sender) = sender {
            // Whoever waited may have been cancelled.
            drop(sender.send(reply));
        }
    }
}
