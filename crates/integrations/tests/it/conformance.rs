//! The forge port's suite on the local forge: with the real git, the real store and a real repository of a person.

use async_trait::async_trait;
use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use telecoder_git::{Git, GitOptions};
use telecoder_integrations::forge::LocalForge;
use telecoder_model::id::SessionId;
use telecoder_model::port::forge::Forge;
use telecoder_model::port::git::{CommitRequest, LocalRemote, Workspaces};
use telecoder_model::port::sandbox::Access;
use telecoder_model::port::store::Store;
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::repository::Repository;
use telecoder_model::session::Session;
use telecoder_sandbox::HostProcesses;
use telecoder_store::{SqliteOptions, SqliteStore, SystemClock};
use telecoder_testkit::conformance::Subject;
use telecoder_testkit::conformance::forge::ForgeWorld;
use telecoder_testkit::conformance::store::fixture;
use telecoder_testkit::export;
use telecoder_testkit::git_fixture::Fixture;
use tokio::sync::Mutex;

/// A person's repository, and a server's git and store.
#[derive(Debug)]
struct LocalWorld {
    person: Fixture,
    processes: Arc<HostProcesses>,
    git: Arc<Git>,
    store: Arc<dyn Store>,
    forge: Arc<LocalForge>,
    /// The files that each commit of a session adds to the base.
    files: Mutex<HashMap<ObjectId, Vec<String>>>,
}

async fn make() -> Subject<dyn ForgeWorld> {
    let person = Fixture::small();
    let server = person.beside("server");
    let processes = Arc::new(HostProcesses::new("/usr/local/bin:/usr/bin:/bin"));
    let mut options = GitOptions::new(server.join("git"), server.join("sessions"));
    // The tree of a session is a folder here, which needs no sandbox.
    options.overlay = false;
    options.durable = false;
    let git = Arc::new(Git::new(options, processes.clone()));
    let store = SqliteStore::open(&server.join("telecoder.db"), SqliteOptions::default()).await.unwrap();
    let store = Arc::new(store);
    let forge = LocalForge::new(git.clone(), store.clone(), Arc::new(SystemClock::default()));
    let files = Mutex::default();
    Subject::alone(Arc::new(LocalWorld { person, processes, git, store, forge: Arc::new(forge), files }))
}

telecoder_testkit::forge_conformance!(make);

impl LocalWorld {
    /// A pull request belongs to a session that the store knows.
    async fn know(&self, session: &SessionId) {
        if self.store.session(session).await.unwrap().is_some() {
            return;
        }
        let branch = BranchName::of_session(session);
        let lineage = session.clone();
        let row = Session { id: session.clone(), branch, lineage, ..fixture::session(1) };
        fixture::add(&self.store, row).await;
    }
}

#[async_trait]
impl ForgeWorld for LocalWorld {
    fn forge(&self) -> Arc<dyn Forge> {
        self.forge.clone()
    }

    fn repository(&self) -> Repository {
        self.person.path().to_str().unwrap().parse().unwrap()
    }

    fn foreign(&self) -> Repository {
        "acme/api".parse().unwrap()
    }

    fn base(&self) -> BranchName {
        "main".parse().unwrap()
    }

    async fn commit(&self, session: &SessionId, parent: Option<&ObjectId>, file: &str) -> ObjectId {
        self.know(session).await;
        let repository = self.repository();
        let prepared = self.git.prepare(session, Some(&repository), None, Access::ReadWrite).await.unwrap();
        self.git.discard(session).await.unwrap();
        let base = prepared.base_commit.as_ref();
        let mut known = self.files.lock().await;
        let mut files = parent.map(|parent| known[parent].clone()).unwrap_or_default();
        files.push(file.to_owned());
        let tree = export::tree_of(&prepared.source);
        for file in &files {
            fs::write(tree.join(file), format!("{file} of {session}\n")).unwrap();
        }
        let output = export::run(&*self.git, &*self.processes, session, &tree, base).await;
        let tree = self.git.import(session, export::stream(&output.stdout)).await.unwrap();
        let request = CommitRequest {
            tree,
            parent: parent.or(base).cloned(),
            message: format!("Add {file}"),
            author: None,
            at: fixture::THEN,
        };
        let commit = self.git.commit(session, &request).await.unwrap();
        known.insert(commit.clone(), files);
        commit
    }

    async fn head(&self, branch: &BranchName) -> Option<ObjectId> {
        self.git.branch_head(&self.repository(), branch).await.unwrap()
    }
}
