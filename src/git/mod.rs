//! Git: bare mirrors of remote repositories, what is in them, worktrees to build in, and pushes with a lease.
//!
//! libgit2 does git's work; the way to the other side is depbot's own, so that no OpenSSL and no libssh2 are needed: https
//! over reqwest, ssh over the user's own `ssh` (see `http.rs` and `ssh.rs`). `file://` and plain paths are libgit2's.
//!
//! [`Git`] holds what reaches out: its methods are async, do their work on the blocking pool of tokio, and stop when their
//! future is dropped. [`Mirror`] and [`Worktree`] only touch the disk: their methods block, for milliseconds.
//!
//! What a repository contains, and what is done with it, is left to others.

mod address;
mod create;
mod credentials;
mod error;
mod history;
mod http;
mod layout;
pub mod merge;
mod mirror;
mod push;
mod seed;
mod session;
mod ssh;
mod sync;
mod transport;
mod worktree;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{BranchName, CommitId};

pub use address::redact;
pub use create::{NewRepository, create};
pub use credentials::Credentials;
pub use error::{GitError, PushError};
pub use history::{CommitInfo, CommitMessage, Identity, Merged};
pub use mirror::Mirror;
pub use push::{Lease, TagPushed};
pub use worktree::Worktree;

use session::Session;

/// How remote repositories are reached.
#[derive(Clone, Debug)]
pub struct GitOptions {
    /// The tokens for https.
    pub credentials: Credentials,
    /// What to run in place of `ssh`: a line for the shell, as git's `GIT_SSH_COMMAND`.
    pub ssh_command: Option<String>,
    /// Variables of the environment that ssh does not get, beside depbot's own secrets.
    pub hidden_variables: Vec<String>,
    /// The longest time that may pass without anything coming or going. A transfer that moves on may take longer.
    pub timeout: Duration,
}

/// The way to remote repositories. Cheap to clone; all clones share connections.
#[derive(Clone, Debug)]
pub struct Git {
    options: Arc<GitOptions>,
    http: Result<reqwest::Client, String>,
}

impl Git {
    /// Reaches out as `options` say.
    pub fn new(options: GitOptions) -> Self {
        Self { options: Arc::new(options), http: http::new_client() }
    }

    /// Brings the bare mirror at `path` up to date with the repository at `url`, and makes it where there is none.
    ///
    /// All branches and tags are fetched as they are there, and those that are gone there are removed. A mirror that is
    /// broken, or that is not one, is replaced by a new one; what was committed in it and never pushed is lost then.
    /// At most one sync of the same `path` may run at a time.
    pub async fn sync(&self, path: &Path, url: &str) -> Result<Mirror, GitError> {
        let (path, url) = (path.to_owned(), url.to_owned());
        self.blocking(move |session| sync::sync(session, &path, &url)).await
    }

    /// The tags of the repository at `url` that lead to commits, by name, without a mirror.
    ///
    /// A tag on something that is no commit cannot be told apart here and comes along.
    pub async fn remote_tags(&self, url: &str) -> Result<Vec<(String, CommitId)>, GitError> {
        let url = url.to_owned();
        self.blocking(move |session| sync::remote_tags(session, &url)).await
    }

    /// Moves `branch` of the mirror's remote to `commit`, if it is where `lease` says, and the mirror's own with it.
    ///
    /// It is no error when the branch is at `commit` already, whatever the lease.
    pub async fn push(
        &self,
        mirror: &Mirror,
        branch: &BranchName,
        commit: &CommitId,
        lease: Lease,
    ) -> Result<(), PushError> {
        let (mirror, branch, commit) = (mirror.clone(), branch.clone(), commit.clone());
        self.blocking(move |session| push::push(session, &mirror, &branch, &commit, &lease)).await
    }

    /// Makes the annotated tag `name` on `commit` in the mirror's remote, once: a tag of that name on the same commit is
    /// left as it is, one on another commit is [`PushError::LeaseLost`].
    pub async fn push_tag(
        &self,
        mirror: &Mirror,
        name: &str,
        commit: &CommitId,
        message: &str,
        tagger: &Identity,
        at: Timestamp,
    ) -> Result<TagPushed, PushError> {
        let (mirror, commit) = (mirror.clone(), commit.clone());
        let tag = push::NewTag { name: name.to_owned(), message: message.to_owned(), tagger: tagger.clone(), at };
        self.blocking(move |session| push::push_tag(session, &mirror, &tag, &commit)).await
    }

    /// Deletes `branch` of the mirror's remote, if it is where `lease` says, and the mirror's own with it.
    ///
    /// It is no error when the branch is gone already.
    pub async fn delete_branch(&self, mirror: &Mirror, branch: &BranchName, lease: Lease) -> Result<(), PushError> {
        let (mirror, branch) = (mirror.clone(), branch.clone());
        self.blocking(move |session| push::delete(session, &mirror, &branch, &lease)).await
    }

    /// Runs `work` on the blocking pool; when this future is dropped, its transfers stop.
    async fn blocking<T: Send + 'static, E: From<GitError> + Send + 'static>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let (session, waiting) = Session::new(Arc::clone(&self.options), self.http.clone());
        let task = tokio::task::spawn_blocking(move || {
            transport::install().map_err(|error| GitError::local(Path::new("libgit2"), &error))?;
            session.enter(|| work(&session))
        });
        let result = task.await;
        drop(waiting);
        match result {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(GitError::Cancelled.into()),
        }
    }
}
