//! Reviews, their comments, and who was asked for one (dev layer).

use super::super::call::{Answer, Call, Refusal, Reply};
use super::super::render;
use super::super::world::{Review, ReviewComment, Verdict, World};
use super::{issue_mut, page, pull};
use serde_json::{Value, json};

pub(in super::super) fn list(world: &mut World, call: &Call) -> Answer {
    let (shown, issue, pull) = pull(world, call)?;
    let page = page(world, call);
    Ok(call
        .page(pull.reviews.iter().map(|review| render::review(page, shown, issue.number, review)).collect()))
}

/// Adds a review and gives its id.
pub(in super::super) fn add(
    world: &mut World,
    full_name: &str,
    number: u64,
    author: &str,
    verdict: Verdict,
    body: &str,
) -> Option<u64> {
    world.user(author, "User");
    let (id, at) = (world.id(), world.now);
    let issue = world.repository_mut(full_name)?.issues.get_mut(&number)?;
    issue.updated = at;
    let pull = issue.pull.as_mut()?;
    let commit = pull.head_commit.clone();
    pull.reviews.push(Review { id, author: author.to_owned(), verdict, body: body.to_owned(), commit, at });
    pull.reviewers.retain(|login| login != author);
    Some(id)
}

/// Adds a comment of a review and gives its id.
pub(in super::super) fn add_comment(
    world: &mut World,
    full_name: &str,
    number: u64,
    comment: ReviewComment,
) -> Option<u64> {
    world.user(&comment.author, "User");
    let (id, at) = (world.id(), world.now);
    let issue = world.repository_mut(full_name)?.issues.get_mut(&number)?;
    issue.updated = at;
    let pull = issue.pull.as_mut()?;
    let commit = pull.head_commit.clone();
    pull.comments.push(ReviewComment { id, at, commit, ..comment });
    Some(id)
}

pub(in super::super) fn create(world: &mut World, call: &Call) -> Answer {
    let author = call.login()?;
    let (_, issue, _) = pull(world, call)?;
    let number = issue.number;
    let own = issue.author == author;
    let verdict = match call.text("event") {
        Some("APPROVE") => Verdict::Approved,
        Some("REQUEST_CHANGES") => Verdict::ChangesRequested,
        Some("COMMENT") => Verdict::Commented,
        Some(_) | None => return Err(Refusal::new(422, "Unprocessable Entity")),
    };
    if own && verdict != Verdict::Commented {
        return Err(Refusal::new(422, "Unprocessable Entity"));
    }
    let body = call.text("body").unwrap_or_default();
    if body.is_empty() && verdict != Verdict::Approved {
        return Err(Refusal::new(422, "Unprocessable Entity"));
    }
    let id = add(world, &call.full_name(), number, &author, verdict, body).ok_or_else(Refusal::not_found)?;
    let (shown, _, pull) = pull(world, call)?;
    let review = pull.reviews.iter().find(|review| review.id == id).ok_or_else(Refusal::not_found)?;
    Ok(Reply::ok(render::review(page(world, call), shown, number, review)))
}

pub(in super::super) fn comments(world: &mut World, call: &Call) -> Answer {
    let (shown, issue, pull) = pull(world, call)?;
    let page = page(world, call);
    let all = pull.comments.iter().map(|comment| render::review_comment(page, shown, issue.number, comment));
    Ok(call.page(all.collect()))
}

pub(in super::super) fn reply(world: &mut World, call: &Call) -> Answer {
    let body = call.needed("PullRequestReviewComment", "body")?;
    let author = call.login()?;
    let answered = call.number("comment_id")?;
    let (_, issue, found) = pull(world, call)?;
    let number = issue.number;
    let first =
        found.comments.iter().find(|comment| comment.id == answered).ok_or_else(Refusal::not_found)?;
    let comment = ReviewComment { author, body, reply_to: Some(answered), ..first.clone() };
    let id = add_comment(world, &call.full_name(), number, comment).ok_or_else(Refusal::not_found)?;
    let (shown, _, pull) = pull(world, call)?;
    let comment = pull.comments.iter().find(|comment| comment.id == id).ok_or_else(Refusal::not_found)?;
    Ok(Reply::with(201, render::review_comment(page(world, call), shown, number, comment)))
}

pub(in super::super) fn requested(world: &mut World, call: &Call) -> Answer {
    let (_, _, pull) = pull(world, call)?;
    let users: Vec<Value> =
        pull.reviewers.iter().map(|login| render::user(page(world, call), login)).collect();
    Ok(Reply::ok(json!({"users": users, "teams": []})))
}

pub(in super::super) fn request(world: &mut World, call: &Call) -> Answer {
    let wanted = call.texts("reviewers");
    let (shown, issue, _) = pull(world, call)?;
    let author = issue.author.clone();
    if wanted.contains(&author) {
        return Err(Refusal::new(422, "Review cannot be requested from pull request author."));
    }
    let outsider =
        |login: &String| world.access_of(login, shown).is_none() || !world.users.contains_key(login);
    if wanted.iter().any(outsider) {
        let full = shown.full_name();
        return Err(Refusal::new(
            422,
            &format!(
                "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the {full} repository."
            ),
        ));
    }
    let found = issue_mut(world, call, "pull_number")?;
    if let Some(pull) = &mut found.pull {
        let new: Vec<String> = wanted.into_iter().filter(|login| !pull.reviewers.contains(login)).collect();
        pull.reviewers.extend(new);
    }
    let (shown, issue, found) = pull(world, call)?;
    Ok(Reply::with(201, render::pull(page(world, call), shown, issue, found, false)))
}
