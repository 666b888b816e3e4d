//! `token create|list|revoke`, and what tokens allow.

use crate::world::World;
use expect_test::expect;

#[test]
fn a_token_allows_what_its_scope_says_until_it_is_revoked() {
    let world = World::with(&[("TELECODER_API_TOKEN", "0123456789abcdef0123456789abcdef")]);
    let with =
        |token: &str, words: &[&str]| world.cli(words.iter().copied()).env("TELECODER_TOKEN", token).run();
    let created = world.cli(["token", "create", "--name", "reader", "--scope", "read"]).run();
    expect![[r#"
        exit 0
        [SECRET 64]
        ! Token [TOKEN] with scope read; it is shown only now:
    "#]]
    .assert_eq(&created.shown());
    let reader = created.stdout.trim().to_owned();
    assert_eq!(with(&reader, &["list"]).code, 0);
    let mut all = String::new();
    for words in [&["run", "hi"] as &[&str], &["token", "list"], &["stop", "aaaaaaaaaaaa"]] {
        all.push_str(&format!("$ {}\n{}\n", words.join(" "), with(&reader, words).shown()));
    }
    expect![[r#"
        $ run hi
        exit 1
        ! error: this token has the scope `read`; `run` is needed
        !  hint: create a token with that scope: telecoder token create --scope run

        $ token list
        exit 1
        ! error: this token has the scope `read`; `admin` is needed
        !  hint: create a token with that scope: telecoder token create --scope admin

        $ stop aaaaaaaaaaaa
        exit 1
        ! error: this token has the scope `read`; `run` is needed
        !  hint: create a token with that scope: telecoder token create --scope run

    "#]]
    .assert_eq(&all);
    let json = world
        .cli(["token", "create", "--name", "r", "--expires", "2099-01-01T00:00:00Z", "--output", "json"])
        .run()
        .json();
    assert_eq!(json["token"]["scope"], "run");
    let runner = json["secret"].as_str().unwrap();
    assert_eq!(with(runner, &["run", "--detach", "hi"]).code, 0);
    expect![[r#"
        exit 0
        ID              NAME                 USER   SCOPE  STATE  EXPIRES
        [TOKEN]  r                    local  run    valid  [TIME]
        [TOKEN]  reader               local  read   valid  never
        [TOKEN]  first                local  admin  valid  never
        [TOKEN]  TELECODER_API_TOKEN  local  admin  valid  never
    "#]]
    .assert_eq(&world.cli(["token", "list", "--output", "table"]).run().shown());
    let rows = world.cli(["token", "list"]).run();
    assert!(!rows.stdout.contains(&reader) && !rows.stdout.contains(runner));
    let id =
        rows.json().as_array().unwrap().iter().find(|row| row["name"] == "reader").unwrap()["id"].clone();
    let id = id.as_str().unwrap();
    // A unique prefix will do.
    expect![[r#"
        exit 0
        Token [TOKEN] is revoked.
    "#]]
    .assert_eq(&world.cli(["token", "revoke", &id[..id.len() - 1]]).run().shown());
    expect![[r#"
        exit 1
        ! error: this token was revoked
        !  hint: give a token: TELECODER_TOKEN=…
    "#]]
    .assert_eq(&with(&reader, &["list"]).shown());
    expect![[r#"
        exit 1
        ! error: there is no token `[TOKEN]`
        !  hint: `telecoder token list` shows all tokens
    "#]]
    .assert_eq(&world.cli(["token", "revoke", "tok-aaaaaaaaaa"]).run().shown());
    expect![[r#"
        exit 2
        ! error: invalid value 'god' for '--scope <SCOPE>'
        !   [possible values: read, run, publish, admin]
        ! 
        ! For more information, try '--help'.
    "#]]
    .assert_eq(&world.cli(["token", "create", "--name", "x", "--scope", "god"]).run().shown());
    expect![[r#"
        exit 2
        ! error: `expiresAt`: `soon` is not an RFC 3339 time
    "#]]
    .assert_eq(&world.cli(["token", "create", "--name", "x", "--expires", "soon"]).run().shown());
    expect![[r#"
        exit 2
        ! error: the following required arguments were not provided:
        !   --name <NAME>
        ! 
        ! Usage: telecoder token create --name <NAME>
        ! 
        ! For more information, try '--help'.
    "#]]
    .assert_eq(&world.cli(["token", "create"]).run().shown());
}
