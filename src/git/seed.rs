//! Filling a new mirror from a repository on the same machine, by hard links or copies of its objects.
//!
//! libgit2's own transport for paths computes a pack as a server would, which takes ten times as long as `git clone`. It
//! still runs afterwards and fetches what is missing. Only whole packs and loose objects are taken, and only real files:
//! a link in somebody else's repository could lead anywhere.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use git2::Repository;

/// Takes what can be taken of the repository in `source`. When something vanishes on the way, for instance because git
/// tidies up there, nothing of it is kept.
pub(super) fn seed(mirror: &Repository, source: &Path) {
    let Ok(source) = Repository::open(source) else { return };
    let (from, to) = (source.commondir().join("objects"), mirror.path().join("objects"));
    let borrows = from.join("info/alternates").exists();
    if borrows || source.is_shallow() {
        return;
    }
    if let Err(error) = copy_objects(&from, &to) {
        tracing::debug!(source = %from.display(), %error, "objects are fetched instead of copied");
        let _ = fs::remove_dir_all(&to);
        let _ = fs::create_dir_all(to.join("info"));
        let _ = fs::create_dir_all(to.join("pack"));
    }
}

fn copy_objects(from: &Path, to: &Path) -> io::Result<()> {
    for folder in fs::read_dir(from)? {
        let folder = folder?;
        let name = folder.file_name();
        if folder.file_type()?.is_dir() && is_fan_out(&name) {
            fs::create_dir_all(to.join(&name))?;
            copy_files(&folder.path(), &to.join(&name), |name| is_hexadecimal(name, 38))?;
        }
    }
    // A pack is in use as soon as its index is there.
    fs::create_dir_all(to.join("pack"))?;
    for extension in ["pack", "idx"] {
        copy_files(&from.join("pack"), &to.join("pack"), |name| is_pack_file(name, extension))?;
    }
    Ok(())
}

fn copy_files(from: &Path, to: &Path, wanted: impl Fn(&OsStr) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if wanted(&name) && entry.file_type()?.is_file() {
            let (source, target) = (entry.path(), to.join(&name));
            fs::hard_link(&source, &target).or_else(|_| fs::copy(&source, &target).map(|_| ()))?;
        }
    }
    Ok(())
}

fn is_fan_out(name: &OsStr) -> bool {
    is_hexadecimal(name, 2)
}

fn is_hexadecimal(name: &OsStr, length: usize) -> bool {
    let bytes = name.as_encoded_bytes();
    bytes.len() == length && bytes.iter().all(u8::is_ascii_hexdigit)
}

fn is_pack_file(name: &OsStr, extension: &str) -> bool {
    let path = Path::new(name);
    let stem = path.file_stem().and_then(OsStr::to_str).and_then(|stem| stem.strip_prefix("pack-"));
    path.extension() == Some(OsStr::new(extension)) && stem.is_some_and(|hash| is_hexadecimal(hash.as_ref(), 40))
}
