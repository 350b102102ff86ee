//! Pull requests where a team reads them: one port, [`Forge`], for every place that has them.
//!
//! Here are the port and its words. [`github`] is GitHub; [`local`] is the forge for people without a server, and the
//! commits of its merges are made by [`crate::git::merge`].

pub mod github;
pub mod local;

use std::fmt;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::config::MergeMethod;
pub use crate::reconcile::Checks;

use crate::model::{BranchName, CommitId, NewPullRequest, PullRequest, PullRequestNumber, PullRequestState, RepoName};

/// What every method of a [`Forge`] answers.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, ForgeError>>;

/// A place with pull requests.
///
/// Every method may be called again after a crash: what is already so is either an `Ok` or an error of its own that
/// says so ([`ForgeError::AlreadyOpen`], [`ForgeError::AlreadyEnded`]).
pub trait Forge: Send + Sync {
    /// The pull requests whose head branch begins with `prefix`, in every state, newest first.
    fn pull_requests<'a>(&'a self, repo: &'a RepoRef, prefix: &'a str) -> Answer<'a, Vec<PullRequest>>;

    /// Opens a pull request for a branch that has been pushed.
    ///
    /// One that is already open for the same head branch is [`ForgeError::AlreadyOpen`].
    fn open<'a>(&'a self, repo: &'a RepoRef, new: NewPullRequest) -> Answer<'a, PullRequest>;

    /// Gives a pull request another text. Labels are added; none that a person gave is taken away.
    fn update<'a>(
        &'a self,
        repo: &'a RepoRef,
        number: PullRequestNumber,
        text: PullRequestText,
    ) -> Answer<'a, PullRequest>;

    /// The comments of a pull request, oldest first: to say something only once.
    fn comments<'a>(&'a self, repo: &'a RepoRef, number: PullRequestNumber) -> Answer<'a, Vec<Comment>>;

    /// Adds a comment in Markdown.
    fn comment<'a>(&'a self, repo: &'a RepoRef, number: PullRequestNumber, text: &'a str) -> Answer<'a, ()>;

    /// Closes a pull request without a merge and keeps its branch; one that is closed stays so.
    fn close<'a>(&'a self, repo: &'a RepoRef, number: PullRequestNumber) -> Answer<'a, ()>;

    /// What the forge's checks say about a commit.
    fn checks<'a>(&'a self, repo: &'a RepoRef, commit: &'a CommitId) -> Answer<'a, Checks>;

    /// Merges a pull request if its head is still `expected_head`, and answers with the base branch's new commit.
    fn merge<'a>(
        &'a self,
        repo: &'a RepoRef,
        number: PullRequestNumber,
        expected_head: &'a CommitId,
        method: MergeMethod,
        message: CommitText,
    ) -> Answer<'a, CommitId>;

    /// Deletes a branch; one that is not there is fine.
    fn delete_branch<'a>(&'a self, repo: &'a RepoRef, branch: &'a BranchName) -> Answer<'a, ()>;
}

/// A repository as a forge is asked about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoRef {
    /// Its short name in the fleet.
    pub name: RepoName,
    /// Where it is cloned from.
    pub url: String,
}

/// What a person reads of a pull request, and how it is labelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestText {
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// Labels that it should have.
    pub labels: Vec<String>,
}

/// The message of a commit that a merge makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitText {
    /// The first line.
    pub title: String,
    /// What follows after an empty line; may be empty.
    pub body: String,
}

/// A comment on a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Markdown.
    pub text: String,
    /// When it was made.
    pub at: Timestamp,
}

/// Why a forge did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    /// There is no such repository, branch or pull request, or none that these credentials may see.
    #[error("{what} is not there")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// The credentials are missing, wrong or expired.
    #[error("{forge} does not accept the credentials")]
    Unauthorized {
        /// The forge.
        forge: String,
    },
    /// The branch already has an open pull request.
    #[error("pull request {number} is already open for this branch")]
    AlreadyOpen {
        /// Which one.
        number: PullRequestNumber,
    },
    /// The pull request is already merged or closed.
    #[error("pull request {number} is already {state}")]
    AlreadyEnded {
        /// Which one.
        number: PullRequestNumber,
        /// What it came to.
        state: PullRequestState,
    },
    /// The head branch is not at the expected commit.
    #[error("the branch is not at the expected commit: {}", found_text(found.as_ref()))]
    HeadMoved {
        /// Where it is, if the forge says so and the branch is there.
        found: Option<CommitId>,
    },
    /// The change does not fit the base branch as it is now.
    #[error("the change conflicts with the base branch{}", paths_text(paths))]
    Conflict {
        /// The files, where the forge names them.
        paths: Vec<String>,
    },
    /// The forge's rules do not allow it.
    #[error("{reason}")]
    NotAllowed {
        /// The rule, as a sentence without a full stop.
        reason: String,
    },
    /// Too many requests.
    #[error("the forge takes no more requests until {until}")]
    RateLimited {
        /// When it answers again.
        until: Timestamp,
    },
    /// It could not be asked, or its answer not be understood. Trying again later may help.
    #[error("{message}")]
    Unavailable {
        /// What happened, without credentials.
        message: String,
    },
}

impl CommitText {
    /// The whole message as git keeps it.
    pub fn to_message(&self) -> String {
        match self.body.trim_end() {
            "" => format!("{}\n", self.title),
            body => format!("{}\n\n{body}\n", self.title),
        }
    }
}

impl fmt::Display for RepoRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

fn found_text(found: Option<&CommitId>) -> String {
    found.map_or("it is gone or was pushed to".to_owned(), |commit| format!("it is at {}", commit.short()))
}

fn paths_text(paths: &[String]) -> String {
    match paths {
        [] => String::new(),
        paths => format!(" in {}", paths.join(", ")),
    }
}
