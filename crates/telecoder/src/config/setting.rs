//! Every setting, once (layer 3): its key in `config.toml`, its environment variables, its default, and what it does. The
//! reference page and `telecoder config` are made of this table.

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its key in `config.toml` and in `telecoder config set`.
    pub key: &'static str,
    /// The variables that set it, the first one first.
    pub env: &'static [&'static str],
    /// Its default in words, as it is written; empty where there is none.
    pub default: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
    /// What it does, in a sentence.
    pub about: &'static str,
}

const fn setting(
    key: &'static str,
    env: &'static [&'static str],
    default: &'static str,
    about: &'static str,
) -> Setting {
    Setting { key, env, default, secret: false, about }
}

const fn secret(key: &'static str, env: &'static [&'static str], about: &'static str) -> Setting {
    Setting { key, env, default: "", secret: true, about }
}

/// All settings, in the order of the reference.
pub const ALL: &[Setting] = &[
    setting(
        "listen",
        &["TELECODER_LISTEN", "TELECODER_ADDR"],
        "127.0.0.1:7080",
        "Address and port to listen on; `:PORT` means all interfaces, port 0 any free port.",
    ),
    setting("data_dir", &["TELECODER_DATA_DIR"], "~/.telecoder", "Folder of everything that is kept."),
    secret(
        "database_url",
        &["TELECODER_DATABASE_URL"],
        "PostgreSQL that several servers share, `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; default: SQLite in the data folder.",
    ),
    setting(
        "host_gone_after",
        &["TELECODER_HOST_GONE_AFTER"],
        "24h",
        "With a shared database: silence of all servers of a data folder after which its sessions count as lost, and end.",
    ),
    setting(
        "server",
        &["TELECODER_SERVER"],
        "",
        "Server that the command line talks to; default: the one of this host.",
    ),
    secret(
        "token",
        &["TELECODER_TOKEN"],
        "Token that the command line sends; default: `<data>/token` of this host's server.",
    ),
    secret(
        "api_token",
        &["TELECODER_API_TOKEN"],
        "A token with every scope that the server accepts from its start.",
    ),
    setting(
        "local_roots",
        &["TELECODER_LOCAL_ROOTS"],
        "",
        "Folders, separated by `:`, below which local paths may be repositories where tokens are required; default: the home folder, on loopback.",
    ),
    setting(
        "public_url",
        &["TELECODER_PUBLIC_URL"],
        "",
        "Address of the server in links; default: where it listens.",
    ),
    setting(
        "allowed_hosts",
        &["TELECODER_ALLOWED_HOSTS"],
        "",
        "Further host names, separated by `,`, that requests may name.",
    ),
    setting(
        "default_agent",
        &["TELECODER_DEFAULT_AGENT", "TELECODER_CODING_AGENT"],
        "auto",
        "Agent of tasks that name none; `auto` chooses by the model keys that are set.",
    ),
    setting(
        "policy_mode",
        &["TELECODER_POLICY_MODE"],
        "standard",
        "Policy of tasks that name none: locked, observe, standard.",
    ),
    setting(
        "publish",
        &["TELECODER_PUBLISH"],
        "",
        "When tasks that do not say are published: auto, ask, manual.",
    ),
    setting(
        "pipeline",
        &["TELECODER_PIPELINE"],
        "none",
        "Stages of tasks that do not say: full, verify, none.",
    ),
    setting("sandbox", &["TELECODER_SANDBOX"], "local", "Kind of sandbox: local."),
    setting(
        "max_sessions",
        &["TELECODER_MAX_SESSIONS"],
        "4",
        "Sessions at work at once on this server, 1 to 1,000.",
    ),
    setting(
        "retention_days",
        &["TELECODER_RETENTION_DAYS"],
        "30",
        "How many days sessions are kept after they have ended and last changed, 1 to 3,650; `forever` keeps them. Their workspaces go after 3 days.",
    ),
    setting(
        "disk_quota",
        &["TELECODER_DISK_QUOTA"],
        "",
        "The most that the data folder may take: 500M, 50G, 1T; beyond it, what is no longer needed goes early.",
    ),
    setting(
        "session_timeout",
        &["TELECODER_SESSION_TIMEOUT"],
        "30m",
        "The most time that any policy gives: 90s, 30m, 2h.",
    ),
    setting(
        "prompt_timeout_seconds",
        &["TELECODER_PROMPT_TIMEOUT_SECONDS"],
        "",
        "Caps the time of every policy, in seconds.",
    ),
    setting(
        "session_heartbeat_seconds",
        &["TELECODER_SESSION_HEARTBEAT_SECONDS"],
        "5",
        "Interval of the server's heartbeat.",
    ),
    setting(
        "session_stale_seconds",
        &["TELECODER_SESSION_STALE_SECONDS"],
        "30",
        "Silence after which a server counts as dead.",
    ),
    setting(
        "max_revisions",
        &["TELECODER_MAX_REVISIONS"],
        "1",
        "How often a stage may send the agent back, 0 to 10.",
    ),
    setting(
        "chat_idle_timeout",
        &["TELECODER_CHAT_IDLE_TIMEOUT"],
        "30m",
        "How long a chat keeps its sandbox between turns.",
    ),
    setting("chat_max_messages", &["TELECODER_CHAT_MAX_MESSAGES"], "50", "Messages that a chat may have."),
    secret(
        "anthropic_api_key",
        &["ANTHROPIC_API_KEY"],
        "Key for Anthropic models; it never enters a sandbox.",
    ),
    setting(
        "anthropic_base_url",
        &["ANTHROPIC_BASE_URL"],
        "https://api.anthropic.com",
        "Endpoint of Anthropic models.",
    ),
    secret(
        "openai_api_key",
        &["OPENAI_API_KEY"],
        "Key for OpenAI models and compatible endpoints; it never enters a sandbox.",
    ),
    setting(
        "openai_base_url",
        &["OPENAI_BASE_URL"],
        "https://api.openai.com/v1",
        "Endpoint of OpenAI or a compatible one.",
    ),
    secret(
        "gemini_api_key",
        &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        "Key for Gemini models; it never enters a sandbox.",
    ),
    setting(
        "gemini_base_url",
        &["GEMINI_BASE_URL"],
        "https://generativelanguage.googleapis.com",
        "Endpoint of Gemini models.",
    ),
    secret(
        "github_token",
        &["GITHUB_TOKEN", "GH_TOKEN"],
        "Token for GitHub; default: what `gh auth login` keeps. It never enters a sandbox.",
    ),
    setting(
        "github_app_id",
        &["TELECODER_GITHUB_APP_ID"],
        "",
        "Id (or client id) of a GitHub App that is used instead of a token.",
    ),
    secret(
        "github_app_key",
        &["TELECODER_GITHUB_APP_KEY"],
        "Private key of the GitHub App, PEM; `TELECODER_GITHUB_APP_KEY_FILE` names the file.",
    ),
    setting(
        "github_app_installation",
        &["TELECODER_GITHUB_APP_INSTALLATION"],
        "",
        "Installation of the GitHub App, where only one is to be used; default: the one of each repository.",
    ),
    setting(
        "github_server_url",
        &["GITHUB_SERVER_URL"],
        "https://github.com",
        "GitHub that `owner/name` means: another address for GitHub Enterprise.",
    ),
    setting(
        "github_api_url",
        &["GITHUB_API_URL"],
        "",
        "REST interface of that GitHub; default: the usual one of the server.",
    ),
    setting(
        "log",
        &["TELECODER_LOG"],
        "info",
        "What the server logs: error, warn, info, debug, or a filter by target.",
    ),
];

/// The prefix and suffix of the variables that give an agent's command: `TELECODER_AGENT_<NAME>_COMMAND`.
pub const AGENT_COMMAND: (&str, &str) = ("TELECODER_AGENT_", "_COMMAND");

/// A variable of an earlier system. It is accepted, and a person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outdated {
    /// The variable.
    pub name: &'static str,
    /// The setting that it still sets, behind that setting's own variables; `None` where it has no effect.
    pub sets: Option<&'static str>,
    /// What is said about it.
    pub says: &'static str,
}

