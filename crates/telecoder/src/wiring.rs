//! The default parts (layer 3), made from the configuration.

use crate::app::{App, Parts};
use crate::backup::Backup;
use crate::builder::Builder;
use crate::config::Config;
use crate::descriptors;
use crate::gh;
use crate::host::Host;
use crate::leftovers;
use crate::private_file;
use crate::registry::SandboxSetting;
use crate::settings::LiveSettings;
use crate::storage::{self, Storage};
use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use telecoder_agent::{AgentOptions, Agents};
use telecoder_broker::{Gateway, GatewayOptions, ProviderOptions};
use telecoder_engine::{BackupSource, Engine, EngineOptions, Ports, Secrets};
use telecoder_git::{Git, GitOptions};
use telecoder_integrations::forge::LocalForge;
use telecoder_integrations::forge::github::{GitHubAccess, GitHubLogin, Learn, basic};
use telecoder_model::port::clock::Clock;
use telecoder_model::port::gateway::ModelGateway;
use telecoder_model::port::process::{HostUser, Processes};
use telecoder_model::port::store::ClaimLimits;
use telecoder_model::{ErrorClass, PortError};
use telecoder_sandbox::toolchains::{self, Toolchains};
use telecoder_sandbox::{HostProcesses, host_owner};
use telecoder_server::{Server, ServerOptions};
use telecoder_store::{DataDirLock, SystemClock, SystemIds};

/// Databases of earlier systems, which are left alone.
pub(crate) const EARLIER_DATABASES: &[&str] = &["opentl.db", "telecoder.db", "telecoder.sqlite"];
/// How often the data folder's lock is tried.
const LOCK_TRIES: u32 = 10;
/// The pause between two tries.
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// Where programs are found on hosts that set no `PATH`.
const FALLBACK_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// The `PATH` inside of sandboxes, behind toolchains.
const INSIDE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Variables that installers and git over the network need of the host.
const NETWORK_VARIABLES: &[&str] = &[
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "CURL_CA_BUNDLE",
];

pub(crate) async fn build(builder: Builder) -> Result<App, PortError> {
    let config = builder.config.clone();
    let data = config.data_dir.clone();
    make_folder(&data)?;
    let token_required = token_required(&config);
    let room = descriptors::room();
    let engine = engine(builder, &data).await?;
    let server = Server::new(
        engine.clone(),
        ServerOptions {
            allowed_hosts: config.allowed_hosts.clone(),
            public_url: config.public_url.clone(),
            token_required,
            max_connections: room.connections,
            max_streams: room.streams,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..ServerOptions::new(config.listen)
        },
    );
    let server = server.bind().await.map_err(|error| {
        PortError::permanent("the server cannot start")
            .because(error)
            .remedy("choose another address: --listen ADDR")
    })?;
    let first_token = first_token(&engine, &config, &data, token_required).await?;
    Ok(App::new(Parts { engine, server, config, data, first_token }))
}

/// The engine on a data folder, which need not be the configured one.
pub(crate) async fn engine(mut builder: Builder, data: &Path) -> Result<Engine, PortError> {
    gh::ask(&mut builder.config).await;
    let config = builder.config.clone();
    let secrets = secrets(&config);
    let own_store = builder.store.is_none() && config.database.is_none();
    let ports = ports(builder, data, &secrets).await?;
    let toolchains = config.home.as_deref().map(toolchains::find).unwrap_or_default();
    let mut options = engine_options(&config, data, token_required(&config), toolchains, secrets);
    let host = Host::new(config.data_dir.clone(), processes(&config), Arc::clone(&ports.clock));
    options.host = Some(Arc::new(host));
    // Other databases have their own tools.
    options.backup = own_store.then(|| backup(data, &ports));
    Engine::new(ports, options)
}

fn backup(data: &Path, ports: &Ports) -> Arc<dyn BackupSource> {
    Arc::new(Backup::new(data.to_owned(), Arc::clone(&ports.upkeep), Arc::clone(&ports.clock)))
}

/// A server that runs as root, can be reached from elsewhere, or was given a token asks for one.
fn token_required(config: &Config) -> bool {
    crate::is_root() || !config.listen.ip().is_loopback() || config.api_token.is_some()
}

