//! Three servers on one `PostgreSQL`: each has a data folder of its own, and any of them may be killed, paused or cut off.

use crate::world::{World, signal};
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use telecoder_testkit::postgres::{Database, LOCKED_USER};
use telecoder_testkit::wait::until_blocking;

/// What a worker does and a restart may fall into: it waits for a file in the middle.
const SCRIPT: &str = r#"GYM{"do":[{"append":["log.txt","begun\n"]},{"write":["/home/agent/started",""]},{"waitFor":"/home/agent/go"},{"append":["log.txt","ended\n"]},{"say":"Done."}]}"#;
const SHORT: &str = r#"GYM{"do":[{"append":["log.txt","done\n"]},{"say":"Done."}]}"#;

/// Writes down each claim of a job, as the database saw it.
const AUDIT: &str = "
CREATE TABLE claims (session TEXT, epoch BIGINT, instance TEXT);
CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO claims VALUES (NEW.session, NEW.epoch, NEW.instance); RETURN NEW; END $$;
CREATE TRIGGER note_claim AFTER UPDATE ON jobs FOR EACH ROW
WHEN (NEW.instance IS NOT NULL AND NEW.instance IS DISTINCT FROM OLD.instance) EXECUTE FUNCTION note_claim();";

fn member(database: &str, more: &[(&str, &str)]) -> World {
    let mut settings = vec![
        ("TELECODER_DATABASE_URL", database),
        ("TELECODER_SESSION_HEARTBEAT_SECONDS", "1"),
        ("TELECODER_SESSION_STALE_SECONDS", "3"),
        ("TELECODER_MAX_SESSIONS", "12"),
    ];
    settings.extend(more);
    World::with(&settings)
}

/// Ids of sessions that have an end, and how often each was told.
fn ends(database: &Database) -> Vec<(String, u64)> {
    let told = database.sql(
        "SELECT s.id, count(e.seq) FROM sessions s LEFT JOIN events e ON e.session = s.id AND e.name = 'done'
         GROUP BY s.id ORDER BY s.id",
    );
    told.lines()
        .map(|line| {
            let (id, count) = line.split_once('|').unwrap();
            (id.to_owned(), count.parse().unwrap())
        })
        .collect()
}

fn until_all_ended(database: &Database, expected: usize) {
    telecoder_testkit::wait::until_blocking_within(
        std::time::Duration::from_secs(120),
        "the end of all sessions",
        || {
            let ends = ends(database);
            (ends.len() == expected && ends.iter().all(|(_, count)| *count >= 1)).then_some(())
        },
    );
}

/// Everything that must hold of a database after whatever happened.
fn check(database: &Database, expected: usize) {
    for (id, count) in ends(database) {
        assert_eq!(count, 1, "{id} ended {count} times");
    }
    assert_eq!(ends(database).len(), expected);
    let gaps = "SELECT count(*) FROM (SELECT session FROM events GROUP BY session
                HAVING min(seq) <> 1 OR max(seq) <> count(*)) torn";
    assert_eq!(database.sql(gaps), "0", "events are not dense");
    let disorder =
        "SELECT count(*) FROM (SELECT seq, lag(seq) OVER (PARTITION BY session ORDER BY global) AS before
                    FROM events) e WHERE before >= seq";
    assert_eq!(database.sql(disorder), "0", "global numbers are not in the order of the sessions' own");
    let double = "SELECT count(*) FROM (SELECT session, epoch FROM claims GROUP BY session, epoch HAVING count(*) > 1) d";
    assert_eq!(database.sql(double), "0", "one epoch was given twice");
}

/// Somebody who reads the events of all sessions all the time, from the last number on.
struct Reader {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Vec<u64>>,
}

impl Reader {
    fn start(database: &Arc<Database>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (database, stopped) = (Arc::clone(database), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut seen: Vec<u64> = Vec::new();
            loop {
                let last = stopped.load(Ordering::SeqCst);
                let after = seen.last().copied().unwrap_or(0);
                let next = database.sql(&format!(
                    "SELECT global FROM events WHERE global > {after} ORDER BY global LIMIT 20"
                ));
                if next.is_empty() && last {
                    return seen;
                }
                seen.extend(next.lines().map(|line| line.parse::<u64>().unwrap()));
            }
        });
        Self { stop, thread }
    }
    /// It has seen every event there is.
    fn has_seen_all(self, database: &Database) {
        self.stop.store(true, Ordering::SeqCst);
        let seen = self.thread.join().unwrap();
        let all = database.sql("SELECT global FROM events ORDER BY global");
        let all: Vec<u64> = all.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(seen, all, "a reader skipped an event");
    }
}

