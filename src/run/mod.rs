//! A run: the stages of the pipeline over the fleet, wave by wave. The only module that knows core and adapters.
//!
//! | file | stage |
//! |---|---|
//! | `sync` | mirrors are brought up to date |
//! | `survey` | manifests and locks are read, every crate is looked up once for the whole fleet |
//! | `plan` | what is intended for a repository |
//! | `verify` | candidates are built and tested, culprits found |
//! | `publish` | commits, pushes, pull requests |
//! | `merge` | what policy allows is merged |
//! | `changes` | what became of pull requests goes into the journal |
//! | `release` | what was merged is tagged |
//!
//! `fleet` is the loop over waves and repositories, `repository` what happens to one of them. `working_tree` is
//! `upgrade --path`: the same survey, plan and verification on a folder, without forge and journal. A failure of one
//! repository is data in its summary; only what concerns the whole run is a [`RunError`].

mod bench;
mod changes;
mod facts;
mod fleet;
mod folders;
mod merge;
mod plan;
mod progress;
mod publish;
mod release;
mod replace;
mod repository;
mod survey;
mod sync;
mod tree;
mod verify;
mod working_tree;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::config::RepoConfig;
use crate::forge::{Forge, RepoRef};
use crate::git::{Git, Identity};
use crate::journal::{Journal, JournalError};
use crate::model::{Event, EventBody, RegistryName, RepoName, RunId, RunMode};
use crate::plan::Plan;
use crate::policy::Selection;
use crate::registry::{self, CratesIo, Registry};
use crate::verify::Toolbox;

pub use fleet::{plan, upgrade};
pub use folders::{FolderError, Folders, StateLock};
pub use progress::{Progress, ProgressSink, Stage};
pub use working_tree::{WorkingTreeError, WorkingTreeRequest, WorkingTreeResult, upgrade_working_tree};

/// Everything a run acts through.
pub struct Services {
    /// Repositories.
    pub git: Git,
    /// Releases.
    pub registry: Registry,
    /// What crates.io says about crates for people; `None` to not ask it.
    pub crates_io: Option<CratesIo>,
    /// Pull requests.
    pub forge: Arc<dyn Forge>,
    /// The record of what happens.
    pub journal: Journal,
    /// Cargo.
    pub toolbox: Toolbox,
    /// Where mirrors, worktrees and target folders are.
    pub folders: Folders,
    /// What cargo's own configuration says outside of repositories.
    pub cargo: registry::Environment,
    /// Registries that repos.toml names.
    pub registries: BTreeMap<RegistryName, String>,
    /// The clock.
    pub clock: fn() -> Timestamp,
    /// Who commits.
    pub identity: Identity,
    /// Who is told how it goes.
    pub progress: ProgressSink,
    /// How many repositories may build at the same time.
    pub builds: Arc<Semaphore>,
}

/// What a run is asked to do.
pub struct Request<'a> {
    /// The repositories.
    pub repositories: &'a [RepoConfig],
    /// The crates.
    pub selection: &'a Selection,
    /// The plan to carry out exactly; `None` to plan afresh.
    pub saved: Option<&'a Plan>,
}

/// What ends a run as a whole.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The journal cannot be written: without it nothing is done.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No repository of the run declares a crate that it was told to be about.
    #[error("no repository of this run declares a crate {pattern:?}")]
    UnknownPackage {
        /// The crate as it was given.
        pattern: String,
    },
    /// A crate was asked for at a version that it does not have, or that is not newer than what is in use.
    #[error("{krate} has no release {version} that is newer than what is in use")]
    UnknownRelease {
        /// The crate as it was given.
        krate: String,
        /// The version.
        version: semver::Version,
    },
    /// A saved plan names a repository that the configuration does not have.
    #[error("the plan has a repository {repo} that the configuration does not have")]
    UnknownRepository {
        /// Which.
        repo: RepoName,
    },
}

/// Begins a run. What a killed run left running is ended first, so that nothing of it holds a lock.
pub fn begin(services: &Services, mode: RunMode, repositories: &[RepoConfig]) -> Result<RunId, RunError> {
    crate::process::end_orphans();
    let now = (services.clock)();
    let run = services.journal.new_run_id(now)?;
    let repositories = repositories.iter().map(|repo| repo.name.clone()).collect();
    record(services, &run, EventBody::RunStarted { mode, repositories })?;
    Ok(run)
}

/// Ends a run; `interrupted` when it was told to stop before it was done.
pub fn end(services: &Services, run: &RunId, interrupted: bool) -> Result<(), RunError> {
    record(services, run, EventBody::RunFinished { interrupted })
}

/// Appends an event with the time it has now.
fn record(services: &Services, run: &RunId, body: EventBody) -> Result<(), RunError> {
    services.journal.append(&Event { run: run.clone(), at: (services.clock)(), body })?;
    Ok(())
}

/// A repository as the forge is asked about it.
fn repo_ref(repo: &RepoConfig) -> RepoRef {
    RepoRef { name: repo.name.clone(), url: repo.url.clone() }
}
