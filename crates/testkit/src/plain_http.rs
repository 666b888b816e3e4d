//! A small HTTP/1.1 client on `std` (dev layer): blocking, plain TCP, one request a connection.
//!
//! The scripted agent calls models with it (it may need no runtime), and tests read with it what really was on the
//! wire: whether an answer ended properly or its connection just broke.
//!
//! Bounds: a head of 64 KiB, a body of 64 MiB, and the caller's timeout between two reads.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const MAX_HEAD: u64 = 64 << 10;
const MAX_BODY: u64 = 64 << 20;

/// How an answer's body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As the framing (length or chunks) says.
    Properly,
    /// The connection was closed before that.
    Broken,
    /// Nothing came for the length of the timeout.
    Silent,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// Its body, chunk framing removed.
    pub body: Vec<u8>,
    /// How the body ended.
    pub ended: Ended,
}

impl Answer {
    /// The first header of a name (in small letters).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends a request to `http://host:port/path` and reads the answer.
///
/// # Errors
/// If the address is not of that form, nothing listens there, or no whole head comes.
pub fn request(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
    timeout: Duration,
) -> io::Result<Answer> {
    let (mut stream, path, host) = connect(url, timeout)?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.flush()?;
    read_answer(&mut BufReader::new(stream))
}

/// Sends a JSON body by POST with a bearer key.
///
/// # Errors
/// As [`request`].
pub fn post_json(url: &str, key: &str, body: &serde_json::Value, timeout: Duration) -> io::Result<Answer> {
    let bearer = format!("Bearer {key}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    request("POST", url, &headers, body.to_string().as_bytes(), timeout)
}

fn connect(url: &str, timeout: Duration) -> io::Result<(TcpStream, String, String)> {
    let wrong =
        || io::Error::new(io::ErrorKind::InvalidInput, format!("`{url}` is not http://host:port/path"));
    let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
    let (host, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let address = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    Ok((stream, path.to_owned(), host.to_owned()))
}

fn read_answer(stream: &mut BufReader<TcpStream>) -> io::Result<Answer> {
    let mut head = stream.take(MAX_HEAD);
    let status_line = line(&mut head)?;
    let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer"))?;
    let mut headers = Vec::new();
    loop {
        let line = line(&mut head)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut answer = Answer { status, headers, body: Vec::new(), ended: Ended::Properly };
    let length = answer.header("content-length").and_then(|value| value.parse::<u64>().ok());
    let mut body = stream.take(MAX_BODY);
    let read = match (answer.header("transfer-encoding"), length) {
        (Some("chunked"), _) => chunks(&mut body, &mut answer.body),
        (_, Some(length)) => exactly(&mut body, length, &mut answer.body),
        (_, None) => body.read_to_end(&mut answer.body).map(|_| ()),
    };
    answer.ended = match read {
        Ok(()) => Ended::Properly,
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            Ended::Silent
        }
        Err(_) => Ended::Broken,
    };
    Ok(answer)
}

/// A line without its end. The end of the stream is an error.
fn line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    match line.strip_suffix('\n') {
        Some(line) => Ok(line.trim_end_matches('\r').to_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Keeps what came even if the rest does not.
fn exactly(stream: &mut impl Read, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    let read = stream.take(length).read_to_end(body)?;
    if read as u64 == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn chunks(stream: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let size = line(stream)?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        if size == 0 {
            return line(stream).map(|_| ());
        }
        exactly(stream, size, body)?;
        if !line(stream)?.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}
