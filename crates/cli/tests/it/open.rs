//! `open`.

use crate::terminal::Pty;
use crate::world::{World, program};
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;

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

/// Opens the UI on a terminal of a desktop whose browser is a script that says what it was given.
fn on_a_desktop(world: &World, words: &[&str]) -> String {
    let programs = world.path("desktop");
    std::fs::create_dir(&programs).unwrap();
    let said = programs.join("said");
    let browser = format!("#!/bin/sh\nprintf 'opened %s\\n' \"$@\" > '{}'\n", said.display());
    std::fs::write(programs.join("xdg-open"), browser).unwrap();
    std::fs::set_permissions(programs.join("xdg-open"), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&said).status().unwrap().success());
    let mut path = programs.into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    // Reading from the pipe waits for the browser.
    let script = "\"$@\"; cat \"$SAID\"";
    let (program, said) = (program(), said.into_os_string());
    let command = ["sh", "-c", script, "sh"].map(OsStr::new);
    let command = command.into_iter().chain([program.as_os_str()]).chain(words.iter().map(OsStr::new));
    let more = [("PATH", path), ("DISPLAY", OsString::from(":0")), ("SAID", said)];
    Pty::start(world, 200, command, &more).text().0
}

#[test]
fn on_a_desktop_the_browser_is_opened() {
    let world = World::new();
    let id = world.ran(r#"GYM{"do":[{"say":"Made it."}]}"#);
    // A server of root asks for a token, which leads the browser through a page.
    let once = world.cli(["open", "--output", "json"]).run().json()["once"] == true;
    let text = on_a_desktop(&world, &["open", &id]);
    let (url, opened) = (text.lines().next().unwrap(), text.lines().last().unwrap());
    assert!(url.ends_with(&format!("/sessions/{id}")), "{text}");
    let page = world.data().join("open.html");
    let given = if once { page.display().to_string() } else { url.to_owned() };
    assert_eq!((opened, page.exists()), (format!("opened {given}").as_str(), once), "{text}");
}

#[test]
fn the_browser_is_led_to_a_link_that_signs_in_by_a_page_that_only_its_owner_reads() {
    let world = World::with(&[("TELECODER_API_TOKEN", "0123456789012345678901234567890123456789")]);
    let text = on_a_desktop(&world, &["open"]);
    let page = world.data().join("open.html");
    let lines: Vec<&str> = text.lines().collect();
    let [url, note, opened] = lines.as_slice() else { panic!("{text}") };
    assert!(url.starts_with(&format!("{}/login?code=ts_", world.url())), "{text}");
    assert!(note.contains("once, within five minutes"), "{text}");
    assert_eq!(*opened, format!("opened {}", page.display()), "no code among the arguments");
    assert_eq!(std::fs::metadata(&page).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&page).unwrap().contains(&format!("content=\"0;url={url}\"")));
}

#[test]
fn a_browser_that_is_not_there_is_said() {
    let world = World::new();
    let program = program();
    let words =
        ["env", "PATH=/nowhere"].map(OsStr::new).into_iter().chain([program.as_os_str(), OsStr::new("open")]);
    let text = Pty::start(&world, 200, words, &[("DISPLAY", OsString::from(":0"))]).text().0;
    assert!(
        text.contains("no browser could be started") && text.contains("open the address yourself"),
        "{text}"
    );
}
