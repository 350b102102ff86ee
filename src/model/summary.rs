//! What a run came to: read by people as report, by scripts as JSON.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    CommitId, Failure, Lane, PullRequestNumber, PullRequestState, RepoName, RunId, RunMode, Settlement, TreeId, Verdict,
};

/// One run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSummary {
    /// Its id.
    pub run: RunId,
    /// What it was for.
    pub mode: RunMode,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; `None` while it runs, or when it was killed.
    pub finished: Option<Timestamp>,
    /// Whether a person or a signal ended it early.
    pub interrupted: bool,
    /// The repositories it was to do that have no summary yet.
    pub pending: Vec<RepoName>,
    /// The repositories that are done, in the order of repos.toml.
    pub repositories: Vec<RepositorySummary>,
}

/// One repository in one run.
#[derive(Clone, Debug, PartialEq)]
pub struct RepositorySummary {
    /// Its name.
    pub repo: RepoName,
    /// Where it is, without credentials.
    pub url: String,
    /// The wave it was in, counted from 1.
    pub wave: usize,
    /// How it ended.
    pub status: RepositoryStatus,
    /// The commit that was looked at.
    pub base: Option<CommitId>,
    /// Every declared dependency.
    pub settlements: Vec<Settlement>,
    /// The pull requests of depbot that matter now: open ones, and those merged or closed in this run.
    pub pull_requests: Vec<PullRequestSummary>,
    /// What was verified in this run, in order; a verdict that an earlier run reached is not reached again.
    pub verifications: Vec<VerificationSummary>,
    /// The tag that was made after a merge in this run.
    pub released: Option<String>,
    /// What a person should know: skipped workspaces, a branch left alone, what a merge waits for.
    pub notes: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// How a repository ended. Ordered by how much a person is needed, most first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepositoryStatus {
    /// It could not be done.
    Failed {
        /// The stage that failed: `sync`, `survey`, `plan`, `verify`, `publish`, `merge`, `release`.
        stage: String,
        /// What happened, without credentials.
        message: String,
    },
    /// Its main branch is red, so that nothing could be proved.
    RedBefore(Failure),
    /// There is work left that a person decides: pull requests are open.
    Waiting,
    /// Everything that could move has moved, and is merged.
    Merged,
    /// There was nothing to do.
    UpToDate,
    /// A plan only: this many updates would be made.
    Planned {
        /// How many.
        updates: usize,
    },
}

/// A pull request in a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestSummary {
    /// Its number.
    pub number: PullRequestNumber,
    /// What it carries.
    pub lane: Lane,
    /// Its title.
    pub title: String,
    /// Where a person reads it.
    pub url: String,
    /// What it came to.
    pub state: PullRequestState,
    /// What it waits for, in words; `None` when it is merged or closed.
    pub waits_for: Option<String>,
}

/// One verification of one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationSummary {
    /// The tree, the lock included; `None` when it did not get as far as a tree.
    pub tree: Option<TreeId>,
    /// What it contained, in words; empty for the untouched tree.
    pub units: Vec<String>,
    /// What came out.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
    /// The compiler that was used, as it calls itself.
    pub toolchain: String,
}
