//! One network operation of libgit2: the way from its callbacks, which block, to the runtime that does the waiting.
//!
//! libgit2 makes transports by address only and reports failures as text. A [`Session`] stands on the thread while the
//! operation runs: transports find their options in it and leave their failure there as a value.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use git2::Repository;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::{GitError, GitOptions, address, redact};

thread_local! {
    static CURRENT: RefCell<Option<Arc<Session>>> = const { RefCell::new(None) };
}

/// What the transports of one operation share.
pub(super) struct Session {
    pub(super) options: Arc<GitOptions>,
    pub(super) http: Result<reqwest::Client, String>,
    runtime: Handle,
    /// Closed when nobody waits for the operation any more.
    alive: watch::Receiver<()>,
    failure: Mutex<Option<GitError>>,
}

/// Lives as long as somebody waits for the operation; dropping it cancels.
pub(super) type Waiting = watch::Sender<()>;

impl Session {
    /// A session in the runtime that calls this, and what keeps it going.
    pub(super) fn new(options: Arc<GitOptions>, http: Result<reqwest::Client, String>) -> (Arc<Self>, Waiting) {
        let (waiting, alive) = watch::channel(());
        let session = Self { options, http, runtime: Handle::current(), alive, failure: Mutex::new(None) };
        (Arc::new(session), waiting)
    }

    /// Runs `work` with this session as the one of this thread.
    pub(super) fn enter<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        struct Leave;
        impl Drop for Leave {
            fn drop(&mut self) {
                CURRENT.with(|current| current.borrow_mut().take());
            }
        }
        CURRENT.with(|current| *current.borrow_mut() = Some(Arc::clone(self)));
        let _leave = Leave;
        work()
    }

    /// The session of this thread.
    pub(super) fn current() -> Option<Arc<Self>> {
        CURRENT.with(|current| current.borrow().clone())
    }

    /// Waits for `step`, for at most the time that may pass without any progress.
    pub(super) fn wait<T>(&self, url: &str, step: impl Future<Output = T>) -> Result<T, GitError> {
        let mut alive = self.alive.clone();
        let limit = self.options.timeout;
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                _ = alive.changed() => Err(GitError::Cancelled),
                result = tokio::time::timeout(limit, step) => result.map_err(|_| GitError::Unreachable {
                    url: redact(url),
                    reason: format!("nothing came within {} s", limit.as_secs_f32()),
                }),
            }
        })
    }

    /// Whether nobody waits for the operation any more.
    pub(super) fn is_cancelled(&self) -> bool {
        self.alive.has_changed().is_err()
    }

    /// Whether a transport has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Runs `task` beside the operation.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.runtime.spawn(task)
    }

    /// Runs `make` where the runtime's reactor is at hand.
    pub(super) fn in_runtime<T>(&self, make: impl FnOnce() -> T) -> T {
        let _entered = self.runtime.enter();
        make()
    }

    /// Keeps the first failure, and returns what libgit2 has to be told to make it stop.
    pub(super) fn fail(&self, error: GitError) -> git2::Error {
        let message = error.to_string().replace('\0', " ");
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        git2::Error::new(git2::ErrorCode::GenericError, git2::ErrorClass::Net, message)
    }

    /// As [`Session::fail`], for the callbacks that read and write.
    pub(super) fn fail_io(&self, error: GitError) -> io::Error {
        io::Error::other(self.fail(error).message().to_owned())
    }

    /// What became of an operation with `url` that libgit2 ended with `error`: the transport's failure, or else its own.
    pub(super) fn outcome(&self, url: &str, error: &git2::Error) -> GitError {
        if let Some(failure) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return failure;
        }
        if self.is_cancelled() {
            return GitError::Cancelled;
        }
        let gone = address::local_folder(url).is_some_and(|folder| !is_repository(&folder));
        let (url, reason) = (redact(url), error.message().to_owned());
        match (error.class(), error.code()) {
            _ if gone => GitError::missing(format!("repository {url}")),
            (_, git2::ErrorCode::NotFound) => GitError::NotFound { what: format!("repository {url}"), reason },
            (git2::ErrorClass::Net | git2::ErrorClass::Http | git2::ErrorClass::Ssh, _) => {
                GitError::Unreachable { url, reason }
            }
            _ => GitError::Local { place: url, reason },
        }
    }
}

/// libgit2's own transport does not tell a missing repository from a broken one.
fn is_repository(folder: &Path) -> bool {
    folder.exists() && !Repository::open(folder).is_err_and(|error| error.code() == git2::ErrorCode::NotFound)
}
