//! A bare mirror on this machine: what branches, tags and files it has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{ErrorCode, ObjectType, Oid, Reference, Repository, Tree};

use super::{GitError, Worktree, redact};
use crate::model::{BranchName, CommitId, RepoPath};

/// Larger files are none that depbot reads: 4 MiB.
const MAX_FILE: usize = 4 << 20;

/// Where the mirror's HEAD points when the remote has no default branch; no remote has a branch of this name.
pub(super) const NO_DEFAULT_BRANCH: &str = "refs/heads/-none-";

/// A bare mirror of one remote repository. Cheap to clone. Every call opens it anew, so that it can be used from many
/// threads.
#[derive(Clone, Debug)]
pub struct Mirror {
    place: Arc<Place>,
}

struct Place {
    path: PathBuf,
    /// With the login that may stand in it.
    url: String,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.path.display(), redact(&self.url))
    }
}

impl Mirror {
    /// The mirror at `path`, as an earlier sync left it.
    pub fn open(path: &Path) -> Result<Self, GitError> {
        let failed = |error: git2::Error| GitError::local(path, &error);
        let repository = Repository::open_bare(path).map_err(failed)?;
        let config = repository.config().and_then(|mut config| config.snapshot()).map_err(failed)?;
        let url = config.get_str("remote.origin.url").map_err(failed)?.to_owned();
        Self::at(path, url)
    }

    /// The mirror at `path` of the repository at `url`.
    pub(super) fn at(path: &Path, url: String) -> Result<Self, GitError> {
        let path = std::path::absolute(path).map_err(|error| GitError::io(path, &error))?;
        Ok(Self { place: Arc::new(Place { path, url }) })
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.place.path
    }

    /// Where it comes from, without credentials.
    pub fn url(&self) -> String {
        redact(&self.place.url)
    }

    pub(super) fn full_url(&self) -> &str {
        &self.place.url
    }

    /// The branch that the remote's HEAD names.
    ///
    /// [`GitError::Empty`] for a repository without any branch, [`GitError::NotFound`] when the branch is gone.
    pub fn default_branch(&self) -> Result<BranchName, GitError> {
        let repository = self.repository()?;
        let head = repository.find_reference("HEAD").map_err(|error| self.failed(&error))?;
        let target = head.symbolic_target().ok().flatten().unwrap_or(NO_DEFAULT_BRANCH);
        if target != NO_DEFAULT_BRANCH
            && repository.find_reference(target).is_ok()
            && let Some(branch) = target.strip_prefix("refs/heads/").and_then(|name| BranchName::new(name).ok())
        {
            return Ok(branch);
        }
        if self.branches_under("")?.is_empty() {
            return Err(GitError::Empty { url: self.url() });
        }
        Err(GitError::missing(format!("the default branch of {}", self.url())))
    }