/// All variables of earlier systems.
pub const OUTDATED: &[Outdated] = &[
    Outdated { name: "OPENTL_ADDR", sets: Some("listen"), says: "use TELECODER_LISTEN" },
    Outdated { name: "OPENTL_DATA_DIR", sets: Some("data_dir"), says: "use TELECODER_DATA_DIR" },
    Outdated { name: "OPENTL_SERVER", sets: Some("server"), says: "use TELECODER_SERVER" },
    Outdated { name: "OPENTL_DOCKER_IMAGE", sets: None, says: "it has no effect with the local sandbox" },
    Outdated {
        name: "OPENTL_DOCKER_NETWORK",
        sets: None,
        says: "it has no effect: a sandbox has no network of its own",
    },
    Outdated {
        name: "TELECODER_DOCKER_NETWORK",
        sets: None,
        says: "it has no effect: a sandbox has no network of its own",
    },
    Outdated {
        name: "TELECODER_ACPX_COMMAND",
        sets: None,
        says: "it has no effect: agents are spoken to directly",
    },
];

/// Finds a setting by its key.
pub fn by_key(key: &str) -> Option<&'static Setting> {
    ALL.iter().find(|setting| setting.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_variables_are_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for setting in ALL {
            assert!(seen.insert(setting.key.to_owned()), "{}", setting.key);
            assert!(setting.about.ends_with('.'), "{}", setting.key);
            for name in setting.env {
                assert!(seen.insert((*name).to_owned()), "{name}");
            }
        }
        for outdated in OUTDATED {
            assert!(seen.insert(outdated.name.to_owned()), "{}", outdated.name);
            assert!(outdated.sets.is_none_or(|key| by_key(key).is_some()), "{}", outdated.name);
        }
    }
}
