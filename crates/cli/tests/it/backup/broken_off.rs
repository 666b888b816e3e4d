//! Backups that do not come to their end.

use super::{elsewhere, file, parts};
use crate::world::{World, signal};
use rustix::process::Signal;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use telecoder_testkit::wait::until_blocking;

const SAYS: &str = r#"GYM{"do":[{"say":"Hello."}]}"#;

/// A server that answers the first request with the beginning of a backup; gives the connection.
fn begun(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    let mut request = [0; 4096];
    assert!(stream.read(&mut request).unwrap() > 0);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(format!("{head}5\r\nhello\r\n").as_bytes()).unwrap();
    stream
}

#[test]
fn a_backup_that_is_cut_or_interrupted_leaves_no_file() {
    let world = World::without_server(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let name = file(&world);
    let call = || world.cli(["--server", &server, "backup", &name]).spawn();
    let cut = call();
    drop(begun(&listener));
    let output = cut.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("error: the backup broke off: "), "{said}");
    assert!(
        said.contains("hint: nothing was kept; take it again") && output.status.code() == Some(1),
        "{said}"
    );
    assert_eq!((world.path("backup.tar").exists(), parts(&world)), (false, Vec::new()));
    let interrupted = call();
    let _held = begun(&listener);
    until_blocking("the first bytes", || (parts(&world).len() == 1).then_some(()));
    signal(interrupted.id(), Signal::INT);
    let output = interrupted.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: interrupted; nothing was kept\n");
    assert_eq!((world.path("backup.tar").exists(), parts(&world)), (false, Vec::new()));
}

/// Asks for a backup and reads no more than its beginning.
fn held(world: &World) -> TcpStream {
    let url = world.url();
    let address = url.strip_prefix("http://").unwrap();
    let token = std::fs::read_to_string(world.data().join("token"));
    let token = token.map(|token| format!("Authorization: Bearer {}\r\n", token.trim())).unwrap_or_default();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /api/backup HTTP/1.1\r\nHost: {address}\r\n{token}\r\n").unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(String::from_utf8_lossy(&head), "HTTP/1.1 200");
    stream
}

#[test]
fn one_backup_is_taken_at_a_time_and_nothing_is_left_of_one_that_nobody_reads() {
    let mut world = World::new();
    world.ran(SAYS);
    // More than a connection holds.
    let large = world.data().join("blobs/aa");
    std::fs::create_dir_all(&large).unwrap();
    std::fs::File::create(large.join("large")).unwrap().set_len(256 << 20).unwrap();
    let stage = world.data().join(".backup");
    let reader = held(&world);
    assert!(stage.is_dir());
    let refused = world.cli(["backup", &file(&world)]).run();
    assert!(refused.code == 1 && refused.stderr.contains("another backup is under way"), "{refused:?}");
    // Tasks go on beside it.
    world.ran(SAYS);
    drop(reader);
    until_blocking("nothing is left", || (!stage.exists()).then_some(()));
    // Nor of one whose server dies.
    let _reader = held(&world);
    assert!(stage.is_dir());
    world.kill();
    assert!(stage.is_dir());
    world.start();
    assert!(!stage.exists());
    // An orderly end does not wait for a reader that reads nothing.
    let _reader = held(&world);
    assert_eq!(world.cli(["stop-server"]).run().code, 0);
    world.ended();
    world.start();
    assert!(!stage.exists());
    std::fs::remove_file(large.join("large")).unwrap();
    assert_eq!(world.cli(["backup", &file(&world)]).run().code, 0);
}

#[test]
fn a_backup_whose_database_is_damaged_is_refused() {
    let world = World::new();
    world.ran(SAYS);
    assert_eq!(world.cli(["backup", &file(&world)]).run().code, 0);
    let mut bytes = std::fs::read(world.path("backup.tar")).unwrap();
    let name = b"SQLite format 3\0";
    let begin = bytes.windows(name.len()).position(|part| part == name).unwrap();
    bytes[begin + 3 * 4096..begin + 5 * 4096].fill(0xa5);
    std::fs::write(world.path("backup.tar"), bytes).unwrap();
    let copy = elsewhere(&world);
    let refused = copy.cli(["restore", &file(&world)]).run();
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("damaged") || refused.stderr.contains("malformed"), "{refused:?}");
    assert!(refused.stderr.contains("hint: "), "{refused:?}");
    assert!(!copy.data().join("server.db").exists() && !copy.data().join(".restoring").exists());
}
