//! Lines that no honest agent writes (dev layer): whatever comes, at whatever place, is taken.

use super::talk::{LARGEST_STATE, fresh, player, restored};
use super::{AgentWorld, Player};
use std::sync::Arc;
use telecoder_model::port::agent::Action;

/// A line that some programs write before they speak.
const WARNING: &[u8] = b"(node:7) Warning: this is no message of any protocol";

/// What may come in place of a line, or before it.
fn instead_of(line: &str) -> Vec<Vec<u8>> {
    let line = line.as_bytes();
    let mut all: Vec<Vec<u8>> = vec![
        Vec::new(),
        b" \t ".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{}".to_vec(),
        b"\xff\xfe\0".to_vec(),
        b"[".repeat(20_000),
        b"{\"a\":".repeat(20_000),
        b"a".repeat(200_000),
        br#"{"jsonrpc":"2.0","id":1e400,"result":{}}"#.to_vec(),
        br#"{"jsonrpc":"2.0","id":18446744073709551616,"result":{}}"#.to_vec(),
        br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}"#.to_vec(),
        br#"{"id":1,"id":2,"result":null,"error":null,"method":7}"#.to_vec(),
        br#"{"method":"session/update"}"#.to_vec(),
        br#"{"method":"session/update","params":{"sessionId":7,"update":[]}}"#.to_vec(),
        br#"{"id":{},"method":"session/request_permission","params":{}}"#.to_vec(),
        br#"{"id":9,"method":"fs/read_text_file","params":{"path":"/etc/shadow"}}"#.to_vec(),
        format!(r#"{{"id":"{}","method":"m"}}"#, "i".repeat(100_000)).into_bytes(),
        [line, line].concat(),
    ];
    for part in 0..8 {
        all.push(line[..line.len() * part / 8].to_vec());
        all.push(line[line.len() * part / 8..].to_vec());
        for change in [0x00, 0xff, b'"', b'9'] {
            let mut changed = line.to_vec();
            if let Some(byte) = changed.get_mut(line.len() * (2 * part + 1) / 16) {
                *byte = change;
            }
            all.push(changed);
        }
    }
    all
}

/// Every line that is sent is one JSON object.
fn well_formed(actions: &[Action]) {
    for action in actions {
        if let Action::Send(line) = action {
            assert!(!line.contains(&b'\n'));
            assert!(serde_json::from_slice::<serde_json::Value>(line).unwrap().is_object());
        }
    }
}

/// The conversation at a place of a recording meets what may come there; it can be stored and goes on.
fn try_all(world: &dyn AgentWorld, player: &Player<'_>) {
    let state = player.conversation.state();
    for line in instead_of(player.next().unwrap_or("{}")) {
        let mut conversation = restored(world, &state);
        well_formed(&conversation.receive(&line));
        let after = conversation.state();
        assert!(after.to_string().len() <= LARGEST_STATE, "{} bytes", after.to_string().len());
        let mut again = restored(world, &after);
        let next = player.next().unwrap_or("{}").as_bytes();
        assert_eq!(again.receive(next), conversation.receive(next));
        assert_eq!(again.state(), conversation.state());
        well_formed(&conversation.cancel());
    }
}

/// It never panics, and what it then sends and remembers has its form.
pub async fn whatever_comes_is_taken_at_any_place(world: Arc<dyn AgentWorld>) {
    let mut conversation = fresh(&*world).await;
    for recording in [world.first(), world.loaded()] {
        let mut player = player(&*world, &recording, conversation);
        try_all(&*world, &player);
        player.open();
        loop {
            try_all(&*world, &player);
            if player.step().is_none() {
                break;
            }
        }
        conversation = player.conversation;
    }
}

/// As an event, and nothing else follows of it.
pub async fn what_is_no_message_is_told_and_the_turn_goes_on(world: Arc<dyn AgentWorld>) {
    let mut state = fresh(&*world).await.state();
    for recording in [world.first(), world.loaded()] {
        let start = || player(&*world, &recording, restored(&*world, &state));
        let (mut quiet, mut noisy) = (start(), start());
        assert_eq!(noisy.open(), quiet.open());
        loop {
            let told = noisy.conversation.receive(WARNING);
            assert!(matches!(told.as_slice(), [Action::Event(_)]), "{told:?}");
            let next = quiet.step();
            assert_eq!(noisy.step(), next);
            if next.is_none() {
                break;
            }
        }
        state = quiet.conversation.state();
    }
}
