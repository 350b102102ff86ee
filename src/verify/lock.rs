//! What a `Cargo.lock` holds, as far as locking needs it: names, versions, sources.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

use semver::Version;
use serde::Deserialize;

/// One locked package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct LockedPackage {
    /// Its name.
    pub(super) name: String,
    /// Its version.
    pub(super) version: Version,
    /// Where it comes from: `registry+…`, `sparse+…`, `git+…`; `None` for a folder.
    pub(super) source: Option<String>,
}

/// The packages of a lock, and its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lock {
    /// The text of the file; `None` when there is none.
    pub(super) text: Option<String>,
    /// Its packages.
    pub(super) packages: BTreeSet<LockedPackage>,
}

/// The part of the file that is read, for every version of the format.
#[derive(Deserialize)]
struct LockFile {
    #[serde(default, rename = "package")]
    packages: BTreeSet<LockedPackage>,
}

impl Lock {
    /// Reads the lock of a workspace folder; no file, no packages.
    pub(super) fn read(folder: &Path) -> io::Result<Self> {
        let text = match fs::read_to_string(folder.join("Cargo.lock")) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let file: LockFile =
            toml::from_str(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(Self { text: Some(text), packages: file.packages })
    }

    /// Puts this lock back in its folder.
    pub(super) fn restore(&self, folder: &Path) -> io::Result<()> {
        let path = folder.join("Cargo.lock");
        match &self.text {
            Some(text) => fs::write(path, text),
            None => match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        }
    }

    /// The packages of a name.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a LockedPackage> {
        self.packages.iter().filter(move |package| package.name == name)
    }
}

impl Lock {
    /// The names of all packages that come from somewhere else.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let foreign = self.packages.iter().filter(|package| package.source.is_some());
        foreign.map(|package| package.name.clone()).collect()
    }
}

impl LockedPackage {
    /// Whether it comes from a git repository.
    pub(super) fn is_git(&self) -> bool {
        self.source.as_deref().is_some_and(|source| source.starts_with("git+"))
    }
}