/// A way to the database that can be cut: what is on its way is dropped, and nobody gets through until it is healed.
struct Cable {
    port: u16,
    cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<(TcpStream, UnixStream)>>>,
}

impl Cable {
    fn lay(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let cable =
            Self { port: listener.local_addr().unwrap().port(), cut: Arc::default(), open: Arc::default() };
        let (cut, open) = (Arc::clone(&cable.cut), Arc::clone(&cable.open));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if cut.load(Ordering::SeqCst) {
                    continue;
                }
                let server = UnixStream::connect(&socket).unwrap();
                open.lock().unwrap().push((client.try_clone().unwrap(), server.try_clone().unwrap()));
                let (back, forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                pass(client, server, Arc::clone(&cut));
                pass(back, forth, Arc::clone(&cut));
            }
        });
        cable
    }
    /// Silently: neither side is told.
    fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }
    /// What was open before stays dead.
    fn heal(&self) {
        for (client, server) in self.open.lock().unwrap().drain(..) {
            drop(client.shutdown(Shutdown::Both));
            drop(server.shutdown(Shutdown::Both));
        }
        self.cut.store(false, Ordering::SeqCst);
    }
}

fn pass(mut from: impl Read + Send + 'static, mut to: impl Write + Send + 'static, cut: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let mut piece = [0; 16 << 10];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            if !cut.load(Ordering::SeqCst) && to.write_all(&piece[..length]).is_err() {
                return;
            }
        }
    });
}

/// The member on whose disk a session lies.
fn host_of<'w>(members: &'w [World], id: &str) -> &'w World {
    until_blocking("the session's folder", || {
        members.iter().find(|member| member.agent_home(id).join("started").exists())
    })
}

#[test]
fn three_servers_share_a_database_while_members_are_killed_paused_and_cut_off() {
    let database = Arc::new(Database::new());
    let cable = Cable::lay(database.socket());
    let far = database.url_at(cable.port);
    let mut members = vec![member(&database.url(), &[]), member(&database.url(), &[]), member(&far, &[])];
    database.sql(AUDIT);
    let reader = Reader::start(&database);
    // Held in the middle of a turn, on whatever member each came to.
    let held: Vec<String> =
        (0..6).map(|n| members[n % 3].detached(&[&format!("Do {n}. {SCRIPT}")])).collect();
    for id in &held {
        host_of(&members, id);
    }
    let mut all: BTreeSet<String> = held.iter().cloned().collect();
    for n in 0..6 {
        all.insert(members[n % 3].detached(&[&format!("Do a little {n}. {SHORT}")]));
    }
    members[0].kill();
    let paused = members[1].server_pid();
    signal(paused, Signal::STOP);
    cable.cut();
    // The database alone says when the two that cannot speak are dead; the one that was killed comes back and notices.
    members[0].start();
    until_blocking("the others' death", || {
        (database.sql("SELECT count(*) FROM servers") == "1").then_some(())
    });
    for id in &held {
        let home = host_of(&members, id);
        home.release(id, "go");
    }
    signal(paused, Signal::CONT);
    cable.heal();
    until_all_ended(&database, all.len());
    check(&database, all.len());
    reader.has_seen_all(&database);
    let statuses = database.sql("SELECT DISTINCT status FROM sessions");
    assert_eq!(statuses, "complete", "{}", database.sql("SELECT id, status FROM sessions"));
    for (n, id) in held.iter().enumerate() {
        // Each piece of work was done once, by whichever claim.
        let log = members[n % 3].repo.git(&["show", &format!("telecoder/{id}:log.txt")]);
        assert_eq!(log, "begun\nended\n", "{id} on {}", host_of(&members, id).data().display());
    }
}

