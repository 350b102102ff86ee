//! Where candidates are built: a git worktree of a mirror, or a shadow of a person's working tree.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use tempfile::TempDir;

use crate::git::Worktree;
use crate::model::{CommitId, RepoPath};

/// A checkout whose manifests and locks may be changed, and set back.
pub(super) enum Place {
    /// Of a mirror, at this commit.
    Worktree {
        /// The checkout.
        worktree: Worktree,
        /// The commit it is set back to.
        base: CommitId,
    },
    /// Of a working tree.
    Shadow(Shadow),
}

impl Place {
    /// The checkout's folder.
    pub(super) fn root(&self) -> &Path {
        match self {
            Self::Worktree { worktree, .. } => worktree.path(),
            Self::Shadow(shadow) => &shadow.root,
        }
    }

    /// Sets everything back to how it was.
    pub(super) fn reset(&self) -> Result<(), String> {
        match self {
            Self::Worktree { worktree, base } => worktree.reset(base).map_err(|error| error.to_string()),
            Self::Shadow(shadow) => shadow.reset().map_err(|error| error.to_string()),
        }
    }

    /// A file as it is now; `None` when it is not there.
    pub(super) fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, String> {
        match fs::read(self.root().join(path.as_str())) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{path}: {error}")),
        }
    }

    /// Changes files.
    pub(super) fn write(&self, files: &BTreeMap<RepoPath, Vec<u8>>) -> Result<(), String> {
        for (path, bytes) in files {
            match self {
                Self::Worktree { worktree, .. } => worktree.write(path, bytes).map_err(|error| error.to_string())?,
                Self::Shadow(shadow) => {
                    fs::write(shadow.root.join(path.as_str()), bytes).map_err(|error| format!("{path}: {error}"))?;
                }
            }
        }
        Ok(())
    }
}

/// A folder that looks to cargo like a working tree in its place, but whose manifests and locks are copies.
///
/// Only the folders on the way to those files are real; everything else, the neighbours of every folder above included,
/// is a symbolic link to the original. So relative paths lead where they always do, `.cargo/config.toml` files above are
/// found, and nothing that is tried can reach the person's own manifests: a process killed halfway leaves them whole.
pub(super) struct Shadow {
    _folder: TempDir,
    root: PathBuf,
    copies: BTreeMap<RepoPath, Option<Vec<u8>>>,
}

impl Shadow {
    /// Makes the shadow of `original` (an absolute path); `files` are the manifests and locks, with `None` for those that
    /// are not there yet.
    pub(super) fn make(original: &Path, files: BTreeMap<RepoPath, Option<Vec<u8>>>) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("depbot-").tempdir()?;
        let outside = fs::canonicalize(folder.path())?;
        let mut here = outside.clone();
        let mut there = PathBuf::from("/");
        for part in original.components().filter_map(normal_part) {
            link_all(&there, &here, |name| name == part || outside.starts_with(there.join(name)))?;
            there.push(part);
            here.push(part);
            fs::create_dir(&here)?;
        }
        let shadow = Self { _folder: folder, root: here, copies: files };
        shadow.fill(original, &RepoPath::root())?;
        shadow.reset()?;
        Ok(shadow)
    }

    /// Makes one folder of the tree, and those below it that lead to copies.
    fn fill(&self, original: &Path, folder: &RepoPath) -> io::Result<()> {
        let (from, to) = (inside(original, folder), inside(&self.root, folder));
        // What is built goes where the caller says; cargo's notes about compilers are not to go anywhere else.
        let is_output = |name: &str| name == "target" && self.copies.keys().any(|copy| copy.parent() == *folder);
        let is_copied = |name: &str| folder.join(name).is_none_or(|path| self.leads_to_copy(&path));
        link_all(&from, &to, |name| is_copied(name) || is_output(name))?;
        let mut below: Vec<RepoPath> = self.copies.keys().filter_map(|copy| next_folder(folder, copy)).collect();
        below.dedup();
        for path in below {
            fs::create_dir_all(inside(&self.root, &path))?;
            self.fill(original, &path)?;
        }
        Ok(())
    }

    fn leads_to_copy(&self, path: &RepoPath) -> bool {
        self.copies.keys().any(|copy| copy.is_within(path))
    }

    fn reset(&self) -> io::Result<()> {
        for (path, bytes) in &self.copies {
            let file = self.root.join(path.as_str());
            match bytes {
                Some(bytes) => fs::write(&file, bytes)?,
                None => match fs::remove_file(&file) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                },
            }
        }
        Ok(())
    }
}

/// Links every entry of one folder into another, but those that `skip` names.
fn link_all(from: &Path, to: &Path, skip: impl Fn(&str) -> bool) -> io::Result<()> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let name = entry?.file_name();
        if name.to_str().is_none_or(|name| !skip(name)) {
            std::os::unix::fs::symlink(from.join(&name), to.join(&name))?;
        }
    }
    Ok(())
}

fn normal_part(part: Component<'_>) -> Option<&str> {
    match part {
        Component::Normal(part) => part.to_str(),
        _ => None,
    }
}

fn inside(root: &Path, path: &RepoPath) -> PathBuf {
    if path.as_str().is_empty() { root.to_owned() } else { root.join(path.as_str()) }
}

/// The folder directly below `folder` on the way to `file`, where there is one.
fn next_folder(folder: &RepoPath, file: &RepoPath) -> Option<RepoPath> {
    if !file.is_within(folder) {
        return None;
    }
    let rest = file.as_str().strip_prefix(folder.as_str())?.trim_start_matches('/');
    let (name, _) = rest.split_once('/')?;
    folder.join(name)
}
