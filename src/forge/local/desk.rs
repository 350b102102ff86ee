//! One repository with its pull requests, open for one request.

use jiff::Timestamp;

use super::place::{self, Place};
use super::settle::settle;
use super::store::{Record, Store};
use crate::database::DatabaseError;
use crate::forge::{ForgeError, RepoRef};
use crate::git::merge::{BareRepository, MergeFailure};
use crate::model::{BranchName, CommitId, NewPullRequest, PullRequest, PullRequestNumber, PullRequestState};
use crate::process::failpoint;

pub(super) struct Desk {
    pub(super) repository: BareRepository,
    pub(super) store: Store,
    pub(super) now: Timestamp,
}

impl Desk {
    pub(super) fn open(repo: &RepoRef, now: Timestamp) -> Result<Self, ForgeError> {
        let Place { repository, database, key } = place::locate(&repo.url)?;
        let repository = BareRepository::open(&repository)?;
        let store = Store::open(&database, key, repo.name.clone())?;
        Ok(Self { repository, store, now })
    }

    /// The pull requests that are wanted, as they are now, newest first.
    pub(super) fn list(&self, wanted: impl Fn(&PullRequest) -> bool) -> Result<Vec<Record>, ForgeError> {
        let records = self.store.list()?.into_iter().filter(|record| wanted(&record.pull_request));
        records.map(|record| settle(self, record)).collect()
    }

    /// A pull request as it is now.
    pub(super) fn find(&self, number: PullRequestNumber) -> Result<Record, ForgeError> {
        let not_found = || ForgeError::NotFound { what: format!("pull request {number}") };
        settle(self, self.store.find(number)?.ok_or_else(not_found)?)
    }

    /// A pull request that is still to be decided.
    pub(super) fn find_open(&self, number: PullRequestNumber) -> Result<Record, ForgeError> {
        let record = self.find(number)?;
        match record.pull_request.state {
            PullRequestState::Open => Ok(record),
            state @ (PullRequestState::Merged | PullRequestState::Closed) => {
                Err(ForgeError::AlreadyEnded { number, state })
            }
        }
    }

    pub(super) fn open_pull_request(&self, new: &NewPullRequest) -> Result<PullRequest, ForgeError> {
        let (base, head) = (self.commit_of(&new.base)?, self.commit_of(&new.head)?);
        if self.repository.contains(&base, &head)? {
            return Err(ForgeError::NotAllowed {
                reason: format!("{} has no commit that {} does not have", new.head, new.base),
            });
        }
        self.list(|existing| existing.head == new.head)?;
        let number = self.store.insert(new, &head, &base, self.now)?;
        failpoint::pass();
        self.repository.keep(number, &head)?;
        Ok(self.find(number)?.pull_request)
    }

    pub(super) fn close(&self, number: PullRequestNumber) -> Result<(), ForgeError> {
        let mut record = self.find(number)?;
        match record.pull_request.state {
            PullRequestState::Closed => Ok(()),
            state @ PullRequestState::Merged => Err(ForgeError::AlreadyEnded { number, state }),
            PullRequestState::Open => {
                record.pull_request.state = PullRequestState::Closed;
                record.pull_request.ended = Some(self.now);
                self.repository.keep(number, &record.pull_request.head_commit)?;
                self.store.end(record)?;
                failpoint::pass();
                Ok(())
            }
        }
    }

    fn commit_of(&self, branch: &BranchName) -> Result<CommitId, ForgeError> {
        let not_found = || ForgeError::NotFound { what: format!("the branch {branch}") };
        self.repository.branch(branch)?.ok_or_else(not_found)
    }
}

impl From<MergeFailure> for ForgeError {
    fn from(failure: MergeFailure) -> Self {
        match failure {
            MergeFailure::NotFound { what } => Self::NotFound { what },
            MergeFailure::HeadMoved { found } => Self::HeadMoved { found },
            MergeFailure::Conflict { paths } => Self::Conflict { paths },
            MergeFailure::NotAllowed { reason } => Self::NotAllowed { reason },
            failure @ (MergeFailure::BaseMoved | MergeFailure::Unusable { .. }) => {
                Self::Unavailable { message: failure.to_string() }
            }
        }
    }
}

impl From<DatabaseError> for ForgeError {
    fn from(error: DatabaseError) -> Self {
        Self::Unavailable { message: error.to_string() }
    }
}
