//! Bringing a mirror up to date, and listing a remote's tags.
//!
//! A new mirror is made beside its place and moved there when it is complete, so that a half-made one is never taken for a
//! mirror.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use git2::{
    AutotagOption, Direction, FetchOptions, Oid, Reference, Remote, RemoteCallbacks, RemoteConnection, Repository,
};

use super::mirror::{NO_DEFAULT_BRANCH, commit_id};
use super::seed::seed;
use super::session::Session;
use super::{GitError, Mirror, address, redact};
use crate::model::CommitId;

/// All branches and tags, as they are there.
const REFSPECS: [&str; 2] = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];

pub(super) fn sync(session: &Session, path: &Path, url: &str) -> Result<Mirror, GitError> {
    let url = address::checked(url)?;
    let beside = Beside::of(path);
    beside.clear()?;
    if path.exists() {
        match refresh(session, path, &url) {
            Ok(()) => return Mirror::at(path, url),
            Err(error @ GitError::Local { .. }) => {
                tracing::warn!(mirror = %path.display(), %error, "the mirror is broken and is made anew");
            }
            Err(error) => return Err(error),
        }
    }
    make(session, &beside.new, &url)?;
    beside.swap_in(path)?;
    Mirror::at(path, url)
}

pub(super) fn remote_tags(session: &Session, url: &str) -> Result<Vec<(String, CommitId)>, GitError> {
    let url = address::checked(url)?;
    let failed = |error: git2::Error| session.outcome(&url, &error);
    let mut remote = Remote::create_detached(url.as_str()).map_err(failed)?;
    let connection = connect(session, &mut remote, Direction::Fetch).map_err(failed)?;
    let mut tags = BTreeMap::new();
    // The commit that an annotated tag leads to follows the tag itself, with a suffix.
    for head in connection.list().map_err(failed)? {
        if let Some(name) = head.name().strip_prefix("refs/tags/") {
            tags.insert(name.strip_suffix("^{}").unwrap_or(name).to_owned(), commit_id(head.oid()));
        }
    }
    Ok(tags.into_iter().collect())
}

/// Opens a connection that ends when the session does.
pub(super) fn connect<'r, 'c>(
    session: &'c Session,
    remote: &'r mut Remote<'c>,
    direction: Direction,
) -> Result<RemoteConnection<'c, 'r, 'c>, git2::Error> {
    remote.connect_auth(direction, Some(callbacks(session)), None)
}

/// Callbacks that stop libgit2's own transport, which knows no session.
pub(super) fn callbacks(session: &Session) -> RemoteCallbacks<'_> {
    let mut callbacks = RemoteCallbacks::new();
    callbacks.transfer_progress(|_| !session.is_cancelled());
    callbacks.sideband_progress(|_| !session.is_cancelled());
    callbacks
}

/// The names beside a mirror's place where it is made, and where a broken one is put.
struct Beside {
    new: PathBuf,
    old: PathBuf,
}

impl Beside {
    fn of(path: &Path) -> Self {
        let named = |suffix: &str| {
            let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
            name.push(suffix);
            path.with_file_name(name)
        };
        Self { new: named(".new"), old: named(".old") }
    }

    /// Removes what an interrupted sync has left.
    fn clear(&self) -> Result<(), GitError> {
        for path in [&self.new, &self.old] {
            remove(path)?;
        }
        Ok(())
    }

    fn swap_in(&self, path: &Path) -> Result<(), GitError> {
        if path.symlink_metadata().is_ok() {
            fs::rename(path, &self.old).map_err(|error| GitError::io(path, &error))?;
        }
        fs::rename(&self.new, path).map_err(|error| GitError::io(path, &error))?;
        remove(&self.old)
    }
}

fn remove(path: &Path) -> Result<(), GitError> {
    let removed = match path.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    removed.map_err(|error| GitError::io(path, &error))
}

fn make(session: &Session, path: &Path, url: &str) -> Result<(), GitError> {
    let failed = |error: git2::Error| GitError::local(path, &error);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| GitError::io(parent, &error))?;
    }
    let repository = Repository::init_bare(path).map_err(failed)?;
    if let Some(folder) = address::local_folder(url) {
        seed(&repository, &folder);
    }
    let result = fetch(session, &repository, url);
    if result.is_err() {
        remove(path)?;
    }
    result
}

fn refresh(session: &Session, path: &Path, url: &str) -> Result<(), GitError> {
    // Whatever is wrong with the mirror itself is a reason to make it anew, also that it is none.
    let broken = |reason: String| GitError::Local { place: path.display().to_string(), reason };
    let repository = Repository::open_bare(path).map_err(|error| broken(error.message().to_owned()))?;
    remove_leftovers(path)?;
    check_heads(&repository).map_err(|error| broken(error.message().to_owned()))?;
    fetch(session, &repository, url)
}

/// Every branch must lead to a commit with a tree. Each is looked up by its name: listing passes over damaged files.
fn check_heads(repository: &Repository) -> Result<(), git2::Error> {
    for reference in repository.references_glob("refs/heads/*")? {
        if let Ok(name) = reference?.name() {
            repository.find_reference(name)?.peel_to_commit()?.tree()?;
        }
    }
    Ok(())
}

