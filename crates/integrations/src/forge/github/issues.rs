//! Layer 1: issues, and pull requests as places to start from. All their text was written by others.

use super::client::Client;
use super::refusal::Failure;
use super::slug::Slug;
use super::wire::{WireComment, WireIssue, WirePull, login, outsider};
use telecoder_model::PortError;
use telecoder_model::port::forge::{ForgeComment, ForgeIssue, MAX_COMMENTS, MAX_TEXT, PullSource};
use telecoder_model::pull::PullState;
use telecoder_model::repository::Repository;
use telecoder_model::text::{cut, harmless};

pub(super) fn text(body: Option<&str>) -> String {
    cut(&harmless(&body.unwrap_or("").replace("\r\n", "\n")), MAX_TEXT / 4)
}

pub(super) fn one_line(title: &str) -> String {
    cut(&harmless(title).replace('\n', " "), 300)
}

fn unreadable(what: &str) -> impl FnOnce(String) -> PortError {
    let what = what.to_owned();
    move |why| PortError::permanent(format!("{what} cannot be used: {why}"))
}

impl Client {
    pub(super) async fn read_issue(&self, slug: &Slug, number: u64) -> Result<ForgeIssue, PortError> {
        let whom = self.reader(slug).await;
        let found: WireIssue = match self.get(slug.path(&format!("issues/{number}")), whom.clone()).await {
            Ok(found) => found,
            Err(Failure::Refused(mut refusal)) if matches!(refusal.status, 404 | 410) => {
                refusal.error.what = format!("{slug} has no issue #{number}");
                return Err(refusal.error);
            }
            Err(failure) => return Err(failure.into()),
        };
        if found.pull_request.is_some() {
            return Err(PortError::permanent(format!("#{number} of {slug} is a pull request"))
                .remedy(format!("Use `--pr {number}` to work on it.")));
        }
        let mut comments: Vec<WireComment> = Vec::new();
        let page = u64::try_from(MAX_COMMENTS).unwrap_or(50);
        let last = found.comments.div_ceil(page);
        for page_number in [last.saturating_sub(1), last] {
            if page_number > 0 {
                let path = format!("issues/{number}/comments?per_page={page}&page={page_number}");
                comments.extend(self.get::<Vec<WireComment>>(slug.path(&path), whom.clone()).await?);
            }
        }
        let older = comments.len().saturating_sub(MAX_COMMENTS);
        let comments = comments.into_iter().skip(older).map(|comment| ForgeComment {
            author: login(comment.user.as_ref()),
            body: text(comment.body.as_deref()),
            outsider: outsider(&comment.author_association),
        });
        Ok(ForgeIssue {
            number: found.number,
            title: one_line(&found.title),
            body: text(found.body.as_deref()),
            url: found.html_url,
            author: login(found.user.as_ref()),
            open: found.state == "open",
            outsider: outsider(&found.author_association),
            comments: comments.collect(),
        })
    }

    pub(super) async fn read_source(
        &self,
        slug: &Slug,
        host: &str,
        number: u64,
    ) -> Result<PullSource, PortError> {
        let found: WirePull = match self.wire_pull(slug, number).await {
            Ok(found) => found,
            Err(Failure::Refused(mut refusal)) if refusal.status == 404 => {
                refusal.error.what = format!("{slug} has no pull request #{number}");
                return Err(refusal.error);
            }
            Err(failure) => return Err(failure.into()),
        };
        let what = format!("pull request #{number} of {slug}");
        let Some(head) = found.head.repo.as_ref() else {
            return Err(PortError::not_found(format!("the fork that {what} comes from was deleted"))
                .remedy("Start from a branch, or ask its author."));
        };
        let full_name = format!("https://{host}/{}", head.full_name);
        let head_repository: Repository =
            full_name.parse().map_err(|error| PortError::permanent(what.clone()).because(error))?;
        let own = head.full_name.eq_ignore_ascii_case(&slug.to_string());
        let state = super::pulls::state(&found);
        let (_, may_push_here) = self.repository(slug).await?;
        let may_push = state.is_open()
            && may_push_here
            && (own
                || found.maintainer_can_modify
                || head.permissions.as_ref().is_some_and(|given| given.push));
        let parsed =
            |text: &str| text.parse().map_err(|error: telecoder_model::id::IdError| error.to_string());
        Ok(PullSource {
            number,
            title: one_line(&found.title),
            body: text(found.body.as_deref()),
            url: found.html_url.clone(),
            state: if state == PullState::Open && found.draft { PullState::Draft } else { state },
            author: login(found.user.as_ref()),
            base: parsed(&found.base.branch).map_err(unreadable(&what))?,
            head: parsed(&found.head.branch).map_err(unreadable(&what))?,
            head_repository,
            head_commit: found
                .head
                .sha
                .parse()
                .map_err(|error: telecoder_model::id::IdError| unreadable(&what)(error.to_string()))?,
            may_push,
            outsider: outsider(&found.author_association),
        })
    }
}
