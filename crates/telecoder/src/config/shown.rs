//! The configuration as people see it (layer 3): values with their source, secrets masked; and changing one in the file.

use super::error::ConfigError;
use super::setting::{self, AGENT_COMMAND, by_key};
use super::source::{Given, Values, file_path};
use std::path::PathBuf;

/// One setting as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its key.
    pub key: String,
    /// The variables that set it, the first one first.
    pub env: Vec<String>,
    /// Its value, masked where it is a secret; `None` where it is not set.
    pub value: Option<String>,
    /// Where it came from.
    pub source: String,
    /// What it does.
    pub about: String,
}

/// All settings as they are resolved.
///
/// # Errors
/// If a file cannot be read.
pub fn rows(given: &Given) -> Result<Vec<Row>, ConfigError> {
    let values = Values::read(given)?;
    let mut rows: Vec<Row> = setting::ALL
        .iter()
        .map(|setting| {
            let value = values.get(setting);
            Row {
                key: setting.key.to_owned(),
                env: setting.env.iter().map(|name| (*name).to_owned()).collect(),
                source: value.as_ref().map_or_else(|| "not set".to_owned(), |value| value.source.to_string()),
                value: value.map(|value| shown(setting, value.text)),
                about: setting.about.to_owned(),
            }
        })
        .collect();
    let (prefix, suffix) = AGENT_COMMAND;
    rows.extend(values.agent_commands.into_iter().map(|(name, value)| Row {
        key: format!("agents.{name}"),
        env: vec![format!("{prefix}{}{suffix}", name.to_ascii_uppercase().replace('-', "_"))],
        source: value.source.to_string(),
        value: Some(value.text),
        about: "Command of this agent.".to_owned(),
    }));
    Ok(rows)
}

/// A value as it may be shown. An address says what it is of; only its password is a secret.
fn shown(setting: &setting::Setting, text: String) -> String {
    match (setting.secret, setting.key) {
        (false, _) => text,
        (true, "database_url") => {
            super::database::without_password(&text).unwrap_or_else(|| "****".to_owned())
        }
        (true, _) => mask(&text),
    }
}

/// A secret as it may be shown: its first and last four characters, all stars where it is short.
pub fn mask(secret: &str) -> String {
    let characters: Vec<char> = secret.chars().collect();
    if characters.len() < 16 {
        return "*".repeat(characters.len().max(4));
    }
    let head: String = characters.iter().take(4).collect();
    let tail: String = characters.iter().skip(characters.len().saturating_sub(4)).collect();
    format!("{head}…{tail}")
}

/// Writes a setting into the configuration file (0600), after checking it. Gives the file.
///
/// # Errors
/// If the key is not known, the value cannot be used, or the file cannot be written.
pub fn write_setting(given: &Given, key: &str, value: &str) -> Result<PathBuf, ConfigError> {
    let agent = key.strip_prefix("agents.");
    if agent.is_none() && by_key(key).is_none() {
        return Err(ConfigError::Unknown(key.to_owned()));
    }
    let mut trial = given.clone();
    trial.flags.insert(key.to_owned(), value.to_owned());
    super::Config::read(&trial)?;
    let path = file_path(given).ok_or_else(|| {
        ConfigError::file(std::path::Path::new("config.toml"), "HOME is not set".to_owned())
    })?;
    let wrong = |reason: String| ConfigError::File { path: path.clone(), reason };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
    match agent {
        Some(name) => {
            let agents = table.entry("agents").or_insert_with(|| toml::Value::Table(toml::Table::new()));
            let toml::Value::Table(agents) = agents else {
                return Err(wrong("`agents` is not a table".to_owned()));
            };
            agents.insert(name.to_owned(), toml::Value::String(value.to_owned()));
        }
        None => {
            table.insert(key.to_owned(), toml::Value::String(value.to_owned()));
        }
    }
    let text = toml::to_string(&table).map_err(|error| wrong(error.to_string()))?;
    crate::private_file::write(&path, text.as_bytes()).map_err(|error| wrong(error.to_string()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked() {
        assert_eq!(mask("short"), "*****");
        assert_eq!(mask("sk-ant-1234567890-wxyz"), "sk-a…wxyz");
    }

    #[test]
    fn of_a_databases_address_the_password_is_masked() {
        let mut given = Given::default();
        let mut shown = |url: &str| {
            given.env.insert("TELECODER_DATABASE_URL".to_owned(), url.to_owned());
            let rows = rows(&given).unwrap();
            rows.into_iter().find(|row| row.key == "database_url").unwrap().value.unwrap()
        };
        assert_eq!(shown("postgres://ann:s3cret@db:5432/tasks"), "postgres://ann:****@db:5432/tasks");
        assert_eq!(shown("postgres://ann@db/tasks"), "postgres://ann@db/tasks");
        assert_eq!(shown("postgres:///tasks?host=/run/postgresql"), "postgres:///tasks?host=/run/postgresql");
        for odd in ["postgres://db/tasks?password=s3cret", "s3cret", "postgres://ann:s3/c@ret@db/x"] {
            assert!(!shown(odd).contains("s3c") && !shown(odd).contains("ret"), "{}", shown(odd));
        }
    }

    #[test]
    fn a_setting_is_checked_before_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let mut given = Given::default();
        given.env.insert("TELECODER_CONFIG".to_owned(), path.display().to_string());
        assert!(write_setting(&given, "max_sessions", "none").is_err());
        assert!(!path.exists());
        write_setting(&given, "max_sessions", "3").unwrap();
        write_setting(&given, "openai_api_key", "sk-1234567890123456").unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "max_sessions = \"3\"\nopenai_api_key = \"sk-1234567890123456\"\n"
        );
        let shown = rows(&given).unwrap();
        let key = shown.iter().find(|row| row.key == "openai_api_key").unwrap();
        assert_eq!(key.value.as_deref(), Some("sk-1…3456"));
        assert!(write_setting(&given, "nonsense", "3").is_err());
    }
}
