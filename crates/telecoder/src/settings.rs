//! The configuration while the server runs (layer 3): what people see of it, and changes that are kept in `<data>/config.env`.
//!
//! Invariants: a value is checked by the same reader that reads it at the next start, before anything is written; the file is
//! replaced as a whole and readable by its owner only; what the environment or another file sets outranks ours, so that a
//! change that would count for nothing is refused.

use crate::config::setting::{Setting, by_key};
use crate::config::{Config, Given, Source, Values, rows};
use crate::private_file;
use crate::wiring::providers;
use async_trait::async_trait;
use std::path::PathBuf;
use std::sync::Arc;
use telecoder_broker::Gateway;
use telecoder_engine::Secrets;
use telecoder_model::PortError;
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::settings::{Changed, Defaults, Row, Settings, Wishes};
use tokio::sync::Mutex;

/// What can be changed here, and whether a change counts at once.
const EDITABLE: &[(&str, bool)] = &[
    ("default_agent", true),
    ("policy_mode", true),
    ("publish", true),
    ("anthropic_api_key", true),
    ("openai_api_key", true),
    ("gemini_api_key", true),
    ("github_token", false),
];

/// The length of a key, in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 8..=500;

/// The settings of a running server.
#[derive(Debug)]
pub(crate) struct LiveSettings {
    given: Given,
    file: PathBuf,
    /// The built-in gateway; `None` where another one carries the models, which keeps its own keys.
    gateway: Option<Arc<Gateway>>,
    /// What is taken out of events.
    secrets: Secrets,
    /// One change at a time.
    writing: Mutex<()>,
}

impl LiveSettings {
    pub(crate) fn new(config: &Config, gateway: Option<Arc<Gateway>>, secrets: Secrets) -> Self {
        let mut given = config.given.clone();
        // Who embeds this may have changed what was read.
        if Config::read(&given).is_ok_and(|plain| plain.data_dir != config.data_dir) {
            given.flags.insert("data_dir".to_owned(), config.data_dir.display().to_string());
        }
        if Config::read(&given).is_ok_and(|plain| plain.listen != config.listen) {
            given.flags.insert("listen".to_owned(), config.listen.to_string());
        }
        Self { given, file: config.data_dir.join("config.env"), gateway, secrets, writing: Mutex::new(()) }
    }

    /// Whether a setting can be changed here, or which place sets it instead.
    fn place(&self, values: &Values, setting: &Setting) -> Result<(), Source> {
        match values.get(setting).map(|value| value.source) {
            None | Some(Source::Default) => Ok(()),
            Some(Source::File(path)) if path == self.file => Ok(()),
            Some(elsewhere) => Err(elsewhere),
        }
    }

    fn is_live(&self, key: &str) -> bool {
        let live = EDITABLE.iter().any(|(its, live)| *its == key && *live);
        live && (key_of(key).is_none() || self.gateway.is_some())
    }

    /// The setting of a wish, if it may be changed here.
    fn editable(&self, values: &Values, key: &str) -> Result<&'static Setting, PortError> {
        let known = EDITABLE.iter().any(|(its, _)| *its == key);
        let Some(setting) = by_key(key).filter(|_| known) else {
            let key = telecoder_model::text::cut(&telecoder_model::text::harmless(key), 80);
            return Err(PortError::permanent(format!("`{key}` cannot be changed here"))
                .remedy("see docs/reference/configuration.md for how it is set"));
        };
        self.place(values, setting).map_err(|elsewhere| {
            PortError::conflict(format!("`{key}` is set by {elsewhere}, which outranks what is set here"))
                .remedy(format!("change it there, or take it away there and restart the server: {elsewhere}"))
        })?;
        Ok(setting)
    }
}

