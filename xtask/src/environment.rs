//! Development tool: every environment variable that `cargo xtask` reads or sets for a program, one constant each.

/// Where downloads and installs are kept between runs; default `~/.cache/telecoder`.
pub(crate) const CACHE: &str = "TELECODER_CACHE";

/// Set for the tests, and read where it is set: the data folder whose `agents/` holds the installed agents.
pub(crate) const TEST_DATA_DIR: &str = "TELECODER_TEST_DATA_DIR";

/// What all variables of the product begin with; programs that need an environment of their own get none of them.
pub(crate) const PREFIX: &str = "TELECODER_";

/// The keys of real models that the demo uses when one of them is set.
pub(crate) const MODEL_KEYS: &[&str] = &["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"];

/// Reads a variable; unset, empty and not UTF-8 are all absent.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the development tool that reads the environment"
)]
pub(crate) fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The `PATH` with one folder put first.
pub(crate) fn path_with(first: &std::path::Path) -> String {
    match read("PATH") {
        Some(path) => format!("{}:{path}", first.display()),
        None => first.display().to_string(),
    }
}

/// The variables of this process whose names begin so.
pub(crate) fn names_with_prefix(prefix: &str) -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| name.starts_with(prefix)).collect()
}
