//! Sessions and what they hold, domain to wire (layer 2).

use super::{time, word};
use telecoder_api as wire;
use telecoder_model::outcome::{Claims, Outcome};
use telecoder_model::policy::Policy;
use telecoder_model::port::forge::{ForgeCheck, ForgeReview};
use telecoder_model::pull::PullNews;
use telecoder_model::session::{DiffStat, Session};
use telecoder_model::usage::{ModelCall, Usage};

pub(crate) fn session(from: Session) -> wire::session::Session {
    let title = from.display_title();
    let pr_repo = from.pull_repository().map(ToString::to_string);
    let pr_head_sha = from.pull.as_ref().map(|pull| pull.over_there().to_string());
    let pr_base = from.pull.as_ref().and_then(|pull| pull.base.as_ref()).map(ToString::to_string);
    let (pr_url, pr_number, pr_state, news) = match from.pull {
        Some(pull) => (Some(pull.url), Some(pull.number), Some(word::pull_state(pull.state)), pull.news),
        None => (None, None, None, PullNews::default()),
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
        hint: from.hint,
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
        pr_head_sha,
        pr_base,
        pr_repo,
        pr_mergeable: news.looked_at.map(|_| word::mergeable(news.mergeable)),
        pr_checks: news.checks.into_iter().map(check).collect(),
        pr_reviews: news.reviews.into_iter().map(review).collect(),
        source_pr: from.followed.map(|pull| pull.number),
        source_issue: from.issue.map(|issue| issue.number),
        usage: usage(from.usage),
        budget_usd: None,
        created_at: time(from.created_at),
        started_at: from.started_at.map(time),
        finished_at: from.finished_at.map(time),
        updated_at: time(from.updated_at),
        workspace_removed_at: from.workspace_removed_at.map(time),
    }
}

fn check(from: ForgeCheck) -> wire::pull::PullCheck {
    wire::pull::PullCheck {
        name: from.name,
        state: word::check(from.state),
        url: from.url,
        summary: from.summary,
    }
}

fn review(from: ForgeReview) -> wire::pull::PullReview {
    wire::pull::PullReview {
        author: from.author,
        state: word::review(from.state),
        body: from.body,
        at: time(from.at),
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
