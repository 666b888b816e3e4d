//! The system's randomness (layer 1). Names and secrets both come from here; a guessable one must never exist.

use telecoder_model::port::ids::Ids;

/// Random bytes of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            // The port has no error, and every substitute could be guessed: the process ends instead.
            tracing::error!(%error, "the operating system gives no random bytes");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_and_words_do_not_repeat() {
        let ids: BTreeSet<String> = (0..1000).map(|_| SystemIds.session().to_string()).collect();
        assert_eq!(ids.len(), 1000);
        let words: BTreeSet<String> = (0..1000).map(|_| SystemIds.word(26)).collect();
        assert_eq!(words.len(), 1000);
        assert!(words.iter().all(|word| word.len() == 26));
    }
}