#[test]
fn a_session_whose_server_is_gone_for_good_ends_and_says_so() {
    let database = Database::new();
    let gone = &[("TELECODER_HOST_GONE_AFTER", "4s")];
    let mut first = member(&database.url(), gone);
    let id = first.detached(&[&format!("Do it. {SCRIPT}")]);
    first.until_written(&id, "started");
    let pid = first.server_pid();
    let second = member(&database.url(), gone);
    // Paused for ever is as good as gone.
    signal(pid, Signal::STOP);
    second.until_status(&id, "error");
    let session = second.session(&id);
    assert_eq!(session["failureKind"], "abandoned", "{session}");
    assert!(session["error"].as_str().unwrap().contains("gone for good"), "{session}");
    second.events(&id);
    // If it comes back after all, it finds that nothing of it is its own, and clears up.
    signal(pid, Signal::CONT);
    let sandboxes = first.path("data/run");
    until_blocking("its sandbox's end", || {
        std::fs::read_dir(&sandboxes).is_ok_and(|mut left| left.next().is_none()).then_some(())
    });
    assert_eq!(second.session(&id)["status"], "error");
    first.kill();
    first.start();
}

#[test]
fn what_one_server_is_told_reaches_the_other_that_works() {
    let database = Database::new();
    let members = [member(&database.url(), &[]), member(&database.url(), &[])];
    let id = members[0].detached(&[&format!("Do it. {SCRIPT}")]);
    let home = host_of(&members, &id);
    let other = members.iter().find(|member| member.data() != home.data()).unwrap();
    // Followed and stopped from the server that does not work on it.
    let follower = other.cli(["attach", &id]).spawn();
    assert_eq!(other.cli(["stop", &id]).run().code, 0);
    other.until_status(&id, "stopped");
    assert!(follower.wait_with_output().unwrap().status.code().is_some());
    until_blocking("the end of the sandbox", || {
        std::fs::read_dir(home.data().join("run")).is_ok_and(|mut left| left.next().is_none()).then_some(())
    });
}

#[test]
fn a_database_that_cannot_be_used_is_named_with_the_remedy_and_without_the_password() {
    let database = Database::new();
    let try_with = |url: &str| {
        let world = World::without_server(&[("TELECODER_DATABASE_URL", url)]);
        let output = world.cli(["serve"]).run();
        assert_ne!(output.code, 0);
        let told = format!("{}{}", output.stdout, output.stderr);
        assert!(!told.contains("s3cret") && !told.contains("wr0ng"), "{told}");
        told
    };
    let unreachable = try_with("postgres://ann:s3cret-word@127.0.0.1:1/tasks");
    assert!(unreachable.contains("cannot use the database tasks at 127.0.0.1:1"), "{unreachable}");
    assert!(unreachable.contains("Check that PostgreSQL runs"), "{unreachable}");
    let wrong = try_with(&database.url_as(&format!("{LOCKED_USER}:wr0ng-word")));
    assert!(wrong.contains("password authentication failed"), "{wrong}");
    let other = try_with("mysql://ann:s3cret-word@db/tasks");
    assert!(other.contains("expected an address that begins with postgres://"), "{other}");
    prepared_by_a_server(&database);
    database.sql("INSERT INTO migrations VALUES (1000, 'teams', 'x', '9.1.0', now())");
    let newer = try_with(&database.url());
    assert!(
        newer.contains("was written by TeleCoder 9.1.0") && newer.contains("Start TeleCoder 9.1.0"),
        "{newer}"
    );
}

/// Lets a server make the tables, and ends it.
fn prepared_by_a_server(database: &Database) {
    let world = World::with(&[("TELECODER_DATABASE_URL", &database.url())]);
    let told = world.cli(["doctor"]).run().stdout;
    assert!(told.contains("store: PostgreSQL, test_"), "{told}");
    let shown = world.cli(["config", "show"]).run().stdout;
    assert!(shown.contains("postgres://telecoder@localhost/test_"), "{shown}");
}

#[test]
fn a_member_whose_disk_is_full_takes_nothing_from_the_others() {
    let database = Database::new();
    let one = member(&database.url(), &[]);
    let id = one.ran(r#"GYM{"do":[{"say":"Hello."}]}"#);
    // Less than an empty data folder takes.
    let full = member(&database.url(), &[("TELECODER_DISK_QUOTA", "1000")]);
    until_blocking("the look at the disk", || full.get("/health/ready").contains("disk quota").then_some(()));
    assert_eq!(one.session(&id)["workspaceRemovedAt"], serde_json::Value::Null);
    assert!(one.data().join("sessions").join(&id).is_dir());
}
