//! Pull requests as every forge has them.

use std::fmt;

use jiff::Timestamp;
use semver::Version;

use super::{BranchName, CommitId, CrateName};

/// A pull request's number in its repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PullRequestNumber(pub u64);

/// Whether a pull request is still to be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PullRequestState {
    /// To be decided.
    Open,
    /// In the base branch.
    Merged,
    /// Closed without a merge.
    Closed,
}

/// A pull request as the forge knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: PullRequestNumber,
    /// Where a person reads it: a URL, or a command for the local forge.
    pub url: String,
    /// Whether it is still to be decided.
    pub state: PullRequestState,
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// The branch with the change.
    pub head: BranchName,
    /// The branch it goes into.
    pub base: BranchName,
    /// The newest commit of the head branch.
    pub head_commit: CommitId,
    /// Its labels.
    pub labels: Vec<String>,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it was merged or closed.
    pub ended: Option<Timestamp>,
    /// The commit on the base branch that merged it.
    pub merge_commit: Option<CommitId>,
}

/// A pull request to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPullRequest {
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// The branch with the change; pushed before.
    pub head: BranchName,
    /// The branch it goes into.
    pub base: BranchName,
    /// Its labels.
    pub labels: Vec<String>,
    /// Who is asked to look at it.
    pub reviewers: Vec<String>,
}

/// An update as a pull request's marker names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProposedUpdate {
    /// The package.
    pub krate: CrateName,
    /// The version it moves to.
    pub to: Version,
}

impl PullRequestState {
    /// The lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Merged => "merged",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for PullRequestState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for PullRequestNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}
