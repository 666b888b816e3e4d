//! Settings and trees that tests answer for.

use crate::fakes::FakeGit;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Mutex;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::settings::{Changed, Defaults, Row, Settings, Wishes};
use telecoder_model::port::tree::{EntryKind, Stock, TreeContent, TreeEntry, Trees};
use telecoder_model::refs::ObjectId;
use telecoder_model::repository::Repository;

/// Two settings; `log` is the environment's.
#[derive(Debug, Default)]
pub(crate) struct FakeSettings(Mutex<BTreeMap<String, String>>);

#[async_trait]
impl Settings for FakeSettings {
    async fn rows(&self) -> Result<Vec<Row>, PortError> {
        let values = self.0.lock().unwrap();
        let row = |key: &str, key_of: Option<Provider>| Row {
            key: key.to_owned(),
            value: values
                .get(key)
                .map(|value| if key_of.is_some() { "****".to_owned() } else { value.clone() }),
            source: if values.contains_key(key) { "file config.env" } else { "not set" }.to_owned(),
            about: format!("The setting {key}."),
            secret: key_of.is_some(),
            editable: true,
            live: key_of.is_some(),
            key_of,
        };
        Ok(vec![row("policy_mode", None), row("anthropic_api_key", Some(Provider::Anthropic))])
    }
    async fn change(&self, wishes: Wishes) -> Result<Changed, PortError> {
        let mut values = self.0.lock().unwrap();
        for (key, value) in wishes.0 {
            match (key.as_str(), value) {
                ("log", _) => {
                    return Err(PortError::conflict("`log` is set by environment").remedy("change it there"));
                }
                ("policy_mode" | "anthropic_api_key", Some(value)) => drop(values.insert(key, value)),
                ("policy_mode" | "anthropic_api_key", None) => drop(values.remove(&key)),
                _ => return Err(PortError::permanent(format!("`{key}` cannot be changed here"))),
            }
        }
        let policy = values.get("policy_mode").cloned().unwrap_or_else(|| "standard".to_owned());
        Ok(Changed {
            defaults: Defaults { agent: None, policy, publish: None },
            restart: vec!["policy_mode".to_owned()],
        })
    }
}

#[async_trait]
impl Trees for FakeGit {
    async fn at(&self, _: &SessionId, _: &ObjectId, path: &str) -> Result<TreeContent, PortError> {
        let file =
            |bytes: Vec<u8>, size: u64| Ok(TreeContent::File { head: bytes.into(), size, executable: false });
        match path {
            "" | "src/" => Ok(TreeContent::Folder {
                entries: vec![TreeEntry {
                    name: "a.py".to_owned(),
                    kind: EntryKind::File,
                    size: Some(3),
                    executable: true,
                }],
                total: 2,
            }),
            "src/a.py" => file(b"a\r\n".to_vec(), 3),
            "cut" => file("aä".as_bytes()[..2].to_vec(), 1000),
            "latin" => file(vec![b'a', 0xe4, b'b'], 3),
            "nul" => file(vec![b'a', 0], 2),
            "huge" => file(Vec::new(), 1 << 40),
            "empty" => file(Vec::new(), 0),
            "link" => Ok(TreeContent::Link("../../etc/passwd".into())),
            "sub" => Ok(TreeContent::Submodule("c".repeat(40).parse().unwrap())),
            _ => Err(PortError::not_found("there is nothing at this path")),
        }
    }
    async fn stock(&self, _: &Repository) -> Result<Stock, PortError> {
        Ok(Stock { mirrored: true, mirror_bytes: 10, bases: 2, bases_bytes: 20, at_least: true })
    }
}
