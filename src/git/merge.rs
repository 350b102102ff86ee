//! What a forge does inside a bare repository of its own: merges, and the questions around them.
//!
//! A merge has two steps. [`BareRepository::plan_merge`] writes the commits without anything pointing at them;
//! [`BareRepository::apply_merge`] moves the base branch if it is still where it was. Between them the caller can write
//! down what is about to happen.

mod commits;
mod history;

use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository};
use jiff::Timestamp;

use super::Identity;
use crate::config::MergeMethod;
use crate::model::{BranchName, CommitId};

/// A repository whose branches this process may move.
pub struct BareRepository {
    repository: Repository,
    path: PathBuf,
}

/// A merge to be made.
#[derive(Clone, Debug)]
pub struct MergeRequest<'a> {
    /// The branch that moves.
    pub base: &'a BranchName,
    /// The branch with the change.
    pub head: &'a BranchName,
    /// The commit that the head branch has to be at.
    pub expected_head: &'a CommitId,
    /// How it is merged.
    pub method: MergeMethod,
    /// The message of the squash or merge commit.
    pub message: &'a str,
    /// Who makes the commits.
    pub committer: &'a Identity,
    /// When.
    pub at: Timestamp,
}

/// A merge whose commits are written and which no branch shows yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedMerge {
    /// Where the base branch was.
    pub from: CommitId,
    /// Where it goes; the same where the base branch holds the change already.
    pub to: CommitId,
}

/// Why a merge was not made, or a question not answered. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeFailure {
    /// A repository, branch or commit is not there.
    #[error("{what} is not there")]
    NotFound {
        /// What.
        what: String,
    },
    /// The head branch is not at the expected commit.
    #[error("the head branch has moved")]
    HeadMoved {
        /// Where it is; `None` when it is gone.
        found: Option<CommitId>,
    },
    /// The base branch was moved in between, or is being moved right now: plan again.
    #[error("the base branch has moved")]
    BaseMoved,
    /// Both sides changed the same lines.
    #[error("the change conflicts in {}", paths.join(", "))]
    Conflict {
        /// The files.
        paths: Vec<String>,
    },
    /// It is not possible in this repository or with these branches.
    #[error("{reason}")]
    NotAllowed {
        /// Why, as a sentence without a full stop.
        reason: String,
    },
    /// The repository cannot be read or written.
    #[error("{message}")]
    Unusable {
        /// What libgit2 says.
        message: String,
    },
}

impl BareRepository {
    /// Opens the repository at `path`: bare, or a working tree's folder.
    pub fn open(path: &Path) -> Result<Self, MergeFailure> {
        match Repository::open(path) {
            Ok(repository) => Ok(Self { repository, path: path.to_path_buf() }),
            Err(error) if error.code() == ErrorCode::NotFound => {
                Err(MergeFailure::NotFound { what: format!("the repository {}", path.display()) })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the commits of a merge.
    pub fn plan_merge(&self, request: &MergeRequest<'_>) -> Result<PlannedMerge, MergeFailure> {
        self.refuse_checked_out(request.base)?;
        let from = self.branch(request.base)?.ok_or_else(|| no_branch(request.base))?;
        match self.branch(request.head)? {
            Some(head) if head == *request.expected_head => {}
            found => return Err(MergeFailure::HeadMoved { found }),
        }
        let base = self.repository.find_commit(oid(&from)?)?;
        let head = self.repository.find_commit(oid(request.expected_head)?)?;
        let to = commits::merge(&self.repository, &base, &head, request)?;
        Ok(PlannedMerge { from, to: commit_id(to) })
    }

    /// Moves the base branch to a planned merge, if it is still where the plan found it.
    pub fn apply_merge(&self, base: &BranchName, planned: &PlannedMerge) -> Result<(), MergeFailure> {
        let (from, to) = (oid(&planned.from)?, oid(&planned.to)?);
        if from == to {
            return Ok(());
        }
        let log = "merge a pull request";
        match self.repository.reference_matching(&ref_name(base), to, true, from, log) {
            Ok(_) => Ok(()),
            Err(error) => match error.code() {
                ErrorCode::Modified | ErrorCode::Locked | ErrorCode::NotFound => Err(MergeFailure::BaseMoved),
                _ => Err(error.into()),
            },
        }
    }

    /// Moving a branch under a working tree would make all of its files look edited.
    fn refuse_checked_out(&self, branch: &BranchName) -> Result<(), MergeFailure> {
        if self.repository.is_bare() || self.default_ref()? != ref_name(branch).as_bytes() {
            return Ok(());
        }
        let path = self.path.display();
        Err(MergeFailure::NotAllowed { reason: format!("branch {branch} is checked out in the working tree {path}") })
    }
}

impl From<git2::Error> for MergeFailure {
    fn from(error: git2::Error) -> Self {
        Self::Unusable { message: error.message().to_owned() }
    }
}

fn no_branch(branch: &BranchName) -> MergeFailure {
    MergeFailure::NotFound { what: format!("the branch {branch}") }
}

fn ref_name(branch: &BranchName) -> String {
    format!("refs/heads/{branch}")
}

fn oid(commit: &CommitId) -> Result<Oid, MergeFailure> {
    Ok(Oid::from_str(commit.as_str())?)
}

fn commit_id(oid: Oid) -> CommitId {
    CommitId::new(oid.to_string()).expect("libgit2 writes an object id as 40 lower-case hexadecimal digits")
}
