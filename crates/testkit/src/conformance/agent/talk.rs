//! Conversations (dev layer): recordings played with and without restarts, questions, cancels, states.

use super::{AgentWorld, Player, Recording};
use serde_json::{Value, json};
use std::sync::Arc;
use telecoder_model::port::agent::{Action, Conversation, PermissionReply};

/// The largest state, in bytes.
pub(super) const LARGEST_STATE: usize = 16 << 10;
/// Words shorter than this may stand in a state by accident.
const TELLING: usize = 8;

/// A conversation that has not begun.
pub(super) async fn fresh(world: &dyn AgentWorld) -> Box<dyn Conversation> {
    let launch = world.runtime().launch(&world.request()).await.unwrap();
    restored(world, &launch.conversation)
}

pub(super) fn restored(world: &dyn AgentWorld, state: &Value) -> Box<dyn Conversation> {
    world.runtime().conversation(state).unwrap()
}

pub(super) fn player<'a>(
    world: &dyn AgentWorld,
    recording: &'a Recording,
    conversation: Box<dyn Conversation>,
) -> Player<'a> {
    Player::new(recording, &world.request().policy, conversation)
}

/// A conversation at the end of the first recording.
async fn after_the_first_turn(world: &dyn AgentWorld) -> Box<dyn Conversation> {
    let recording = world.first();
    let mut player = player(world, &recording, fresh(world).await);
    player.to_the_end();
    player.conversation
}

/// A conversation in the first recording's turn, in which the agent has asked; and the question's name.
async fn asked(world: &dyn AgentWorld, id: &Value) -> (Box<dyn Conversation>, String) {
    let recording = world.first();
    let mut player = player(world, &recording, fresh(world).await);
    player.to_a_turn();
    let actions = player.conversation.receive(recording.question(id).as_bytes());
    let mut questions = actions
        .into_iter()
        .filter_map(|action| if let Action::Ask(question) = action { Some(question) } else { None });
    let question = questions.next().unwrap();
    assert!(questions.next().is_none() && question.options.len() == 2, "{question:?}");
    (player.conversation, question.request)
}

fn sends(actions: &[Action]) -> usize {
    actions.iter().filter(|action| matches!(action, Action::Send(_))).count()
}

/// The same lines are sent, and every turn comes to its end.
pub async fn recordings_are_played_as_they_were(world: Arc<dyn AgentWorld>) {
    let mut conversation = fresh(&*world).await;
    for recording in [world.first(), world.loaded()] {
        let mut player = player(&*world, &recording, conversation);
        let actions = player.to_the_end();
        player.assert_as_recorded();
        let count = |wanted: fn(&Action) -> bool| actions.iter().filter(|action| wanted(action)).count();
        assert_eq!(count(|action| matches!(action, Action::Ready)), 1);
        assert_eq!(count(|action| matches!(action, Action::TurnEnded(_))), recording.prompts().len());
        assert!(count(|action| matches!(action, Action::Event(_))) > 0);
        conversation = player.conversation;
    }
}

/// Neither the actions nor the states.
pub async fn a_restart_between_any_two_lines_changes_nothing(world: Arc<dyn AgentWorld>) {
    let mut state = fresh(&*world).await.state();
    for recording in [world.first(), world.loaded()] {
        let start = || player(&*world, &recording, restored(&*world, &state));
        let (mut straight, mut stopped) = (start(), start());
        assert_eq!(stopped.open(), straight.open());
        loop {
            stopped.conversation = restored(&*world, &stopped.conversation.state());
            assert_eq!(stopped.conversation.state(), straight.conversation.state());
            let next = straight.step();
            assert_eq!(stopped.step(), next);
            if next.is_none() {
                break;
            }
        }
        state = straight.conversation.state();
    }
}

/// Until the agent is ready again.
pub async fn a_replayed_history_gives_no_event(world: Arc<dyn AgentWorld>) {
    let recording = world.loaded();
    let mut player = player(&*world, &recording, after_the_first_turn(&*world).await);
    let mut actions = player.open();
    let mut lines = 0;
    while !actions.contains(&Action::Ready) {
        assert!(actions.iter().all(|action| matches!(action, Action::Send(_))), "{actions:?}");
        actions = player.step().unwrap();
        lines += 1;
    }
    assert!(lines > 2, "the recording replays nothing");
    let before = actions.split(|action| *action == Action::Ready).next().unwrap();
    assert!(before.iter().all(|action| matches!(action, Action::Send(_))), "{before:?}");
}

