//! Proof: real cargo in a worktree, from edited manifests to a lock, and from commands to a verdict.
//!
//! What cargo and the repository's commands may see of the environment is decided in `environment`; every command
//! that runs code of packages passes through `sandbox`. Which trees are proved, and what a verdict means for an
//! update, is left to the caller.

mod command;
mod compiler;
mod environment;
mod jobs;
mod lock;
mod pins;
mod relock;
mod resolver;
mod sandbox;
mod test_report;
mod text;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::Verdict;
use crate::process::{self, Listener, ProcessError};

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
    /// Who hears what its commands write, line by line.
    pub listener: Option<Listener>,
}

/// Why a tool has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// It cannot be run.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// It fails: for example, the toolchain that `rust-toolchain.toml` asks for is not installed.
    #[error("rustc --version fails: {words}")]
    Fails {
        /// Its own words.
        words: String,
    },
}

/// The toolchain a folder is built with, as `rustc --version` says there: a `rust-toolchain.toml` is honoured.
pub async fn toolchain(toolbox: &Toolbox, folder: &Path) -> Result<String, ToolchainError> {
    let mut job = toolbox.resolving(folder, &["--version"]);
    job.program = toolbox.cargo.with_file_name("rustc").into_os_string();
    // A `rust-toolchain.toml` may name a folder of the repository: what answers then is its own code.
    job.environment = environment::for_untrusted(&toolbox.environment);
    let finished = process::run(job).await?;
    if finished.status.is_success() {
        Ok(text::plain(&finished.stdout).trim().to_owned())
    } else {
        Err(ToolchainError::Fails { words: text::plain(&finished.stderr).trim().to_owned() })
    }
}

/// Runs the commands in a workspace folder, each with the time limit, until one fails.
///
/// A failing test is believed when it fails twice on the same tree. With `compare`, tests of these names were red
/// before: they do not make the verdict fail, and [`Verdict::Pass`] lists them. The names are those that the same
/// commands gave in [`crate::model::Failure::tests`] for the untouched tree.
pub async fn verify(
    toolbox: &Toolbox,
    bench: &Bench,
    folder: &Path,
    commands: &[String],
    limit: Duration,
    compare: Option<&BTreeSet<String>>,
) -> Verdict {
    trial::Trial { toolbox, bench, folder, limit, compare }.run(commands).await
}
