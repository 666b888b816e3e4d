//! Commands from the configuration (layer 1): finding the program on the host, and what of the host it needs to see.
//!
//! Invariants: what is shown inside is an allow-list: the program's own folder (or the file alone where the folder is
//! somebody's home or holds other things), never a home as a whole, never `/`; files with credentials in it are hidden.

use crate::words;
use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::id::AgentName;
use telecoder_model::port::sandbox::{AGENTS_DIR, ReadOnlyBind};

/// Parts of the host that every local sandbox shows, read-only.
const VISIBLE: [&str; 6] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"];
/// Where a sandbox looks for programs.
const SANDBOX_PATH: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/// Names of files and folders that hold credentials; hidden where they stand in a folder that is shown.
const CREDENTIALS: [&str; 26] = [
    ".anthropic",
    ".aws",
    ".azure",
    ".claude",
    ".claude.json",
    ".codex",
    ".config",
    ".docker",
    ".env",
    ".env.local",
    ".gemini",
    ".git",
    ".git-credentials",
    ".gitconfig",
    ".gnupg",
    ".kube",
    ".local",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    ".ssh",
    ".telecoder",
    ".vault-token",
    "auth.json",
    "credentials.json",
];

/// Where the host is looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Host {
    /// Where programs are looked for.
    pub(crate) path: Vec<PathBuf>,
    /// The home of the server's user.
    pub(crate) home: Option<PathBuf>,
}

/// A command that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The program as the configuration means it, on the host.
    pub(crate) program: PathBuf,
    /// What runs the program inside, where no sandbox shows it.
    pub(crate) interpreter: Option<String>,
    /// The program inside a sandbox.
    pub(crate) inside: String,
    /// Its arguments inside a sandbox.
    pub(crate) arguments: Vec<String>,
    /// What of the host it needs to see.
    pub(crate) read_only: Vec<ReadOnlyBind>,
}

impl Found {
    /// Program and arguments inside a sandbox.
    pub(crate) fn argv(&self) -> Vec<String> {
        self.interpreter.iter().chain([&self.inside]).chain(&self.arguments).cloned().collect()
    }
}

/// Splits a configured command; the error names its variable.
pub(crate) fn parse(name: &AgentName, text: &str, host: &Host) -> Result<Vec<String>, PortError> {
    let home = host.home.as_ref().and_then(|home| home.to_str());
    words::split(text, home).map_err(|why| refused(name, &why))
}

fn refused(name: &AgentName, why: &str) -> PortError {
    PortError::permanent(format!("the command of agent `{name}` cannot be used: {why}"))
        .remedy(format!("correct {}", variable(name)))
}

/// Finds a command's program and says what of the host it needs.
pub(crate) fn find(name: &AgentName, words: &[String], host: &Host) -> Result<Found, PortError> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(refused(name, "it is empty"));
    };
    let program = locate(program, host).map_err(|why| refused(name, &why))?;
    let real = std::fs::canonicalize(&program).map_err(|error| {
        PortError::io(format!("cannot find the program {} of agent `{name}`", program.display()), error)
    })?;
    let mut places = Places::new(name, host);
    let interpreter = match interpreter_to_bring(&real, host).map_err(|why| refused(name, &why))? {
        Some(interpreter) => Some(places.bring_file(&interpreter, "interpreter")?),
        None => None,
    };
    let inside = places.bring(&program, &real)?;
    let arguments =
        arguments.iter().map(|word| places.bring_argument(word)).collect::<Result<Vec<_>, _>>()?;
    Ok(Found { program, interpreter, inside, arguments, read_only: places.binds.into_values().collect() })
}

/// Takes `--model NAME`, `--model=NAME` and `-m NAME` out of a command's arguments.
pub(crate) fn take_model(words: &mut Vec<String>) -> Option<String> {
    let at = words
        .iter()
        .skip(1)
        .position(|word| word == "--model" || word == "-m" || word.starts_with("--model="))?
        .saturating_add(1);
    let flag = words.remove(at);
    match flag.strip_prefix("--model=") {
        Some(model) => Some(model.to_owned()),
        None if at < words.len() => Some(words.remove(at)),
        None => None,
    }
}

/// The variable that configures an agent's command.
pub(crate) fn variable(name: &AgentName) -> String {
    format!("TELECODER_AGENT_{}_COMMAND", name.as_str().to_uppercase().replace('-', "_"))
}

/// Finds a program by its path or name.
pub(crate) fn locate(program: &str, host: &Host) -> Result<PathBuf, String> {
    if program.contains('/') {
        let path = PathBuf::from(program);
        if !path.is_absolute() {
            return Err(format!(
                "`{program}` is a relative path; write it from `/`, or give a name that is found in PATH"
            ));
        }
        return if is_program(&path) {
            Ok(path)
        } else {
            Err(format!("`{program}` is not there or cannot be run"))
        };
    }
    host.path
        .iter()
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(|path| is_program(path))
        .ok_or_else(|| format!("`{program}` is not found in the PATH of the server"))
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn is_visible(path: &Path) -> bool {
    VISIBLE.iter().any(|root| path.starts_with(root))
}

fn text_of(path: &Path) -> Result<String, PortError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        PortError::permanent(format!("the path {} is not UTF-8", path.display())).remedy("rename it")
    })
}

