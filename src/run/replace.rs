//! Several files replaced as one: everything is written beside its place before the first file is exchanged.
//!
//! A disk that is full, a folder that cannot be written to, a file that a person changed meanwhile: all of it shows before
//! anything is changed. Exchanging is one rename a file, and is undone where one of them fails.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// How the names begin of what is not in its place yet; leftovers of a process that was killed have it too.
const PREFIX: &str = ".depbot-";

/// One file and what it becomes.
#[derive(Debug)]
pub(super) struct Change<'a> {
    /// The file; a symbolic link is followed, and stays.
    pub(super) file: PathBuf,
    /// What it must hold now.
    pub(super) old: &'a [u8],
    /// What it is to hold.
    pub(super) new: &'a [u8],
}

/// Why nothing was changed.
#[derive(Debug)]
pub(super) struct Refused {
    /// Which file is in the way.
    pub(super) file: PathBuf,
    /// Why.
    pub(super) cause: io::Error,
}

/// Replaces all the files, or none of them. Permissions stay as they are.
///
/// Locks come last: a process that is killed between two renames leaves manifests that are ahead of their lock, which
/// cargo brings in step by itself.
pub(super) fn all(changes: &[Change<'_>]) -> Result<(), Refused> {
    let mut order: Vec<&Change<'_>> = changes.iter().collect();
    order.sort_by_key(|change| change.file.file_name().is_some_and(|name| name == "Cargo.lock"));
    let mut staged = Vec::new();
    for change in order {
        staged.push(Staged::make(change).map_err(|cause| Refused { file: change.file.clone(), cause })?);
    }
    let mut done: Vec<(PathBuf, &[u8])> = Vec::new();
    for one in staged {
        let (file, old) = (one.place.clone(), one.old);
        if let Err(error) = one.file.persist(&file) {
            undo(&done);
            return Err(Refused { file, cause: error.error });
        }
        done.push((file, old));
    }
    Ok(())
}

/// A file's new content, beside its place.
struct Staged<'a> {
    file: NamedTempFile,
    place: PathBuf,
    old: &'a [u8],
}

impl<'a> Staged<'a> {
    fn make(change: &Change<'a>) -> io::Result<Self> {
        let place = fs::canonicalize(&change.file)?;
        if fs::read(&place)? != change.old {
            return Err(io::Error::other("it was changed while depbot was at work, and is left as it is now"));
        }
        let folder = place.parent().unwrap_or(Path::new("/"));
        let mut file = tempfile::Builder::new().prefix(PREFIX).tempfile_in(folder)?;
        file.write_all(change.new)?;
        file.as_file().set_permissions(fs::metadata(&place)?.permissions())?;
        file.as_file().sync_all()?;
        Ok(Self { file, place, old: change.old })
    }
}

/// Puts back what was exchanged. The folders could be written to a moment ago; if that has changed, people have to look.
fn undo(done: &[(PathBuf, &[u8])]) {
    for (file, old) in done {
        if let Err(error) = fs::write(file, old) {
            tracing::error!("{} cannot be set back: {error}", file.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn either_all_files_are_replaced_or_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| fs::write(path(name), text).expect("a file");
        let read = |name: &str| fs::read_to_string(path(name)).expect("a file");
        write("a", "1");
        write("b", "1");
        let change = |name: &str, old: &'static str, new: &'static str| Change {
            file: path(name),
            old: old.as_bytes(),
            new: new.as_bytes(),
        };
        let refused = all(&[change("a", "1", "2"), change("b", "0", "2")]).expect_err("b is not as expected");
        assert_eq!(refused.file, path("b"));
        all(&[change("a", "1", "2"), change("gone", "1", "2")]).expect_err("gone is not there");
        assert_eq!([read("a"), read("b")], ["1", "1"]);
        all(&[change("a", "1", "2"), change("b", "1", "2")]).expect("both are as expected");
        assert_eq!([read("a"), read("b")], ["2", "2"]);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "nothing else is left");
    }

    #[test]
    fn links_and_permissions_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "1").expect("a file");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o540)).expect("permissions");
        std::os::unix::fs::symlink("real", &link).expect("a link");
        all(&[Change { file: link.clone(), old: b"1", new: b"2" }]).expect("replaced");
        assert_eq!(fs::read_to_string(&real).expect("a file"), "2");
        assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
        assert_eq!(fs::metadata(&real).expect("a file").permissions().mode() & 0o777, 0o540);
    }
}
