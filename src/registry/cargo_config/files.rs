//! The files of cargo's configuration: where they are, and how they merge.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::model::RepoPath;

/// A file of cargo's configuration that cargo could not use either.
#[derive(Debug, thiserror::Error)]
pub enum CargoConfigError {
    /// It is not TOML.
    #[error("{file}:{line}: {message}")]
    Invalid {
        /// The file: inside the repository, or on this machine.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong, without the line's text, which may be a token.
        message: String,
    },
    /// It is there, but cannot be read.
    #[error("{} cannot be read", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Of a file with and without `.toml` cargo takes the one without.
const CONFIG_FILES: [&str; 2] = ["config", "config.toml"];
const CREDENTIALS_FILES: [&str; 2] = ["credentials", "credentials.toml"];

/// What was read.
pub(super) struct Merged {
    /// Everything, the nearest file first.
    pub(super) all: Table,
    /// What `$CARGO_HOME` alone says.
    pub(super) home: Table,
}

/// A file of cargo's configuration.
#[derive(Clone, PartialEq)]
enum Location {
    /// In the repository whose files were handed in.
    Inside(RepoPath),
    /// On this machine.
    Outside(PathBuf),
}

/// Reads files wherever they are.
struct Reader<'a> {
    repository: &'a BTreeMap<RepoPath, Vec<u8>>,
}

pub(super) fn merged(
    repository: &BTreeMap<RepoPath, Vec<u8>>,
    folder: &RepoPath,
    outer_folders: &[PathBuf],
    cargo_home: &Path,
) -> Result<Merged, CargoConfigError> {
    let reader = Reader { repository };
    let inside = up_from(folder).into_iter().map(|folder| Location::Inside(folder).beneath(".cargo"));
    let outside = outer_folders.iter().map(|folder| Some(Location::Outside(folder.join(".cargo"))));
    let mut all = Table::new();
    for folder in inside.chain(outside).flatten() {
        merge(&mut all, reader.first_of(&folder, CONFIG_FILES)?);
    }
    let cargo_home = Location::Outside(cargo_home.to_owned());
    let home = reader.first_of(&cargo_home, CONFIG_FILES)?;
    merge(&mut all, home.clone());
    // Credentials win over what configuration files say of tokens.
    let mut with_credentials = reader.first_of(&cargo_home, CREDENTIALS_FILES)?;
    merge(&mut with_credentials, all);
    Ok(Merged { all: with_credentials, home })
}

/// `folder` and the folders above it, up to the repository's root.
fn up_from(folder: &RepoPath) -> Vec<RepoPath> {
    let mut folders = vec![folder.clone()];
    while let Some(last) = folders.last().filter(|last| !last.as_str().is_empty()) {
        folders.push(last.parent());
    }
    folders
}

impl Reader<'_> {
    /// The first of the files `names` that `folder` has; an empty table if it has none.
    fn first_of(&self, folder: &Location, names: [&str; 2]) -> Result<Table, CargoConfigError> {
        for file in names.iter().filter_map(|name| folder.beneath(name)) {
            if let Some(table) = self.table(&file, &mut Vec::new())? {
                return Ok(table);
            }
        }
        Ok(Table::new())
    }

    /// A file with all that it includes; `None` if it is not there. `open` are the files that lead to it.
    ///
    /// Rules: the Cargo book, "Configuration", "Including extra configuration files": what a file says itself wins over
    /// what it includes, and of that the last.
    fn table(&self, file: &Location, open: &mut Vec<Location>) -> Result<Option<Table>, CargoConfigError> {
        if open.contains(file) {
            let message = "it includes itself".to_owned();
            return Err(CargoConfigError::Invalid { file: file.to_string(), line: 1, message });
        }
        let Some(bytes) = self.bytes(file)? else { return Ok(None) };
        let mut table = parsed(&file.to_string(), &bytes)?;
        let included = table.remove("include");
        open.push(file.clone());
        for path in included.iter().flat_map(paths_of).rev() {
            let Some(included) = file.folder().and_then(|folder| folder.beneath(path)) else { continue };
            merge(&mut table, self.table(&included, open)?.unwrap_or_default());
        }
        open.pop();
        Ok(Some(table))
    }

    fn bytes(&self, file: &Location) -> Result<Option<Cow<'_, [u8]>>, CargoConfigError> {
        match file {
            Location::Inside(path) => Ok(self.repository.get(path).map(|bytes| bytes.as_slice().into())),
            Location::Outside(path) => match std::fs::read(path) {
                Ok(bytes) => Ok(Some(bytes.into())),
                Err(error) if is_absent(&error) => Ok(None),
                Err(source) => Err(CargoConfigError::Unreadable { file: path.clone(), source }),
            },
        }
    }
}

impl Location {
    /// The path `relative` as seen from this folder; `None` where a repository would be left.
    fn beneath(&self, relative: &str) -> Option<Self> {
        match self {
            Self::Inside(folder) => folder.join(relative).filter(|_| !relative.starts_with('/')).map(Self::Inside),
            Self::Outside(folder) => Some(Self::Outside(folder.join(relative))),
        }
    }

    fn folder(&self) -> Option<Self> {
        match self {
            Self::Inside(path) => Some(Self::Inside(path.parent())),
            Self::Outside(path) => path.parent().map(|folder| Self::Outside(folder.to_owned())),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inside(path) => path.fmt(f),
            Self::Outside(path) => path.display().fmt(f),
        }
    }
}

/// The paths that `include` names: a text, a table with `path`, or a list of both.
fn paths_of(include: &Value) -> Vec<&str> {
    match include {
        Value::Array(entries) => entries.iter().flat_map(paths_of).collect(),
        Value::Table(entry) => entry.get("path").and_then(Value::as_str).into_iter().collect(),
        other => other.as_str().into_iter().collect(),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory)
}

fn parsed(file: &str, bytes: &[u8]) -> Result<Table, CargoConfigError> {
    let invalid = |at: usize, message: &str| {
        let line = 1 + bytes[..at.min(bytes.len())].iter().filter(|byte| **byte == b'\n').count();
        CargoConfigError::Invalid { file: file.to_owned(), line, message: message.to_owned() }
    };
    let text = std::str::from_utf8(bytes).map_err(|error| invalid(error.valid_up_to(), "it is not UTF-8"))?;
    text.parse().map_err(|error: toml::de::Error| invalid(error.span().map_or(0, |span| span.start), error.message()))
}

/// Adds to `near` what only `far` has. Lists are joined, the far one first, as cargo does.
fn merge(near: &mut Table, far: Table) {
    for (key, value) in far {
        match (near.get_mut(&key), value) {
            (None, value) => {
                near.insert(key, value);
            }
            (Some(Value::Table(near)), Value::Table(far)) => merge(near, far),
            (Some(Value::Array(near)), Value::Array(far)) => {
                near.splice(0..0, far);
            }
            (Some(_), _) => {}
        }
    }
}
