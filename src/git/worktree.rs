//! A folder with the files of one commit, to build and test in.
//!
//! It is a repository of its own, so that tests and build scripts that ask git for the commit or a tag get an answer. Its
//! objects are borrowed from the mirror by `objects/info/alternates`; nothing done in it moves the mirror. It is given to
//! untrusted code, so it is never asked what is in it: every reset writes git's own files anew where they differ, and
//! compares every file by its contents. Submodules are not filled: their folders are empty.

use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use git2::{Index, Repository, Tree};

use super::layout::{ensure_file, ensure_folder, is_executable, keep_only, lay_out, replace};
use super::{GitError, Mirror};
use crate::model::{CommitId, RepoPath};

/// A folder with the files of one commit. It stays when this value is dropped, for the next run to use again.
#[derive(Debug)]
pub struct Worktree {
    mirror: Mirror,
    dir: PathBuf,
}

impl Worktree {
    pub(super) fn make(mirror: Mirror, dir: &Path, commit: &CommitId) -> Result<Self, GitError> {
        let dir = std::path::absolute(dir).map_err(|error| GitError::io(dir, &error))?;
        claim(&dir)?;
        let worktree = Self { mirror, dir };
        worktree.reset(commit)?;
        Ok(worktree)
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Makes it hold exactly the files of `commit`: everything else is removed, ignored files as well. Only files that
    /// differ are written, the others keep their times.
    pub fn reset(&self, commit: &CommitId) -> Result<(), GitError> {
        let repository = self.mirror.repository()?;
        let tree = self.mirror.tree_of(&repository, commit)?;
        ensure_folder(&self.dir)?;
        lay_out(&repository, &tree, &self.dir)?;
        self.write_git_folder(commit, &repository, &tree)
    }

    /// Writes a file, in place of the one that is there. Its folder must exist, and no link on the way may lead out of
    /// the worktree; `.git` is not for writing.
    pub fn write(&self, path: &RepoPath, contents: &[u8]) -> Result<(), GitError> {
        let place = self.inside(path)?;
        let present = place.symlink_metadata();
        if present.as_ref().is_ok_and(|metadata| !metadata.is_file()) {
            return Err(self.refused(path, "it is not a file"));
        }
        replace(&place, contents, present.is_ok_and(|metadata| is_executable(&metadata)))
    }

    /// The contents of a file; no link on the way may lead out of the worktree.
    pub fn read(&self, path: &RepoPath) -> Result<Vec<u8>, GitError> {
        let place = self.inside(path)?;
        match place.symlink_metadata() {
            Ok(metadata) if metadata.is_file() => fs::read(&place).map_err(|error| GitError::io(&place, &error)),
            Ok(_) => Err(self.refused(path, "it is not a file")),
            Err(_) => Err(GitError::missing(format!("{path} in {}", self.dir.display()))),
        }
    }

    /// Where `path` really is, with all links followed.
    fn inside(&self, path: &RepoPath) -> Result<PathBuf, GitError> {
        let full = self.dir.join(path.as_str());
        let root = self.dir.canonicalize().map_err(|error| GitError::io(&self.dir, &error))?;
        let (Some(parent), Some(name)) = (full.parent(), full.file_name().filter(|_| !path.as_str().is_empty())) else {
            return Err(self.refused(path, "it is not a file"));
        };
        let missing = || GitError::missing(format!("the folder of {path} in {}", self.dir.display()));
        let parent = parent.canonicalize().map_err(|_| missing())?;
        let place = parent.join(name);
        let place = if place.is_symlink() {
            place.canonicalize().map_err(|_| self.refused(path, "it is a link that leads nowhere"))?
        } else {
            place
        };
        let Ok(relative) = place.strip_prefix(&root) else {
            return Err(self.refused(path, "it leads out of the worktree"));
        };
        if relative.components().next() == Some(Component::Normal(".git".as_ref())) {
            return Err(self.refused(path, "it belongs to git"));
        }
        Ok(place)
    }

    /// The least that makes git see a clean checkout of `commit` with the mirror's tags.
    fn write_git_folder(&self, commit: &CommitId, repository: &Repository, tree: &Tree<'_>) -> Result<(), GitError> {
        let git = self.dir.join(".git");
        ensure_folder(&git)?;
        for folder in ["objects", "objects/info", "refs"] {
            ensure_folder(&git.join(folder))?;
        }
        keep_only(&git, &["HEAD", "config", "packed-refs", "objects", "refs"])?;
        keep_only(&git.join("objects"), &["info"])?;
        keep_only(&git.join("objects/info"), &["alternates"])?;
        keep_only(&git.join("refs"), &[])?;
        let alternates = format!("{}\n", self.mirror.path().join("objects").display());
        ensure_file(&git.join("objects/info/alternates"), alternates.as_bytes())?;
        ensure_file(&git.join("config"), self.config().as_bytes())?;
        ensure_file(&git.join("packed-refs"), packed_tags(repository).map_err(|e| self.mirror.failed(&e))?.as_bytes())?;
        write_index(&git.join("index"), tree).map_err(|error| GitError::local(&git, &error))?;
        ensure_file(&git.join("HEAD"), format!("{commit}\n").as_bytes())
    }

    fn config(&self) -> String {
        let url = self.mirror.url().replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
        format!(
            "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\
             [gc]\n\tauto = 0\n[remote \"origin\"]\n\turl = \"{url}\"\n"
        )
    }

    fn refused(&self, path: &RepoPath, reason: &str) -> GitError {
        GitError::Local { place: self.dir.join(path.as_str()).display().to_string(), reason: reason.to_owned() }
    }
}

/// Marks `dir` as a worktree by a file beside it: everything in a worktree may be removed, so a folder with files that
/// nobody has marked is refused.
fn claim(dir: &Path) -> Result<(), GitError> {
    let mut name = OsString::from(".");
    name.push(dir.file_name().unwrap_or_default());
    name.push(".worktree");
    let mark = dir.with_file_name(name);
    if mark.exists() {
        return Ok(());
    }
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        let reason = "it is not a worktree of depbot, and not empty".to_owned();
        return Err(GitError::Local { place: dir.display().to_string(), reason });
    }
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).map_err(|error| GitError::io(parent, &error))?;
    }
    fs::write(&mark, "depbot removes everything from the folder of this name\n").map_err(|e| GitError::io(&mark, &e))
}

/// The mirror's tags as git's `packed-refs` file, see gitrepository-layout(5).
fn packed_tags(repository: &Repository) -> Result<String, git2::Error> {
    let mut lines = Vec::new();
    for reference in repository.references_glob("refs/tags/*")? {
        let reference = reference?;
        if let (Ok(name), Some(target)) = (reference.name(), reference.target()) {
            lines.push(format!("{name} {target}"));
        }
    }
    lines.sort();
    let swapped = lines.iter().filter_map(|line| line.rsplit_once(' '));
    Ok(swapped.map(|(name, target)| format!("{target} {name}\n")).collect())
}

fn write_index(path: &Path, tree: &Tree<'_>) -> Result<(), git2::Error> {
    let mut index = Index::open(path)?;
    index.read_tree(tree)?;
    index.write()
}
