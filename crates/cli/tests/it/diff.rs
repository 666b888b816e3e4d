//! `diff`.

use crate::world::World;
use expect_test::expect;

#[test]
fn a_change_is_a_patch_that_git_takes() {
    let world = World::new();
    let prompt = r##"GYM{"do":[{"write":["README.md","# Sample\nmore\n"]},{"write":["deep/new.txt","n\n"]},{"delete":"src/lib.rs"},{"shell":"printf '\\000\\001' > blob; chmod -x run.sh; ln -s README.md link"}]}"##;
    let id = world.ran(prompt);
    let output = world.cli(["diff", &id]).run();
    assert_eq!(output.code, 0);
    expect![[r#"
        diff --git a/README.md b/README.md
        index cf2f291478903e4ab3c5e60ad604084aa2054de3..c08c7bc0705bf0b693e1b6d60b0b297a861010a4 100644
        --- a/README.md
        +++ b/README.md
        @@ -1 +1,2 @@
         # Sample
        +more
        diff --git a/blob b/blob
        new file mode 100644
        index 0000000000000000000000000000000000000000..bdc955b7b2e610ad5a72302b139a2e6cb325519a
        GIT binary patch
        literal 2
        JcmZQz1ONa700IC2

        literal 0
        HcmV?d00001

        diff --git a/deep/new.txt b/deep/new.txt
        new file mode 100644
        index 0000000000000000000000000000000000000000..8ba3a16384aacc37d01564b28401755ce8053f51
        --- /dev/null
        +++ b/deep/new.txt
        @@ -0,0 +1 @@
        +n
        diff --git a/link b/link
        new file mode 120000
        index 0000000000000000000000000000000000000000..42061c01a1c70097d1e4579f29a5adf40abdec95
        --- /dev/null
        +++ b/link
        @@ -0,0 +1 @@
        +README.md
        \ No newline at end of file
        diff --git a/run.sh b/run.sh
        old mode 100755
        new mode 100644
        diff --git a/src/lib.rs b/src/lib.rs
        deleted file mode 100644
        index dd3f8682cb75c748463c8d44d635e15b5e8b553a..0000000000000000000000000000000000000000
        --- a/src/lib.rs
        +++ /dev/null
        @@ -1 +0,0 @@
        -//! Sample.
    "#]]
    .assert_eq(&output.stdout);
    let check = world.repo.beside("patch");
    std::fs::write(&check, &output.bytes).unwrap();
    world.repo.git(&["apply", "--check", check.to_str().unwrap()]);
    let json = world.cli(["diff", "--output", "json", &id]).run().json();
    let files: Vec<String> = json["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            format!("{} {} +{} -{}", file["status"], file["path"], file["additions"], file["deletions"])
        })
        .collect();
    expect![[r#"
        null "README.md" +1 -0
        null "blob" +0 -0
        null "deep/new.txt" +1 -0
        null "link" +1 -0
        null "run.sh" +0 -0
        null "src/lib.rs" +0 -1"#]]
    .assert_eq(&files.join("\n"));
}

#[test]
fn no_change_is_an_empty_patch() {
    let world = World::new();
    let id = world.ran(r#"GYM{"do":[{"say":"Nothing to do."}]}"#);
    expect![[r#"
        exit 0
        ! The session changed nothing.
    "#]]
    .assert_eq(&world.cli(["diff", &id]).run().shown());
    expect![[r#"
        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions
    "#]]
    .assert_eq(&world.cli(["diff", "zzz"]).run().shown());
}
