//! Conformance suite of the blobs port (dev layer).

use crate::gym::digest_of;
use bytes::Bytes;
use futures::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::ErrorClass;
use telecoder_model::port::blobs::Blobs;

cases! { $ blobs, blobs_conformance, dyn Blobs {
    what_was_put_is_read_back
    the_same_bytes_are_kept_once
    many_at_once_are_all_kept
    what_is_not_there_is_not_found
    what_was_removed_is_gone_and_may_come_back
    what_was_put_a_moment_ago_stays
    all_are_listed_in_order_and_in_pages
    a_digest_in_another_form_reaches_nothing
} }

/// Of any size and content, named by the SHA-256 of the bytes.
pub async fn what_was_put_is_read_back(blobs: Arc<dyn Blobs>) {
    for bytes in [Bytes::new(), Bytes::from_static(b"\0\xff\n"), Bytes::from(vec![b'x'; 5 << 20])] {
        let blob = blobs.put(bytes.clone()).await.unwrap();
        assert_eq!((blob.digest.as_str(), blob.size), (digest_of(&bytes).as_str(), bytes.len() as u64));
        assert_eq!(blobs.get(&blob.digest).await.unwrap(), bytes);
    }
}

/// Putting them again does nothing.
pub async fn the_same_bytes_are_kept_once(blobs: Arc<dyn Blobs>) {
    let first = blobs.put(Bytes::from_static(b"same")).await.unwrap();
    assert_eq!(blobs.put(Bytes::from_static(b"same")).await.unwrap(), first);
    assert_eq!(blobs.list(None, 10).await.unwrap(), [first.digest]);
}

/// Equal and different ones, written at the same time.
pub async fn many_at_once_are_all_kept(blobs: Arc<dyn Blobs>) {
    let puts = (0..60).map(|number| {
        let blobs = Arc::clone(&blobs);
        tokio::spawn(async move { blobs.put(Bytes::from(format!("content {}", number % 20))).await.unwrap() })
    });
    for blob in join_all(puts).await {
        blobs.get(&blob.unwrap().digest).await.unwrap();
    }
    assert_eq!(blobs.list(None, 100).await.unwrap().len(), 20);
}

/// By its class.
pub async fn what_is_not_there_is_not_found(blobs: Arc<dyn Blobs>) {
    let error = blobs.get(&digest_of(b"never put")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound);
}

/// Removing twice does nothing.
pub async fn what_was_removed_is_gone_and_may_come_back(blobs: Arc<dyn Blobs>) {
    let blob = blobs.put(Bytes::from_static(b"here")).await.unwrap();
    assert!(blobs.remove(&blob.digest, Duration::ZERO).await.unwrap());
    assert!(blobs.remove(&blob.digest, Duration::ZERO).await.unwrap());
    assert_eq!(blobs.get(&blob.digest).await.unwrap_err().class, ErrorClass::NotFound);
    assert!(blobs.list(None, 10).await.unwrap().is_empty());
    blobs.put(Bytes::from_static(b"here")).await.unwrap();
    assert_eq!(blobs.get(&blob.digest).await.unwrap(), "here");
}

/// Whoever put it may not have named it yet; also where it was there before.
pub async fn what_was_put_a_moment_ago_stays(blobs: Arc<dyn Blobs>) {
    let hour = Duration::from_secs(3600);
    let blob = blobs.put(Bytes::from_static(b"fresh")).await.unwrap();
    for _ in 0..2 {
        assert!(!blobs.remove(&blob.digest, hour).await.unwrap());
        assert_eq!(blobs.get(&blob.digest).await.unwrap(), "fresh");
        blobs.put(Bytes::from_static(b"fresh")).await.unwrap();
    }
    // Put three times, named twice: one is still about to name it.
    for _ in 0..2 {
        blobs.named(std::slice::from_ref(&blob.digest));
        assert!(!blobs.remove(&blob.digest, hour).await.unwrap());
    }
    // Many that put while others remove: whoever was told that it is kept reads it.
    let tasks = (0..40).map(|n| {
        let blobs = Arc::clone(&blobs);
        tokio::spawn(async move {
            if n % 2 == 0 {
                let blob = blobs.put(Bytes::from_static(b"contended")).await.unwrap();
                assert_eq!(blobs.get(&blob.digest).await.unwrap(), "contended");
            } else {
                blobs.remove(&digest_of(b"contended"), hour).await.unwrap();
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
}

/// Every digest once, whatever the size of the pages.
pub async fn all_are_listed_in_order_and_in_pages(blobs: Arc<dyn Blobs>) {
    let mut digests = Vec::new();
    for number in 0..30 {
        digests.push(blobs.put(Bytes::from(format!("{number}"))).await.unwrap().digest);
    }
    digests.sort();
    for limit in [1, 7, 30, 100] {
        let mut listed: Vec<String> = Vec::new();
        loop {
            let page = blobs.list(listed.last().map(String::as_str), limit).await.unwrap();
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            listed.extend(page);
        }
        assert_eq!(listed, digests, "pages of {limit}");
    }
    assert!(blobs.list(None, 0).await.unwrap().is_empty());
}

/// It is refused, or nothing is found: it never becomes a path or a query.
pub async fn a_digest_in_another_form_reaches_nothing(blobs: Arc<dyn Blobs>) {
    let blob = blobs.put(Bytes::from_static(b"kept")).await.unwrap();
    let upper = blob.digest.to_uppercase();
    let longer = format!("{}/../{}", &blob.digest[..32], &blob.digest[..30]);
    for bad in
        ["", ".", "..", "../../etc/passwd", "/etc/passwd", "%", "' or 1=1", upper.as_str(), longer.as_str()]
    {
        if bad == blob.digest {
            continue;
        }
        assert!(blobs.get(bad).await.is_err(), "{bad}");
        drop(blobs.remove(bad, Duration::ZERO).await);
    }
    assert_eq!(blobs.get(&blob.digest).await.unwrap(), "kept");
}
