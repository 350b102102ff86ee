//! Brings what is kept of an open pull request in line with what its branches are now.

use super::desk::Desk;
use super::store::Record;
use crate::forge::ForgeError;
use crate::model::{CommitId, PullRequestState};

/// The pull request as it is now; kept so where something has changed.
pub(super) fn settle(desk: &Desk, record: Record) -> Result<Record, ForgeError> {
    match record.pull_request.state {
        PullRequestState::Open => settle_open(desk, record),
        PullRequestState::Merged | PullRequestState::Closed => Ok(record),
    }
}

fn settle_open(desk: &Desk, mut record: Record) -> Result<Record, ForgeError> {
    let Some(base) = desk.repository.branch(&record.pull_request.base)? else { return Ok(record) };
    if let Some(record) = finish_planned(desk, &record, &base)? {
        return Ok(record);
    }
    let head = desk.repository.branch(&record.pull_request.head)?;
    let newest = head.as_ref().unwrap_or(&record.pull_request.head_commit).clone();
    let ends_as = match head {
        _ if !desk.repository.contains(&base, &newest)? => head.is_none().then_some(PullRequestState::Closed),
        // A branch that was set back to what the base branch had all along was not merged.
        _ if desk.repository.contains(&record.base_seen, &newest)? => Some(PullRequestState::Closed),
        _ => Some(PullRequestState::Merged),
    };
    match ends_as {
        Some(PullRequestState::Merged) => {
            let merge_commit = desk.repository.merged_as(&base, &record.base_seen, &newest)?;
            record.pull_request.merge_commit = Some(merge_commit);
            record.pull_request.head_commit = newest;
            end(desk, record, PullRequestState::Merged)
        }
        Some(state) => end(desk, record, state),
        None => see(desk, record, newest, base),
    }
}

/// A merge that was made and then not recorded, because its process was killed in between.
fn finish_planned(desk: &Desk, record: &Record, base: &CommitId) -> Result<Option<Record>, ForgeError> {
    for plan in desk.store.merge_plans(record.pull_request.number)? {
        if desk.repository.contains(base, &plan.to)? {
            let mut merged = record.clone();
            merged.pull_request.head_commit = plan.head;
            merged.pull_request.merge_commit = Some(plan.to);
            merged.pull_request.ended = Some(plan.at);
            return end(desk, merged, PullRequestState::Merged).map(Some);
        }
    }
    Ok(None)
}

fn end(desk: &Desk, mut record: Record, state: PullRequestState) -> Result<Record, ForgeError> {
    record.pull_request.state = state;
    record.pull_request.ended.get_or_insert(desk.now);
    Ok(desk.store.end(record)?)
}

fn see(desk: &Desk, mut record: Record, head: CommitId, base: CommitId) -> Result<Record, ForgeError> {
    if record.pull_request.head_commit != head {
        desk.repository.keep(record.pull_request.number, &head)?;
    }
    if record.pull_request.head_commit != head || record.base_seen != base {
        record.pull_request.head_commit = head;
        record.base_seen = base;
        desk.store.see(&record)?;
    }
    Ok(record)
}
