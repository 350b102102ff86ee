//! Sync: the mirror of a repository at the newest commit of its main branch.

use super::{Services, Stage};
use crate::config::RepoConfig;
use crate::git::{GitError, Mirror};
use crate::model::{BranchName, CommitId};
use crate::plan::StageFailure;

/// A repository as it is now.
#[derive(Clone, Debug)]
pub(super) struct Synced {
    /// Its mirror.
    pub(super) mirror: Mirror,
    /// Its main branch.
    pub(super) branch: BranchName,
    /// The newest commit of it.
    pub(super) base: CommitId,
}

/// Brings a repository's mirror up to date.
pub(super) async fn sync(services: &Services, repo: &RepoConfig) -> Result<Synced, StageFailure> {
    let failed = |error: GitError| failure(Stage::Sync, &error);
    let mirror = services.git.sync(&services.folders.mirror(&repo.name), &repo.url).await.map_err(failed)?;
    let branch = match &repo.branch {
        Some(branch) => branch.clone(),
        None => mirror.default_branch().map_err(failed)?,
    };
    let base = mirror.head(&branch).map_err(failed)?.ok_or_else(|| StageFailure {
        stage: Stage::Sync.as_str(),
        message: format!("the branch {branch} does not exist"),
    })?;
    Ok(Synced { mirror, branch, base })
}

/// A failure at a stage, in the words of its cause.
pub(super) fn failure(stage: Stage, error: &dyn std::error::Error) -> StageFailure {
    StageFailure { stage: stage.as_str(), message: error.to_string() }
}
