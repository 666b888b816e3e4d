//! The file descriptors of the server's process (layer 3): how many it may have, and how many of them go to connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is taken for the limit where there is none.
const MANY: u64 = 1 << 20;
/// The most connections, however many descriptors there are.
const MOST: usize = 16_384;
/// The fewest, however few.
const FEWEST: usize = 64;

/// How many connections, and event streams among them, may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) connections: usize,
    pub(crate) streams: usize,
}

/// Takes all descriptors that this process is allowed, and divides them up.
pub(crate) fn room() -> Room {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let allowed = match setrlimit(Resource::Nofile, all) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::debug!(%error, "the limit of open files stays as it is");
            limit.current
        }
    };
    divided(allowed.unwrap_or(MANY))
}

/// Three quarters go to connections, the rest to sandboxes, git and files; four of five connections may be streams, so that a
/// request always finds a place.
fn divided(allowed: u64) -> Room {
    let connections = usize::try_from(allowed / 4 * 3).unwrap_or(MOST).clamp(FEWEST, MOST);
    Room { connections, streams: connections / 5 * 4 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_beside_the_streams_whatever_the_limit() {
        assert_eq!(divided(1024), Room { connections: 768, streams: 612 });
        assert_eq!(divided(20_000), Room { connections: 15_000, streams: 12_000 });
        assert_eq!(divided(MANY), Room { connections: MOST, streams: 13_104 });
        assert_eq!(divided(10), Room { connections: FEWEST, streams: 48 });
    }
}