/// Every port's adapter: the builder's, else the built-in one.
async fn ports(builder: Builder, data: &Path, secrets: &Secrets) -> Result<Ports, PortError> {
    let config = &builder.config;
    let lock = Arc::new(take_lock(data).await?);
    leftovers::clear(data)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let Storage { store, bus, blobs } = storage::open(&builder, data, lock, Arc::clone(&clock)).await?;
    let processes = processes(config);
    let known = secrets.clone();
    let learn = Learn::by(move |token| known.learn_passing(token));
    let github = GitHubAccess::new(config.github.clone(), Arc::clone(&clock), learn)?;
    let git = git(config, data, Arc::clone(&processes), github.clone());
    let driver = match builder.driver {
        Some(driver) => driver,
        None => {
            let setting = SandboxSetting {
                program: own_program()?,
                run_dir: data.join("run"),
                data_dir: data.to_owned(),
            };
            builder.registry.driver(&config.sandbox, &setting)?
        }
    };
    let agents = match builder.agents {
        Some(agents) => agents,
        None => Arc::new(agents(config, processes)?),
    };
    let (gateway, own_gateway): (Arc<dyn ModelGateway>, _) = match builder.gateway {
        Some(gateway) => (gateway, None),
        None => {
            let own = Arc::new(Gateway::new(GatewayOptions::new(providers(config)?))?);
            (own.clone(), Some(own))
        }
    };
    let settings = Arc::new(LiveSettings::new(config, own_gateway, secrets.clone()));
    let mut forges = builder.forges;
    forges.push(Arc::new(github.forge(git.clone())));
    forges.push(Arc::new(LocalForge::new(git.clone(), store.clone(), Arc::clone(&clock))));
    Ok(Ports {
        store,
        blobs,
        bus,
        clock,
        ids: Arc::new(SystemIds),
        driver,
        workspaces: git.clone(),
        diffs: git.clone(),
        upkeep: git.clone(),
        trees: git.clone(),
        local: git.clone(),
        remote: git.clone(),
        rebase: git,
        agents,
        gateway,
        forges,
        settings,
        stages: builder.stages,
    })
}

fn git(config: &Config, data: &Path, processes: Arc<dyn Processes>, github: GitHubAccess) -> Arc<Git> {
    let owner = host_owner();
    let options = GitOptions {
        owner: crate::is_root().then_some(HostUser { uid: owner.uid, gid: owner.gid }),
        network: only(&config.env, NETWORK_VARIABLES),
        remote: Some(Arc::new(github)),
        ..GitOptions::new(data.join("git"), data.join("sessions"))
    };
    Arc::new(Git::new(options, processes))
}

/// Takes the data folder's lock. Whoever looks whether a server runs holds it for an instant (see
/// [`server_runs`](crate::server_runs)), so that one refusal proves nothing.
async fn take_lock(data: &Path) -> Result<DataDirLock, PortError> {
    for _ in 0..LOCK_TRIES {
        match DataDirLock::acquire(data) {
            Err(error) if error.class == ErrorClass::Conflict => tokio::time::sleep(LOCK_PAUSE).await,
            other => return other,
        }
    }
    DataDirLock::acquire(data)
}

fn engine_options(
    config: &Config,
    data: &Path,
    token_required: bool,
    toolchains: Toolchains,
    secrets: Secrets,
) -> EngineOptions {
    // With several servers, what each can bear bounds them all; users still take turns.
    let of_all = if config.database.is_some() { u32::MAX } else { config.max_sessions };
    let mut path = toolchains.path.clone();
    path.push(INSIDE_PATH.to_owned());
    EngineOptions {
        default_agent: config.default_agent.clone(),
        default_policy: config.policy.clone(),
        default_publish: config.publish,
        default_pipeline: config.pipeline,
        prompt_timeout: config.prompt_timeout,
        retention: config.retention,
        disk_quota: config.disk_quota,
        chat_idle: config.chat_idle,
        chat_max_messages: config.chat_max_messages,
        heartbeat: config.heartbeat,
        lease_expiry: config.lease_expiry,
        limits: ClaimLimits { server: config.max_sessions, user: of_all, repository: of_all },
        max_revisions: config.max_revisions,
        toolchains: toolchains.binds,
        toolchain_env: toolchains.env,
        path: path.join(":"),
        secrets,
        local_roots: token_required.then(|| local_roots(config)),
        store: storage::name(config),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        forge_host: config.github.host(),
        ..EngineOptions::new(data.join("sessions"))
    }
}

/// The folders below which local paths may be repositories. Where only this host can reach the server, its user's home is one
/// unless others are named.
fn local_roots(config: &Config) -> Vec<PathBuf> {
    if config.local_roots.is_empty() && config.listen.ip().is_loopback() {
        return config
            .home
            .iter()
            .filter(|home| home.is_absolute() && home.parent().is_some())
            .cloned()
            .collect();
    }
    config.local_roots.clone()
}

