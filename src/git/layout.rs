//! Making a folder hold exactly the files of a tree, no matter what is in it.
//!
//! The folder may have been in the hands of untrusted code: nothing is written or changed through a link, soft or hard,
//! and git's own records of the folder are not believed. Files that are right already are not touched, so that their
//! times stay and builds remain fresh.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use git2::{ObjectType, Oid, Repository, Tree, TreeEntry};

use super::GitError;
use super::mirror::LINK;

/// Lays the files of `tree` out in `dir`, and removes everything else but `.git` of the top folder.
pub(super) fn lay_out(repository: &Repository, tree: &Tree<'_>, dir: &Path) -> Result<(), GitError> {
    remove_foreign(tree, dir, true)?;
    lay_entries(repository, tree, dir)
}

/// Removes every entry of `dir` that is not called one of `names`.
pub(super) fn keep_only(dir: &Path, names: &[&str]) -> Result<(), GitError> {
    for (name, metadata) in entries(dir)? {
        if !names.iter().any(|kept| name == *kept) {
            remove(&dir.join(name), &metadata)?;
        }
    }
    Ok(())
}

/// Makes sure that `path` is a real folder that can be changed.
pub(super) fn ensure_folder(path: &Path) -> Result<(), GitError> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => {
            if metadata.permissions().mode() & 0o700 != 0o700 {
                make_accessible(path);
            }
            return Ok(());
        }
        Ok(metadata) => remove(path, &metadata)?,
        Err(_) => {}
    }
    fs::create_dir(path).map_err(|error| GitError::io(path, &error))
}

/// Makes sure that `path` is a real file with these contents; one that is keeps its time.
pub(super) fn ensure_file(path: &Path, contents: &[u8]) -> Result<(), GitError> {
    if path.symlink_metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == contents.len() as u64)
        && fs::read(path).is_ok_and(|present| present == contents)
    {
        return Ok(());
    }
    replace(path, contents, false)
}

/// Puts a new file in the place of whatever is at `path`: never writes into what is there, which may be a link.
pub(super) fn replace(path: &Path, contents: &[u8], executable: bool) -> Result<(), GitError> {
    if let Ok(metadata) = path.symlink_metadata() {
        remove(path, &metadata)?;
    }
    let mode = if executable { 0o777 } else { 0o666 };
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = file.and_then(|mut file: File| file.write_all(contents));
    written.map_err(|error| GitError::io(path, &error))
}

/// Whether the owner may execute a file.
pub(super) fn is_executable(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o100 != 0
}

/// Removes what is in the way of `tree`: what it does not have, or has as something else.
fn remove_foreign(tree: &Tree<'_>, dir: &Path, top: bool) -> Result<(), GitError> {
    for (name, metadata) in entries(dir)? {
        if top && name == ".git" {
            continue;
        }
        let entry = tree.get_name_bytes(name.as_bytes());
        let stays = entry.is_some_and(|entry| match (entry.kind(), entry.filemode()) {
            (Some(ObjectType::Tree), _) => metadata.is_dir(),
            (Some(ObjectType::Blob), LINK) => metadata.is_symlink(),
            (Some(ObjectType::Blob), _) => metadata.is_file(),
            // A submodule is an empty folder here.
            _ => false,
        });
        if !stays {
            remove(&dir.join(name), &metadata)?;
        }
    }
    Ok(())
}

fn lay_entries(repository: &Repository, tree: &Tree<'_>, dir: &Path) -> Result<(), GitError> {
    let failed = |error: git2::Error| GitError::local(repository.path(), &error);
    for entry in tree {
        let path = dir.join(checked_name(&entry, dir)?);
        match (entry.kind(), entry.filemode()) {
            (Some(ObjectType::Tree), _) => {
                ensure_folder(&path)?;
                let tree = repository.find_tree(entry.id()).map_err(failed)?;
                remove_foreign(&tree, &path, false)?;
                lay_entries(repository, &tree, &path)?;
            }
            (Some(ObjectType::Blob), LINK) => lay_link(repository, entry.id(), &path)?,
            (Some(ObjectType::Blob), mode) => lay_file(repository, entry.id(), mode & 0o100 != 0, &path)?,
            _ => ensure_folder(&path)?,
        }
    }
    Ok(())
}

fn lay_file(repository: &Repository, id: Oid, executable: bool, path: &Path) -> Result<(), GitError> {
    if path.symlink_metadata().is_ok_and(|metadata| metadata.is_file() && is_executable(&metadata) == executable)
        && fs::read(path).is_ok_and(|present| Oid::hash_object(ObjectType::Blob, &present).is_ok_and(|own| own == id))
    {
        return Ok(());
    }
    let blob = repository.find_blob(id).map_err(|error| GitError::local(repository.path(), &error))?;
    replace(path, blob.content(), executable)
}

fn lay_link(repository: &Repository, id: Oid, path: &Path) -> Result<(), GitError> {
    let blob = repository.find_blob(id).map_err(|error| GitError::local(repository.path(), &error))?;
    let target = OsStr::from_bytes(blob.content());
    if fs::read_link(path).is_ok_and(|present| present.as_os_str() == target) {
        return Ok(());
    }
    if let Ok(metadata) = path.symlink_metadata() {
        remove(path, &metadata)?;
    }
    std::os::unix::fs::symlink(target, path).map_err(|error| GitError::io(path, &error))
}

/// A tree comes from outside: no name in it may lead out of the folder or into git's own.
fn checked_name(entry: &TreeEntry<'_>, dir: &Path) -> Result<OsString, GitError> {
    let name = entry.name_bytes();
    let bad = name.is_empty()
        || name.contains(&b'/')
        || name.contains(&0)
        || name == b"."
        || name == b".."
        || name.eq_ignore_ascii_case(b".git");
    if bad {
        let place = dir.join(OsStr::from_bytes(name)).display().to_string();
        return Err(GitError::Local { place, reason: "the repository has a file with a forbidden name".to_owned() });
    }
    Ok(OsString::from_vec(name.to_owned()))
}

/// The names in `dir` and what they are, links not followed.
fn entries(dir: &Path) -> Result<Vec<(OsString, Metadata)>, GitError> {
    let failed = |error: &std::io::Error| GitError::io(dir, error);
    let listed = fs::read_dir(dir).or_else(|error| {
        make_accessible(dir);
        fs::read_dir(dir).map_err(|_| error)
    });
    let mut entries = Vec::new();
    for entry in listed.map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        entries.push((entry.file_name(), entry.metadata().map_err(|error| failed(&error))?));
    }
    Ok(entries)
}

/// Removes a file, link or whole folder, also when its permissions forbid it.
fn remove(path: &Path, metadata: &Metadata) -> Result<(), GitError> {
    let attempt = || if metadata.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    let removed = attempt().or_else(|_| {
        if let Some(parent) = path.parent() {
            make_accessible(parent);
        }
        if metadata.is_dir() {
            make_all_accessible(path);
        }
        attempt()
    });
    removed.map_err(|error| GitError::io(path, &error))
}

/// `dir` must be a real folder.
fn make_accessible(dir: &Path) {
    if dir.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
        let _ = fs::set_permissions(dir, Permissions::from_mode(0o755));
    }
}

fn make_all_accessible(dir: &Path) {
    make_accessible(dir);
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_all_accessible(&entry.path());
        }
    }
}
