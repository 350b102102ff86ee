//! What happens in a run, as one union in the order it happens.

use jiff::Timestamp;

use super::{
    BranchName, CommitId, Lane, PullRequestNumber, RepoName, RepositorySummary, RunId, TreeId, VerificationSummary,
};

/// One event, appended before its effect is visible elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The run it belongs to.
    pub run: RunId,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    pub body: EventBody,
}

/// What a run was started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunMode {
    /// `depbot plan`: nothing is changed.
    Plan,
    /// `depbot upgrade`.
    Upgrade,
}

/// What was done to a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullRequestChange {
    /// It was opened.
    Opened,
    /// Its branch or text was brought up to date.
    Refreshed,
    /// It was merged as this commit of the base branch.
    Merged(CommitId),
    /// It was closed for this reason.
    Closed(String),
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum EventBody {
    /// A run began over these repositories.
    RunStarted {
        /// What for.
        mode: RunMode,
        /// The repositories, in the order of repos.toml.
        repositories: Vec<RepoName>,
    },
    /// A repository's mirror stands at this commit of its branch.
    RepositorySynced {
        /// Which.
        repo: RepoName,
        /// The newest commit.
        commit: CommitId,
    },
    /// A tree was verified.
    TreeVerified {
        /// Which repository.
        repo: RepoName,
        /// The tree, the lock included.
        tree: TreeId,
        /// What it contained and what came out.
        verification: VerificationSummary,
    },
    /// A branch is about to be pushed.
    BranchPushing {
        /// Which repository.
        repo: RepoName,
        /// The branch.
        branch: BranchName,
        /// Its new head.
        commit: CommitId,
    },
    /// A pull request of depbot changed. What happened to it outside of a run, or was not recorded because a run was
    /// killed, the next run records: each opening, merge and closing once.
    PullRequestChanged {
        /// Which repository.
        repo: RepoName,
        /// Which pull request.
        number: PullRequestNumber,
        /// What it carries.
        lane: Lane,
        /// What was done.
        change: PullRequestChange,
    },
    /// A release was made after a merge.
    ReleaseTagged {
        /// Which repository.
        repo: RepoName,
        /// The tag.
        tag: String,
        /// The commit it is on.
        commit: CommitId,
    },
    /// A repository is done, for better or worse.
    RepositorySettled {
        /// How it ended.
        summary: Box<RepositorySummary>,
    },
    /// The run is done.
    RunFinished {
        /// Whether a person or a signal ended it early.
        interrupted: bool,
    },
}
