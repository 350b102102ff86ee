//! How a run tells what it is doing, to whoever shows it.

use std::fmt;
use std::sync::Arc;

use crate::model::{RepoName, RepositorySummary};

/// What a run tells.
#[derive(Clone, Debug)]
pub enum Progress<'a> {
    /// A stage over the whole fleet begins.
    Fleet {
        /// What is done.
        stage: Stage,
        /// How many repositories or crates it concerns.
        count: usize,
    },
    /// One more repository or crate of that stage is done.
    FleetStep,
    /// A wave begins.
    Wave {
        /// Which, counted from 1.
        number: usize,
        /// Of how many.
        of: usize,
        /// How many repositories it has.
        count: usize,
    },
    /// A repository is at work.
    Repository {
        /// Which.
        repo: &'a RepoName,
        /// What is done with it.
        stage: Stage,
        /// More about it, for people; may be empty.
        detail: String,
    },
    /// A repository is done.
    Settled {
        /// How it ended.
        summary: &'a RepositorySummary,
    },
}

/// A stage of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Mirrors are brought up to date.
    Sync,
    /// Manifests are read.
    Survey,
    /// Releases are looked up.
    LookUp,
    /// The intent is made.
    Plan,
    /// Trees are built and tested.
    Verify,
    /// Branches are pushed, pull requests opened.
    Publish,
    /// Pull requests are merged.
    Merge,
    /// Tags are made.
    Release,
}

/// Takes what a run tells; called from several threads.
pub type ProgressSink = Arc<dyn Fn(Progress<'_>) + Send + Sync>;

impl Stage {
    /// The lower-case name, as summaries have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Survey => "survey",
            Self::LookUp => "look up",
            Self::Plan => "plan",
            Self::Verify => "verify",
            Self::Publish => "publish",
            Self::Merge => "merge",
            Self::Release => "release",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