/// The interpreter that has to be brought along, because no sandbox shows it.
fn interpreter_to_bring(script: &Path, host: &Host) -> Result<Option<PathBuf>, String> {
    let mut head = [0_u8; 256];
    let read = std::fs::File::open(script)
        .and_then(|mut file| file.read(&mut head))
        .map_err(|error| format!("{} cannot be read: {error}", script.display()))?;
    let head = head.get(..read).unwrap_or_default();
    let Some(line) = head.strip_prefix(b"#!").and_then(|rest| rest.split(|b| *b == b'\n').next()) else {
        return Ok(None);
    };
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_ascii_whitespace();
    let first = PathBuf::from(words.next().unwrap_or_default());
    let interpreter = if first.file_name().is_some_and(|name| name == "env") {
        let name = words.find(|word| !word.starts_with('-') && !word.contains('=')).unwrap_or_default();
        if SANDBOX_PATH.iter().any(|folder| is_program(&Path::new(folder).join(name))) {
            return Ok(None);
        }
        locate(name, host).map_err(|why| format!("{} needs `{name}`: {why}", script.display()))?
    } else {
        first
    };
    let real = std::fs::canonicalize(&interpreter)
        .map_err(|error| format!("the interpreter {} cannot be used: {error}", interpreter.display()))?;
    if is_visible(&real) {
        return Ok(None);
    }
    // Node is one file; Python and the like are whole trees that a sandbox does not show.
    if real.file_name().is_some_and(|name| name == "node") {
        return Ok(Some(real));
    }
    Err(format!(
        "{} is run by {}, which no sandbox shows; use an interpreter below /usr, or a program of its own",
        script.display(),
        real.display()
    ))
}

/// What is brought into the sandbox, by its place inside.
struct Places<'a> {
    root: PathBuf,
    host: &'a Host,
    binds: BTreeMap<PathBuf, ReadOnlyBind>,
}

impl<'a> Places<'a> {
    fn new(name: &AgentName, host: &'a Host) -> Self {
        Self { root: Path::new(AGENTS_DIR).join(name.as_str()), host, binds: BTreeMap::new() }
    }

    /// Brings a program or script with the folder that it stands in; gives its path inside.
    fn bring(&mut self, path: &Path, real: &Path) -> Result<String, PortError> {
        if is_visible(path) && is_visible(real) {
            return text_of(path);
        }
        match self.folder_of(real) {
            Some(folder) => self.bring_folder(real, &folder),
            None => self.bring_file(real, "command"),
        }
    }

    fn bring_folder(&mut self, real: &Path, folder: &Path) -> Result<String, PortError> {
        let below = real.strip_prefix(folder).unwrap_or(Path::new(""));
        // Two folders of one command get two places; one folder gets one.
        let known = self.binds.values().find(|bind| bind.host == folder);
        let inside = match known {
            Some(bind) => bind.inside.clone(),
            None => {
                let base = folder.file_name().unwrap_or_default();
                let inside = self.root.join("command").join(self.binds.len().to_string()).join(base);
                self.add(folder, &inside);
                inside
            }
        };
        if below.as_os_str().is_empty() {
            return text_of(&inside);
        }
        text_of(&inside.join(below))
    }

    /// Brings one file alone.
    fn bring_file(&mut self, real: &Path, part: &str) -> Result<String, PortError> {
        let inside = self
            .root
            .join(part)
            .join(self.binds.len().to_string())
            .join(real.file_name().unwrap_or_default());
        self.add(real, &inside);
        text_of(&inside)
    }

    /// An argument that names a file of the host is brought along; any other stays as it is.
    fn bring_argument(&mut self, word: &str) -> Result<String, PortError> {
        let path = Path::new(word);
        if !path.is_absolute() || is_visible(path) {
            return Ok(word.to_owned());
        }
        let Ok(real) = std::fs::canonicalize(path) else {
            return Ok(word.to_owned());
        };
        if real.is_dir() {
            if self.is_broad(&real) {
                return Err(PortError::denied(format!(
                    "the folder {word} cannot be shown to an agent: it is a home or holds more than the agent's own files"
                ))
                .remedy("name a folder that holds only what the agent needs"));
            }
            return self.bring_folder(&real, &real);
        }
        if real.is_file() {
            return self.bring(path, &real);
        }
        Ok(word.to_owned())
    }

    fn add(&mut self, host: &Path, inside: &Path) {
        let hidden = CREDENTIALS
            .iter()
            .map(PathBuf::from)
            .filter(|name| host.is_dir() && host.join(name).symlink_metadata().is_ok())
            .collect();
        self.binds.insert(
            inside.to_owned(),
            ReadOnlyBind { host: host.to_owned(), inside: inside.to_owned(), hidden },
        );
    }

    /// The folder that a program needs around itself; none where that would show too much.
    fn folder_of(&self, real: &Path) -> Option<PathBuf> {
        // A Node program needs its packages: the outermost `node_modules`.
        let mut outermost = PathBuf::new();
        for component in real.components() {
            outermost.push(component);
            if component == Component::Normal("node_modules".as_ref()) {
                return Some(outermost);
            }
        }
        let parent = real.parent()?;
        let folder = match parent.file_name().and_then(|name| name.to_str()) {
            Some("bin" | "sbin" | ".bin") => parent.parent()?,
            Some(_) | None => parent,
        };
        (!self.is_broad(folder)).then(|| folder.to_owned())
    }

    /// Whether a folder holds more than one program's files: near the root, a home, or a hidden folder of a home.
    fn is_broad(&self, folder: &Path) -> bool {
        let depth = folder.components().count();
        let home = |path: &Path| {
            self.host.home.as_deref() == Some(path)
                || path == Path::new("/root")
                || path.parent() == Some(Path::new("/home"))
        };
        let hidden =
            folder.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with('.'));
        let holds_home = self.host.home.as_deref().is_some_and(|home| home.starts_with(folder));
        // `/` is one component, `/srv` two.
        depth <= 2 || holds_home || home(folder) || (hidden && folder.parent().is_some_and(home))
    }
}
