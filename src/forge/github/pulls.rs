//! Pull requests: which there are, new ones, new texts, and the end without a merge.

use serde_json::json;

use super::client::{Call, Pages, Safety};
use super::failure::{Failure, Refusal};
use super::marks;
use super::place::encoded;
use super::wire::Pull;
use super::{Desk, ForgeError, PullRequestText};
use crate::model::{BranchName, NewPullRequest, PullRequest, PullRequestNumber, PullRequestState};

/// Pages of the pull requests that something happened to last: 300 of them.
const RECENT_PAGES: usize = 3;
/// Pages of open pull requests that are read at most; GitHub gives no list longer than that.
const OPEN_PAGES: usize = 100;

/// Those whose branch in the repository itself begins with `prefix`: every open one, and of the ended ones those among
/// the 300 that something happened to last.
///
/// A repository with at most 100 pull requests takes one request.
pub(super) async fn list(desk: &Desk<'_>, prefix: &str) -> Result<Vec<PullRequest>, ForgeError> {
    let mut found = recent(desk).await.map_err(|failure| desk.failed(failure))?;
    found.retain(|pull| pull.is_from_here() && pull.head.name.starts_with(prefix));
    // The newest answer comes last and wins.
    found.reverse();
    found.sort_by_key(|pull| std::cmp::Reverse(pull.number));
    found.dedup_by_key(|pull| pull.number);
    let pulls: Result<_, Failure> = found.iter().map(Pull::to_model).collect();
    pulls.map_err(|failure| desk.failed(failure))
}

/// Opens one, labels it and asks the reviewers; what of the last two does not work is told in the log only.
pub(super) async fn open(desk: &Desk<'_>, new: &NewPullRequest) -> Result<PullRequest, ForgeError> {
    let pull = create(desk, new).await?;
    let number = PullRequestNumber(pull.number);
    let mut opened = pull.to_model().map_err(|failure| desk.pull_failed(number, failure))?;
    match marks::add_labels(desk, number, &opened.labels, &new.labels).await {
        Ok(Some(labels)) => opened.labels = labels,
        Ok(None) => {}
        Err(failure) => {
            tracing::warn!(repo = %desk.place, %number, "not labelled: {}", desk.pull_failed(number, failure));
        }
    }
    marks::ask_reviewers(desk, number, &new.reviewers).await;
    Ok(opened)
}

/// Gives it another text and the labels that are missing.
pub(super) async fn update(
    desk: &Desk<'_>,
    number: PullRequestNumber,
    text: &PullRequestText,
) -> Result<PullRequest, ForgeError> {
    let failed = |failure| desk.pull_failed(number, failure);
    let body = json!({ "title": text.title, "body": text.body });
    let pull: Pull = desk.client.call(&desk.place, &Call::patch(route(desk, number), &body)).await.map_err(failed)?;
    let mut updated = pull.to_model().map_err(failed)?;
    if let Some(labels) = marks::add_labels(desk, number, &updated.labels, &text.labels).await.map_err(failed)? {
        updated.labels = labels;
    }
    Ok(updated)
}

/// Closes it.
pub(super) async fn close(desk: &Desk<'_>, number: PullRequestNumber) -> Result<(), ForgeError> {
    let call = Call::patch(route(desk, number), &json!({ "state": "closed" }));
    let pull = match desk.client.call::<Pull>(&desk.place, &call).await {
        Ok(pull) => pull,
        // GitHub may refuse what a merge made impossible.
        Err(failure @ Failure::Refused(Refusal { status: 422, .. })) => match find(desk, number).await {
            Ok(pull) if pull.state() != PullRequestState::Open => pull,
            Ok(_) | Err(_) => return Err(desk.pull_failed(number, failure)),
        },
        Err(failure) => return Err(desk.pull_failed(number, failure)),
    };
    match pull.state() {
        PullRequestState::Merged => Err(ForgeError::AlreadyEnded { number, state: PullRequestState::Merged }),
        PullRequestState::Open | PullRequestState::Closed => Ok(()),
    }
}

/// One pull request as it is now.
pub(super) async fn find(desk: &Desk<'_>, number: PullRequestNumber) -> Result<Pull, Failure> {
    desk.client.call(&desk.place, &Call::get(route(desk, number))).await
}

fn route(desk: &Desk<'_>, number: PullRequestNumber) -> String {
    desk.place.route(&format!("pulls/{}", number.0))
}

async fn recent(desk: &Desk<'_>) -> Result<Vec<Pull>, Failure> {
    let list = |state: &str| desk.place.route(&format!("pulls?state={state}&sort=updated&direction=desc"));
    let recent: Pages<Vec<Pull>> = desk.client.list(&desk.place, &list("all"), RECENT_PAGES).await?;
    let mut found: Vec<Pull> = recent.pages.into_iter().flatten().collect();
    if !recent.complete {
        let open: Pages<Vec<Pull>> = desk.client.list(&desk.place, &list("open"), OPEN_PAGES).await?;
        found.extend(open.pages.into_iter().flatten());
    }
    Ok(found)
}

/// Creates it once: after a lost answer it is looked for before it is created again.
async fn create(desk: &Desk<'_>, new: &NewPullRequest) -> Result<Pull, ForgeError> {
    let failed = |failure| desk.failed(failure);
    let body = json!({
        "title": new.title,
        "body": new.body,
        "head": new.head.as_str(),
        "base": new.base.as_str(),
        "maintainer_can_modify": true,
    });
    let call = Call::post(desk.place.route("pulls"), &body, Safety::Once);
    let mut pauses = desk.client.timing.pauses();
    let mut sent_before = false;
    loop {
        match desk.client.call::<Pull>(&desk.place, &call).await {
            Ok(pull) => return Ok(pull),
            Err(Failure::Refused(refusal)) if refusal.status == 422 => {
                return match open_of(desk, &new.head).await.map_err(failed)? {
                    Some(pull) if sent_before => Ok(pull),
                    Some(pull) => Err(ForgeError::AlreadyOpen { number: PullRequestNumber(pull.number) }),
                    None => Err(not_opened(desk, new, refusal)),
                };
            }
            Err(failure @ Failure::Uncertain { .. }) => {
                sent_before = true;
                if let Some(pull) = open_of(desk, &new.head).await.map_err(failed)? {
                    return Ok(pull);
                }
                if !pauses.wait().await {
                    return Err(failed(failure));
                }
            }
            Err(failure) => return Err(failed(failure)),
        }
    }
}

/// The open pull request of a branch.
async fn open_of(desk: &Desk<'_>, head: &BranchName) -> Result<Option<Pull>, Failure> {
    let head_text = format!("{}%3A{}", desk.place.owner, encoded(head.as_str()));
    let route = desk.place.route(&format!("pulls?state=open&head={head_text}"));
    let list: Pages<Vec<Pull>> = desk.client.list(&desk.place, &route, OPEN_PAGES).await?;
    Ok(list.pages.into_iter().flatten().find(|pull| pull.is_from_here() && pull.head.name == head.as_str()))
}

fn not_opened(desk: &Desk<'_>, new: &NewPullRequest, refusal: Refusal) -> ForgeError {
    let names = |field: &str| refusal.fields.iter().any(|name| name == field);
    let missing = |branch: &BranchName| ForgeError::NotFound { what: format!("the branch {branch} of {}", desk.place) };
    if names("head") {
        missing(&new.head)
    } else if names("base") {
        missing(&new.base)
    } else {
        desk.failed(Failure::Refused(refusal))
    }
}
