//! Where values come from (layer 3): flags, environment, `.env`, `config.toml`, `<data>/config.env`, defaults, in this order. The
//! only place of the product that reads the environment or a configuration file.
//!
//! Invariant: a `.env` is read for the server alone, and never out of a git repository: what a stranger has put there could
//! send keys elsewhere.

use super::error::ConfigError;
use super::setting::{self, AGENT_COMMAND, OUTDATED, Outdated, Setting};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The largest configuration file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A flag of the command line.
    Flag,
    /// An environment variable.
    Environment(String),
    /// A file.
    File(PathBuf),
    /// Nothing was given.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and where it came from.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    /// The text as it was given.
    pub text: String,
    /// Where from.
    pub source: Source,
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value(from {})", self.source)
    }
}

/// What the process was given: environment and flags.
#[derive(Clone, Default)]
pub struct Given {
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// Flags, by a setting's key.
    pub flags: BTreeMap<String, String>,
    /// The folder whose `.env` is read, if one is.
    pub env_folder: Option<PathBuf>,
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given").field("flags", &self.flags.keys()).finish_non_exhaustive()
    }
}

impl Given {
    /// The environment of this process; variables that are no UTF-8 are left out.
    pub fn from_process() -> Self {
        let env = std::env::vars_os();
        let env = env
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { env, flags: BTreeMap::new(), env_folder: None }
    }
    /// Adds a flag, if it was given.
    #[must_use]
    pub fn flag(mut self, key: &str, value: Option<String>) -> Self {
        if let Some(value) = value {
            self.flags.insert(key.to_owned(), value);
        }
        self
    }
    /// Reads the `.env` of a folder too, unless it is part of a git repository.
    #[must_use]
    pub fn env_file_of(mut self, folder: PathBuf) -> Self {
        let in_repository = folder.ancestors().any(|folder| folder.join(".git").exists());
        self.env_folder = (!in_repository).then_some(folder);
        self
    }
    /// What is said about the variables of earlier systems that name the server or the data folder.
    pub fn outdated_places(&self) -> impl Iterator<Item = String> + '_ {
        let places = OUTDATED.iter().filter(|outdated| matches!(outdated.sets, Some("server" | "data_dir")));
        places.filter(|outdated| self.env(outdated.name).is_some()).map(warning)
    }
    fn env(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
    /// The home folder, by `HOME`.
    pub fn home(&self) -> Option<PathBuf> {
        self.env("HOME").map(PathBuf::from)
    }
}

/// All values that were given, with their sources.
#[derive(Debug, Clone, Default)]
pub struct Values {
    given: BTreeMap<&'static str, Value>,
    /// Commands of agents, by the name in the variable, lower-cased and with dashes.
    pub agent_commands: BTreeMap<String, Value>,
    /// What a person should know: outdated variables, unknown keys.
    pub warnings: Vec<String>,
    /// The configuration file, if one was found.
    pub file: Option<PathBuf>,
}

impl Values {
    /// Reads all sources.
    ///
    /// # Errors
    /// If a file cannot be read or is malformed.
    pub fn read(given: &Given) -> Result<Self, ConfigError> {
        let mut values = Self::default();
        for setting in setting::ALL {
            if let Some(text) = given.flags.get(setting.key) {
                values.put(setting, text.clone(), Source::Flag);
            }
        }
        values.read_environment(given)?;
        if let Some(folder) = &given.env_folder {
            values.read_env_file(&folder.join(".env"))?;
        }
        let file = file_path(given);
        if let Some(path) = file.filter(|path| path.exists()) {
            values.read_toml(&path)?;
            values.file = Some(path);
        }
        if let Some(data) = values.data_dir(given) {
            values.read_env_file(&data.join("config.env"))?;
        }
        let outdated = OUTDATED.iter().filter(|outdated| given.env(outdated.name).is_some());
        values.warnings.extend(outdated.map(warning));
        Ok(values)
    }

    /// A setting's value, or its default; `None` where it has neither.
    pub fn get(&self, setting: &Setting) -> Option<Value> {
        if let Some(value) = self.given.get(setting.key) {
            return Some(value.clone());
        }
        (!setting.default.is_empty())
            .then(|| Value { text: setting.default.to_owned(), source: Source::Default })
    }

    /// The data folder, as far as it is known yet; absolute, since programs are started in other folders with it.
    pub fn data_dir(&self, given: &Given) -> Option<PathBuf> {
        let value = self.get(setting::by_key("data_dir")?)?;
        let folder = expand(&value.text, given);
        Some(std::path::absolute(&folder).unwrap_or(folder))
    }

    fn put(&mut self, setting: &'static Setting, text: String, source: Source) {
        self.given.entry(setting.key).or_insert(Value { text, source });
    }

