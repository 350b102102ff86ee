//! The form of a run's summary: the JSON report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::twin::{FieldError, Twin, json_key, twin};
use super::{Failure, Lane, Settlement, Verification};
use crate::model;

/// The format of the report that this version writes.
pub const REPORT_FORMAT: u32 = 1;

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Where the schema of this file is.
    #[serde(rename = "$schema")]
    pub schema: String,
    /// The version of this format; a reader that knows 1 refuses 2.
    pub format: u32,
    /// The run's id.
    pub run: String,
    /// What it was for.
    pub mode: RunMode,
    /// When it began.
    #[schemars(extend("format" = "date-time"))]
    pub started: String,
    /// When it ended; absent while it runs, or when it was killed.
    #[schemars(extend("format" = "date-time"))]
    pub finished: Option<String>,
    /// Whether a person or a signal ended it early.
    pub interrupted: bool,
    /// The repositories it was to do that have no summary yet.
    pub pending: Vec<String>,
    /// The repositories that are done, in the order of repos.toml.
    pub repositories: Vec<RepositorySummary>,
}

/// What a run was started for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunMode {
    /// `depbot plan`: nothing is changed.
    Plan,
    /// `depbot upgrade`.
    Upgrade,
}

/// One repository in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RepositorySummary {
    /// Its name.
    pub repo: String,
    /// Where it is, without credentials.
    pub url: String,
    /// The wave it was in, counted from 1.
    pub wave: usize,
    /// How it ended.
    pub status: RepositoryStatus,
    /// The commit that was looked at.
    pub base: Option<String>,
    /// Every declared dependency.
    pub settlements: Vec<Settlement>,
    /// The pull requests of depbot that matter now: open ones, and those merged or closed in this run.
    pub pull_requests: Vec<PullRequestSummary>,
    /// What was verified, in order.
    pub verifications: Vec<Verification>,
    /// The tag that was made after a merge in this run.
    pub released: Option<String>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// How long it took, in seconds.
    #[serde(rename = "took_seconds")]
    pub took: f64,
}

/// How a repository ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RepositoryStatus {
    /// It could not be done.
    Failed {
        /// The stage that failed: `sync`, `survey`, `plan`, `verify`, `publish`, `merge` or `release`.
        stage: String,
        /// What happened, without credentials.
        message: String,
    },
    /// Its main branch is red, so that nothing could be proved.
    RedBefore {
        /// How it fails.
        failure: Failure,
    },
    /// There is work left that a person decides: pull requests are open.
    Waiting,
    /// Everything that could move has moved, and is merged.
    Merged,
    /// There was nothing to do.
    UpToDate,
    /// A plan only.
    Planned {
        /// How many updates would be made.
        updates: usize,
    },
}

/// A pull request in a summary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PullRequestSummary {
    /// Its number.
    pub number: u64,
    /// What it carries.
    pub lane: Lane,
    /// Its title.
    pub title: String,
    /// Where a person reads it.
    pub url: String,
    /// What it came to.
    pub state: PullRequestState,
    /// What it waits for, in words; absent when it is merged or closed.
    pub waits_for: Option<String>,
}

/// Whether a pull request is still to be decided.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PullRequestState {
    /// To be decided.
    Open,
    /// In the base branch.
    Merged,
    /// Closed without a merge.
    Closed,
}

impl Twin<model::RunSummary> for Report {
    fn write(model: &model::RunSummary) -> Self {
        let model::RunSummary { run, mode, started, finished, interrupted, pending, repositories } = model;
        Self {
            schema: super::schema_url("report"),
            format: REPORT_FORMAT,
            run: Twin::write(run),
            mode: Twin::write(mode),
            started: Twin::write(started),
            finished: Twin::write(finished),
            interrupted: *interrupted,
            pending: Twin::write(pending),
            repositories: Twin::write(repositories),
        }
    }

    fn read(self) -> Result<model::RunSummary, FieldError> {
        Ok(model::RunSummary {
            run: self.run.read().map_err(|error| error.under("run"))?,
            mode: self.mode.read().map_err(|error| error.under("mode"))?,
            started: self.started.read().map_err(|error| error.under("started"))?,
            finished: self.finished.read().map_err(|error| error.under("finished"))?,
            interrupted: self.interrupted,
            pending: self.pending.read().map_err(|error| error.under("pending"))?,
            repositories: self.repositories.read().map_err(|error| error.under("repositories"))?,
        })
    }
}

twin!(enum RunMode = model::RunMode { Plan, Upgrade });
twin!(struct RepositorySummary = model::RepositorySummary {
    repo, url, wave, status, base, settlements, pull_requests, verifications, released, notes, took,
});
twin!(enum RepositoryStatus = model::RepositoryStatus {
    Failed { stage, message }, RedBefore(failure), Waiting, Merged, UpToDate, Planned { updates },
});
twin!(struct PullRequestSummary = model::PullRequestSummary { number, lane, title, url, state, waits_for });
twin!(enum PullRequestState = model::PullRequestState { Open, Merged, Closed });