/// A process that was killed leaves locks, which nobody will ever release, and halves of packs and objects.
fn remove_leftovers(path: &Path) -> Result<(), GitError> {
    let locks = |name: &str| name.ends_with(".lock");
    remove_files(path, locks)?;
    remove_files(&path.join("objects"), |name| name.starts_with("tmp_object_git2_"))?;
    remove_files(&path.join("objects/pack"), |name| name.starts_with("pack_git2_"))?;
    let mut folders = vec![path.join("refs")];
    while let Some(folder) = folders.pop() {
        remove_files(&folder, locks)?;
        let inner = fs::read_dir(&folder).into_iter().flatten().flatten();
        folders
            .extend(inner.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()));
    }
    Ok(())
}

/// Removes the files of `folder` whose names are `unwanted`.
fn remove_files(folder: &Path, unwanted: impl Fn(&str) -> bool) -> Result<(), GitError> {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(&unwanted) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn fetch(session: &Session, repository: &Repository, url: &str) -> Result<(), GitError> {
    let failed = |error: git2::Error| session.outcome(url, &error);
    let local = |error: git2::Error| local(session, repository, url, &error);
    let mut remote = repository.remote_anonymous(url).map_err(local)?;
    let mut connection = connect(session, &mut remote, Direction::Fetch).map_err(failed)?;
    let default = connection.default_branch().ok().and_then(|name| name.as_str().ok().map(str::to_owned));
    let mut wanted = BTreeMap::new();
    for head in connection.list().map_err(failed)? {
        let (name, id) = (head.name(), head.oid());
        let ours = name.starts_with("refs/heads/") || name.starts_with("refs/tags/");
        // This leaves out the commits that annotated tags lead to: they are listed with a suffix that no name may have.
        if ours && Reference::is_valid_name(name) {
            wanted.insert(name.to_owned(), id);
        }
    }
    let mut options = FetchOptions::new();
    options.download_tags(AutotagOption::None).update_fetchhead(false).remote_callbacks(callbacks(session));
    connection.remote().download(&REFSPECS, Some(&mut options)).map_err(local)?;
    drop(connection);
    move_references(repository, &wanted).map_err(local)?;
    let default = default.filter(|name| wanted.contains_key(name));
    remember(repository, url, default.as_deref()).map_err(local)
}

/// Once the other side has answered, something that is not found is not found here: the mirror is broken.
fn local(session: &Session, repository: &Repository, url: &str, error: &git2::Error) -> GitError {
    match session.outcome(url, error) {
        GitError::NotFound { reason, .. } if !session.has_failed() => {
            GitError::Local { place: repository.path().display().to_string(), reason }
        }
        outcome => outcome,
    }
}

/// First removes what is gone: a branch `a` may have made room for a branch `a/b`.
fn move_references(repository: &Repository, wanted: &BTreeMap<String, Oid>) -> Result<(), git2::Error> {
    let mut present = BTreeMap::new();
    for glob in ["refs/heads/*", "refs/tags/*"] {
        for reference in repository.references_glob(glob)? {
            let mut reference = reference?;
            match reference.name().ok().map(str::to_owned) {
                Some(name) if wanted.contains_key(&name) => {
                    present.insert(name, reference.target());
                }
                _ => reference.delete()?,
            }
        }
    }
    if present.is_empty() {
        return pack_references(repository, wanted);
    }
    for (name, id) in wanted {
        if present.get(name) != Some(&Some(*id)) {
            repository.reference(name, *id, true, "depbot: sync")?;
        }
    }
    Ok(())
}

/// Writes all references of a mirror that has none into one file, as git does when it tidies up: a file for each takes
/// seconds when there are ten thousand.
///
/// Format: git's `packed-refs`: a line that says that the rest is sorted, then a line for each reference.
fn pack_references(repository: &Repository, wanted: &BTreeMap<String, Oid>) -> Result<(), git2::Error> {
    let objects = repository.odb()?;
    let mut text = "# pack-refs with: sorted \n".to_owned();
    for (name, id) in wanted {
        objects.read_header(*id)?;
        text.push_str(&format!("{id} {name}\n"));
    }
    let (lock, file) = (repository.path().join("packed-refs.lock"), repository.path().join("packed-refs"));
    let written = fs::write(&lock, text).and_then(|()| fs::rename(&lock, &file));
    written.map_err(|error| git2::Error::from_str(&format!("{}: {error}", file.display())))
}

/// Writes down where the mirror comes from, and the default branch there.
fn remember(repository: &Repository, url: &str, default: Option<&str>) -> Result<(), git2::Error> {
    let url = redact(url);
    let mut config = repository.config()?;
    if config.get_string("remote.origin.url").ok().as_deref() != Some(url.as_str()) {
        config.set_str("remote.origin.url", &url)?;
    }
    let target = default.unwrap_or(NO_DEFAULT_BRANCH);
    let head = repository.find_reference("HEAD")?;
    if head.symbolic_target()? != Some(target) {
        repository.reference_symbolic("HEAD", target, true, "depbot: sync")?;
    }
    Ok(())
}
