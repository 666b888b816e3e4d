//! What lists, forms and settings show, domain to wire (layer 2): changes, files, defaults, the configuration, repositories.

use super::{time, word};
use bytes::Bytes;
use telecoder_api as wire;
use telecoder_engine::request::{
    Configuration, FileView, KeyCheck, KnownRepository, ProviderKey, TaskDefaults,
};
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::settings::Row;
use telecoder_model::port::store::SessionChange;
use telecoder_model::port::tree::{EntryKind, TreeContent, TreeEntry};

pub(crate) fn news(from: SessionChange) -> wire::change::SessionNews {
    wire::change::SessionNews {
        global: from.global,
        session_id: from.session.to_string(),
        seq: from.seq,
        kind: from.name,
        status: from.status.map(word::status),
    }
}

/// What was found at `path`, which was given by the caller.
pub(crate) fn file_view(path: &str, from: FileView) -> wire::file::FileView {
    let path = path.trim_end_matches('/');
    let mut view = wire::file::FileView {
        path: path.to_owned(),
        kind: wire::file::FileKind::Folder,
        commit_sha: from.commit.to_string(),
        entries: Vec::new(),
        total: 0,
        truncated: false,
        size: None,
        executable: false,
        binary: false,
        text: None,
    };
    match from.content {
        TreeContent::Folder { entries, total } => {
            view.truncated = u64::try_from(entries.len()).unwrap_or(u64::MAX) < total;
            view.total = total;
            view.entries = entries.into_iter().map(|entry| file_entry(path, entry)).collect();
        }
        TreeContent::File { head, size, executable } => {
            view.kind = wire::file::FileKind::File;
            view.truncated = u64::try_from(head.len()).unwrap_or(u64::MAX) < size;
            view.text = text(&head, view.truncated);
            view.binary = view.text.is_none();
            (view.size, view.executable) = (Some(size), executable);
        }
        TreeContent::Link(target) => {
            view.kind = wire::file::FileKind::Link;
            view.text = Some(String::from_utf8_lossy(&target).into_owned());
        }
        TreeContent::Submodule(commit) => {
            view.kind = wire::file::FileKind::Submodule;
            view.text = Some(commit.to_string());
        }
    }
    view
}

/// The text of a file; nothing where it is none. A cut may go through the last character.
fn text(bytes: &Bytes, is_cut: bool) -> Option<String> {
    if bytes.contains(&0) || (bytes.is_empty() && is_cut) {
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(error) if is_cut && error.error_len().is_none() => {
            let good = bytes.slice(..error.valid_up_to());
            Some(String::from_utf8_lossy(&good).into_owned())
        }
        Err(_) => None,
    }
}

fn file_entry(folder: &str, from: TreeEntry) -> wire::file::FileEntry {
    let path = if folder.is_empty() { from.name.clone() } else { format!("{folder}/{}", from.name) };
    let kind = match from.kind {
        EntryKind::Folder => wire::file::FileKind::Folder,
        EntryKind::File => wire::file::FileKind::File,
        EntryKind::Link => wire::file::FileKind::Link,
        EntryKind::Submodule => wire::file::FileKind::Submodule,
    };
    wire::file::FileEntry { name: from.name, path, kind, size: from.size, executable: from.executable }
}

pub(crate) fn known_repository(from: &KnownRepository) -> wire::repository::KnownRepository {
    let is_local = from.used.repository.local_path().is_some();
    wire::repository::KnownRepository {
        repo: from.used.repository.to_string(),
        kind: if is_local {
            wire::repository::RepositoryKind::Local
        } else {
            wire::repository::RepositoryKind::Remote
        },
        sessions: from.used.sessions,
        active: from.used.active,
        last_used_at: time(from.used.last_used),
        mirrored: from.stock.mirrored,
        mirror_bytes: from.stock.mirror_bytes,
        bases: from.stock.bases,
        bases_bytes: from.stock.bases_bytes,
        at_least: from.stock.at_least,
    }
}

pub(crate) fn defaults(from: TaskDefaults) -> wire::config::Defaults {
    let roots = from.local_roots;
    wire::config::Defaults {
        agent: from.agent.map(|agent| agent.to_string()),
        agent_setting: from.settings.agent.map(|agent| agent.to_string()),
        policy: from.settings.policy,
        publish: from.settings.publish.map(word::publish),
        pipeline: word::pipeline(from.pipeline),
        providers: from
            .providers
            .into_iter()
            .map(|status| wire::config::ProviderState {
                provider: status.provider.as_str().to_owned(),
                ready: status.ready,
            })
            .collect(),
        local_paths: roots.as_ref().is_none_or(|roots| !roots.is_empty()),
        local_roots: roots.unwrap_or_default().into_iter().map(|root| root.display().to_string()).collect(),
    }
}

pub(crate) fn config(from: Configuration) -> wire::config::Config {
    wire::config::Config {
        settings: from.rows.into_iter().map(setting).collect(),
        providers: from.providers.into_iter().map(provider_key).collect(),
        restart: from.restart,
    }
}

fn setting(from: Row) -> wire::config::Setting {
    wire::config::Setting {
        key: from.key,
        value: from.value,
        source: from.source,
        about: from.about,
        secret: from.secret,
        editable: from.editable,
        live: from.live,
    }
}

fn provider_key(from: ProviderKey) -> wire::config::ProviderKey {
    let provider = from.status.provider;
    let (key_setting, key, source, editable) = match from.key {
        Some(row) => (row.key, row.value, row.source, row.editable),
        None => (String::new(), None, String::new(), false),
    };
    wire::config::ProviderKey {
        provider: provider.as_str().to_owned(),
        ready: from.status.ready,
        base_url: from.status.base_url,
        key_setting,
        key,
        source,
        editable,
        check: from.check.map(|check| key_check(provider, check)),
    }
}

pub(crate) fn key_check(provider: Provider, from: KeyCheck) -> wire::config::KeyCheck {
    wire::config::KeyCheck {
        provider: provider.as_str().to_owned(),
        ok: from.ok,
        problem: from.problem,
        remedy: from.remedy,
        checked_at: time(from.at),
    }
}
