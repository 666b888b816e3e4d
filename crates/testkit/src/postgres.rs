//! A private `PostgreSQL` for tests (dev layer): one cluster for all tests of a user on this machine, a database for each test.
//!
//! The first test that needs it makes the cluster (about 3 s) and starts it on a socket of its own, as an unprivileged user and
//! without waiting for disks; the others, in whatever process, find it. A keeper beside it ends it by its process and removes
//! it when no test process has used it for a while: each holds a shared lock on one file for as long as it lives.

use crate::surroundings;
use crate::wait::until_blocking_within;
use std::fs::{File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Where Debian keeps the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The user of the databases; trusted, since nobody else reaches the socket.
const USER: &str = "telecoder";
/// The user whose password is [`PASSWORD`].
pub const LOCKED_USER: &str = "locked";
/// The password of [`LOCKED_USER`].
pub const PASSWORD: &str = "correct-horse-battery";
/// How long the start of the cluster may take.
const START: Duration = Duration::from_secs(120);

/// Ends the cluster when nobody has used it for ten seconds. `$1` is its folder.
const KEEPER: &str = r#"
exec 9>"$1/users"
quiet=0
while [ "$quiet" -lt 10 ]; do
  sleep 1
  if flock --nonblock --exclusive 9; then flock --unlock 9; quiet=$((quiet + 1)); else quiet=0; fi
done
flock --exclusive 9
read -r pid <"$1/data/postmaster.pid" && kill -QUIT "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
rm -rf "$1/data"
"#;

/// A database of one test; dropped with this value.
#[derive(Debug)]
pub struct Database {
    name: String,
    cluster: &'static Cluster,
}

impl Database {
    /// An empty database.
    ///
    /// # Panics
    /// If no cluster can be started: a test that needs one fails without it, it is never skipped.
    pub fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let cluster = cluster();
        cluster.sql("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        cluster.sql("postgres", &format!("CREATE DATABASE {name}"));
        Self { name, cluster }
    }
    /// Its address.
    pub fn url(&self) -> String {
        self.url_as(USER)
    }
    /// Its address for another user, or user and password.
    pub fn url_as(&self, user: &str) -> String {
        format!("postgres://{user}@localhost/{}?host={}", self.name, self.cluster.folder.display())
    }
    /// Its address by way of a port of this host, on which somebody passes on to [`socket`](Self::socket).
    pub fn url_at(&self, port: u16) -> String {
        format!("postgres://{USER}@127.0.0.1:{port}/{}?sslmode=disable", self.name)
    }
    /// The socket of the cluster.
    pub fn socket(&self) -> PathBuf {
        self.cluster.socket()
    }
    /// Runs statements and gives what they say, a row a line, columns apart by `|`.
    ///
    /// # Panics
    /// If the database refuses them.
    pub fn sql(&self, statements: &str) -> String {
        self.cluster.sql(&self.name, statements)
    }
}

impl Default for Database {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.cluster.sql("postgres", &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// The cluster that runs.
#[derive(Debug)]
struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    /// Locked shared for as long as this process lives.
    _user: File,
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        #[expect(clippy::panic, reason = "only tests call this, and they cannot go on without a database")]
        Cluster::find_or_start().unwrap_or_else(|problem| panic!("no PostgreSQL for tests: {problem}"))
    })
}

/// What went wrong, for a person.
type Outcome<T> = Result<T, String>;

fn failed(what: &str) -> impl FnOnce(std::io::Error) -> String {
    move |error| format!("{what}: {error}")
}

impl Cluster {
    fn find_or_start() -> Outcome<Self> {
        let programs = programs()?;
        let ids = owner()?;
        let root = nix::unistd::geteuid();
        let folder = PathBuf::from("/tmp").join(format!("telecoder-test-postgres-{root}"));
        std::fs::create_dir_all(&folder).map_err(failed("its folder cannot be made"))?;
        // Held while somebody makes and starts it.
        let starting =
            File::create(folder.join("starting")).map_err(failed("its folder cannot be written"))?;
        starting.lock().map_err(failed("its folder cannot be locked"))?;
        if let Some((uid, gid)) = ids {
            chown(&folder, Some(uid), Some(gid)).map_err(failed("its folder cannot be given away"))?;
        }
        std::fs::set_permissions(&folder, Permissions::from_mode(0o700))
            .map_err(failed("its folder belongs to somebody else"))?;
        let user = File::create(folder.join("users")).map_err(failed("its folder cannot be written"))?;
        // Waits for a keeper that is at its end.
        user.lock_shared().map_err(failed("its folder cannot be locked"))?;
        let cluster = Self { folder, programs, _user: user };
        if !cluster.runs() {
            cluster.start(ids)?;
        }
        Ok(cluster)
    }

    fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    fn runs(&self) -> bool {
        UnixStream::connect(self.socket()).is_ok() && self.try_sql("postgres", "SELECT 1").is_ok()
    }

    fn start(&self, ids: Option<(u32, u32)>) -> Outcome<()> {
        let data = self.folder.join("data");
        if data.exists() {
            std::fs::remove_dir_all(&data).map_err(failed("what an earlier one left cannot be removed"))?;
        }
        let mut make = self.as_owner(ids, "initdb");
        make.args(["--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--username", USER]);
        run(make.arg("-D").arg(&data))?;
        let access = format!("local all {LOCKED_USER} scram-sha-256\nlocal all all trust\n");
        let file = data.join("pg_hba.conf");
        std::fs::write(&file, access).map_err(failed("its rules of access cannot be written"))?;
        let settings = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off -c full_page_writes=off \
             -c wal_level=minimal -c max_wal_senders=0 -c max_connections=600 -c shared_buffers=64MB \
             -c autovacuum=off -c log_min_messages=warning",
            self.folder.display()
        );
        let mut start = self.as_owner(ids, "pg_ctl");
        start.args(["start", "--silent", "--wait", "--options", &settings]);
        run(start.arg("-D").arg(&data).arg("--log").arg(self.folder.join("log")))?;
        until_blocking_within(START, "PostgreSQL", || self.runs().then_some(()));
        self.try_sql("postgres", &format!("CREATE ROLE {LOCKED_USER} LOGIN PASSWORD '{PASSWORD}'"))?;
        let mut keeper = surroundings::command("setsid");
        keeper.args(["sh", "-c", KEEPER, "keeper"]).arg(&self.folder).current_dir("/");
        quiet(&mut keeper).spawn().map(drop).map_err(failed("its keeper cannot be started"))
    }

    /// One of its programs, as the user that it belongs to: it refuses root.
    fn as_owner(&self, ids: Option<(u32, u32)>, program: &str) -> Command {
        let path = self.programs.join(program);
        let Some((uid, gid)) = ids else { return surroundings::command(path) };
        let mut command = surroundings::command("setpriv");
        command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()]);
        command.arg("--").arg(path);
        command
    }

    #[expect(clippy::panic, reason = "only tests call this, and they cannot go on without the database")]
    fn sql(&self, database: &str, statements: &str) -> String {
        self.try_sql(database, statements).unwrap_or_else(|problem| panic!("{statements}: {problem}"))
    }

    fn try_sql(&self, database: &str, statements: &str) -> Outcome<String> {
        let mut psql = surroundings::command(self.programs.join("psql"));
        psql.args([
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            USER,
            "-d",
            database,
            "-c",
            statements,
        ]);
        psql.arg("-h").arg(&self.folder);
        let output = psql.stdin(Stdio::null()).current_dir("/").output().map_err(failed("psql"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

/// The programs of the newest version.
fn programs() -> Outcome<PathBuf> {
    let versions = std::fs::read_dir(VERSIONS).map_err(|_| {
        format!("there is no {VERSIONS}; `cargo xtask setup` installs Debian's package postgresql")
    })?;
    let found = versions
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").is_file())
        .max_by_key(|bin| version(bin));
    found.ok_or_else(|| format!("{VERSIONS} holds no server; install Debian's package postgresql"))
}

fn version(bin: &Path) -> Option<u32> {
    bin.parent()?.file_name()?.to_str()?.parse().ok()
}

/// Whom the cluster belongs to, where that is not who runs the tests.
fn owner() -> Outcome<Option<(u32, u32)>> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(None);
    }
    let user = ["postgres", "nobody"].into_iter().find_map(|name| nix::unistd::User::from_name(name).ok()?);
    let user = user.ok_or("there is no user that it could run as")?;
    Ok(Some((user.uid.as_raw(), user.gid.as_raw())))
}

/// Runs to its end what says nothing if all is well. Its output goes to a file: what it leaves running would keep a pipe open.
fn run(command: &mut Command) -> Outcome<()> {
    let path = std::env::temp_dir().join(format!("telecoder-test-postgres-{}", std::process::id()));
    let file = File::create(&path).map_err(failed("a file for its words cannot be made"))?;
    let words = file.try_clone().map_err(failed("a file for its words cannot be made"))?;
    command.stdin(Stdio::null()).stdout(file).stderr(words).current_dir("/");
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    let said = std::fs::read_to_string(&path).unwrap_or_default();
    drop(std::fs::remove_file(&path));
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {}", said.trim())) }
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}
