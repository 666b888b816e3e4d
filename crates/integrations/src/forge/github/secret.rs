//! Layer 1: a text that must never be shown: neither `Debug` nor `Display` prints it, and it cannot be serialised.

use std::fmt;

/// A token or a private key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text that must not be shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The text itself, for the one place that has to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_shown() {
        assert_eq!(format!("{:?}", Some(Secret::new("ghp_canary"))), "Some(Secret(***))");
    }
}
