//! What is intended, as a value: printed, saved, reviewed, carried out later.
//!
//! [`propose()`] makes it for one repository from what a survey found: it groups the declared dependencies into
//! candidates, lets [`crate::policy`] decide about each, couples what must move together into units, and settles every
//! dependency.

mod candidates;
mod coupling;
mod propose;
mod settle;
#[cfg(test)]
mod tests;

pub use propose::{WorkspaceFacts, propose, without_releases};
pub use settle::{Rejected, Shipped, settle};

use jiff::Timestamp;

use crate::model::{CommitId, RepoName, Settlement, Unit};

/// The intent for a fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// When it was made: what was old enough then is old enough for it.
    pub created: Timestamp,
    /// The repositories, in the order of repos.toml.
    pub repositories: Vec<RepositoryPlan>,
}

/// The intent for one repository.
#[derive(Clone, Debug, PartialEq)]
pub struct RepositoryPlan {
    /// Its name.
    pub repo: RepoName,
    /// Where it is, without credentials.
    pub url: String,
    /// The wave it is in, counted from 1.
    pub wave: usize,
    /// What is proposed, or why nothing could be.
    pub result: Result<Proposal, StageFailure>,
}

/// What is proposed for one repository.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The commit it was made for; `None` for a working tree.
    pub base: Option<CommitId>,
    /// What is to be changed, each unit's id being its place here.
    pub units: Vec<Unit>,
    /// Every declared dependency.
    pub settlements: Vec<Settlement>,
    /// What a person should know: workspaces that could not be read, and why.
    pub notes: Vec<String>,
}

/// Where and why a repository failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageFailure {
    /// The stage: `sync`, `survey`, `plan`, `verify`, `publish`, `merge` or `release`.
    pub stage: &'static str,
    /// What happened, without credentials.
    pub message: String,
}
