//! Workflow runs, their jobs, and the logs of jobs (dev layer).

use super::super::call::{Answer, Call, Refusal, Reply};
use super::super::render;
use super::super::world::{Job, Repository, Run, World};
use super::{page, repository};

pub(in super::super) fn runs(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    let (sha, branch, status) = (call.asked("head_sha"), call.asked("branch"), call.asked("status"));
    let wanted = |run: &&Run| {
        let result = run.result();
        sha.is_none_or(|sha| sha == run.commit)
            && branch.is_none_or(|branch| run.branch.as_deref() == Some(branch))
            && status.is_none_or(|status| status == result.status() || Some(status) == result.conclusion())
    };
    let page = page(world, call);
    let all = shown.runs.iter().rev().filter(wanted).map(|run| render::run(page, shown, run)).collect();
    Ok(call.counted_page("workflow_runs", all))
}

fn find_run<'a>(shown: &'a Repository, call: &Call) -> Result<&'a Run, Refusal> {
    let id = call.number("run_id")?;
    shown.runs.iter().find(|run| run.id == id).ok_or_else(Refusal::not_found)
}

fn find_job<'a>(shown: &'a Repository, call: &Call) -> Result<(&'a Run, &'a Job), Refusal> {
    let id = call.number("job_id")?;
    let all = shown.runs.iter().flat_map(|run| run.jobs.iter().map(move |job| (run, job)));
    all.into_iter().find(|(_, job)| job.id == id).ok_or_else(Refusal::not_found)
}

pub(in super::super) fn run(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    Ok(Reply::ok(render::run(page(world, call), shown, find_run(shown, call)?)))
}

pub(in super::super) fn jobs(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    let run = find_run(shown, call)?;
    let page = page(world, call);
    Ok(call.counted_page("jobs", run.jobs.iter().map(|job| render::job(page, shown, run, job)).collect()))
}

pub(in super::super) fn job(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    let (run, job) = find_job(shown, call)?;
    Ok(Reply::ok(render::job(page(world, call), shown, run, job)))
}

pub(in super::super) fn logs(world: &mut World, call: &Call) -> Answer {
    let (_, job) = find_job(repository(world, call)?, call)?;
    if job.result.conclusion().is_none() {
        return Err(Refusal::not_found());
    }
    Ok(Reply::empty(302).header("location", &format!("{}/logs/{}?sig=signed", call.links.logs, job.id)))
}
