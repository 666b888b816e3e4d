//! Damaged files (dev layer): refused or reported with the remedy, never a panic, never invented rows.

use std::path::Path;
use std::sync::Arc;
use telecoder_model::ErrorClass;
use telecoder_model::PortError;
use telecoder_model::port::store::{SessionStore, Store};
use telecoder_store::{SqliteOptions, SqliteStore};
use telecoder_testkit::conformance::store::fixture::{Dice, add, id, says, session};

const PAGE: usize = 4096;

async fn open(path: &Path) -> Result<SqliteStore, PortError> {
    SqliteStore::open(path, SqliteOptions::default()).await
}

/// A closed database of some hundred pages.
async fn filled(path: &Path) {
    let store = open(path).await.unwrap();
    let port: Arc<dyn Store> = Arc::new(store.clone());
    let text = "word ".repeat(100);
    for n in 0..20 {
        add(&port, session(n)).await;
        port.commit(says(n, &[text.as_str(); 20])).await.unwrap();
    }
    store.close().await.unwrap();
}

fn refusal(error: &PortError) {
    assert_eq!(error.class, ErrorClass::Permanent, "{}", error.chain());
    assert!(error.remedy.as_deref().unwrap_or("").contains("restore"), "{error:?}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("text", b"hello, I am a text and longer than a header would be: ".repeat(100)),
        ("short", b"SQLite format 3\0".to_vec()),
        ("zeros", vec![0; 3 * PAGE]),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, &content).unwrap();
        let error = open(&path).await.unwrap_err();
        refusal(&error);
        assert!(error.what.contains(name), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), content, "it was changed");
    }
}

#[tokio::test]
async fn a_database_without_its_tables_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    filled(&path).await;
    let mut bytes = std::fs::read(&path).unwrap();
    // The rest of the first page, behind the header, is the list of the tables.
    bytes[100..PAGE].fill(0xa5);
    std::fs::write(&path, &bytes).unwrap();
    refusal(&open(&path).await.unwrap_err());
}

#[tokio::test]
async fn damage_in_the_middle_is_reported_and_nothing_is_invented() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.db");
    filled(&whole).await;
    let bytes = std::fs::read(&whole).unwrap();
    let pages = bytes.len() / PAGE;
    let mut dice = Dice::new(7);
    let mut reported = 0;
    for round in 0..8 {
        let path = folder.path().join(format!("{round}.db"));
        let mut broken = bytes.clone();
        for _ in 0..pages / 4 {
            let page = 1 + usize::try_from(dice.roll(u64::try_from(pages - 1).unwrap())).unwrap();
            broken[page * PAGE..(page + 1) * PAGE].fill(u8::try_from(dice.roll(256)).unwrap());
        }
        std::fs::write(&path, &broken).unwrap();
        let store = match open(&path).await {
            Ok(store) => store,
            Err(error) => {
                refusal(&error);
                reported += 1;
                continue;
            }
        };
        reported += u32::from(!store.damage().await.unwrap_or_else(|error| vec![error.chain()]).is_empty());
        for n in 0..20 {
            match store.events(&id(n), 0, 1000).await {
                Ok(events) => assert!(events.iter().all(|event| event.session == id(n)), "round {round}"),
                Err(error) => refusal(&error),
            }
        }
        store.close().await.unwrap();
    }
    assert_eq!(reported, 8, "every damage of a quarter of the pages is found");
}
