//! New bare repositories with a first commit, for demonstrations.

use std::collections::BTreeMap;
use std::path::PathBuf;

use git2::build::TreeUpdateBuilder;
use git2::{Error, FileMode, Repository, RepositoryInitOptions};
use jiff::Timestamp;

use super::mirror::commit_id;
use super::{GitError, Identity};
use crate::model::{CommitId, RepoPath};

/// A repository to be made.
#[derive(Clone, Debug)]
pub struct NewRepository {
    /// Where; there must be nothing.
    pub path: PathBuf,
    /// Its files.
    pub files: BTreeMap<RepoPath, Vec<u8>>,
    /// The first commit's message.
    pub message: String,
    /// Who makes it.
    pub author: Identity,
    /// When.
    pub at: Timestamp,
    /// An annotated tag on the first commit.
    pub tag: Option<String>,
}

/// Makes a bare repository whose branch `main` has one commit. Equal arguments make the equal commit.
pub fn create(new: &NewRepository) -> Result<CommitId, GitError> {
    let failed =
        |error: Error| GitError::Local { place: new.path.display().to_string(), reason: error.message().to_owned() };
    create_with(new).map_err(failed)
}

fn create_with(new: &NewRepository) -> Result<CommitId, Error> {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).no_reinit(true).mkpath(true).initial_head("main").external_template(false);
    let repository = Repository::init_opts(&new.path, &options)?;
    let empty = repository.find_tree(repository.treebuilder(None)?.write()?)?;
    let mut update = TreeUpdateBuilder::new();
    for (path, contents) in &new.files {
        update.upsert(path.as_str(), repository.blob(contents)?, FileMode::Blob);
    }
    let tree = repository.find_tree(update.create_updated(&repository, &empty)?)?;
    let author = new.author.signature(new.at)?;
    let commit = repository.commit(Some("HEAD"), &author, &author, &new.message, &tree, &[])?;
    if let Some(tag) = &new.tag {
        let target = repository.find_object(commit, None)?;
        repository.tag(tag, &target, &author, tag, false)?;
    }
    Ok(commit_id(commit))
}
