//! Merges, and the branches that are left after them.

use serde::de::IgnoredAny;
use serde_json::json;

use super::client::{Call, Safety};
use super::failure::{Failure, Refusal};
use super::place::encoded;
use super::pulls;
use super::wire::{self, Merged, Pull};
use super::{CommitText, Desk, ForgeError};
use crate::config::MergeMethod;
use crate::model::{BranchName, CommitId, PullRequestNumber, PullRequestState};

/// Merges it if its head is `expected`.
///
/// GitHub says no with the same three statuses for every reason (405, 409, 422): the reason is read from the pull
/// request then. While GitHub still finds out whether it can be merged, or when the base moved in between, it is tried
/// again.
pub(super) async fn merge(
    desk: &Desk<'_>,
    number: PullRequestNumber,
    expected: &CommitId,
    method: MergeMethod,
    message: &CommitText,
) -> Result<CommitId, ForgeError> {
    let failed = |failure| desk.pull_failed(number, failure);
    let call = merge_call(desk, number, expected, method, message);
    let mut pauses = desk.client.timing.pauses();
    let mut sent_before = false;
    let mut refused_before = false;
    loop {
        let failure = match desk.client.call::<Merged>(&desk.place, &call).await {
            Ok(merged) => return wire::commit(&merged.sha).map_err(failed),
            Err(failure) => failure,
        };
        sent_before |= matches!(failure, Failure::Uncertain { .. });
        if !matches!(failure.status(), None | Some(405 | 409 | 422)) || matches!(failure, Failure::Limited { .. }) {
            return Err(failed(failure));
        }
        let pull = pulls::find(desk, number).await.map_err(failed)?;
        match standing(&pull, number, expected, sent_before).map_err(failed)? {
            Standing::Done(commit) => return Ok(commit),
            Standing::Never(error) => return Err(error),
            Standing::Mergeable if refused_before => return Err(failed(failure)),
            Standing::Mergeable => refused_before = matches!(failure, Failure::Refused(_)),
            Standing::Unknown => {}
        }
        if !pauses.wait().await {
            return Err(failed(failure));
        }
    }
}

/// Deletes a branch.
pub(super) async fn delete_branch(desk: &Desk<'_>, branch: &BranchName) -> Result<(), ForgeError> {
    let name = encoded(branch.as_str());
    let call = Call::delete(desk.place.route(&format!("git/refs/heads/{name}")));
    let refusal = match desk.client.call::<IgnoredAny>(&desk.place, &call).await {
        Ok(_) => return Ok(()),
        Err(Failure::Refused(refusal)) if refusal.status == 422 => refusal,
        Err(failure) => return Err(desk.failed(failure)),
    };
    // GitHub refuses what is not there and what is protected alike.
    let look = Call::get(desk.place.route(&format!("git/ref/heads/{name}")));
    match desk.client.call::<IgnoredAny>(&desk.place, &look).await {
        Err(Failure::Refused(Refusal { status: 404, .. })) => Ok(()),
        Ok(_) => Err(desk.failed(Failure::Refused(refusal))),
        Err(failure) => Err(desk.failed(failure)),
    }
}

/// How a pull request stands that GitHub did not merge, or did not say so.
enum Standing {
    /// It is merged, by this call.
    Done(CommitId),
    /// It is not going to be merged as it is.
    Never(ForgeError),
    /// It fits its base.
    Mergeable,
    /// GitHub has not found out yet.
    Unknown,
}

fn standing(
    pull: &Pull,
    number: PullRequestNumber,
    expected: &CommitId,
    sent_before: bool,
) -> Result<Standing, Failure> {
    let head = pull.head_commit()?;
    let state = pull.state();
    if state == PullRequestState::Merged
        && sent_before
        && head == *expected
        && let Some(commit) = pull.merge_commit()?
    {
        return Ok(Standing::Done(commit));
    }
    if state != PullRequestState::Open {
        return Ok(Standing::Never(ForgeError::AlreadyEnded { number, state }));
    }
    if head != *expected {
        return Ok(Standing::Never(ForgeError::HeadMoved { found: Some(head) }));
    }
    Ok(match pull.mergeable {
        Some(false) => Standing::Never(ForgeError::Conflict { paths: Vec::new() }),
        Some(true) => Standing::Mergeable,
        None => Standing::Unknown,
    })
}

fn merge_call(
    desk: &Desk<'_>,
    number: PullRequestNumber,
    expected: &CommitId,
    method: MergeMethod,
    message: &CommitText,
) -> Call {
    let mut body = json!({ "sha": expected.as_str(), "merge_method": method_name(method) });
    if method != MergeMethod::Rebase {
        body["commit_title"] = json!(message.title);
        body["commit_message"] = json!(message.body);
    }
    Call::put(desk.place.route(&format!("pulls/{}/merge", number.0)), &body, Safety::Once)
}

fn method_name(method: MergeMethod) -> &'static str {
    match method {
        MergeMethod::Merge => "merge",
        MergeMethod::Squash => "squash",
        MergeMethod::Rebase => "rebase",
    }
}
