//! What a test, or an order to the program, makes on the forge (dev layer): repositories, tokens, Apps, installations.

use super::access::{Credential, HOURLY, Token, TokenKind, usual_permissions};
use super::hosted::Hosted;
use super::hosting;
use super::jwt::{self, App};
use super::new::NewRepository;
use super::serve::Shared;
use super::world::{AppRecord, Installation, Repository, World};
use super::{Access, FakeForge};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes a repository.
pub(super) fn repository(world: &mut World, root: &Path, new: &NewRepository) -> Result<(), String> {
    let (owner, name) = new.full_name.split_once('/').ok_or("a repository is called owner/name")?;
    if world.repository(&new.full_name).is_some() {
        return Err(format!("{} is there already", new.full_name));
    }
    world.user(owner, "User");
    let folder = root.join(owner).join(format!("{name}.git"));
    hosting::create(&folder, &new.default_branch)?;
    let mut files = new.files.clone();
    match &new.folder {
        Some(from) if from.join(".git").exists() || from.join("HEAD").exists() => {
            hosting::copy_from(&folder, from)?;
        }
        Some(from) => files.extend(hosting::files_of(from)?),
        None => {}
    }
    let copied = !hosting::refs(&folder).is_empty();
    if files.is_empty() && !copied {
        files.push(("README.md".to_owned(), format!("# {name}\n").into_bytes()));
    }
    if !new.empty && !files.is_empty() {
        let start = copied.then(|| format!("refs/heads/{}^0", new.default_branch));
        hosting::commit(&folder, &new.default_branch, start.as_deref(), &files, "Initial commit", world.now)?;
    }
    let found = Repository {
        id: world.id(),
        owner: owner.to_owned(),
        name: name.to_owned(),
        private: !new.public,
        archived: false,
        default_branch: new.default_branch.clone(),
        protected: BTreeSet::new(),
        access: BTreeMap::new(),
        refs: hosting::refs(&folder),
        folder,
        fork_of: None,
        issues: BTreeMap::new(),
        labels: BTreeMap::new(),
        checks: Vec::new(),
        statuses: Vec::new(),
        runs: Vec::new(),
        created: world.now,
        pushed: world.now,
    };
    world.repositories.insert(new.full_name.to_ascii_lowercase(), found);
    Ok(())
}

/// Copies a repository to another owner, and gives its new name.
pub(super) fn fork(world: &mut World, root: &Path, full_name: &str, owner: &str) -> Result<String, String> {
    let from = world.repository(full_name).ok_or("there is no such repository")?.clone();
    let new = format!("{owner}/{}", from.name);
    let mut wanted = NewRepository::new(&new).default_branch(&from.default_branch).folder(&from.folder);
    wanted.public = !from.private;
    repository(world, root, &wanted)?;
    if let Some(fork) = world.repository_mut(&new) {
        fork.fork_of = Some(from.full_name());
    }
    Ok(new)
}

/// Tokens made by all forges of this process.
static MADE: AtomicU64 = AtomicU64::new(0);

/// Makes a token and gives its secret.
pub(super) fn token(world: &mut World, token: &Token) -> String {
    world.user(&token.login, "User");
    let credential = Credential {
        login: token.login.clone(),
        kind: token.kind.clone(),
        expires: token.lives.map(|lives| world.now + lives.as_secs()),
        used: 0,
        window: world.now,
    };
    let number = world.id();
    // No other forge of the machine has the same: a test may look for it everywhere.
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    world.credentials.add(credential, &format!("fake{:010}{made:08}{number:014}", std::process::id()))
}

/// Makes an App.
pub(super) fn app(world: &mut World, slug: &str) -> Result<App, String> {
    let key = jwt::new_key()?;
    let id = world.id();
    let client_id = format!("Iv23li{id}");
    world.user(&format!("{slug}[bot]"), "Bot");
    world.user("telecoder", "Organization");
    world.apps.push(AppRecord {
        id,
        slug: slug.to_owned(),
        client_id: client_id.clone(),
        owner: "telecoder".to_owned(),
        public_key: key.public,
    });
    Ok(App { id, slug: slug.to_owned(), client_id, pem: key.pem })
}

/// Installs an App for an account and gives the installation's id.
pub(super) fn install(world: &mut World, app: u64, account: &str, repositories: &[String]) -> u64 {
    let id = world.id();
    world.user(account, "User");
    world.installations.push(Installation {
        id,
        app,
        account: account.to_owned(),
        repositories: repositories.to_vec(),
        permissions: usual_permissions(),
        created: world.now,
    });
    id
}

