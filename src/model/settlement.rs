//! How one declared dependency ends: every one of them does, in every run.

use semver::Version;

use super::{CrateName, Lane, Refusal, RepoPath, Site};

/// One declared dependency with how it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The folder of its workspace.
    pub workspace: RepoPath,
    /// The package.
    pub krate: CrateName,
    /// Where it is declared.
    pub site: Site,
    /// Where its releases come from, for people.
    pub source: String,
    /// The requirement as written; `None` where there is none.
    pub requirement: Option<String>,
    /// What the lock holds, or else the lowest version the requirement names.
    pub current: Option<Version>,
    /// The newest release that is neither yanked nor an unwanted pre-release, whether it may be taken or not.
    pub latest: Option<Version>,
    /// How it ends.
    pub outcome: Outcome,
}

/// How a declared dependency ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It moves, in a pull request of `lane`; `refused` has the newer releases that were not taken.
    Updated {
        /// What it moves to.
        to: Version,
        /// What carries it.
        lane: Lane,
        /// Newer releases that were not taken, newest first.
        refused: Vec<Refusal>,
    },
    /// It already is at the newest release.
    UpToDate,
    /// It stays behind for these reasons; never empty, newest release first.
    NotUpdated {
        /// The reasons.
        refused: Vec<Refusal>,
    },
}
