//! The columns beside an event's text: what the journal looks events up by.

use crate::model::{EventBody, RepoName, RunMode};

/// The value of SQLite's `synchronous`: `full` where an effect outside of this machine follows.
pub(super) fn durability(body: &EventBody) -> &'static str {
    match body {
        EventBody::BranchPushing { .. } | EventBody::PullRequestChanged { .. } | EventBody::ReleaseTagged { .. } => {
            "full"
        }
        EventBody::RunStarted { .. }
        | EventBody::RepositorySynced { .. }
        | EventBody::TreeVerified { .. }
        | EventBody::RepositorySettled { .. }
        | EventBody::RunFinished { .. } => "normal",
    }
}

pub(super) fn kind(body: &EventBody) -> &'static str {
    match body {
        EventBody::RunStarted { .. } => "run-started",
        EventBody::RepositorySynced { .. } => "repository-synced",
        EventBody::TreeVerified { .. } => "tree-verified",
        EventBody::BranchPushing { .. } => "branch-pushing",
        EventBody::PullRequestChanged { .. } => "pull-request-changed",
        EventBody::ReleaseTagged { .. } => "release-tagged",
        EventBody::RepositorySettled { .. } => "repository-settled",
        EventBody::RunFinished { .. } => "run-finished",
    }
}

/// The repository it is about; `None` where it is about the whole run.
pub(super) fn repo(body: &EventBody) -> Option<&RepoName> {
    match body {
        EventBody::RunStarted { .. } | EventBody::RunFinished { .. } => None,
        EventBody::RepositorySynced { repo, .. }
        | EventBody::TreeVerified { repo, .. }
        | EventBody::BranchPushing { repo, .. }
        | EventBody::PullRequestChanged { repo, .. }
        | EventBody::ReleaseTagged { repo, .. } => Some(repo),
        EventBody::RepositorySettled { summary } => Some(&summary.repo),
    }
}

/// What the run is for, where it starts.
pub(super) fn mode(body: &EventBody) -> Option<&'static str> {
    match body {
        EventBody::RunStarted { mode: RunMode::Plan, .. } => Some("plan"),
        EventBody::RunStarted { mode: RunMode::Upgrade, .. } => Some("upgrade"),
        _ => None,
    }
}

pub(super) fn mode_from_text(text: &str) -> Option<RunMode> {
    match text {
        "plan" => Some(RunMode::Plan),
        "upgrade" => Some(RunMode::Upgrade),
        _ => None,
    }
}
