//! Changes: what became of each pull request, in the journal once, whoever made it and whenever a run was killed.
//!
//! A merge or an opening is recorded when its number and commit are known, which is after the forge has made it. What a
//! killed run did not come to record, and what people did, the next run finds by comparing forge and journal.

use super::repository::Work;
use super::sync::failure;
use super::{RunError, Services, Stage, record};
use crate::model::{EventBody, Lane, PullRequest, PullRequestChange, PullRequestNumber, PullRequestState};
use crate::plan::StageFailure;
use crate::reconcile::{self, Existing, marker};

/// Records what became of a pull request, unless the journal has it.
pub(super) fn changed(
    services: &Services,
    work: &Work<'_>,
    number: PullRequestNumber,
    lane: Lane,
    change: PullRequestChange,
) -> Result<(), StageFailure> {
    let known = known_state(services, work, number)?;
    match state_after(&change) {
        Some(state) if known == Some(state) => Ok(()),
        Some(_) | None => append(services, work, number, lane, change),
    }
}

/// Records what is to be seen on the forge and is not in the journal.
pub(super) fn catch_up(services: &Services, work: &Work<'_>, existing: &[Existing]) -> Result<(), StageFailure> {
    let mut pull_requests: Vec<&PullRequest> = existing.iter().map(|one| &one.pull_request).collect();
    pull_requests.sort_by_key(|pull_request| pull_request.number);
    for pull_request in pull_requests {
        let Some(lane) = reconcile::lane_of(&pull_request.head) else { continue };
        let known = known_state(services, work, pull_request.number)?;
        for change in missing(known, pull_request) {
            append(services, work, pull_request.number, lane, change)?;
        }
    }
    Ok(())
}

/// The changes that lead from what is known of a pull request to what it is.
fn missing(known: Option<PullRequestState>, pull_request: &PullRequest) -> Vec<PullRequestChange> {
    let opened = (known.is_none() || is_reopened(known, pull_request.state)).then_some(PullRequestChange::Opened);
    let ended = match pull_request.state {
        state if known == Some(state) => None,
        PullRequestState::Open => None,
        PullRequestState::Merged => {
            let commit = pull_request.merge_commit.as_ref().unwrap_or(&pull_request.head_commit);
            Some(PullRequestChange::Merged(commit.clone()))
        }
        PullRequestState::Closed => Some(PullRequestChange::Closed(closed_by(pull_request).to_owned())),
    };
    opened.into_iter().chain(ended).collect()
}

fn is_reopened(known: Option<PullRequestState>, now: PullRequestState) -> bool {
    known == Some(PullRequestState::Closed) && now != PullRequestState::Closed
}

fn closed_by(pull_request: &PullRequest) -> &'static str {
    match marker::read(&pull_request.body) {
        Some(marker) if marker.closed_by_depbot => "depbot closed it, in a run that was cut off",
        _ => "a person closed it",
    }
}

fn known_state(
    services: &Services,
    work: &Work<'_>,
    number: PullRequestNumber,
) -> Result<Option<PullRequestState>, StageFailure> {
    let changes = services.journal.pull_request_changes(&work.repo.name);
    let changes = changes.map_err(|error| failure(Stage::Publish, &error))?;
    let of_it = changes.iter().filter(|(of, _)| *of == number);
    Ok(of_it.filter_map(|(_, change)| state_after(change)).next_back())
}

fn state_after(change: &PullRequestChange) -> Option<PullRequestState> {
    match change {
        PullRequestChange::Opened => Some(PullRequestState::Open),
        PullRequestChange::Merged(_) => Some(PullRequestState::Merged),
        PullRequestChange::Closed(_) => Some(PullRequestState::Closed),
        PullRequestChange::Refreshed => None,
    }
}

fn append(
    services: &Services,
    work: &Work<'_>,
    number: PullRequestNumber,
    lane: Lane,
    change: PullRequestChange,
) -> Result<(), StageFailure> {
    let event = EventBody::PullRequestChanged { repo: work.repo.name.clone(), number, lane, change };
    record(services, work.run, event).map_err(|error: RunError| failure(Stage::Publish, &error))
}