/// Sets one permission of an installation; new tokens have it.
pub(super) fn set_permission(world: &mut World, installation: u64, name: &str, level: Option<&str>) {
    for found in world.installations.iter_mut().filter(|found| found.id == installation) {
        match level {
            Some(level) => found.permissions.insert(name.to_owned(), level.to_owned()),
            None => found.permissions.remove(name),
        };
    }
}

impl FakeForge {
    /// Makes a repository.
    ///
    /// # Panics
    /// If git fails, or there is one of that name.
    #[expect(clippy::expect_used, reason = "only tests call this, and they cannot go on without it")]
    pub fn add(&self, new: NewRepository) -> Hosted {
        let mut state = self.shared.lock();
        repository(&mut state.world, self.shared.root.path(), &new).expect("no repository could be made");
        state.before = state.world.clone();
        hosted(&self.shared, new.full_name)
    }

    /// A repository that is there.
    ///
    /// # Panics
    /// If it is not.
    pub fn repository(&self, full_name: &str) -> Hosted {
        assert!(
            self.shared.lock().world.repository(full_name).is_some(),
            "there is no repository {full_name}"
        );
        hosted(&self.shared, full_name.to_owned())
    }

    /// Makes a classic personal access token with the scopes `repo` and `workflow`, and gives its secret.
    pub fn token(&self, login: &str) -> String {
        self.add_token(Token::classic(login, &["repo", "workflow"]))
    }

    /// Makes a token and gives its secret.
    #[expect(clippy::needless_pass_by_value, reason = "a test hands over what it has just built")]
    pub fn add_token(&self, new: Token) -> String {
        token(&mut self.shared.lock().world, &new)
    }

    /// Ends a token now.
    pub fn expire(&self, secret: &str) {
        let mut state = self.shared.lock();
        let now = state.world.now;
        if let Some(credential) = state.world.credentials.all.get_mut(secret) {
            credential.expires = Some(now);
        }
    }

    /// Removes a token.
    pub fn revoke(&self, secret: &str) {
        self.shared.lock().world.credentials.all.remove(secret);
    }

    /// Ends every token of installations now, as time would.
    pub fn expire_installation_tokens(&self) {
        let mut state = self.shared.lock();
        let now = state.world.now;
        for credential in state.world.credentials.all.values_mut() {
            if matches!(credential.kind, TokenKind::Installation { .. }) {
                credential.expires = Some(now);
            }
        }
    }

    /// Leaves a token so many requests of this hour.
    pub fn rate_limit(&self, secret: &str, remaining: u64) {
        let mut state = self.shared.lock();
        let now = state.world.now;
        if let Some(credential) = state.world.credentials.all.get_mut(secret) {
            (credential.window, credential.used) = (now, HOURLY.saturating_sub(remaining));
        }
    }

    /// Makes an App with a key of its own.
    ///
    /// # Panics
    /// If no key can be made.
    #[expect(clippy::expect_used, reason = "only tests call this, and they cannot go on without it")]
    pub fn add_app(&self, slug: &str) -> App {
        app(&mut self.shared.lock().world, slug).expect("no App could be made")
    }

    /// Installs an App for an account's repositories (none named: all of them) and gives the installation's id.
    pub fn install(&self, app: &App, account: &str, repositories: &[&str]) -> u64 {
        let repositories: Vec<String> = repositories.iter().map(|name| (*name).to_owned()).collect();
        install(&mut self.shared.lock().world, app.id, account, &repositories)
    }

    /// Sets one permission of an installation (`read`, `write`, or none); new tokens have it.
    pub fn set_permission(&self, installation: u64, name: &str, level: Option<&str>) {
        set_permission(&mut self.shared.lock().world, installation, name, level);
    }
}

/// A handle on a repository.
pub(super) fn hosted(shared: &Arc<Shared>, full_name: String) -> Hosted {
    Hosted { shared: Arc::clone(shared), full_name }
}

impl Hosted {
    /// Copies it to another owner.
    ///
    /// # Panics
    /// If git fails, or that owner has one of the name.
    #[expect(clippy::expect_used, reason = "only tests call this, and they cannot go on without it")]
    pub fn fork(&self, owner: &str) -> Self {
        let mut state = self.shared.lock();
        let root = self.shared.root.path();
        let name = fork(&mut state.world, root, &self.full_name, owner).expect("no fork could be made");
        drop(state);
        hosted(&self.shared, name)
    }

    /// What a login may do with it, credentials aside.
    pub fn access_of(&self, login: &str) -> Option<Access> {
        let state = self.shared.lock();
        state.world.access_of(login, state.world.repository(&self.full_name)?)
    }
}
