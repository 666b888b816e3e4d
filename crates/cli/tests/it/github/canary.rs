//! The forge's token is found nowhere but in the server's environment.

use super::{Scene, id};
use std::path::Path;

/// Looks for a token wherever it could be, then does something else.
pub(super) const LOOKS: &str = r#"GYM{"do":[
    {"shell":"env; git config --list; cat .git/config; cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'; true"},[THEN]
    {"write":["a.txt","x\n"]},{"say":"Made a file."}]}"#;

fn holds(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

fn files_with(folder: &Path, needles: &[&str], found: &mut Vec<String>) {
    // What lies in a repository is packed: git unpacks it.
    if folder.join("HEAD").is_file() && folder.join("objects").is_dir() {
        let mut git = std::process::Command::new("git");
        git.arg("--git-dir").arg(folder).args(["cat-file", "--batch", "--batch-all-objects"]);
        let objects = git.output().unwrap().stdout;
        found.extend(
            needles.iter().filter(|needle| holds(&objects, needle)).map(|_| folder.display().to_string()),
        );
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            files_with(&path, needles, found);
        } else if kind.is_file() {
            let bytes = std::fs::read(&path).unwrap_or_default();
            if needles.iter().any(|needle| holds(&bytes, needle)) {
                found.push(path.display().to_string());
            }
        }
    }
}

/// Looks for texts that nobody may see wherever a session leaves something, and for one that must be there.
pub(super) fn is_nowhere(scene: &Scene, id: &str, secrets: &[&str]) {
    let events = scene.world.cli(["events", id]).run().stdout;
    assert!(events.contains("PATH="), "the agent did not look: {events}");
    let session = scene.world.session(id).to_string();
    let mut texts = vec![("session", session), ("log", scene.world.log()), ("events", events)];
    for words in [&["logs", id] as &[&str], &["diff", id], &["config"], &["doctor", "--output", "json"]] {
        texts.push((words[0], scene.world.cli(words.iter().copied()).run().stdout));
    }
    texts.push(("pull request", format!("{:?}", scene.demo.pulls())));
    for (what, text) in &texts {
        let told = secrets.iter().any(|secret| text.contains(secret));
        assert!(!told, "it is in: {what}\n{text}");
    }
    for folder in [scene.world.data(), scene.demo.path()] {
        let (mut found, mut there) = (Vec::new(), Vec::new());
        files_with(&folder, secrets, &mut found);
        assert_eq!(found, [""; 0]);
        files_with(&folder, &["Made a file"], &mut there);
        assert!(!there.is_empty(), "the search finds nothing in {}", folder.display());
    }
}

#[test]
fn the_token_is_nowhere() {
    let scene = Scene::new();
    let session = scene.ran(&[&LOOKS.replace('\n', "").replace("[THEN]", "")]);
    assert_eq!(session["result"], "pr", "{session}");
    let basic = base64(&format!("x-access-token:{}", scene.secret));
    is_nowhere(&scene, &id(&session), &[&scene.secret, &basic]);
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
