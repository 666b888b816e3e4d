//! Conformance suite of the ids port (dev layer). It cannot show that nobody can guess, only that nothing is plainly
//! wrong.

use std::collections::HashSet;
use std::sync::Arc;
use telecoder_model::id::BASE32;
use telecoder_model::port::ids::Ids;

cases! { $ ids, ids_conformance, dyn Ids {
    every_byte_of_a_buffer_is_filled
    every_value_of_a_byte_occurs
    sessions_differ_across_threads
    words_have_their_length_and_alphabet
} }

/// Of any length: a byte that is zero in all of forty fills was not filled (chance of an error: 2^-320).
pub async fn every_byte_of_a_buffer_is_filled(ids: Arc<dyn Ids>) {
    for length in [0, 1, 7, 8, 9, 64, 1000] {
        let mut seen = vec![0_u8; length];
        for _ in 0..40 {
            let mut bytes = vec![0_u8; length];
            ids.fill(&mut bytes);
            seen.iter_mut().zip(bytes).for_each(|(seen, byte)| *seen |= byte);
        }
        assert!(seen.iter().all(|byte| *byte != 0), "a byte of {length} is never filled");
    }
}

/// In 64 KiB.
pub async fn every_value_of_a_byte_occurs(ids: Arc<dyn Ids>) {
    let mut bytes = vec![0; 64 << 10];
    ids.fill(&mut bytes);
    assert_eq!(bytes.into_iter().collect::<HashSet<u8>>().len(), 256);
}

/// Forty thousand of them.
pub async fn sessions_differ_across_threads(ids: Arc<dyn Ids>) {
    let make = || {
        let ids = Arc::clone(&ids);
        tokio::task::spawn_blocking(move || (0..10_000).map(|_| ids.session()).collect::<Vec<_>>())
    };
    let mut all = HashSet::new();
    for task in [make(), make(), make(), make()] {
        all.extend(task.await.unwrap());
    }
    assert_eq!(all.len(), 40_000);
}

/// Lowercase base32, up to 64 characters.
pub async fn words_have_their_length_and_alphabet(ids: Arc<dyn Ids>) {
    for length in [0, 1, 8, 26, 64] {
        let word = ids.word(length);
        assert_eq!(word.len(), length);
        assert!(word.bytes().all(|byte| BASE32.contains(&byte)), "{word}");
    }
    assert_ne!(ids.word(26), ids.word(26));
}
