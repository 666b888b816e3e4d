//! `open`.

use crate::world::World;

#[test]
fn a_server_that_needs_a_token_gives_a_link_that_signs_in_once() {
    let world = World::with(&[("TELECODER_API_TOKEN", "0123456789012345678901234567890123456789")]);
    let id = world.ran(r#"GYM{"do":[{"say":"Made it."}]}"#);
    let answer = world.cli(["open", &id, "--output", "json"]).run().json();
    assert_eq!(answer["once"], true);
    let url = answer["url"].as_str().unwrap();
    let (start, rest) = url.split_once("?code=ts_").unwrap();
    assert_eq!(start, format!("{}/login", world.url()));
    let (code, to) = rest.split_once("&to=").unwrap();
    assert_eq!((code.len(), to), (64, format!("/sessions/{id}").as_str()));
    let shown = world.cli(["open"]).run();
    let text = shown.shown();
    assert!(text.contains("/login?code=ts_") && !text.contains("&to="), "{text}");
    assert!(text.contains("once, within five minutes"), "{text}");
    assert!(!world.data().join("open.html").exists(), "no desktop, no page");
    let unknown = world.cli(["open", "zzz"]).run().shown();
    assert!(unknown.contains("no session begins with `zzz`"), "{unknown}");
}
