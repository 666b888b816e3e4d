//! Finding the server: none there, the wrong one, the wrong token.

use crate::world::World;
use expect_test::expect;
use std::io::{Read, Write};
use std::net::TcpListener;

#[test]
fn without_a_server_commands_exit_3() {
    let world = World::without_server(&[]);
    expect![[r#"
        exit 3
        ! error: no server runs on the data folder [FOLDER]/data
        !  hint: start one: telecoder serve; or name one: --server URL
    "#]]
    .assert_eq(&world.cli(["list"]).run().shown());
    for words in [
        &["status", "abc"] as &[&str],
        &["logs", "abc"],
        &["logs", "-f", "abc"],
        &["events", "-f", "abc"],
        &["diff", "abc"],
        &["apply", "abc"],
        &["inbox"],
        &["stop", "abc"],
        &["rerun", "abc"],
        &["message", "abc", "x"],
        &["attach", "abc"],
        &["approve", "abc"],
        &["publish", "abc"],
        &["pr", "list"],
        &["policy", "list"],
        &["token", "list"],
        &["stop-server"],
        &["--server", "http://127.0.0.1:1", "run", "x"],
        &["--server", "http://127.0.0.1:1", "doctor"],
    ] {
        let output = world.cli(words.iter().copied()).run();
        assert_eq!((output.code, output.stdout.as_str()), (3, ""), "{words:?} {output:?}");
    }
    let named = world.cli(["list"]).env("TELECODER_SERVER", "http://127.0.0.1:1").run();
    expect![[r#"
        exit 3
        ! error: cannot reach the server at http://[ADDRESS]/: client error (Connect): tcp connect error: Connection refused (os error [N])
        !  hint: start a server here: telecoder serve; or name one: --server URL
    "#]].assert_eq(&named.shown().replace("(os error 111)", "(os error [N])"));
    expect![[r#"
        exit 2
        ! error: `nonsense` is not a server's URL: relative URL without a base
    "#]]
    .assert_eq(&world.cli(["list", "--server", "nonsense"]).run().shown());
}

#[test]
fn the_token_of_the_data_folder_is_found_and_a_wrong_one_refused() {
    let world = World::with(&[("TELECODER_API_TOKEN", "0123456789abcdef0123456789abcdef")]);
    assert_eq!(world.cli(["list"]).run().code, 0);
    // Named by its address, it is the same server.
    let url = world.url();
    assert_eq!(world.cli(["list", "--server", &url]).run().code, 0);
    assert_eq!(world.cli(["list", "--server", &url.replace("127.0.0.1", "localhost")]).run().code, 0);
    // Another data folder of the same user finds it by its address, and says so.
    let address = url.replace("http://", "");
    let other = world.path("other").display().to_string();
    let found = world.cli(["run", "--detach", "x"]).env("TELECODER_LISTEN", &address);
    let found = found.env("TELECODER_DATA_DIR", &other);
    let found = found.env("TELECODER_TOKEN", "0123456789abcdef0123456789abcdef").run();
    assert_eq!(found.code, 0, "{found:?}");
    expect!["The server at http://[ADDRESS] is used; it is not the one of the data folder [FOLDER]/other."]
        .assert_eq(&world.filtered(found.stderr.lines().next().unwrap()));
    // From elsewhere there is no token to be found.
    let elsewhere = world.path("elsewhere").display().to_string();
    let without = world.cli(["list", "--server", &url]).env("TELECODER_DATA_DIR", &elsewhere).run();
    expect![[r#"
        exit 1
        ! error: this server needs a token
        !  hint: send `Authorization: Bearer <token>`; the command line reads TELECODER_TOKEN or <data>/token; a browser signs in with `telecoder open`
    "#]]
    .assert_eq(&without.shown());
    let with = |token: &str| {
        let call = world.cli(["list", "--server", &url]).env("TELECODER_DATA_DIR", &elsewhere);
        call.env("TELECODER_TOKEN", token).run()
    };
    assert_eq!(with("0123456789abcdef0123456789abcdef").code, 0);
    expect![[r#"
        exit 1
        ! error: this token is not known
        !  hint: give a token: TELECODER_TOKEN=…
    "#]]
    .assert_eq(&with("0123456789abcdef0123456789abcdee").shown());
    expect![[r#"
        exit 2
        ! error: the token holds characters that no token has
    "#]]
    .assert_eq(&with("a b\nc").shown());
    let run = world.cli(["run", "x", "--server", &url]).env("TELECODER_DATA_DIR", &elsewhere).run();
    assert_eq!(run.code, 1, "{run:?}");
}

#[test]
fn a_stranger_on_the_servers_address_never_sees_the_token() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let world = World::without_server(&[("TELECODER_LISTEN", &address)]);
    // A server was here once, and was killed.
    std::fs::create_dir(world.data()).unwrap();
    let file = serde_json::json!({"url": format!("http://{address}"), "pid": 1, "version": "0.1.0"});
    std::fs::write(world.data().join("server.json"), file.to_string()).unwrap();
    std::fs::write(world.data().join("lock"), "1\n").unwrap();
    std::fs::write(world.data().join("token"), "tc_secret\n").unwrap();
    let stranger = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let output = world.cli(["list"]).run();
    let request = stranger.join().unwrap();
    assert!(request.starts_with("GET /api/sessions") && !request.contains("secret"), "{request}");
    expect![[r#"
        exit 1
        ! error: http://[ADDRESS]/ answered with something that is not TeleCoder's API: expected value at line 1 column 1
        !  hint: another program listens there; name your server: --server URL, or TELECODER_LISTEN
    "#]].assert_eq(&output.shown());
}
