//! The state folder: what is kept between runs, all of which may be lost without losing a pull request.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::model::{RepoName, RunId};

/// Where things are in the state folder.
#[derive(Clone, Debug)]
pub struct Folders {
    root: PathBuf,
}

/// Held by the one run that works in a state folder; released when dropped, or when the process ends.
#[derive(Debug)]
pub struct StateLock {
    _file: File,
}

/// The state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made or written.
    #[error("the state folder {folder} cannot be used: {error}")]
    Unusable {
        /// Which.
        folder: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// Another run is at work in it.
    #[error("another depbot is at work in {folder}")]
    Busy {
        /// Which.
        folder: PathBuf,
    },
}

impl Folders {
    /// Uses `root`, and makes it where it is not there; what is in it is not for version control.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        let unusable = |error| FolderError::Unusable { folder: root.to_owned(), error };
        fs::create_dir_all(root).map_err(unusable)?;
        let ignore = root.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(unusable)?;
        }
        let root = fs::canonicalize(root).map_err(unusable)?;
        Ok(Self { root })
    }

    /// Takes the folder for one run.
    pub fn lock(&self) -> Result<StateLock, FolderError> {
        let unusable = |error| FolderError::Unusable { folder: self.root.clone(), error };
        let file = File::create(self.root.join("lock")).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(StateLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(FolderError::Busy { folder: self.root.clone() }),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The journal's file.
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal.sqlite")
    }

    /// The cache of registry indexes.
    pub fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    /// A repository's mirror.
    pub fn mirror(&self, repo: &RepoName) -> PathBuf {
        self.root.join("mirrors").join(format!("{repo}.git"))
    }

    /// A repository's checkout.
    pub fn worktree(&self, repo: &RepoName) -> PathBuf {
        self.root.join("worktrees").join(repo.as_str())
    }

    /// A repository's target folder.
    pub fn target(&self, repo: &RepoName) -> PathBuf {
        self.root.join("targets").join(repo.as_str())
    }

    /// The report page of a run.
    pub fn report(&self, run: &RunId) -> PathBuf {
        self.root.join("reports").join(format!("{run}.html"))
    }
}
