//! Readers of a session's event stream, over plain sockets (dev layer).

use crate::world::World;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use telecoder_api::sse::{Frame, SseParser};

/// How a reader says where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// As a browser does when its connection broke.
    Header(u64),
    /// In the address.
    Query(u64),
    /// A page that was opened with a place in its address, whose connection broke later: the header counts.
    Both(u64),
}

/// What a reader needs to know of a server.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) token: Option<String>,
}

impl Server {
    pub(super) fn of(world: &World) -> Self {
        let token = std::fs::read_to_string(world.data().join("token")).ok();
        Self {
            address: world.url().trim_start_matches("http://").parse().unwrap(),
            token: token.map(|token| token.trim().to_owned()),
        }
    }

    /// A request that is answered by a body up to the connection's end.
    pub(super) fn request(&self, session: &str, place: Place) -> String {
        let query = match place {
            Place::Header(_) => String::new(),
            Place::Query(after) => format!("?after={after}"),
            Place::Both(after) => format!("?after={}", after / 2),
        };
        let mut text = format!(
            "GET /api/sessions/{session}/events{query} HTTP/1.0\r\nHost: {}\r\nAccept: text/event-stream\r\n",
            self.address
        );
        if let Place::Header(after) | Place::Both(after) = place {
            text.push_str(&format!("Last-Event-ID: {after}\r\n"));
        }
        if let Some(token) = &self.token {
            text.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        text + "\r\n"
    }
}

/// A connection that gives events.
pub(super) struct Reader {
    stream: TcpStream,
    body: Body,
}

/// What came, as far as it is whole.
#[derive(Default)]
pub(super) struct Body {
    head: Vec<u8>,
    in_body: bool,
    parser: SseParser,
}

/// What a reader got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Got {
    Event(u64),
    /// A comment that keeps the stream alive.
    Beat,
    /// The server says that nothing follows.
    End,
}

impl Body {
    /// Takes bytes from the connection.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.in_body {
            self.parser.push(bytes).unwrap();
            return;
        }
        self.head.extend_from_slice(bytes);
        if let Some(at) = self.head.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = self.head.split_off(at + 4);
            let head = String::from_utf8(std::mem::take(&mut self.head)).unwrap();
            assert!(head.split(' ').nth(1) == Some("200"), "{head}");
            self.in_body = true;
            self.parser.push(&rest).unwrap();
        }
    }

    /// What is whole by now.
    pub(super) fn next(&mut self) -> Option<Got> {
        match self.parser.next_frame()? {
            Frame::Comment(text) if text == "end" => Some(Got::End),
            Frame::Comment(_) => Some(Got::Beat),
            Frame::Event { id, event, data } => {
                let json: serde_json::Value = serde_json::from_str(&data).unwrap();
                assert_eq!(
                    (json["seq"].to_string(), json["type"].as_str()),
                    (id.clone(), Some(event.as_str()))
                );
                Some(Got::Event(id.parse().unwrap()))
            }
        }
    }
}

impl Reader {
    /// Connects; nothing if no server is there.
    pub(super) fn open(server: &Server, session: &str, place: Place) -> Option<Self> {
        let mut stream = TcpStream::connect(server.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(server.request(session, place).as_bytes()).ok()?;
        Some(Self { stream, body: Body::default() })
    }

    /// The next that came; nothing once the connection is broken.
    pub(super) fn next(&mut self, piece: usize) -> Option<Got> {
        loop {
            if let Some(got) = self.body.next() {
                return Some(got);
            }
            let mut bytes = vec![0; piece];
            match self.stream.read(&mut bytes) {
                Ok(read) if read > 0 => self.body.push(&bytes[..read]),
                Ok(_) | Err(_) => return None,
            }
        }
    }
}
