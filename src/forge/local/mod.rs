//! The forge for people without a server: bare repositories on this machine, their pull requests in SQLite beside them.
//!
//! The repositories `/srv/fleet/*.git` share `/srv/fleet/pull-requests.sqlite`. What a branch holds is always read from
//! the repository; a row only keeps what git cannot say. So a merge that somebody makes with plain git counts as one.
//!
//! Its methods need a tokio runtime around them.

mod desk;
mod merging;
mod place;
mod settle;
mod store;

use futures_util::FutureExt;
use jiff::Timestamp;

pub use store::CheckState;

use super::{Answer, Checks, Comment, CommitText, Forge, ForgeError, PullRequestText, RepoRef};
use crate::config::MergeMethod;
use crate::model::{BranchName, CommitId, NewPullRequest, PullRequest, PullRequestNumber};
use crate::process::failpoint;
use desk::Desk;

/// The forge of the repositories on this machine.
#[derive(Clone, Copy, Debug)]
pub struct LocalForge {
    clock: fn() -> Timestamp,
}

impl LocalForge {
    /// A forge whose times come from `clock`.
    pub fn new(clock: fn() -> Timestamp) -> Self {
        Self { clock }
    }

    /// One pull request.
    pub fn pull_request<'a>(&'a self, repo: &RepoRef, number: PullRequestNumber) -> Answer<'a, PullRequest> {
        self.at_desk(repo, move |desk| Ok(desk.find(number)?.pull_request))
    }

    /// What a pull request changes since it left its base branch, as a patch (`git diff base...head`).
    pub fn diff<'a>(&'a self, repo: &RepoRef, number: PullRequestNumber) -> Answer<'a, String> {
        self.at_desk(repo, move |desk| {
            let record = desk.find(number)?;
            Ok(desk.repository.diff(&record.base_seen, &record.pull_request.head_commit)?)
        })
    }

    /// Records what a check said about a commit, in the place of what it said before: for a CI of one's own.
    pub fn record_check<'a>(
        &'a self,
        repo: &RepoRef,
        commit: &CommitId,
        name: &str,
        state: CheckState,
    ) -> Answer<'a, ()> {
        let (commit, name) = (commit.clone(), name.to_owned());
        self.at_desk(repo, move |desk| Ok(desk.store.record_check(&commit, &name, state)?))
    }

    /// Does `work` where it may block, with the repository and its pull requests open.
    fn at_desk<'a, T: Send + 'static>(
        &self,
        repo: &RepoRef,
        work: impl FnOnce(Desk) -> Result<T, ForgeError> + Send + 'static,
    ) -> Answer<'a, T> {
        let (repo, clock) = (repo.clone(), self.clock);
        async move {
            let task = tokio::task::spawn_blocking(move || work(Desk::open(&repo, clock())?));
            match task.await {
                Ok(result) => result,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => Err(ForgeError::Unavailable { message: "the program is being stopped".to_owned() }),
            }
        }
        .boxed()
    }
}

impl Forge for LocalForge {
    fn pull_requests<'a>(&'a self, repo: &'a RepoRef, prefix: &'a str) -> Answer<'a, Vec<PullRequest>> {
        let prefix = prefix.to_owned();
        self.at_desk(repo, move |desk| {
            let records = desk.list(|pull_request| pull_request.head.as_str().starts_with(&prefix))?;
            Ok(records.into_iter().map(|record| record.pull_request).collect())
        })
    }

    fn open<'a>(&'a self, repo: &'a RepoRef, new: NewPullRequest) -> Answer<'a, PullRequest> {
        self.at_desk(repo, move |desk| desk.open_pull_request(&new))
    }

    fn update<'a>(
        &'a self,
        repo: &'a RepoRef,
        number: PullRequestNumber,
        text: PullRequestText,
    ) -> Answer<'a, PullRequest> {
        self.at_desk(repo, move |desk| {
            desk.find(number)?;
            desk.store.edit(number, &text)?;
            failpoint::pass();
            Ok(desk.find(number)?.pull_request)
        })
    }

    fn comments<'a>(&'a self, repo: &'a RepoRef, number: PullRequestNumber) -> Answer<'a, Vec<Comment>> {
        self.at_desk(repo, move |desk| {
            desk.find(number)?;
            Ok(desk.store.comments(number)?)
        })
    }

    fn comment<'a>(&'a self, repo: &'a RepoRef, number: PullRequestNumber, text: &'a str) -> Answer<'a, ()> {
        let text = text.to_owned();
        self.at_desk(repo, move |desk| {
            desk.find(number)?;
            desk.store.add_comment(number, &text, desk.now)?;
            failpoint::pass();
            Ok(())
        })
    }

    fn close<'a>(&'a self, repo: &'a RepoRef, number: PullRequestNumber) -> Answer<'a, ()> {
        self.at_desk(repo, move |desk| desk.close(number))
    }

    fn checks<'a>(&'a self, repo: &'a RepoRef, commit: &'a CommitId) -> Answer<'a, Checks> {
        let commit = commit.clone();
        self.at_desk(repo, move |desk| Ok(desk.store.checks(&commit)?))
    }

    fn merge<'a>(
        &'a self,
        repo: &'a RepoRef,
        number: PullRequestNumber,
        expected_head: &'a CommitId,
        method: MergeMethod,
        message: CommitText,
    ) -> Answer<'a, CommitId> {
        let expected_head = expected_head.clone();
        self.at_desk(repo, move |desk| merging::merge(&desk, number, &expected_head, method, &message))
    }

    fn delete_branch<'a>(&'a self, repo: &'a RepoRef, branch: &'a BranchName) -> Answer<'a, ()> {
        let branch = branch.clone();
        self.at_desk(repo, move |desk| Ok(desk.repository.delete_branch(&branch)?))
    }
}
