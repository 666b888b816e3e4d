//! Repositories of other hosts, over http from a server of files (git's plain protocol).

use crate::world::{Person, World, git_in, session, tree_of};
use async_trait::async_trait;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use telecoder_model::PortError;
use telecoder_model::error::ErrorClass;
use telecoder_model::port::git::{Purpose, RemoteAccess, RemoteAddress, Workspaces};
use telecoder_model::port::sandbox::Access;
use telecoder_model::repository::Repository;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Serves the files of a folder; notes the credentials that come.
#[derive(Debug)]
struct Files {
    address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Files {
    async fn of(folder: PathBuf, secret: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = seen.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (folder, noted) = (folder.clone(), noted.clone());
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    let mut byte = [0];
                    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.unwrap_or(0) == 1 {
                        head.push(byte[0]);
                    }
                    let head = String::from_utf8_lossy(&head).into_owned();
                    let path =
                        head.split(' ').nth(1).unwrap_or("").split('?').next().unwrap_or("").to_owned();
                    let sent =
                        head.lines().find_map(|line| line.strip_prefix("Authorization: ")).map(str::to_owned);
                    noted.lock().unwrap().push(sent.clone().unwrap_or_default());
                    let (status, body) = if sent.as_deref() != secret {
                        ("401 Unauthorized", Vec::new())
                    } else {
                        match std::fs::read(folder.join(path.trim_start_matches('/'))) {
                            Ok(body) => ("200 OK", body),
                            Err(_) => ("404 Not Found", Vec::new()),
                        }
                    };
                    let head = format!(
                        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                        body.len()
                    );
                    let _sent = stream.write_all(head.as_bytes()).await;
                    let _sent = stream.write_all(&body).await;
                });
            }
        });
        Self { address, seen }
    }
}

#[derive(Debug)]
struct AtFiles {
    address: String,
    secret: Option<&'static str>,
}

#[async_trait]
impl RemoteAccess for AtFiles {
    async fn address(&self, repository: &Repository, _: Purpose) -> Result<RemoteAddress, PortError> {
        Ok(RemoteAddress {
            url: format!("http://{}/{}.git", self.address, repository.short_name()),
            authorization: self.secret.map(str::to_owned),
            advice: None,
        })
    }
}

/// A served repository, and a world that reaches it as `acme/demo`.
async fn served(secret: Option<&'static str>, sent: Option<&'static str>) -> (World, World, Person, Files) {
    let people = World::new();
    let person = people.person("demo").await;
    person.git(&["branch", "feature/x", "HEAD~1"]).await;
    person.git(&["tag", "-a", "v1", "-m", "one", "HEAD~1"]).await;
    let folder = people.folder.path().join("served");
    std::fs::create_dir(&folder).unwrap();
    let target = folder.join("demo.git");
    person.git(&["clone", "-q", "--bare", person.path.to_str().unwrap(), target.to_str().unwrap()]).await;
    git_in(&target, &["update-server-info"]).await;
    let files = Files::of(folder, secret).await;
    let access = Arc::new(AtFiles { address: files.address.clone(), secret: sent });
    let world = World::with(|options| {
        options.overlay = false;
        options.remote = Some(access);
    });
    (world, people, person, files)
}

fn repository() -> Repository {
    "acme/demo".parse().unwrap()
}

#[tokio::test]
async fn a_remote_repository_is_mirrored_and_checked_out() {
    let (world, _people, person, files) = served(None, None).await;
    let facts = world.git.inspect(&repository()).await.unwrap();
    assert_eq!(facts.head, Some(person.head().await));
    let workspace =
        world.git.prepare(&session(1), Some(&repository()), None, Access::ReadWrite).await.unwrap();
    assert_eq!(workspace.base_commit, Some(person.head().await));
    assert_eq!(git_in(&tree_of(&workspace), &["log", "--format=%s"]).await, "second\nfirst");
    crate::world::put(&tree_of(&workspace), "new", "x\n");
    let commit = world.snapshot(&session(1), &workspace).await;
    assert_eq!(
        world.look(&session(1), &["log", "--format=%s", commit.as_str()]).await,
        "Fix the sum\nsecond\nfirst"
    );
    // A branch, a tag and a commit that is no tip.
    let old = person.git(&["rev-parse", "HEAD~1"]).await;
    for (number, name) in ["feature/x", "v1", &old].into_iter().enumerate() {
        let base = name.parse().unwrap();
        let id = session(u8::try_from(number).unwrap() + 10);
        let workspace =
            world.git.prepare(&id, Some(&repository()), Some(&base), Access::ReadWrite).await.unwrap();
        assert_eq!(workspace.base_commit.unwrap().as_str(), old, "{name}");
    }
    // What the mirror has is not fetched again.
    files.seen.lock().unwrap().clear();
    let base = old.parse().unwrap();
    world.git.prepare(&session(20), Some(&repository()), Some(&base), Access::ReadWrite).await.unwrap();
    assert!(files.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_credential_reaches_the_server_and_nothing_else() {
    let (world, _people, _person, files) =
        served(Some("Basic aHVudGVyMg=="), Some("Basic aHVudGVyMg==")).await;
    world.processes.take();
    let workspace =
        world.git.prepare(&session(1), Some(&repository()), None, Access::ReadWrite).await.unwrap();
    assert!(files.seen.lock().unwrap().iter().all(|sent| sent == "Basic aHVudGVyMg=="));
    for line in world.processes.take() {
        assert!(!line.contains("aHVudGVyMg"), "{line}");
    }
    let mut folders = vec![world.folder.path().to_owned(), tree_of(&workspace)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                let text = std::fs::read(&path).unwrap();
                assert!(!text.windows(10).any(|w| w == b"aHVudGVyMg"), "{}", path.display());
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_reached_is_classed() {
    let (world, _people, _person, _files) = served(Some("Basic x"), None).await;
    let error = world.git.inspect(&repository()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Denied, "{}", error.chain());
    let (world, _people, _person, _files) = served(None, None).await;
    let missing: Repository = "acme/missing".parse().unwrap();
    let error = world.git.inspect(&missing).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound, "{}", error.chain());
    for base in ["no-such", &"1".repeat(40)] {
        let base = base.parse().unwrap();
        let error = world
            .git
            .prepare(&session(1), Some(&repository()), Some(&base), Access::ReadWrite)
            .await
            .unwrap_err();
        assert_eq!(error.class, ErrorClass::NotFound, "{}", error.chain());
    }
    let gone = World::with(|options| {
        options.remote = Some(Arc::new(AtFiles { address: "127.0.0.1:1".to_owned(), secret: None }));
    });
    let error = gone.git.inspect(&repository()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Transient, "{}", error.chain());
}
