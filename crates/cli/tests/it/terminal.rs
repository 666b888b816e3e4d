//! On a terminal: tables, colours, Ctrl-C, and closing it.

use crate::world::{World, program};
use expect_test::expect;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

/// A pseudo-terminal, and a program in a session of its own on it.
pub(crate) struct Pty {
    master: File,
    child: Child,
}

impl Pty {
    /// Runs the program under test on a terminal of so many columns.
    fn new(world: &World, columns: u16, words: &[&str]) -> Self {
        let program = program();
        let words = std::iter::once(program.as_os_str()).chain(words.iter().map(OsStr::new));
        Self::start(world, columns, words, &[])
    }

    /// Runs a command on a terminal of so many columns, with more variables.
    pub(crate) fn start<'a>(
        world: &World,
        columns: u16,
        words: impl IntoIterator<Item = &'a OsStr>,
        more: &[(&str, OsString)],
    ) -> Self {
        // A copy in another program would keep the terminal open.
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        tcsetwinsize(&master, Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = File::options().read(true).write(true).open(path).unwrap();
        let theirs = world.command();
        let mut command = Command::new("setsid");
        command.arg("--ctty").args(words);
        command.env_clear().envs(theirs.get_envs().map(|(name, value)| (name, value.unwrap())));
        command.envs(more.iter().map(|(name, value)| (name, value)));
        command.current_dir(theirs.get_current_dir().unwrap());
        command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
        let child = command.spawn().unwrap();
        // The last copies of the other side on ours go with the command.
        drop(command);
        Self { master: File::from(master), child }
    }

    /// What is written until the program ends.
    pub(crate) fn text(mut self) -> (String, Option<i32>) {
        let mut bytes = Vec::new();
        // The end of a terminal is an error.
        drop(self.master.read_to_end(&mut bytes));
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        (text, self.child.wait().unwrap().code())
    }

    /// Reads until a text has come.
    fn until(&mut self, wanted: &str) {
        let mut text = String::new();
        let mut bytes = [0; 4096];
        while !text.contains(wanted) {
            let length = self.master.read(&mut bytes).unwrap();
            text.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
    }
}

/// Escapes as they can be read.
fn readable(text: &str) -> String {
    text.replace('\u{1b}', "␛")
}

const WAITS: &str =
    r#"GYM{"do":[{"say":"Waiting."},{"waitFor":"/home/agent/go"},{"write":["a.txt","x"]},{"say":"Done."}]}"#;

#[test]
fn lists_are_tables_in_colour_that_keep_to_the_width() {
    let world = World::new();
    world.ran(r#"GYM{"do":[{"write":["a.txt","x"]},{"say":"Made a file with a name that is short and a headline that is not short at all"}]}"#);
    let show =
        |columns, words: &[&str]| world.filtered(&readable(&Pty::new(&world, columns, words).text().0));
    expect![[r#"
        ID            STATUS    AGENT  REPO        PR  CREATED (UTC)     TITLE
        [ID]  ␛[38;5;2mcomplete  ␛[39mgym    repository  #1  [DATE] [TIME]  Made a file with a name that is
                                                                         short and a headline that is not
                                                                         short…
    "#]]
    .assert_eq(&show(100, &["list"]));
    expect![[r#"
        NUMBER  STATE  REPO        BRANCHES                       TITLE
        #1      ␛[38;5;2mopen   ␛[39mrepository  main ← telecoder/[ID]  Made a file with a
                                                                  name that is short
                                                                  and a headline
                                                                  that is not short…
    "#]]
    .assert_eq(&show(60, &["pr", "list"]));
    expect![[r#"
        ␛[1mFinished␛[0m
        ● [ID]  ␛[32mcomplete␛[0m  Made a file with a name that is short and a headline that is not short…  #1
    "#]]
    .assert_eq(&show(100, &["inbox"]));
    expect![[r#"
        ␛[1m␛[31merror:␛[0m no session begins with `zzz`
         hint: `telecoder list` shows all sessions
    "#]]
    .assert_eq(&show(100, &["status", "--output", "json", "zzz"]));
    let text = show(100, &["list", "--output", "text"]);
    assert!(!text.contains('␛') && text.contains("\tcomplete\t"), "{text}");
    let json = show(100, &["list", "--output", "json"]);
    assert!(json.starts_with("[\n  {\n    \"id\": \"[ID]\",\n"), "{json}");
}

#[test]
fn a_run_is_told_in_colour_and_hostile_text_cannot_touch_the_terminal() {
    let world = World::new();
    let prompt = r#"GYM{"do":[{"think":"Hm."},{"say":"\u001b]0;owned\u0007 hello"},{"write":["a\u001b[2Jb.txt","\u001b[31mx\n"]},{"shell":"printf '\\033[2J'"},{"say":"Done."}]}"#;
    let (text, code) = Pty::new(&world, 100, &["run", prompt]).text();
    assert_eq!(code, Some(0));
    expect![[r#"
        Working on [REPO]/repository (main at [COMMIT]); the pull request will be a local one, in that repository.
        Session ␛[1m[ID]␛[0m · agent gym · policy standard
          ␛[2mhttp://[ADDRESS]/sessions/[ID]␛[0m
        ␛[2m●␛[0m ␛[2mpending␛[0m
        ␛[2m●␛[0m ␛[36mpreparing␛[0m
        ␛[2mprepare workspace …␛[0m
        ␛[2mprepare workspace: main at [COMMIT] ([N] s)␛[0m
        ␛[2mgit␛[0m base main [COMMIT]
        ␛[2mcreate sandbox ([N] s)␛[0m
        ␛[2mstart agent ([N] s)␛[0m
        ␛[1myou:␛[0m GYM{"do":[{"think":"Hm."},{"say":"\u001b]0;owned\u0007 hello"},{"write":["a\u001b[2Jb.txt","\u001b[31mx\n"]},{"shell":"printf '\\033[2J'"},{"say":"Done."}]}
        ␛[2m●␛[0m ␛[36mrunning␛[0m
        ␛[2mHm.␛[0m
        �]0;owned� hello
        ␛[36m▸␛[0m ␛[1medit␛[0m write /workspace/a�[2Jb.txt
          ␛[2mwrite /workspace/a�[2Jb.txt: done␛[0m
        ␛[36m▸␛[0m ␛[1mexecute␛[0m printf '\033[2J'
          ␛[2m�[2J␛[0m
        Done.
        ␛[2mtake over ([N] s)␛[0m
        ␛[2mgit␛[0m commit telecoder/[ID] [COMMIT]  1 file +1 −0
        ␛[32moutcome␛[0m Done
        ␛[2mgit␛[0m push telecoder/[ID] [COMMIT]  1 file +1 −0
        ␛[32mpull request␛[0m #1 opened  http://[ADDRESS]/pulls/1
        ␛[2m●␛[0m ␛[32mcomplete␛[0m

        ␛[32mcomplete␛[0m  ␛[1mDone␛[0m
          ␛[2mChanged   ␛[0m a�[2Jb.txt (+1 −0)
          ␛[2mUncertain ␛[0m No check was run by TeleCoder on this change.

          Pull request #1 (open)  ␛[36mhttp://[ADDRESS]/pulls/1␛[0m
          See the change: telecoder diff [ID]
          See it whole: telecoder pr show 1   merge it: telecoder pr merge 1
    "#]].assert_eq(&world.filtered(&readable(&text)));
    let id = world.cli(["list"]).run().json()[0]["id"].as_str().unwrap().to_owned();
    let diff = readable(&Pty::new(&world, 100, &["diff", &id]).text().0);
    expect![[r#"
        ␛[1mdiff --git "a/a\033[2Jb.txt" "b/a\033[2Jb.txt"␛[0m
        new file mode 100644
        index 0000000000000000000000000000000000000000..7f164489a73555c511ed917c8c106ad09e271fd9
        --- /dev/null
        +++ "b/a\033[2Jb.txt"
        ␛[36m@@ -0,0 +1 @@␛[0m
        ␛[32m+�[31mx␛[0m
    "#]]
    .assert_eq(&world.filtered(&diff));
}

#[test]
fn closing_the_terminal_ends_neither_the_session_nor_the_server_it_started() {
    let world = World::without_server(&[]);
    let mut pty = Pty::new(&world, 100, &["run", WAITS]);
    pty.until("Waiting.");
    let Pty { master, mut child } = pty;
    drop(master);
    // The kernel hangs the whole session up.
    assert_eq!(child.wait().unwrap().signal(), Some(1));
    let id = world.cli(["list"]).run().json()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.session(&id)["status"], "running");
    world.release(&id, "go");
    world.until_status(&id, "complete");
    assert_eq!(world.session(&id)["prNumber"], 1);
}

#[test]
fn ctrl_c_on_the_terminal_ends_neither() {
    let world = World::without_server(&[]);
    let mut pty = Pty::new(&world, 100, &["run", WAITS]);
    pty.until("Waiting.");
    pty.master.write_all(b"\x03").unwrap();
    let (text, code) = pty.text();
    assert_eq!(code, Some(130));
    assert!(text.contains("The session goes on. Follow it: telecoder attach "), "{text}");
    let id = world.cli(["list"]).run().json()[0]["id"].as_str().unwrap().to_owned();
    world.release(&id, "go");
    world.until_status(&id, "complete");
}

#[test]
fn colours_can_be_turned_off() {
    let world = World::with(&[("NO_COLOR", "1")]);
    world.ran(r#"GYM{"do":[{"say":"Hello."}]}"#);
    let (text, _) = Pty::new(&world, 100, &["list"]).text();
    assert!(!text.contains('\u{1b}') && text.contains("STATUS"), "{text}");
    let mut command = world.command();
    command.args(["list", "--output", "table"]).env_remove("NO_COLOR").stderr(Stdio::null());
    assert!(!command.output().unwrap().stdout.contains(&0x1b));
}
