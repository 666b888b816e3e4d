//! What the scripted agent can do (dev layer): a list of verbs, one function each.

mod ask;
mod broken;
mod files;
mod flow;
mod forge;
mod harm;
mod network;
mod programs;
mod words;

use super::actor::{Actor, Done, Flow};
use super::script::Action;

pub(super) use programs::detached;

type Verb = (&'static str, fn(&Actor, &Action) -> Done);

/// Every verb with its function.
fn verbs() -> impl Iterator<Item = &'static Verb> {
    let families: [&'static [Verb]; 9] = [
        words::VERBS,
        files::VERBS,
        programs::VERBS,
        ask::VERBS,
        network::VERBS,
        broken::VERBS,
        harm::VERBS,
        forge::VERBS,
        flow::VERBS,
    ];
    families.into_iter().flatten()
}

/// The names of all verbs.
pub fn all() -> Vec<&'static str> {
    verbs().map(|(name, _)| *name).collect()
}

/// Does actions one after the other, until one ends the turn or the client has cancelled it.
pub(super) fn run(actor: &Actor, actions: &[Action]) -> Done {
    for action in actions {
        if actor.session.should_stop() {
            break;
        }
        actor.process.reap();
        let Some((_, act)) = verbs().find(|(name, _)| *name == action.verb) else {
            return Err(format!("there is no action `{}`; there are: {}", action.verb, all().join(", ")));
        };
        match act(actor, action)? {
            Flow::On => {}
            end @ (Flow::Stop(_) | Flow::Fail(_)) => return Ok(end),
        }
    }
    Ok(Flow::On)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_verb_is_there_twice() {
        let names = all();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }
}
