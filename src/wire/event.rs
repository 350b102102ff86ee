//! The form of an event, as the journal keeps it and subscribers get it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::twin::{FieldError, Twin, json_key, twin};
use super::{Lane, RepositorySummary, RunMode, Verification};
use crate::model;

/// The format of events that this version writes.
pub const EVENT_FORMAT: u32 = 1;

/// One event. Readers leave out what they do not know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventRecord {
    /// The version of this format.
    pub format: u32,
    /// The run it belongs to.
    pub run: String,
    /// When it was recorded.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// What happened.
    pub body: EventBody,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventBody {
    /// A run began over these repositories.
    RunStarted {
        /// What for.
        mode: RunMode,
        /// The repositories, in the order of repos.toml.
        repositories: Vec<String>,
    },
    /// A repository's mirror stands at this commit of its branch.
    RepositorySynced {
        /// Which.
        repo: String,
        /// The newest commit.
        commit: String,
    },
    /// A tree was verified.
    TreeVerified {
        /// Which repository.
        repo: String,
        /// The tree, the lock included.
        tree: String,
        /// What it contained and what came out.
        verification: Verification,
    },
    /// A branch is about to be pushed.
    BranchPushing {
        /// Which repository.
        repo: String,
        /// The branch.
        branch: String,
        /// Its new head.
        commit: String,
    },
    /// A pull request changed by depbot's hand.
    PullRequestChanged {
        /// Which repository.
        repo: String,
        /// Which pull request.
        number: u64,
        /// What it carries.
        lane: Lane,
        /// What was done.
        change: PullRequestChange,
    },
    /// A release was made after a merge.
    ReleaseTagged {
        /// Which repository.
        repo: String,
        /// The tag.
        tag: String,
        /// The commit it is on.
        commit: String,
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

/// What was done to a pull request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PullRequestChange {
    /// It was opened.
    Opened,
    /// Its branch or text was brought up to date.
    Refreshed,
    /// It was merged.
    Merged {
        /// As this commit of the base branch.
        commit: String,
    },
    /// It was closed.
    Closed {
        /// Why.
        reason: String,
    },
}

impl Twin<model::Event> for EventRecord {
    fn write(model: &model::Event) -> Self {
        let model::Event { run, at, body } = model;
        Self { format: EVENT_FORMAT, run: Twin::write(run), at: Twin::write(at), body: Twin::write(body) }
    }

    fn read(self) -> Result<model::Event, FieldError> {
        Ok(model::Event {
            run: self.run.read().map_err(|error| error.under("run"))?,
            at: self.at.read().map_err(|error| error.under("at"))?,
            body: self.body.read().map_err(|error| error.under("body"))?,
        })
    }
}

twin!(enum EventBody = model::EventBody {
    RunStarted { mode, repositories },
    RepositorySynced { repo, commit },
    TreeVerified { repo, tree, verification },
    BranchPushing { repo, branch, commit },
    PullRequestChanged { repo, number, lane, change },
    ReleaseTagged { repo, tag, commit },
    RepositorySettled { summary },
    RunFinished { interrupted },
});
twin!(enum PullRequestChange = model::PullRequestChange { Opened, Refreshed, Merged(commit), Closed(reason) });