pub(crate) fn processes(config: &Config) -> Arc<dyn Processes> {
    let path = config.env.get("PATH").cloned().unwrap_or_else(|| FALLBACK_PATH.to_owned());
    Arc::new(HostProcesses::new(path))
}

pub(crate) fn agents(config: &Config, processes: Arc<dyn Processes>) -> Result<Agents, PortError> {
    let path = config.env.get("PATH").map_or(FALLBACK_PATH, String::as_str);
    Agents::new(
        AgentOptions {
            agents_dir: config.data_dir.join("agents"),
            commands: config.agent_commands.clone(),
            host_path: path.split(':').map(PathBuf::from).collect(),
            host_home: config.home.clone(),
            install_env: install_env(&config.env),
        },
        processes,
    )
}

/// What installers inherit: everything but the keys and tokens of models and forges and our own settings.
fn install_env(env: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let is_ours = |name: &str| {
        name.starts_with("TELECODER_")
            || name.starts_with("OPENTL_")
            || name.starts_with("CARGO")
            || ["ANTHROPIC_", "OPENAI_", "GEMINI_", "GOOGLE_", "GITHUB_", "GH_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
    };
    env.iter().filter(|(name, _)| !is_ours(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn only(env: &BTreeMap<String, String>, names: &[&str]) -> BTreeMap<String, String> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), env.get(*name)?.clone()))).collect()
}

/// Everything secret that this server was given.
fn secrets(config: &Config) -> Secrets {
    let keys = config.providers.values().filter_map(|provider| provider.key.as_ref());
    let of_github = match &config.github.login {
        GitHubLogin::Nobody => Vec::new(),
        GitHubLogin::Token { token, .. } => vec![token.expose().to_owned(), basic(token)],
        GitHubLogin::App(app) => vec![app.key.expose().to_owned()],
    };
    let of_database = config.database.iter().flat_map(|database| &database.secrets);
    let keys = keys.chain(of_database);
    Secrets::new(keys.chain(&config.api_token).map(|secret| secret.expose().to_owned()).chain(of_github))
}

pub(crate) fn providers(config: &Config) -> Result<Vec<ProviderOptions>, PortError> {
    config
        .providers
        .iter()
        .map(|(provider, settings)| {
            let url = settings.base_url.parse().map_err(|error| {
                PortError::permanent(format!("the endpoint of {} is no URL", provider.as_str()))
                    .because(error)
            })?;
            let mut options = ProviderOptions::new(*provider, url, settings.key.clone());
            // An endpoint of one's own that was given without a key needs none.
            options.needs_key = !settings.custom;
            Ok(options)
        })
        .collect()
}

/// The program that sandboxes are started with: this one.
fn own_program() -> Result<PathBuf, PortError> {
    std::env::current_exe().map_err(|error| PortError::io("the path of this program is not known", error))
}

fn make_folder(data: &Path) -> Result<(), PortError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .map_err(|error| PortError::io(format!("cannot make the data folder {}", data.display()), error))
}

/// Where tokens are required, makes the first one and writes it where the command line of this host finds it.
async fn first_token(
    engine: &Engine,
    config: &Config,
    data: &Path,
    required: bool,
) -> Result<Option<String>, PortError> {
    let operator = telecoder_model::principal::Principal::local();
    let failed = |error: telecoder_engine::EngineError| {
        PortError::permanent("the first token cannot be kept").because(error)
    };
    if let Some(token) = &config.api_token {
        engine.adopt_token(&operator, "TELECODER_API_TOKEN", token.expose()).await.map_err(failed)?;
    }
    if !required {
        return Ok(None);
    }
    let path = data.join("token");
    if let Ok(text) = std::fs::read_to_string(&path) {
        engine.adopt_token(&operator, "first", text.trim()).await.map_err(failed)?;
        return Ok(None);
    }
    let request = telecoder_engine::request::TokenRequest {
        name: "first".to_owned(),
        scope: telecoder_model::principal::Scope::Admin,
        user: None,
        expires_at: None,
    };
    let made = engine.create_token(&operator, request).await.map_err(failed)?;
    private_file::write(&path, made.secret.as_bytes())
        .map_err(|error| PortError::io(format!("cannot write {}", path.display()), error))?;
    Ok(Some(made.secret))
}
