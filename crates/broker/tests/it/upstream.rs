//! A provider on loopback that says what a test scripts, byte for byte.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

/// A request as it came out of the gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// What the provider does next on a connection.
#[derive(Clone)]
pub(crate) enum Act {
    Send(Vec<u8>),
    /// Waits for the test.
    Wait(Arc<Notify>),
    /// Says nothing more, until the gateway goes away.
    Hang,
    /// Sends these bytes over and over, and counts them, until the gateway goes away or the limit is reached.
    Flood(Vec<u8>, usize, watch::Sender<usize>),
}

pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    arrived: watch::Receiver<usize>,
    /// How often the gateway went away while the provider hung.
    pub(crate) left: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Upstream {
    /// Plays the same acts for every request, one request a connection.
    pub(crate) async fn play(acts: Vec<Act>) -> Self {
        Self::answer(move |_| acts.clone()).await
    }

    pub(crate) async fn answer(acts: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (leaving, left) = watch::channel(0);
        let (arriving, arrived) = watch::channel(0);
        let (acts, log) = (Arc::new(acts), Arc::clone(&seen));
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (acts, log) = (Arc::clone(&acts), Arc::clone(&log));
                let (arriving, leaving) = (arriving.clone(), leaving.clone());
                tokio::spawn(async move {
                    let Some(request) = read(&mut stream).await else {
                        return;
                    };
                    let acts = acts(&request);
                    log.lock().unwrap().push(request);
                    arriving.send_modify(|count| *count += 1);
                    for act in acts {
                        if !perform(act, &mut stream, &leaving).await {
                            return;
                        }
                    }
                    drop(stream.shutdown().await);
                });
            }
        });
        Self { address, seen, arrived, left, task }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until a number of requests have arrived whole.
    pub(crate) async fn wait(&self, count: usize) {
        self.arrived.clone().wait_for(|arrived| *arrived >= count).await.unwrap();
    }

    /// The first request, with the key and this address by name.
    pub(crate) fn shown(&self, key: &str) -> String {
        let seen = self.seen().remove(0);
        let mut out = format!("{}\n", seen.line);
        for (name, value) in &seen.headers {
            let value = value.replace(key, "KEY").replace(&self.address.to_string(), "PROVIDER");
            out.push_str(&format!("  {name}: {value}\n"));
        }
        out
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn perform(act: Act, stream: &mut TcpStream, leaving: &watch::Sender<usize>) -> bool {
    match act {
        Act::Send(bytes) => stream.write_all(&bytes).await.is_ok(),
        Act::Wait(gate) => {
            gate.notified().await;
            true
        }
        Act::Hang => {
            let mut rest = Vec::new();
            drop(stream.read_to_end(&mut rest).await);
            leaving.send_modify(|count| *count += 1);
            false
        }
        Act::Flood(bytes, limit, count) => {
            while *count.borrow() < limit {
                if stream.write_all(&bytes).await.is_err() {
                    leaving.send_modify(|count| *count += 1);
                    return false;
                }
                count.send_modify(|count| *count += bytes.len());
            }
            true
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = bytes.split_off(end);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen { line, headers, body })
}

/// A head whose body ends with the connection, or states its length itself.
pub(crate) fn head(status: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// A whole answer with its length.
pub(crate) fn whole(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Act {
    let length = body.len().to_string();
    let mut all = headers.to_vec();
    all.push(("content-length", &length));
    let mut bytes = head(status, &all);
    bytes.extend_from_slice(body);
    Act::Send(bytes)
}

/// The head of an answer in chunks.
pub(crate) fn chunked_head(content_type: &str) -> Act {
    Act::Send(head("200 OK", &[("content-type", content_type), ("transfer-encoding", "chunked")]))
}

/// One chunk.
pub(crate) fn chunk(bytes: &[u8]) -> Act {
    let mut out = format!("{:x}\r\n", bytes.len()).into_bytes();
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
    Act::Send(out)
}

/// The end mark of an answer in chunks.
pub(crate) fn last_chunk() -> Act {
    Act::Send(b"0\r\n\r\n".to_vec())
}
