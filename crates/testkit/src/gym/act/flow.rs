//! Actions that order other actions, wait, or end the turn (dev layer).
//!
//! `{"wait": MILLISECONDS}` · `{"waitFor": PATH, "timeoutMs": N}` waits until the file is there · `{"hang": true}` never
//! answers (a cancel ends it) · `{"ignoreCancel": true}` · `{"ignoreSigterm": true}` · `{"ignoreEnd": true}` (lives on
//! after the end of its input) · `{"deaf": true}` reads one more line and then none · `{"once": MARK, "do": […], "else": […]}` does something only the first time in a
//! session, restarts included · `{"repeat": N, "do": […]}` · `{"meanwhile": […]}` does it beside the rest of the turn and
//! after it · `{"stop": REASON}` · `{"fail": {"code": N, "message": T}}` answers the prompt by an error.

use super::{Verb, run};
use crate::gym::actor::{Actor, Done, Flow};
use crate::gym::script::Action;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(super) const VERBS: &[Verb] = &[
    ("wait", wait),
    ("waitFor", wait_for),
    ("hang", hang),
    ("ignoreCancel", ignore_cancel),
    ("ignoreSigterm", ignore_sigterm),
    ("ignoreEnd", ignore_end),
    ("deaf", deaf),
    ("once", once),
    ("repeat", repeat),
    ("meanwhile", meanwhile),
    ("stop", stop),
    ("fail", fail),
];

fn wait(actor: &Actor, action: &Action) -> Done {
    actor.wait(Duration::from_millis(action.number()?), || None::<()>);
    Ok(Flow::On)
}

fn wait_for(actor: &Actor, action: &Action) -> Done {
    let path = actor.session.path(action.text()?);
    let longest = Duration::from_millis(action.option_number("timeoutMs", 600_000));
    if actor.wait(longest, || path.exists().then_some(())).is_none() && !actor.session.should_stop() {
        actor.say(&format!("{} did not come. ", path.display()))?;
    }
    Ok(Flow::On)
}

fn hang(actor: &Actor, _: &Action) -> Done {
    while actor.wait(Duration::from_secs(3600), || None::<()>).is_none() && !actor.session.should_stop() {}
    Ok(Flow::On)
}

fn ignore_cancel(actor: &Actor, _: &Action) -> Done {
    actor.session.ignores_cancel.store(true, Ordering::SeqCst);
    Ok(Flow::On)
}

fn ignore_sigterm(actor: &Actor, _: &Action) -> Done {
    actor.process.ignores_sigterm.store(true, Ordering::SeqCst);
    Ok(Flow::On)
}

fn ignore_end(actor: &Actor, _: &Action) -> Done {
    actor.process.ignores_end.store(true, Ordering::SeqCst);
    Ok(Flow::On)
}

fn deaf(actor: &Actor, _: &Action) -> Done {
    actor.process.deaf.store(true, Ordering::SeqCst);
    Ok(Flow::On)
}

fn once(actor: &Actor, action: &Action) -> Done {
    let branch = if actor.session.first_time(action.text()?) { "do" } else { "else" };
    run(actor, &action.option_actions(branch)?)
}

fn repeat(actor: &Actor, action: &Action) -> Done {
    let actions = action.option_actions("do")?;
    for _ in 0..action.number()? {
        match run(actor, &actions)? {
            Flow::On => {}
            end @ (Flow::Stop(_) | Flow::Fail(_)) => return Ok(end),
        }
        if actor.session.should_stop() {
            break;
        }
    }
    Ok(Flow::On)
}

fn meanwhile(actor: &Actor, action: &Action) -> Done {
    let actions = Action::list(&action.value)?;
    let actor = actor.clone();
    // How it ends concerns nobody: it is not part of the turn.
    let work = move || drop(run(&actor, &actions));
    std::thread::Builder::new().spawn(work).map_err(|error| format!("cannot start a thread: {error}"))?;
    Ok(Flow::On)
}

fn stop(_: &Actor, action: &Action) -> Done {
    Ok(Flow::Stop(action.text()?.to_owned()))
}

fn fail(_: &Actor, action: &Action) -> Done {
    Ok(Flow::Fail(action.value.clone()))
}
