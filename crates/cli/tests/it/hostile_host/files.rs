//! Too few open files.

use super::{SAYS, WAITS};
use crate::world::World;
use std::io::{Read, Write};
use std::net::TcpStream;
use telecoder_testkit::wait::until_blocking;

/// Asks on a connection that stays open.
fn asked(stream: &mut TcpStream, path: &str) -> String {
    let host = stream.peer_addr().unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece).unwrap();
        text.extend_from_slice(&piece[..read]);
        let shown = String::from_utf8_lossy(&text).into_owned();
        let whole = shown.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            length.is_some_and(|length| body.len() >= length.parse().unwrap())
        });
        if whole || read == 0 {
            return shown;
        }
    }
}

#[test]
fn with_too_few_open_files_the_server_stays_says_so_and_goes_on() {
    let mut world = World::without_server(&[]);
    // Fewer than the connections that are let in.
    world.start_limited(60);
    let before = world.ran(SAYS);
    let id = world.detached(&[WAITS]);
    world.until_written(&id, "begun");
    let url = world.url();
    let address = url.strip_prefix("http://").unwrap().to_owned();
    let mut open = TcpStream::connect(&address).unwrap();
    assert!(asked(&mut open, "/health/ready").starts_with("HTTP/1.1 200"));
    let mut idle: Vec<TcpStream> = (0..80).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let said = until_blocking("the server has no files left", || {
        let said = asked(&mut open, "/health/ready");
        said.starts_with("HTTP/1.1 503").then_some(said)
    });
    assert!(said.ends_with(r#"{"status":"unavailable","failing":["data folder"]}"#), "{said}");
    idle.clear();
    until_blocking("the server is ready", || {
        asked(&mut open, "/health/ready").starts_with("HTTP/1.1 200").then_some(())
    });
    world.release(&id, "go");
    world.until_status(&id, "complete");
    assert_eq!(world.session(&before)["status"], "complete");
    world.events(&id);
}

#[test]
fn work_that_meets_the_limit_of_open_files_ends_or_goes_on_and_is_not_lost() {
    let mut world = World::without_server(&[]);
    world.start_limited(60);
    let id = world.detached(&[WAITS]);
    world.until_written(&id, "begun");
    let url = world.url();
    let address = url.strip_prefix("http://").unwrap().to_owned();
    let mut open = TcpStream::connect(&address).unwrap();
    let idle: Vec<TcpStream> = (0..80).map(|_| TcpStream::connect(&address).unwrap()).collect();
    until_blocking("the server has no files left", || {
        asked(&mut open, "/health/ready").starts_with("HTTP/1.1 503").then_some(())
    });
    world.release(&id, "go");
    // The kept connection still answers: what needs no new file goes on.
    let path = format!("/api/sessions/{id}");
    until_blocking("its turn has ended", || {
        let said = asked(&mut open, &path);
        (!said.contains(r#""turns":0"#)).then_some(())
    });
    drop(idle);
    let ended = until_blocking("its end", || {
        let session = world.session(&id);
        matches!(session["status"].as_str(), Some("complete" | "error")).then_some(session)
    });
    if ended["status"] == "error" {
        assert!(ended["error"].as_str().unwrap().contains("Too many open files"), "{ended}");
        assert_ne!(ended["failureKind"], "disk_full", "{ended}");
    }
    world.events(&id);
    world.ran(SAYS);
}
