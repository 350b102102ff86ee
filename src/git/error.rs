//! What can go wrong with git, as the decisions its callers make.

use std::path::Path;

use crate::model::CommitId;

/// A git operation that did not end well. No message carries a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// The repository, branch, commit or file is not there: ask a person, not again.
    #[error("{what} does not exist{}", because(.reason))]
    NotFound {
        /// What is missing, with where.
        what: String,
        /// What the other side said; empty when it said nothing.
        reason: String,
    },
    /// The repository has no commit yet.
    #[error("{url} is empty: it has no commit yet")]
    Empty {
        /// Which, without credentials.
        url: String,
    },
    /// The credentials are missing, wrong, or not enough.
    #[error("access to {url} is denied{}", because(.reason))]
    Unauthorized {
        /// Which, without credentials.
        url: String,
        /// What was tried.
        reason: String,
    },
    /// The other side cannot be reached or does not answer as it should: trying again later may help.
    #[error("{url} cannot be reached{}", because(.reason))]
    Unreachable {
        /// Which, without credentials.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The address is none that depbot can use.
    #[error("{url} is not an address of a git repository: {reason}")]
    Address {
        /// Which, without credentials.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Something on this machine: the disk, a broken repository, a path that must not be used.
    #[error("{place}: {reason}")]
    Local {
        /// The folder or file.
        place: String,
        /// What happened.
        reason: String,
    },
    /// The caller gave up waiting.
    #[error("the git operation is cancelled")]
    Cancelled,
}

/// A push that changed nothing on the other side.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The branch or tag is not where it was thought to be: somebody else has been there.
    #[error("{reference} has moved: {}", at(.found))]
    LeaseLost {
        /// The full name of the branch or tag.
        reference: String,
        /// Where it is; `None` when it is not there, or points at something that is no commit.
        found: Option<CommitId>,
    },
    /// The other side refuses it: a protected branch, a hook, a rule.
    #[error("the push to {reference} is refused: {reason}")]
    Rejected {
        /// The full name of the branch or tag.
        reference: String,
        /// The other side's words.
        reason: String,
    },
    /// It did not come that far.
    #[error(transparent)]
    Git(#[from] GitError),
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

fn at(found: &Option<CommitId>) -> String {
    found.as_ref().map_or_else(|| "it is not there".to_owned(), |commit| format!("it is at {}", commit.short()))
}

impl GitError {
    /// An error of libgit2 about what lies in `place` on this machine.
    pub(super) fn local(place: &Path, error: &git2::Error) -> Self {
        let place = place.display().to_string();
        match error.code() {
            git2::ErrorCode::NotFound => {
                Self::NotFound { what: format!("what is looked for in {place}"), reason: error.message().to_owned() }
            }
            git2::ErrorCode::User => Self::Cancelled,
            _ => Self::Local { place, reason: error.message().to_owned() },
        }
    }

    /// An error of the file system about `path`.
    pub(super) fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::Local { place: path.display().to_string(), reason: error.to_string() }
    }

    /// `what` is not there, and there is no more to say.
    pub(super) fn missing(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into(), reason: String::new() }
    }
}