    fn read_environment(&mut self, given: &Given) -> Result<(), ConfigError> {
        let lookup = |name: &str| given.env(name).map(str::to_owned);
        self.read_variables(&lookup, Source::Environment)?;
        if let (Some(host), Some(port)) =
            (given.env("TELECODER_LISTEN_HOST"), given.env("TELECODER_LISTEN_PORT"))
            && let Some(listen) = setting::by_key("listen")
        {
            self.put(
                listen,
                format!("{host}:{port}"),
                Source::Environment("TELECODER_LISTEN_HOST".to_owned()),
            );
        }
        for outdated in OUTDATED {
            if let (Some(setting), Some(text)) =
                (outdated.sets.and_then(setting::by_key), given.env(outdated.name))
            {
                self.put(setting, text.to_owned(), Source::Environment(outdated.name.to_owned()));
            }
        }
        for (name, value) in &given.env {
            self.agent_command(name, value, Source::Environment(name.clone()));
        }
        Ok(())
    }

    /// Takes every setting from variables; `NAME_FILE` names a file that holds a secret.
    fn read_variables(
        &mut self,
        lookup: &dyn Fn(&str) -> Option<String>,
        source: impl Fn(String) -> Source,
    ) -> Result<(), ConfigError> {
        for setting in setting::ALL {
            for name in setting.env {
                if let Some(text) = lookup(name) {
                    self.put(setting, text, source((*name).to_owned()));
                }
                let of_file = format!("{name}_FILE");
                if let Some(path) = lookup(&of_file).filter(|_| setting.secret) {
                    let text = read_file(Path::new(&path)).map_err(|error| error.named_by(&of_file))?;
                    self.put(setting, text.trim().to_owned(), source(of_file));
                }
            }
        }
        Ok(())
    }

    fn agent_command(&mut self, variable: &str, value: &str, source: Source) {
        let (prefix, suffix) = AGENT_COMMAND;
        let Some(name) = variable.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(suffix)) else {
            return;
        };
        if name.is_empty() || value.trim().is_empty() {
            return;
        }
        let name = name.to_ascii_lowercase().replace('_', "-");
        let name = if name == "claude" { "claude-code".to_owned() } else { name };
        self.agent_commands.entry(name).or_insert(Value { text: value.to_owned(), source });
    }

    fn read_toml(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text = read_file(path)?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            ConfigError::file(path, error.to_string().trim_end().to_owned())
        })?;
        for (key, value) in table {
            if key == "agents" {
                self.read_agents(path, value)?;
            } else if let Some(setting) = setting::by_key(&key) {
                let text = plain(&value).ok_or_else(|| {
                    ConfigError::file(path, format!("`{key}` must be a text, a number or true/false"))
                })?;
                self.put(setting, text, Source::File(path.to_owned()));
            } else {
                self.warnings.push(format!("{}: `{key}` is not a setting; it is ignored", path.display()));
            }
        }
        Ok(())
    }

    fn read_agents(&mut self, path: &Path, value: toml::Value) -> Result<(), ConfigError> {
        let wrong = || ConfigError::file(path, "`agents` must be a table of `NAME = \"command\"`".to_owned());
        let toml::Value::Table(agents) = value else {
            return Err(wrong());
        };
        for (name, command) in agents {
            let text = command.as_str().ok_or_else(wrong)?.to_owned();
            let source = Source::File(path.to_owned());
            self.agent_commands.entry(name).or_insert(Value { text, source });
        }
        Ok(())
    }

    fn read_env_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        if !path.exists() {
            return Ok(());
        }
        let mut variables = BTreeMap::new();
        for (number, line) in read_file(path)?.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((name, value)) = line.strip_prefix("export ").unwrap_or(line).split_once('=') else {
                return Err(ConfigError::file(
                    path,
                    format!("line {} is not KEY=VALUE", number.saturating_add(1)),
                ));
            };
            variables.insert(name.trim().to_owned(), unquoted(value.trim()).to_owned());
        }
        let from = |_| Source::File(path.to_owned());
        self.read_variables(&|name| variables.get(name).cloned().filter(|v| !v.is_empty()), from)?;
        for (name, value) in &variables {
            self.agent_command(name, value, Source::File(path.to_owned()));
        }
        Ok(())
    }
}

/// The configuration file: `TELECODER_CONFIG`, else `~/.telecoder/config.toml`, else `/etc/telecoder/config.toml`.
pub fn file_path(given: &Given) -> Option<PathBuf> {
    if let Some(path) = given.env("TELECODER_CONFIG") {
        return Some(PathBuf::from(path));
    }
    let own = given.home().map(|home| home.join(".telecoder/config.toml"));
    match own {
        Some(path) if path.exists() => Some(path),
        other => {
            let system = PathBuf::from("/etc/telecoder/config.toml");
            if system.exists() { Some(system) } else { other }
        }
    }
}

/// A path with `~` replaced by the home folder.
pub(crate) fn expand(text: &str, given: &Given) -> PathBuf {
    match (text.strip_prefix('~'), given.home()) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(text),
    }
}

fn warning(outdated: &Outdated) -> String {
    format!("{} is a setting of an earlier system: {}", outdated.name, outdated.says)
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => None,
    }
}

fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

fn read_file(path: &Path) -> Result<String, ConfigError> {
    let size = std::fs::metadata(path).map_err(|error| ConfigError::file(path, error.to_string()))?.len();
    if size > MAX_FILE {
        return Err(ConfigError::file(path, "it is larger than 1 MiB".to_owned()));
    }
    std::fs::read_to_string(path).map_err(|error| ConfigError::file(path, error.to_string()))
}
