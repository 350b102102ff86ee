//! From the events of one run to what it came to: a function from values to a value.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Event, EventBody, RepoName, RepositorySummary, RunSummary};

/// Folds the events of one run, oldest first; `None` when none of them starts it.
///
/// A repository that was settled twice counts as it was last. A run that was started again goes on: it has ended only
/// when it ended after that.
pub fn fold(events: impl IntoIterator<Item = Event>) -> Option<RunSummary> {
    let mut summary: Option<RunSummary> = None;
    let mut settled = BTreeMap::new();
    for event in events {
        match event.body {
            EventBody::RunStarted { mode, repositories } => {
                let begun = summary.get_or_insert_with(|| RunSummary {
                    run: event.run,
                    mode,
                    started: event.at,
                    finished: None,
                    interrupted: false,
                    pending: Vec::new(),
                    repositories: Vec::new(),
                });
                begun.finished = None;
                begun.interrupted = false;
                begun.pending.extend(repositories);
            }
            EventBody::RunFinished { interrupted } => {
                if let Some(begun) = &mut summary {
                    begun.finished = Some(event.at);
                    begun.interrupted = interrupted;
                }
            }
            EventBody::RepositorySettled { summary } => {
                settled.insert(summary.repo.clone(), *summary);
            }
            EventBody::RepositorySynced { .. }
            | EventBody::TreeVerified { .. }
            | EventBody::BranchPushing { .. }
            | EventBody::PullRequestChanged { .. }
            | EventBody::ReleaseTagged { .. } => {}
        }
    }
    let mut summary = summary?;
    sort_in(&mut summary, settled);
    Some(summary)
}

/// Moves what is settled out of `pending`, in its order; repositories that were not announced come last.
fn sort_in(summary: &mut RunSummary, mut settled: BTreeMap<RepoName, RepositorySummary>) {
    let mut seen = BTreeSet::new();
    for repo in std::mem::take(&mut summary.pending) {
        if !seen.insert(repo.clone()) {
            continue;
        }
        match settled.remove(&repo) {
            Some(repository) => summary.repositories.push(repository),
            None => summary.pending.push(repo),
        }
    }
    summary.repositories.extend(settled.into_values());
}
