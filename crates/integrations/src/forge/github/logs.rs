//! Layer 1: the ends of failed jobs' logs. Invariant: together they are no longer than was asked for; the place where
//! GitHub keeps logs is never given a credential.

use super::client::{Client, Request};
use super::slug::Slug;
use super::wire::WireRun;
use reqwest::Method;
use reqwest::header::LOCATION;
use telecoder_model::PortError;
use telecoder_model::port::forge::FailingLog;
use telecoder_model::text::harmless;

/// The most jobs whose logs are read.
const MOST: usize = 10;

fn failed(conclusion: Option<&str>) -> bool {
    matches!(conclusion, Some("failure" | "timed_out" | "startup_failure" | "action_required"))
}

/// Takes away the time that GitHub writes before each line, and what moves a terminal.
fn readable(log: &str) -> String {
    let stamp = |line: &str| {
        let (head, rest) = line.split_once(' ')?;
        (head.len() >= 20 && head.ends_with('Z') && head.as_bytes().get(10) == Some(&b'T'))
            .then(|| rest.to_owned())
    };
    let lines: Vec<String> = log.lines().map(|line| stamp(line).unwrap_or_else(|| line.to_owned())).collect();
    harmless(&lines.join("\n"))
}

/// The last bytes of a text, from a line's begin where there is one.
fn end_of(text: &str, bound: usize) -> String {
    let mut from = text.len().saturating_sub(bound);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let end = text.get(from..).unwrap_or("");
    match (from, end.split_once('\n')) {
        (1.., Some((_, rest))) if !rest.is_empty() => rest.to_owned(),
        _ => end.to_owned(),
    }
}

impl Client {
    pub(super) async fn logs(
        &self,
        slug: &Slug,
        commit: &str,
        bound: usize,
    ) -> Result<Vec<FailingLog>, PortError> {
        let whom = self.reader(slug).await;
        let path = slug.path(&format!("actions/runs?head_sha={commit}"));
        let runs: Vec<WireRun> = self.list(&path, Some("workflow_runs"), &whom).await?;
        let mut jobs: Vec<WireRun> = Vec::new();
        for run in runs.iter().filter(|run| failed(run.conclusion.as_deref())).take(MOST) {
            let path = slug.path(&format!("actions/runs/{}/jobs", run.id));
            let found: Vec<WireRun> = self.list(&path, Some("jobs"), &whom).await?;
            jobs.extend(found.into_iter().filter(|job| failed(job.conclusion.as_deref())));
        }
        jobs.truncate(MOST);
        let share = bound / jobs.len().max(1);
        let mut logs = Vec::new();
        for job in jobs {
            let request =
                Request::new(Method::GET, slug.path(&format!("actions/jobs/{}/logs", job.id)), whom.clone());
            let answer = self.send(&request).await;
            let text = match &answer {
                Ok(answer) => {
                    match answer.headers.get(LOCATION).and_then(|location| location.to_str().ok()) {
                        Some(url) => self.tail(url, share.saturating_mul(2)).await?,
                        None => String::from_utf8_lossy(&answer.body).into_owned(),
                    }
                }
                // Logs are kept for a time only.
                Err(super::refusal::Failure::Refused(refusal)) if matches!(refusal.status, 404 | 410) => {
                    String::new()
                }
                Err(_) => {
                    return Err(answer.err().map_or_else(|| PortError::transient("no log"), PortError::from));
                }
            };
            logs.push(FailingLog {
                job: job.name.unwrap_or_default(),
                url: job.html_url.unwrap_or_default(),
                tail: end_of(&readable(&text), share),
            });
        }
        Ok(logs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_cut_at_its_begin() {
        let log = "2024-01-01T00:00:00.0000000Z one\n2024-01-01T00:00:01.0000000Z \u{1b}[31mtwo\nthree é\n";
        assert_eq!(readable(log), "one\n\u{fffd}[31mtwo\nthree é");
        assert_eq!(end_of("one\ntwo\nthree", 8), "three");
        assert_eq!(end_of("one", 8), "one");
        assert_eq!(end_of("éé", 3), "é");
    }
}