fn key_of(key: &str) -> Option<Provider> {
    let name = key.strip_suffix("_api_key")?;
    Provider::ALL.into_iter().find(|provider| provider.as_str() == name)
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> PortError {
    PortError::permanent("the configuration cannot be read").because(error)
}

/// A value as it is written; nothing where it is empty.
fn checked(setting: &Setting, value: Option<String>) -> Result<Option<String>, PortError> {
    let Some(value) = value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let wrong = |text: &str| Err(PortError::permanent(format!("`{}`: {text}", setting.key)));
    if setting.secret && (!KEY_BYTES.contains(&value.len()) || !value.bytes().all(|b| b.is_ascii_graphic())) {
        return wrong("a key has 8 to 500 printable characters without spaces");
    }
    if value.chars().any(char::is_control) || value.starts_with(['"', '\'']) {
        return wrong("a value has no control characters and does not begin with a quote");
    }
    Ok(Some(value))
}

/// The file with lines of these settings replaced; all else stays as it is.
fn edited(text: &str, changes: &[(&'static Setting, Option<String>)]) -> String {
    let names = |line: &str, setting: &Setting| {
        let line = line.trim();
        let name =
            line.strip_prefix("export ").unwrap_or(line).split_once('=').map_or("", |(name, _)| name.trim());
        setting.env.iter().any(|its| name == *its || name.strip_suffix("_FILE") == Some(its))
    };
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| !changes.iter().any(|(setting, _)| names(line, setting)))
        .map(str::to_owned)
        .collect();
    for (setting, value) in changes {
        if let (Some(name), Some(value)) = (setting.env.first(), value) {
            lines.push(format!("{name}={value}"));
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[async_trait]
impl Settings for LiveSettings {
    async fn rows(&self) -> Result<Vec<Row>, PortError> {
        let values = Values::read(&self.given).map_err(failed)?;
        let rows = rows(&self.given).map_err(failed)?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let setting = by_key(&row.key);
                let known = EDITABLE.iter().any(|(key, _)| *key == row.key);
                Row {
                    secret: setting.is_some_and(|setting| setting.secret),
                    editable: known && setting.is_some_and(|setting| self.place(&values, setting).is_ok()),
                    live: self.is_live(&row.key),
                    key_of: key_of(&row.key),
                    key: row.key,
                    value: row.value,
                    source: row.source,
                    about: row.about,
                }
            })
            .collect())
    }

    async fn change(&self, wishes: Wishes) -> Result<Changed, PortError> {
        let _writing = self.writing.lock().await;
        let values = Values::read(&self.given).map_err(failed)?;
        let mut trial = self.given.clone();
        let mut changes = Vec::new();
        for (key, value) in wishes.0 {
            let setting = self.editable(&values, &key)?;
            let value = checked(setting, value)?;
            if let Some(value) = &value {
                trial.flags.insert(key, value.clone());
            }
            changes.push((setting, value));
        }
        Config::read(&trial)
            .map_err(|error| PortError::permanent("a value cannot be used").because(error))?;
        let wrong = |error| PortError::io(format!("cannot write {}", self.file.display()), error);
        let text = match std::fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(wrong(error)),
        };
        private_file::write(&self.file, edited(&text, &changes).as_bytes()).map_err(wrong)?;
        let config = Config::read(&self.given).map_err(failed)?;
        if let Some(gateway) = &self.gateway {
            for provider in providers(&config)? {
                if let Some(key) = &provider.key {
                    self.secrets.learn(key.expose());
                }
                gateway.replace(provider)?;
            }
        }
        let restart = changes.iter().map(|(setting, _)| setting.key).filter(|key| !self.is_live(key));
        Ok(Changed {
            restart: restart.map(str::to_owned).collect(),
            defaults: Defaults {
                agent: config.default_agent,
                policy: config.policy,
                publish: config.publish,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use telecoder_broker::GatewayOptions;
    use telecoder_model::ErrorClass;
    use telecoder_model::policy::PublishRule;
    use telecoder_model::port::gateway::ModelGateway;

    struct Subject {
        folder: tempfile::TempDir,
        gateway: Arc<Gateway>,
        secrets: Secrets,
        settings: LiveSettings,
    }

    fn subject(env: &[(&str, &str)]) -> Subject {
        let folder = tempfile::tempdir().unwrap();
        let mut given = Given::default();
        given.env.insert("TELECODER_DATA_DIR".to_owned(), folder.path().display().to_string());
        given.env.insert("HOME".to_owned(), folder.path().display().to_string());
        for (name, value) in env {
            given.env.insert((*name).to_owned(), (*value).to_owned());
        }
        let config = Config::read(&given).unwrap();
        let gateway = Arc::new(Gateway::new(GatewayOptions::new(providers(&config).unwrap())).unwrap());
        let secrets = Secrets::default();
        let settings = LiveSettings::new(&config, Some(gateway.clone()), secrets.clone());
        Subject { folder, gateway, secrets, settings }
    }

    fn wishes(all: &[(&str, Option<&str>)]) -> Wishes {
        Wishes(all.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned))).collect())
    }

    async fn shown(subject: &Subject, key: &str) -> Row {
        subject.settings.rows().await.unwrap().into_iter().find(|row| row.key == key).unwrap()
    }

    fn is_ready(subject: &Subject) -> bool {
        subject.gateway.providers().iter().any(|one| one.provider == Provider::Openai && one.ready)
    }

    #[tokio::test]
    async fn a_key_counts_at_once_and_is_never_shown_again() {
        let subject = subject(&[]);
        let file = subject.folder.path().join("config.env");
        std::fs::write(&file, "# mine\nTELECODER_LOG=debug\nexport OPENAI_API_KEY_FILE=/gone\n").unwrap();
        assert!(subject.settings.rows().await.is_err(), "the file of a key is gone");
        std::fs::write(&file, "# mine\nTELECODER_LOG=debug\n").unwrap();
        assert!(!is_ready(&subject));
        let key = "sk-1234567890-abcdef";
        let changed =
            subject.settings.change(wishes(&[("openai_api_key", Some(key)), ("publish", Some("ask"))])).await;
        let changed = changed.unwrap();
        assert_eq!(changed.restart, Vec::<String>::new());
        assert_eq!(changed.defaults.publish, Some(PublishRule::Ask));
        assert!(is_ready(&subject));
        assert!(!subject.secrets.is_empty(), "it is taken out of events");
        assert_eq!(
            std::fs::read_to_string(&file).unwrap(),
            format!("# mine\nTELECODER_LOG=debug\nOPENAI_API_KEY={key}\nTELECODER_PUBLISH=ask\n")
        );
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let row = shown(&subject, "openai_api_key").await;
        assert_eq!((row.value.as_deref(), row.editable, row.live), (Some("sk-1…cdef"), true, true));
        assert!(row.source.ends_with("config.env"), "{}", row.source);
        subject.settings.change(wishes(&[("openai_api_key", None)])).await.unwrap();
        assert!(!is_ready(&subject));
        assert_eq!(shown(&subject, "openai_api_key").await.value, None);
    }

    #[tokio::test]
    async fn what_another_place_sets_is_left_to_it() {
        let subject =
            subject(&[("OPENAI_API_KEY", "sk-from-environment-1"), ("TELECODER_POLICY_MODE", "observe")]);
        let row = shown(&subject, "openai_api_key").await;
        assert!(!row.editable && row.source.contains("OPENAI_API_KEY"), "{row:?}");
        let both =
            wishes(&[("gemini_api_key", Some("AIza-1234567890")), ("openai_api_key", Some("sk-1234567890"))]);
        let error = subject.settings.change(both).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Conflict);
        assert!(!error.chain().contains("sk-"), "{}", error.chain());
        assert!(!subject.folder.path().join("config.env").exists(), "all or none");
    }

    #[tokio::test]
    async fn what_cannot_be_is_refused_before_anything_is_written() {
        let subject = subject(&[]);
        for (key, value) in [
            ("policy_mode", "wild"),
            ("publish", "never"),
            ("default_agent", "Not A Name"),
            ("openai_api_key", "short"),
            ("openai_api_key", "sk-12345678\nTELECODER_LISTEN=:80"),
            ("openai_api_key", "sk-1234 5678"),
            ("default_agent", "\"x\""),
            ("listen", ":80"),
            ("api_token", "0123456789012345678901234567890123456789"),
            ("nonsense", "1"),
        ] {
            let error = subject.settings.change(wishes(&[(key, Some(value))])).await.unwrap_err();
            assert_eq!(error.class, ErrorClass::Permanent, "{key}");
            assert!(!error.chain().contains("12345678"), "{}", error.chain());
        }
        assert!(!subject.folder.path().join("config.env").exists());
    }
}
