//! What the tests' surroundings give them (dev layer): the folder with installed agents.

use crate::surroundings;
use std::path::PathBuf;

/// The variable that names the data folder whose `agents/` holds the installed agents; `cargo xtask test` sets it.
pub const TEST_DATA_DIR: &str = "TELECODER_TEST_DATA_DIR";

/// The data folder with installed agents.
///
/// # Panics
/// If the variable is not set: a test that needs a real agent fails without it, it is never skipped.
#[expect(clippy::panic, reason = "only tests call this, and they cannot go on without the agents")]
pub fn test_data_dir() -> PathBuf {
    match surroundings::variable(TEST_DATA_DIR) {
        Some(folder) => PathBuf::from(folder),
        None => panic!(
            "this test drives real agents: run it by `cargo xtask test`, which installs them and sets {TEST_DATA_DIR}"
        ),
    }
}
