//! Makes the enums of the wire (layer 0): closed lists of words, with one spelling for JSON, query and terminal.

/// Says why a text is not one of a closed list of words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind}: {expected}")]
pub struct WordError {
    /// What was given, cut to 80 characters.
    pub text: String,
    /// What was expected, in words.
    pub kind: &'static str,
    /// The words that are allowed.
    pub expected: String,
}

impl WordError {
    pub(crate) fn new(text: &str, kind: &'static str, words: &[&str]) -> Self {
        Self { text: text.chars().take(80).collect(), kind, expected: words.join(", ") }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $kind:literal, { $($(#[$variant_doc:meta])* $variant:ident = $text:tt),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::word::WordError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    other => Err($crate::word::WordError::new(other, $kind, &[$($text),+])),
                }
            }
        }
    };
}
pub(crate) use words;