/// The texts in an event.
fn words(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let telling = ["text", "output", "oldText", "newText"].contains(&name.as_str());
                match value.as_str().filter(|_| telling) {
                    Some(text) => into.push(text.to_owned()),
                    None => words(value, into),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| words(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// At every line.
pub async fn a_state_is_small_and_holds_no_words(world: Arc<dyn AgentWorld>) {
    let recording = world.first();
    let mut said = recording.prompts();
    let mut player = player(&*world, &recording, fresh(&*world).await);
    let mut next = Some(player.open());
    while let Some(actions) = next {
        for action in actions {
            if let Action::Event(body) = action {
                words(&serde_json::to_value(body).unwrap(), &mut said);
            }
        }
        let state = player.conversation.state();
        assert!(state.to_string().len() <= LARGEST_STATE, "the state has {} bytes", state.to_string().len());
        for text in said.iter().filter(|text| text.len() >= TELLING) {
            let told = Value::from(text.as_str()).to_string();
            assert!(!state.to_string().contains(told.trim_matches('"')), "{told} stands in the state");
        }
        next = player.step();
    }
    assert!(said.iter().any(|text| text.len() >= TELLING), "nothing was said");
}

/// Whatever stands in its place.
pub async fn a_state_that_cannot_be_read_is_an_error(world: Arc<dyn AgentWorld>) {
    let runtime = world.runtime();
    let odd = json!({"version": 4_000_000_000_u32, "phase": {}, "next_id": -1});
    for state in [json!(null), json!({}), json!([]), json!("state"), json!(7), json!([[[]]]), odd] {
        let error = runtime.conversation(&state).err().unwrap();
        assert!(!error.what.is_empty());
    }
}

/// A second answer, or one to a question that nobody asked, gives nothing.
pub async fn a_question_is_answered_once(world: Arc<dyn AgentWorld>) {
    let replies = [PermissionReply::Allow, PermissionReply::Deny, PermissionReply::Cancelled];
    for (reply, id) in replies.into_iter().zip([json!(1), json!("a \"word\""), json!(-7)]) {
        let (conversation, request) = asked(&*world, &id).await;
        let mut conversation = restored(&*world, &conversation.state());
        assert_eq!(conversation.answer("nobody asked", reply), []);
        let answer = conversation.answer(&request, reply);
        let [Action::Send(line)] = answer.as_slice() else { panic!("{answer:?}") };
        let line: Value = serde_json::from_slice(line).unwrap();
        let outcome = &line["result"]["outcome"];
        let chosen = match reply {
            PermissionReply::Allow => json!({"outcome": "selected", "optionId": "allow_once"}),
            PermissionReply::Deny => json!({"outcome": "selected", "optionId": "reject_once"}),
            PermissionReply::Cancelled => json!({"outcome": "cancelled"}),
        };
        assert_eq!((&line["id"], outcome), (&id, &chosen));
        for late in replies {
            assert_eq!(conversation.answer(&request, late), []);
        }
    }
}

/// A second cancel, and an answer that comes behind it, give nothing.
pub async fn a_cancel_is_sent_once_and_closes_questions(world: Arc<dyn AgentWorld>) {
    let (mut conversation, request) = asked(&*world, &json!("q")).await;
    let actions = conversation.cancel();
    assert!(actions.contains(&Action::Unask(request.clone())), "{actions:?}");
    assert!(sends(&actions) >= 2, "the cancel and the question's answer: {actions:?}");
    let mut conversation = restored(&*world, &conversation.state());
    assert_eq!(conversation.cancel(), []);
    assert_eq!(conversation.answer(&request, PermissionReply::Allow), []);
    // A question that comes behind the cancel is answered without anybody being asked.
    let late = conversation.receive(world.first().question(&json!("late")).as_bytes());
    assert!(!late.iter().any(|action| matches!(action, Action::Ask(_))), "{late:?}");
    assert_eq!(sends(&late), 1);
}

/// What the one before had asked is withdrawn before anything else.
pub async fn a_new_process_has_no_open_questions(world: Arc<dyn AgentWorld>) {
    let (conversation, request) = asked(&*world, &json!(0)).await;
    let mut conversation = restored(&*world, &conversation.state());
    let actions = conversation.open();
    assert_eq!(actions.first(), Some(&Action::Unask(request.clone())));
    assert_eq!(sends(&actions), 1);
    assert_eq!(conversation.answer(&request, PermissionReply::Allow), []);
}

/// Before it is ready, in a turn, or where nothing is under way.
pub async fn calls_at_the_wrong_time_send_nothing(world: Arc<dyn AgentWorld>) {
    let mut conversation = fresh(&*world).await;
    let mut early = conversation.prompt("too early");
    early.extend(conversation.cancel());
    assert_eq!(sends(&early), 0, "{early:?}");
    let recording = world.first();
    let mut player = player(&*world, &recording, conversation);
    player.to_a_turn();
    assert_eq!(sends(&player.conversation.prompt("too many")), 0);
    let mut conversation = after_the_first_turn(&*world).await;
    assert_eq!(sends(&conversation.cancel()), 0);
}
