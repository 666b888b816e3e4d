//! Development tool: a small HTTP/1.1 client for our own server on loopback: one kept connection, JSON, event streams.
//!
//! It adds nothing to the time of a measured request but two system calls, and no dependency.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;

/// How long an answer may keep us waiting.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest body that is read, in bytes.
const LONGEST: usize = 256 << 20;

/// A connection to one server.
pub(crate) struct Client {
    host: String,
    token: Option<String>,
    stream: BufReader<TcpStream>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Where the next page is.
    pub(crate) next: Option<String>,
}

struct Head {
    status: u16,
    length: Option<usize>,
    chunked: bool,
    next: Option<String>,
}

impl Client {
    /// Connects to `http://host:port`.
    pub(crate) fn new(url: &str, token: Option<&str>) -> Result<Self> {
        let host = url
            .strip_prefix("http://")
            .context("only http:// is spoken here")?
            .trim_end_matches('/')
            .to_owned();
        let stream = TcpStream::connect(&host).with_context(|| format!("could not connect to {host}"))?;
        stream.set_nodelay(true).context("TCP_NODELAY")?;
        stream.set_read_timeout(Some(PATIENCE)).context("SO_RCVTIMEO")?;
        Ok(Self { host, token: token.map(str::to_owned), stream: BufReader::new(stream) })
    }

    /// GET.
    pub(crate) fn get(&mut self, path: &str) -> Result<Answer> {
        self.send("GET", path, "application/json", None)?;
        self.answer()
    }

    /// GET of JSON; any status but 200 is an error.
    pub(crate) fn json<T: DeserializeOwned>(&mut self, path: &str) -> Result<T> {
        let answer = self.get(path)?;
        if answer.status != 200 {
            bail!("GET {path}: {} {}", answer.status, answer.text());
        }
        serde_json::from_slice(&answer.body)
            .with_context(|| format!("GET {path}: not the JSON that was expected"))
    }

    /// POST of JSON.
    pub(crate) fn post(&mut self, path: &str, body: &serde_json::Value) -> Result<Answer> {
        self.send("POST", path, "application/json", Some(&body.to_string()))?;
        self.answer()
    }

    /// Follows an event stream: `look` gets the name and the data of each event until it gives something back.
    pub(crate) fn follow<T>(
        mut self,
        path: &str,
        mut look: impl FnMut(&str, &str) -> Option<T>,
    ) -> Result<T> {
        self.send("GET", path, "text/event-stream", None)?;
        let head = self.head()?;
        if head.status != 200 {
            bail!("GET {path}: {}", head.status);
        }
        let mut name = String::new();
        let mut lines = Lines { client: &mut self, chunked: head.chunked, rest: Vec::new() };
        while let Some(line) = lines.next_line()? {
            if let Some(value) = line.strip_prefix("event:") {
                name = value.trim().to_owned();
            } else if let Some(value) = line.strip_prefix("data:")
                && let Some(found) = look(&name, value.trim_start())
            {
                return Ok(found);
            }
        }
        bail!("the event stream {path} ended early")
    }

    fn send(&mut self, method: &str, path: &str, accept: &str, body: Option<&str>) -> Result<()> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: {accept}\r\n", self.host);
        if let Some(token) = &self.token {
            request.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        if let Some(body) = body {
            request
                .push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        request.push_str(body.unwrap_or_default());
        self.stream
            .get_mut()
            .write_all(request.as_bytes())
            .with_context(|| format!("could not send {method} {path}"))
    }

    fn answer(&mut self) -> Result<Answer> {
        let head = self.head()?;
        let mut body = Vec::new();
        if head.chunked {
            while let Some(chunk) = self.chunk()? {
                if body.len().saturating_add(chunk.len()) > LONGEST {
                    bail!("the answer is longer than {LONGEST} bytes");
                }
                body.extend(chunk);
            }
        } else {
            body = self.exactly(head.length.unwrap_or_default())?;
        }
        Ok(Answer { status: head.status, body, next: head.next })
    }

    fn head(&mut self) -> Result<Head> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|word| word.parse().ok()).context("no status line")?;
        let mut head = Head { status, length: None, chunked: false, next: None };
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(head);
            }
            let line = match line.split_once(':') {
                Some((name, value)) => format!("{}:{value}", name.to_ascii_lowercase()),
                None => line,
            };
            if let Some(value) = line.strip_prefix("content-length:") {
                head.length = value.trim().parse().ok();
            } else if let Some(value) = line.strip_prefix("transfer-encoding:") {
                head.chunked = value.trim() == "chunked";
            } else if let Some(value) = line.strip_prefix("link:") {
                head.next = value
                    .split_once('<')
                    .and_then(|(_, rest)| rest.split_once('>'))
                    .map(|(at, _)| at.to_owned());
            }
        }
    }

    /// The next chunk of a body; `None` behind the last.
    fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        let size = self.line()?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16)
            .context("chunk size")?;
        let chunk = self.exactly(size)?;
        self.line()?;
        Ok((size > 0).then_some(chunk))
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>> {
        if length > LONGEST {
            bail!("the answer is longer than {LONGEST} bytes");
        }
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).context("the answer ended early")?;
        Ok(bytes)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).context("no answer")?;
        if read == 0 {
            bail!("the connection was closed");
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

impl Answer {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The lines of a body that is still being written.
struct Lines<'a> {
    client: &'a mut Client,
    chunked: bool,
    rest: Vec<u8>,
}

impl Lines<'_> {
    fn next_line(&mut self) -> Result<Option<String>> {
        if !self.chunked {
            return self.client.line().map(Some);
        }
        loop {
            if let Some(at) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=at).collect();
                return Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()));
            }
            match self.client.chunk()? {
                Some(chunk) => self.rest.extend(chunk),
                None => return Ok(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// Answers one connection with these bytes, whatever it asks, and gives back what it was asked.
    fn answering(reply: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut asked = vec![0; 4096];
            let read = stream.read(&mut asked).expect("a request");
            stream.write_all(reply.as_bytes()).expect("written");
            asked.truncate(read);
            String::from_utf8(asked).expect("UTF-8")
        });
        (url, thread)
    }

    #[test]
    fn a_request_carries_the_token_and_the_body() {
        let (url, thread) = answering("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
        let mut client = Client::new(&url, Some("t0ken")).expect("connects");
        let answer = client.post("/api/sessions", &serde_json::json!({"prompt": "x"})).expect("answers");
        assert_eq!((answer.status, answer.text().as_str()), (201, "{}"));
        let asked = thread.join().expect("asked");
        assert!(asked.starts_with("POST /api/sessions HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("Authorization: Bearer t0ken\r\n"), "{asked}");
        assert!(asked.ends_with("Content-Length: 14\r\n\r\n{\"prompt\":\"x\"}"), "{asked}");
    }

    #[test]
    fn chunked_answers_are_joined() {
        let (url, thread) = answering(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n3\r\n,2]\r\n0\r\n\r\n",
        );
        let numbers: Vec<u8> = Client::new(&url, None).expect("connects").json("/x").expect("answers");
        assert_eq!(numbers, [1, 2]);
        thread.join().expect("asked");
    }

    #[test]
    fn events_are_followed_across_chunks() {
        let (url, thread) = answering(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n: hi\n\n\r\nC\r\nevent: messa\r\nD\r\nge\ndata: {}\n\n\r\n0\r\n\r\n",
        );
        let client = Client::new(&url, None).expect("connects");
        let found = client.follow("/e", |name, text| Some(format!("{name} {text}"))).expect("an event");
        assert_eq!(found, "message {}");
        thread.join().expect("asked");
    }
}
