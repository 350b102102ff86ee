//! Merges a pull request so that a kill at any moment leaves it either open or merged: never merged and still open.
//!
//! The plan is written down, then git moves the base branch, then the row is ended. [`super::settle`] does the last
//! step for a process that was killed before it.

use std::time::Duration;

use super::desk::Desk;
use super::store::{MergePlan, Record};
use crate::config::MergeMethod;
use crate::forge::{CommitText, ForgeError};
use crate::git::Identity;
use crate::git::merge::{MergeFailure, MergeRequest, PlannedMerge};
use crate::model::{CommitId, PullRequestNumber, PullRequestState};
use crate::process::failpoint;

/// How often a merge is planned again because somebody else moved, or holds, the base branch.
const ATTEMPTS: u32 = 10;

/// What is added to the pause before each further attempt.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) fn merge(
    desk: &Desk,
    number: PullRequestNumber,
    expected_head: &CommitId,
    method: MergeMethod,
    message: &CommitText,
) -> Result<CommitId, ForgeError> {
    for attempt in 0..ATTEMPTS {
        std::thread::sleep(PAUSE * attempt);
        let record = desk.find_open(number)?;
        let planned = plan(desk, &record, expected_head, method, message)?;
        match desk.repository.apply_merge(&record.pull_request.base, &planned) {
            Ok(()) => return finish(desk, record, expected_head, planned),
            Err(MergeFailure::BaseMoved) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    let message = format!("the base branch of pull request {number} keeps moving, or another program has locked it");
    Err(ForgeError::Unavailable { message })
}

/// Writes the commits, and then what is about to be done with them.
fn plan(
    desk: &Desk,
    record: &Record,
    expected_head: &CommitId,
    method: MergeMethod,
    message: &CommitText,
) -> Result<PlannedMerge, ForgeError> {
    let pull_request = &record.pull_request;
    let planned = desk.repository.plan_merge(&MergeRequest {
        base: &pull_request.base,
        head: &pull_request.head,
        expected_head,
        method,
        message: &message.to_message(),
        committer: &Identity { name: "depbot".to_owned(), email: "depbot@localhost".to_owned() },
        at: desk.now,
    })?;
    desk.repository.keep(pull_request.number, expected_head)?;
    let plan = MergePlan { to: planned.to.clone(), head: expected_head.clone(), at: desk.now };
    desk.store.record_merge_plan(pull_request.number, &plan)?;
    failpoint::pass();
    Ok(planned)
}

fn finish(
    desk: &Desk,
    mut record: Record,
    expected_head: &CommitId,
    planned: PlannedMerge,
) -> Result<CommitId, ForgeError> {
    failpoint::pass();
    record.pull_request.state = PullRequestState::Merged;
    record.pull_request.head_commit = expected_head.clone();
    record.pull_request.merge_commit = Some(planned.to.clone());
    record.pull_request.ended = Some(desk.now);
    desk.store.end(record)?;
    failpoint::pass();
    Ok(planned.to)
}