    /// The newest commit of `branch`; `None` when there is no such branch.
    pub fn head(&self, branch: &BranchName) -> Result<Option<CommitId>, GitError> {
        let repository = self.repository()?;
        match repository.find_reference(&format!("refs/heads/{branch}")) {
            Ok(reference) => Ok(peeled(&reference)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// The branches whose names begin with `prefix`, such as `depbot/`, and their newest commits; ordered by name.
    pub fn branches_under(&self, prefix: &str) -> Result<Vec<(BranchName, CommitId)>, GitError> {
        let all = self.references("refs/heads/")?.into_iter();
        let fits = all.filter(|(name, _)| name.starts_with(prefix));
        Ok(fits.filter_map(|(name, commit)| Some((BranchName::new(name).ok()?, commit))).collect())
    }

    /// The tags that lead to commits, and these; ordered by name.
    pub fn tags(&self) -> Result<Vec<(String, CommitId)>, GitError> {
        self.references("refs/tags/")
    }

    /// The files of `commit` whose paths are `wanted`, whole.
    ///
    /// Left out: symbolic links, submodules, files of more than 4 MiB, and paths that are no UTF-8.
    pub fn files(
        &self,
        commit: &CommitId,
        wanted: impl Fn(&RepoPath) -> bool,
    ) -> Result<BTreeMap<RepoPath, Vec<u8>>, GitError> {
        let repository = self.repository()?;
        let tree = self.tree_of(&repository, commit)?;
        let mut found = Vec::new();
        collect(&repository, &tree, &RepoPath::root(), &wanted, &mut found).map_err(|error| self.failed(&error))?;
        let objects = repository.odb().map_err(|error| self.failed(&error))?;
        let mut files = BTreeMap::new();
        for (path, id) in found {
            let (size, _) = objects.read_header(id).map_err(|error| self.failed(&error))?;
            if size <= MAX_FILE {
                let object = objects.read(id).map_err(|error| self.failed(&error))?;
                files.insert(path, object.data().to_owned());
            }
        }
        Ok(files)
    }

    /// A worktree in the folder `dir` with the files of `commit`: see [`Worktree`].
    pub fn worktree(&self, dir: &Path, commit: &CommitId) -> Result<Worktree, GitError> {
        Worktree::make(self.clone(), dir, commit)
    }

    pub(super) fn repository(&self) -> Result<Repository, GitError> {
        Repository::open_bare(self.path()).map_err(|error| self.failed(&error))
    }

    pub(super) fn failed(&self, error: &git2::Error) -> GitError {
        GitError::local(self.path(), error)
    }

    pub(super) fn find_commit<'a>(
        &self,
        repository: &'a Repository,
        commit: &CommitId,
    ) -> Result<git2::Commit<'a>, GitError> {
        repository.find_commit(oid(commit.as_str())).map_err(|error| match error.code() {
            ErrorCode::NotFound => GitError::missing(format!("commit {} of {}", commit.short(), self.url())),
            _ => self.failed(&error),
        })
    }

    pub(super) fn tree_of<'a>(&self, repository: &'a Repository, commit: &CommitId) -> Result<Tree<'a>, GitError> {
        self.find_commit(repository, commit)?.tree().map_err(|error| self.failed(&error))
    }

    /// The references below `folder` that lead to commits, without it in their names.
    fn references(&self, folder: &str) -> Result<Vec<(String, CommitId)>, GitError> {
        let repository = self.repository()?;
        let references = repository.references_glob(&format!("{folder}*")).map_err(|error| self.failed(&error))?;
        let mut found = Vec::new();
        for reference in references {
            let reference = reference.map_err(|error| self.failed(&error))?;
            let name = reference.name().ok().and_then(|name| name.strip_prefix(folder));
            if let (Some(name), Some(commit)) = (name, peeled(&reference)) {
                found.push((name.to_owned(), commit));
            }
        }
        found.sort();
        Ok(found)
    }
}

fn collect(
    repository: &Repository,
    tree: &Tree<'_>,
    folder: &RepoPath,
    wanted: &impl Fn(&RepoPath) -> bool,
    found: &mut Vec<(RepoPath, Oid)>,
) -> Result<(), git2::Error> {
    for entry in tree {
        let Some(path) = entry.name().ok().and_then(|name| child(folder, name)) else { continue };
        match (entry.kind(), entry.filemode()) {
            (Some(ObjectType::Tree), _) => {
                collect(repository, &repository.find_tree(entry.id())?, &path, wanted, found)?;
            }
            (Some(ObjectType::Blob), mode) if mode != LINK && wanted(&path) => found.push((path, entry.id())),
            _ => {}
        }
    }
    Ok(())
}

/// The mode of a symbolic link in a tree.
pub(super) const LINK: i32 = 0o120_000;

fn child(folder: &RepoPath, name: &str) -> Option<RepoPath> {
    let path = if folder.as_str().is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    RepoPath::new(path).ok()
}

fn peeled(reference: &Reference<'_>) -> Option<CommitId> {
    reference.peel_to_commit().ok().map(|commit| commit_id(commit.id()))
}

/// An id of ours for libgit2.
pub(super) fn oid(id: &str) -> Oid {
    Oid::from_str(id).expect("an id is 40 hexadecimal digits")
}

/// An id of libgit2's for us.
pub(super) fn commit_id(id: Oid) -> CommitId {
    CommitId::new(id.to_string()).expect("libgit2 writes 40 lower-case hexadecimal digits")
}
