//! `doctor`.

use crate::world::World;
use expect_test::expect;

/// The findings that do not depend on the host.
fn kept(text: &str) -> String {
    let mut keeps = true;
    let lines = text.lines().filter(|line| {
        if !line.starts_with(' ') {
            keeps = ["exit", "store:", "data folder:", "sandbox local:", "model ", "agent gym"]
                .iter()
                .any(|word| line.contains(word));
        }
        keeps
    });
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_works_is_told_by_the_server_and_without_one() {
    let world = World::new();
    expect![[r#"
        exit 0
        ok       store: SQLite; 0 queued, 0 at work
        ok       data folder: [FOLDER]/data
        ok       sandbox local: isolation is proved on this host
        warning  model anthropic: no key
                 → set ANTHROPIC_API_KEY for the server
        warning  model openai: no key
                 → set OPENAI_API_KEY for the server
        warning  model gemini: no key
                 → set GEMINI_API_KEY for the server
        ok       agent gym: installed
    "#]]
    .assert_eq(&kept(&world.cli(["doctor"]).run().shown()));
    let json = world.cli(["doctor", "--output", "json"]).run().json();
    assert_eq!(json[0]["state"], "ok");
    let subjects: Vec<&str> =
        json.as_array().unwrap().iter().filter_map(|finding| finding["subject"].as_str()).take(6).collect();
    assert_eq!(subjects, ["store", "data folder", "disk", "clock", "git", "sandbox local"]);
    drop(world);
    let alone = World::without_server(&[("OPENAI_API_KEY", "sk-1234567890abcdefwxyz")]);
    expect![[r#"
        exit 0
        ok       store: SQLite; 0 queued, 0 at work
        ok       data folder: [FOLDER]/data, which the first start makes
        ok       sandbox local: isolation is proved on this host
        ok       model anthropic: no key
        ok       model openai: https://api.openai.com/v1
        ok       model gemini: no key
        ok       agent gym: installed
    "#]]
    .assert_eq(&kept(&alone.cli(["doctor"]).run().shown()));
}

#[test]
fn the_sandbox_is_proved_on_this_host() {
    let world = World::new();
    let output = world.cli(["doctor", "--prove"]).run();
    assert_eq!(output.code, 0);
    let (failed, fine): (Vec<&str>, Vec<&str>) =
        output.stdout.lines().partition(|line| line.starts_with("failed"));
    assert_eq!(failed, [""; 0]);
    assert!(
        fine.iter().filter(|line| line.starts_with("ok       sandbox: ")).count() > 50,
        "{}",
        output.stdout
    );
}

#[test]
fn looking_without_a_server_keeps_nothing_and_takes_nothing_from_the_first_start() {
    let mut world = World::without_server(&[]);
    let looked = world.cli(["doctor"]).run();
    assert_eq!(looked.code, 0, "{looked:?}");
    assert!(looked.stdout.contains("/data, which the first start makes\n"), "{looked:?}");
    assert!(!world.data().exists());
    // In a folder that is there, no token is made: the first start shall show it.
    std::fs::create_dir(world.data()).unwrap();
    assert_eq!(world.cli(["doctor"]).run().code, 0);
    assert!(!world.data().join("token").exists());
    world.start();
    let root = rustix::process::geteuid().is_root();
    assert_eq!(world.log().contains("Token (shown once"), root);
}
