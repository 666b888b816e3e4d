//! The forge port's suite on the GitHub adapter: with the real git and a server that behaves like GitHub; and the tokens
//! of an App.

use async_trait::async_trait;
use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use telecoder_git::{Git, GitOptions};
use telecoder_integrations::forge::github::{
    GitHubAccess, GitHubApp, GitHubLogin, GitHubOptions, Learn, Secret, basic,
};
use telecoder_model::id::{SessionId, TenantId, UserId};
use telecoder_model::port::clock::Clock;
use telecoder_model::port::forge::{Attempt, Comment, Forge, Keeps, PullRequest, PushTarget};
use telecoder_model::port::git::{CommitRequest, Workspaces};
use telecoder_model::port::sandbox::Access;
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::repository::Repository;
use telecoder_model::time::Timestamp;
use telecoder_sandbox::HostProcesses;
use telecoder_testkit::conformance::Subject;
use telecoder_testkit::conformance::forge::ForgeWorld;
use telecoder_testkit::conformance::store::fixture;
use telecoder_testkit::export;
use telecoder_testkit::fake_forge::{FakeForge, Fault, FaultKind, Hosted, NewPull, NewRepository};
use telecoder_testkit::git_fixture::Fixture;
use tokio::sync::Mutex;

/// The fake GitHub's clock: waiting moves it on.
#[derive(Debug)]
struct ForgeClock(Arc<FakeForge>);

#[async_trait]
impl Clock for ForgeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(i64::try_from(self.0.now()).unwrap() * 1_000_000)
    }
    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.now())
    }
    async fn sleep(&self, duration: Duration) {
        self.0.advance(duration);
        tokio::task::yield_now().await;
    }
}

/// The tokens that were told to be secret.
type Learned = Arc<std::sync::Mutex<Vec<String>>>;

struct HubWorld {
    hub: Arc<FakeForge>,
    demo: Hosted,
    processes: Arc<HostProcesses>,
    git: Arc<Git>,
    forge: Arc<dyn Forge>,
    learned: Learned,
    files: Mutex<HashMap<ObjectId, Vec<String>>>,
    /// A folder for the server.
    _folder: Fixture,
}

impl std::fmt::Debug for HubWorld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HubWorld")
    }
}

impl Drop for HubWorld {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.hub.violations(), [""; 0]);
        }
    }
}

fn world(login: impl FnOnce(&FakeForge) -> GitHubLogin) -> HubWorld {
    let hub = Arc::new(FakeForge::start());
    let demo = hub.add(NewRepository::new("octo/demo").file("README.md", "# Demo\n"));
    let login = login(&hub);
    let options = GitHubOptions::new(Some(&hub.base_url()), Some(&hub.api_url()), login).unwrap();
    let learned: Learned = Arc::default();
    let noted = learned.clone();
    let learn = Learn::by(move |token| noted.lock().unwrap().push(token.to_owned()));
    let access = GitHubAccess::new(options, Arc::new(ForgeClock(hub.clone())), learn).unwrap();
    let folder = Fixture::new();
    let server = folder.beside("server");
    let processes = Arc::new(HostProcesses::new("/usr/local/bin:/usr/bin:/bin"));
    let mut options = GitOptions::new(server.join("git"), server.join("sessions"));
    options.overlay = false;
    options.durable = false;
    options.remote = Some(Arc::new(access.clone()));
    let git = Arc::new(Git::new(options, processes.clone()));
    let forge = Arc::new(access.forge(git.clone()));
    HubWorld { hub, demo, processes, git, forge, learned, files: Mutex::default(), _folder: folder }
}

fn by_token(hub: &FakeForge) -> GitHubLogin {
    GitHubLogin::Token { token: Secret::new(hub.token("octo")), how: "GITHUB_TOKEN".to_owned() }
}

async fn make() -> Subject<dyn ForgeWorld> {
    Subject::alone(Arc::new(world(by_token)))
}

telecoder_testkit::forge_conformance!(make);

#[async_trait]
impl ForgeWorld for HubWorld {
    fn forge(&self) -> Arc<dyn Forge> {
        self.forge.clone()
    }
    fn repository(&self) -> Repository {
        format!("{}/octo/demo", self.hub.base_url()).parse().unwrap()
    }
    fn foreign(&self) -> Repository {
        "acme/api".parse().unwrap()
    }
    fn base(&self) -> BranchName {
        "main".parse().unwrap()
    }
    async fn commit(&self, session: &SessionId, parent: Option<&ObjectId>, file: &str) -> ObjectId {
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
        self.demo.head(branch.as_str()).map(|sha| sha.parse().unwrap())
    }
}

