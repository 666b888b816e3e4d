//! Actions that use up what there is (dev layer), each with a bound that the script states.
//!
//! `{"forks": N, "lifeMs": M}` starts up to N children of this program that live M ms (60 s if not said) and says how
//! many came to be · `{"memory": BYTES, "holdMs": M}` takes memory and touches every page · `{"disk": [PATH, BYTES]}`
//! fills a file and says how far it came.

use super::Verb;
use super::programs::detached;
use crate::gym::actor::{Actor, Done, Flow};
use crate::gym::script::Action;
use crate::surroundings;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::sync::PoisonError;
use std::time::Duration;

pub(super) const VERBS: &[Verb] = &[("forks", forks), ("memory", memory), ("disk", disk)];

const MEBIBYTE: usize = 1 << 20;

fn forks(actor: &Actor, action: &Action) -> Done {
    let wanted = action.number()?;
    let life = action.option_number("lifeMs", 60_000).to_string();
    let mut children = Vec::new();
    let mut problem = None;
    for _ in 0..wanted {
        let started = surroundings::own_command()
            .and_then(|mut command| detached(command.args(["idle", life.as_str()])).spawn());
        match started {
            Ok(child) => children.push(child),
            Err(error) => {
                problem = Some(error);
                break;
            }
        }
    }
    let why = problem.map(|error| format!(", then: {error}")).unwrap_or_default();
    let came = children.len();
    actor.process.children.lock().unwrap_or_else(PoisonError::into_inner).append(&mut children);
    actor.say(&format!("forks: {came} of {wanted}{why}. "))?;
    Ok(Flow::On)
}

fn memory(actor: &Actor, action: &Action) -> Done {
    let wanted = usize::try_from(action.number()?).map_err(|error| error.to_string())?;
    let mut blocks = Vec::new();
    while blocks.len() * MEBIBYTE < wanted && !actor.session.should_stop() {
        // Another byte in each block, so that no page can be shared.
        blocks.push(vec![u8::try_from(blocks.len() % 251).unwrap_or(0) | 1; MEBIBYTE]);
    }
    actor.say(&format!("memory: {} MiB. ", blocks.len()))?;
    actor.wait(Duration::from_millis(action.option_number("holdMs", 0)), || None::<()>);
    std::hint::black_box(&blocks);
    Ok(Flow::On)
}

fn disk(actor: &Actor, action: &Action) -> Done {
    let path = action.value.get(0).and_then(Value::as_str).ok_or("`disk` wants a path and bytes")?;
    let wanted = action.value.get(1).and_then(Value::as_u64).ok_or("`disk` wants a path and bytes")?;
    let block = vec![b'd'; MEBIBYTE];
    let mut written = 0_u64;
    let file = fs::File::create(actor.session.path(path));
    let outcome = file.and_then(|mut file| {
        while written < wanted && !actor.session.should_stop() {
            file.write_all(&block)?;
            written += block.len() as u64;
        }
        file.sync_all()
    });
    let why = outcome.err().map(|error| format!(", then: {error}")).unwrap_or_default();
    actor.say(&format!("disk: {written} bytes{why}. "))?;
    Ok(Flow::On)
}
