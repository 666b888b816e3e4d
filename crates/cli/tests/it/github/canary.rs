//! The forge's token is found nowhere but in the server's environment.

use super::{Scene, id};
use std::path::Path;

/// Looks for the token wherever it could be.
const LOOKS: &str = r#"GYM{"do":[
    {"shell":"env; git config --list; cat .git/config; cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'; true"},
    {"write":["a.txt","x\n"]},{"say":"Made a file."}]}"#;

fn files_with(folder: &Path, needles: &[Vec<u8>], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            files_with(&path, needles, found);
        } else if kind.is_file() {
            let bytes = std::fs::read(&path).unwrap_or_default();
            if needles.iter().any(|needle| bytes.windows(needle.len()).any(|window| window == needle)) {
                found.push(path.display().to_string());
            }
        }
    }
}

#[test]
fn the_token_is_nowhere() {
    let scene = Scene::new();
    let prompt = LOOKS.replace('\n', "");
    let session = scene.ran(&[&prompt]);
    assert_eq!(session["result"], "pr", "{session}");
    let id = id(&session);
    let secret = scene.secret.clone();
    let events = scene.world.cli(["events", &id]).run().stdout;
    assert!(events.contains("PATH="), "the agent did not look: {events}");
    let mut texts = vec![("session", session.to_string()), ("log", scene.world.log()), ("events", events)];
    for words in [&["logs", &id] as &[&str], &["diff", &id], &["config"], &["doctor", "--output", "json"]] {
        texts.push((words[0], scene.world.cli(words.iter().copied()).run().stdout));
    }
    texts.push(("pull request", format!("{:?}", scene.demo.pulls())));
    let basic = base64(&format!("x-access-token:{secret}"));
    for (what, text) in &texts {
        assert!(!text.contains(&secret) && !text.contains(&basic), "the token is in: {what}\n{text}");
    }
    let mut found = Vec::new();
    let needles = [secret.into_bytes(), basic.into_bytes()];
    files_with(&scene.world.data(), &needles, &mut found);
    files_with(&scene.demo.path(), &needles, &mut found);
    assert_eq!(found, [""; 0]);
    scene.is_as_described();
}

pub(super) fn base64(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut written = String::new();
    for group in text.as_bytes().chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            written.push(if place > group.len() { '=' } else { digit as char });
        }
    }
    written
}

#[test]
fn base64_is_what_it_is_called() {
    assert_eq!([base64("a"), base64("ab"), base64("abc")], ["YQ==", "YWI=", "YWJj"]);
}
