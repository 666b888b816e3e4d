//! While git fetches and pushes, neither the arguments nor the environment of any process hold the forge's token.

use super::MAKES_A_FILE;
use crate::world::World;
use std::time::Duration;
use telecoder_testkit::fake_forge::{FakeForge, Fault, FaultKind, NewRepository};
use telecoder_testkit::wait::until_blocking;

/// Arguments and environment of every process that can be read.
pub(super) fn all() -> Vec<(String, Vec<u8>)> {
    let folders = std::fs::read_dir("/proc").unwrap().flatten();
    let folders = folders.filter(|entry| entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit));
    folders
        .map(|entry| {
            // A process that has ended meanwhile cannot be read.
            let read = |file: &str| std::fs::read(entry.path().join(file)).unwrap_or_default();
            let arguments = read("cmdline");
            let words = String::from_utf8_lossy(&arguments).replace('\0', " ");
            (words, [arguments, read("environ")].concat())
        })
        .collect()
}

pub(super) fn holds(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

#[test]
fn no_process_shows_the_token() {
    let forge = FakeForge::start();
    forge.add(NewRepository::new("octo/demo").file("README.md", "# Demo\n"));
    let secret = forge.token("octo");
    let (server, api) = (forge.base_url(), forge.api_url());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{secret}\n")).unwrap();
    let world = World::with(&[
        ("GITHUB_TOKEN_FILE", file.to_str().unwrap()),
        ("GITHUB_SERVER_URL", &server),
        ("GITHUB_API_URL", &api),
    ]);
    let basic = super::canary::base64(&format!("x-access-token:{secret}"));
    for (operation, word) in [("git/upload-pack", " fetch "), ("git/receive-pack", " push ")] {
        forge.fault(Fault::on(operation, FaultKind::Slow(Duration::from_secs(3))));
        let id = world.detached(&["-r", "octo/demo", MAKES_A_FILE]);
        let remote = format!("{server}/octo/demo.git");
        until_blocking(word, || {
            let all = all();
            for (words, bytes) in &all {
                assert!(!holds(bytes, &secret) && !holds(bytes, &basic), "the token is shown by: {words}");
            }
            // The look was at the right time.
            all.iter().any(|(words, _)| words.contains(word) && words.contains(&remote)).then_some(())
        });
        world.until_status(&id, "complete");
    }
    assert_eq!((forge.faults_left(), forge.violations()), (0, vec![]));
}
