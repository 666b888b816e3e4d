//! Bytes to try something hostile with (dev layer): the committed corpus of a fuzz target, and a bounded number of seeded
//! changes of each file, so that the ordinary tests try the same on every machine.

use std::path::Path;

/// Changes of each file.
const CHANGES: u64 = 40;

/// Calls `with` for each file of `fuzz/corpus/<target>` and each change of it; gives how often.
///
/// # Panics
/// If the corpus is not there or empty.
#[expect(clippy::panic, reason = "this is an assertion")]
pub fn try_all(target: &str, mut with: impl FnMut(&[u8])) -> u64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder).into_iter().flatten().flatten().collect();
    files.sort_by_key(std::fs::DirEntry::file_name);
    let mut count = 0;
    for file in files {
        let Ok(bytes) = std::fs::read(file.path()) else { continue };
        with(&bytes);
        for seed in 1..=CHANGES {
            with(&changed(&bytes, seed));
        }
        count += 1 + CHANGES;
    }
    if count == 0 {
        panic!("{} holds nothing", folder.display());
    }
    count
}

/// A few bytes put in, taken out, repeated or replaced; the same for the same seed.
fn changed(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut below = |most: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(most.max(1)).unwrap_or(1)).unwrap_or(0)
    };
    let mut all = bytes.to_vec();
    for _ in 0..=below(4) {
        let at = below(all.len() + 1);
        let until = (at + below(16)).min(all.len());
        let piece: Vec<u8> = match below(4) {
            0 => Vec::new(),
            1 => all.get(at..until).unwrap_or_default().repeat(2),
            2 => (0..=below(8)).map(|_| u8::try_from(below(256)).unwrap_or(0)).collect(),
            _ => b"\n{}\"\\:[],0\xff\0".iter().copied().skip(below(11)).take(2).collect(),
        };
        all.splice(at..until, piece);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_the_same_for_the_same_seed() {
        let bytes = b"{\"id\":1,\"method\":\"x\"}";
        assert_eq!(changed(bytes, 7), changed(bytes, 7));
        let different = (1..100).filter(|seed| changed(bytes, *seed) != bytes).count();
        assert!(different > 80, "{different}");
        assert!((1..100).all(|seed| changed(b"", seed).len() < 64));
    }
}