/// Publishes a session's change with a comment; what is transient is tried again, as the outbox does.
async fn publish(world: &HubWorld, number: u8) {
    let session = SessionId::from_random([number; 8]);
    let commit = world.commit(&session, None, &format!("file-{number}")).await;
    let pull = PullRequest {
        session: session.clone(),
        tenant: TenantId::default_tenant(),
        owner: UserId::local(),
        repository: world.repository(),
        base: world.base(),
        head: BranchName::of_session(&session),
        commit: commit.clone(),
        title: "A change".to_owned(),
        body: "Why it is made.".to_owned(),
        draft: false,
        keeps: Keeps::default(),
        labels: vec!["bot".to_owned()],
        reviewers: Vec::new(),
    };
    let target = PushTarget::own(&pull.repository, &pull.head);
    let mut errors = Vec::new();
    for _ in 0..5 {
        let tried = async {
            world.forge.push(&session, &target, &commit).await?;
            let opened = world.forge.open(&pull).await?;
            let comment = Comment { key: "done", body: "It is done.", attempt: Attempt::First };
            world.forge.comment(&pull.repository, opened.number, comment).await
        };
        match tried.await {
            Ok(_) => return,
            Err(error) => errors.push(error.chain()),
        }
    }
    panic!("never published: {errors:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_given_new_tokens_when_the_old_ones_end() {
    let world = world(|hub| {
        let app = hub.add_app("telecoder");
        hub.install(&app, "octo", &["octo/demo"]);
        GitHubLogin::App(GitHubApp { id: app.id.to_string(), key: Secret::new(app.pem), installation: None })
    });
    publish(&world, 1).await;
    world.hub.advance(Duration::from_secs(3 * 3600));
    publish(&world, 2).await;
    assert_eq!(world.demo.pulls().len(), 2);
    assert_eq!(world.hub.count("apps/create-installation-access-token"), 2);
    // Each is known as a secret, and so is the form in which git sends it.
    let learned = world.learned.lock().unwrap().clone();
    assert_eq!(learned.len(), 4);
    for pair in learned.chunks(2) {
        assert!(pair[0].starts_with("ghs_"), "{}", pair[0].len());
        assert_eq!(pair[1], basic(&Secret::new(pair[0].clone())));
    }
    assert_ne!(learned[0], learned[2]);
}

/// A comment whose writing nobody heard of is not written again where reads lag behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_later_try_is_not_deceived_by_a_stale_look() {
    let world = world(by_token);
    world.demo.commit("feature", &[("f.txt", "f\n")], "Feature");
    let number = world.demo.add_pull(NewPull::new("Feature", "feature", "main"));
    let write = async |attempt| {
        let comment = Comment { key: "publish:a:b", body: "It is done.", attempt };
        world.forge.comment(&world.repository(), number, comment).await
    };
    // It is written, the answer is lost, and so are the looks that follow.
    world.hub.fault(Fault::on("issues/create-comment", FaultKind::DropAfter));
    world.hub.fault(Fault::on("issues/list-comments", FaultKind::FailBefore(502)).skip(1).times(3));
    write(Attempt::First).await.unwrap_err();
    assert_eq!((world.demo.comments(number).len(), world.hub.faults_left()), (1, 0));
    world.hub.fault(Fault::on("issues/list-comments", FaultKind::Stale).times(2));
    write(Attempt::Again).await.unwrap();
    assert_eq!((world.demo.comments(number).len(), world.hub.faults_left()), (1, 0));
}

/// Git's own words about it would name a token that there is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_the_app_is_not_installed_for_is_told_as_that() {
    let world = world(|hub| {
        let app = hub.add_app("telecoder");
        GitHubLogin::App(GitHubApp { id: app.id.to_string(), key: Secret::new(app.pem), installation: None })
    });
    let error = world.git.inspect(&world.repository()).await.unwrap_err();
    assert!(error.what.contains("is not installed for octo/demo"), "{error:?}");
    assert!(error.remedy.unwrap().contains("Install the App"));
}

/// Opened and brought up to date: labels and reviewers are added to, the template is there once, what people wrote stays.
#[tokio::test(flavor = "multi_thread")]
async fn labels_reviewers_and_the_template_of_the_repository_come_along() {
    let world = world(by_token);
    world.demo.grant("bo", telecoder_testkit::fake_forge::Access::Write);
    let file = [(".github/pull_request_template.md", "- [ ] It is tested.\n")];
    world.demo.commit("main", &file, "A template");
    let session = SessionId::from_random([3; 8]);
    let commit = world.commit(&session, None, "file").await;
    let pull = |title: &str, labels: &[&str], reviewers: &[&str]| PullRequest {
        session: session.clone(),
        tenant: TenantId::default_tenant(),
        owner: UserId::local(),
        repository: world.repository(),
        base: world.base(),
        head: BranchName::of_session(&session),
        commit: commit.clone(),
        title: title.to_owned(),
        body: format!("About: {title}."),
        draft: false,
        keeps: Keeps::default(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        reviewers: reviewers.iter().map(|name| (*name).to_owned()).collect(),
    };
    let target = PushTarget::own(&world.repository(), &BranchName::of_session(&session));
    world.forge.push(&session, &target, &commit).await.unwrap();
    world.forge.open(&pull("First", &["bot"], &[])).await.unwrap();
    let first = world.demo.pull(1);
    assert_eq!((first.labels, first.reviewers), (vec!["bot".to_owned()], vec![]));
    assert!(
        first.body.contains("About: First.") && first.body.ends_with("\n\n- [ ] It is tested.\n"),
        "{}",
        first.body
    );
    world.forge.open(&pull("Second", &["bot", "urgent"], &["bo"])).await.unwrap();
    let second = world.demo.pull(1);
    assert_eq!((second.title.as_str(), second.reviewers), ("Second", vec!["bo".to_owned()]));
    assert_eq!(second.labels, ["bot", "urgent"]);
    assert!(!second.body.contains("First") && second.body.contains("About: Second."), "{}", second.body);
    assert_eq!(second.body.matches("It is tested").count(), 1, "{}", second.body);
    // Somebody who may not review is no reason to fail.
    world.forge.open(&pull("Second", &[], &["nobody"])).await.unwrap();
    assert_eq!(world.demo.pulls().len(), 1);
}
