//! GitHub's JSON, as much of it as depbot reads.
//!
//! Source: GitHub's REST API, version 2022-11-28. Only what is used is asked for, so that every Enterprise Server's
//! answers fit.

use jiff::Timestamp;
use serde::Deserialize;

use super::failure::Failure;
use crate::model::{BranchName, CommitId, PullRequest, PullRequestNumber, PullRequestState};

/// A pull request, in a list or alone.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Pull {
    pub(super) number: u64,
    html_url: String,
    state: String,
    title: String,
    #[serde(default)]
    body: Option<String>,
    pub(super) head: Side,
    base: Side,
    #[serde(default)]
    labels: Vec<Label>,
    created_at: String,
    #[serde(default)]
    closed_at: Option<String>,
    #[serde(default)]
    merged_at: Option<String>,
    #[serde(default)]
    merge_commit_sha: Option<String>,
    /// `None` while GitHub finds out; only where a pull request is asked for alone.
    #[serde(default)]
    pub(super) mergeable: Option<bool>,
}

/// A branch of a pull request.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Side {
    #[serde(rename = "ref")]
    pub(super) name: String,
    sha: String,
    /// `None` when the repository is deleted.
    #[serde(default)]
    repo: Option<Repository>,
}

#[derive(Clone, Debug, Deserialize)]
struct Repository {
    id: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Label {
    pub(super) name: String,
}

/// A comment on an issue or a pull request.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Comment {
    #[serde(default)]
    pub(super) body: Option<String>,
    pub(super) created_at: String,
}

/// The answer to a merge.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Merged {
    pub(super) sha: String,
}

/// A page of a commit's check runs.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CheckRuns {
    pub(super) check_runs: Vec<CheckRun>,
}

/// A check run.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CheckRun {
    pub(super) name: String,
    /// `completed` when `conclusion` says how.
    pub(super) status: String,
    #[serde(default)]
    pub(super) conclusion: Option<String>,
}

/// A page of the newest status of each context.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CombinedStatus {
    pub(super) statuses: Vec<Status>,
}

/// A status.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Status {
    pub(super) context: String,
    /// `error`, `failure`, `pending` or `success`.
    pub(super) state: String,
}

impl Pull {
    /// Whether its branch is in the repository itself: a fork may have a branch of any name.
    pub(super) fn is_from_here(&self) -> bool {
        match (&self.head.repo, &self.base.repo) {
            (Some(head), Some(base)) => head.id == base.id,
            (None, _) | (_, None) => false,
        }
    }

    /// The names of its labels.
    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(|label| label.name.as_str())
    }

    /// What came of it.
    pub(super) fn state(&self) -> PullRequestState {
        match (&self.merged_at, self.state.as_str()) {
            (Some(_), _) => PullRequestState::Merged,
            (None, "open") => PullRequestState::Open,
            (None, _) => PullRequestState::Closed,
        }
    }

    /// The commit of its head branch.
    pub(super) fn head_commit(&self) -> Result<CommitId, Failure> {
        commit(&self.head.sha)
    }

    /// The commit that merged it.
    pub(super) fn merge_commit(&self) -> Result<Option<CommitId>, Failure> {
        // Of an open one it is a trial that is on no branch.
        let merged = self.merge_commit_sha.as_deref().filter(|_| self.state() == PullRequestState::Merged);
        merged.map(commit).transpose()
    }

    /// The same in depbot's words.
    pub(super) fn to_model(&self) -> Result<PullRequest, Failure> {
        let read = |text: &str| time(text).ok_or_else(|| unreadable("time", text));
        let ended = self.merged_at.as_deref().or(self.closed_at.as_deref());
        let ended = ended.filter(|_| self.state() != PullRequestState::Open);
        Ok(PullRequest {
            number: PullRequestNumber(self.number),
            url: self.html_url.clone(),
            state: self.state(),
            title: self.title.clone(),
            // GitHub keeps what a person edits in the browser with the line ends of forms.
            body: self.body.as_deref().unwrap_or_default().replace("\r\n", "\n"),
            head: branch(&self.head.name)?,
            base: branch(&self.base.name)?,
            head_commit: self.head_commit()?,
            labels: self.labels().map(str::to_owned).collect(),
            opened: read(&self.created_at)?,
            ended: ended.map(read).transpose()?,
            merge_commit: self.merge_commit()?,
        })
    }
}

/// A time as GitHub writes it, RFC 3339.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// A commit's id.
pub(super) fn commit(text: &str) -> Result<CommitId, Failure> {
    CommitId::new(text).map_err(|_| unreadable("commit", text))
}

/// An answer with something that is not what it should be.
pub(super) fn unreadable(kind: &str, text: &str) -> Failure {
    Failure::Unavailable { message: format!("its answer has {text:?} where a {kind} belongs") }
}

fn branch(text: &str) -> Result<BranchName, Failure> {
    BranchName::new(text).map_err(|_| unreadable("branch", text))
}
