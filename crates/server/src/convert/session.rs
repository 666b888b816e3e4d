//! Sessions and what they hold, domain to wire (layer 2).

use super::{time, word};
use telecoder_api as wire;
use telecoder_model::outcome::{Claims, Outcome};
use telecoder_model::policy::Policy;
use telecoder_model::session::{DiffStat, Session};
use telecoder_model::usage::{ModelCall, Usage};

pub(crate) fn session(from: Session) -> wire::session::Session {
    let title = from.display_title();
    let (pr_url, pr_number, pr_state) = match from.pull {
        Some(pull) => (Some(pull.url), Some(pull.number), Some(word::pull_state(pull.state))),
        None => (None, None, None),
    };
    wire::session::Session {
        id: from.id.to_string(),
        repo: from.repository.map(String::from),
        prompt: from.prompt,
        title,
        mode: word::mode(from.mode),
        agent: from.agent.to_string(),
        model: from.model,
        policy: policy(from.policy),
        pipeline: word::pipeline(from.pipeline),
        status: word::status(from.status),
        failure_kind: from.failure.map(word::failure),
        error: from.error,
        branch: from.branch.to_string(),
        base: from.base.map(String::from),
        head_sha: from.head.map(String::from),
        parent_session_id: from.parent.map(String::from),
        attempt: from.attempt,
        source: word::source(from.source),
        requester: from.requester.map(|who| wire::session::Requester { name: who.name, email: who.email }),
        outcome: from.outcome.map(outcome),
        checks: Vec::new(),
        diff_stat: from.diff.map(diff_stat),
        result: word::result(from.result),
        result_text: from.result_text,
        pr_url,
        pr_number,
        pr_state,
        usage: usage(from.usage),
        budget_usd: None,
        created_at: time(from.created_at),
        started_at: from.started_at.map(time),
        finished_at: from.finished_at.map(time),
        updated_at: time(from.updated_at),
    }
}

pub(crate) fn session_usage(from: &Session) -> wire::usage::SessionUsage {
    wire::usage::SessionUsage {
        session_id: from.id.to_string(),
        input_tokens: from.usage.input_tokens,
        output_tokens: from.usage.output_tokens,
        cached_tokens: from.usage.cached_tokens,
        cost_usd: from.usage.cost_micros.map(dollars),
        duration_ms: from.usage.duration_ms,
        calls: from.usage.calls,
        turns: from.turns,
    }
}

pub(crate) fn policy(from: Policy) -> wire::policy::Policy {
    wire::policy::Policy {
        name: from.name,
        workspace: word::workspace(from.workspace),
        permissions: word::permissions(from.permissions),
        publish: word::ceiling(from.publish),
        time_seconds: from.time_seconds,
        memory_bytes: from.memory_bytes,
        cpu_millis: from.cpu_millis,
        processes: from.processes,
        output_bytes: from.output_bytes,
    }
}

pub(crate) fn outcome(from: Outcome) -> wire::session::Outcome {
    wire::session::Outcome {
        headline: from.headline,
        changed: from.changed,
        verified: from.verified,
        uncertain: from.uncertain,
        next: from.next,
        claims: claims(from.claims),
    }
}

fn claims(from: Claims) -> wire::session::Claims {
    wire::session::Claims {
        changed: from.changed,
        verified: from.verified,
        uncertain: from.uncertain,
        next: from.next,
    }
}

pub(crate) fn diff_stat(from: DiffStat) -> wire::session::DiffStat {
    wire::session::DiffStat { files: from.files, additions: from.additions, deletions: from.deletions }
}

pub(crate) fn usage(from: Usage) -> wire::usage::Usage {
    wire::usage::Usage {
        input_tokens: from.input_tokens,
        output_tokens: from.output_tokens,
        cached_tokens: from.cached_tokens,
        cost_usd: from.cost_micros.map(dollars),
        duration_ms: from.duration_ms,
    }
}

pub(crate) fn model_call(from: ModelCall) -> wire::usage::ModelCall {
    wire::usage::ModelCall {
        number: from.number,
        provider: from.provider,
        model: from.model,
        end: word::call_end(from.end),
        status: from.status,
        error: from.error,
        usage: usage(from.usage),
    }
}

/// Millionths of a dollar as dollars; exact up to nine billion dollars.
#[expect(clippy::cast_precision_loss, reason = "sums of money are far below 2^53 millionths")]
fn dollars(micros: u64) -> f64 {
    micros as f64 / 1e6
}
