//! The blobs' conformance suite on a folder (dev layer).

use std::sync::Arc;
use telecoder_model::port::blobs::Blobs;
use telecoder_store::FileBlobs;
use telecoder_testkit::conformance::Subject;

async fn make() -> Subject<dyn Blobs> {
    let folder = tempfile::tempdir().unwrap();
    let blobs = FileBlobs::open(&folder.path().join("blobs")).unwrap();
    Subject::with(Arc::new(blobs), folder)
}

telecoder_testkit::blobs_conformance!(make);
