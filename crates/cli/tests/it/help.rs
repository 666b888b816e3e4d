//! `--help` of every command, and usage errors.

use crate::world::World;
use expect_test::{expect, expect_file};

/// The commands of a help text.
fn commands(help: &str) -> Vec<String> {
    let list = help.split("Commands:\n").nth(1).unwrap_or_default();
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .filter(|name| name != "help")
        .collect()
}

#[test]
fn every_command_says_what_it_does() {
    let world = World::without_server(&[]);
    let mut all = String::new();
    let mut page = |words: &[&str]| {
        let output = world.cli(words.iter().copied().chain(["--help"])).run();
        assert_eq!((output.code, output.stderr.as_str()), (0, ""));
        all.push_str(&format!("$ telecoder {} --help\n{}\n", words.join(" "), output.stdout));
        output.stdout
    };
    let top = page(&[]);
    for command in commands(&top) {
        for below in commands(&page(&[&command])) {
            page(&[&command, &below]);
        }
    }
    expect_file!["help.txt"].assert_eq(&all);
    assert_eq!(world.cli(["help", "run"]).run().stdout, world.cli(["run", "-h"]).run().stdout);
    expect![[r#"
        exit 0
        telecoder [VERSION]
    "#]]
    .assert_eq(&world.cli(["--version"]).run().shown());
}

#[test]
fn wrong_usage_exits_2_and_helps_on() {
    let world = World::without_server(&[]);
    let mut all = String::new();
    for words in [
        &["bogus"] as &[&str],
        &["lst"],
        &["list", "--cursor"],
        &["list", "--output", "xml"],
        &["config", "x"],
    ] {
        all.push_str(&format!("$ {}\n{}\n", words.join(" "), world.cli(words.iter().copied()).run().shown()));
    }
    expect![[r#"
        $ bogus
        exit 2
        ! error: unrecognized subcommand 'bogus'
        ! 
        !   tip: a similar subcommand exists: 'logs'
        ! 
        ! Usage: telecoder [OPTIONS] <COMMAND>
        ! 
        ! For more information, try '--help'.

        $ lst
        exit 2
        ! error: unrecognized subcommand 'lst'
        ! 
        !   tip: some similar subcommands exist: 'stop', 'list'
        ! 
        ! Usage: telecoder [OPTIONS] <COMMAND>
        ! 
        ! For more information, try '--help'.

        $ list --cursor
        exit 2
        ! error: unexpected argument '--cursor' found
        ! 
        ! Usage: telecoder list [OPTIONS]
        ! 
        ! For more information, try '--help'.

        $ list --output xml
        exit 2
        ! error: invalid value 'xml' for '--output <FORMAT>'
        !   [possible values: table, json, text]
        ! 
        ! For more information, try '--help'.

        $ config x
        exit 2
        ! error: unrecognized subcommand 'x'
        ! 
        ! Usage: telecoder config [OPTIONS] [COMMAND]
        ! 
        ! For more information, try '--help'.

    "#]]
    .assert_eq(&all);
    let bare = world.cli([]).run();
    assert_eq!((bare.code, bare.stdout.as_str()), (2, ""));
    assert!(bare.stderr.contains("Commands:"));
}
