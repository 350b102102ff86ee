//! The files of cargo's configuration: where they are, and how they merge.

use std::collections::BTreeMap;
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

pub(super) fn merged(
    files: &BTreeMap<RepoPath, Vec<u8>>,
    folder: &RepoPath,
    outer_folders: &[PathBuf],
    cargo_home: &Path,
) -> Result<Merged, CargoConfigError> {
    let mut all = Table::new();
    for folder in up_from(folder) {
        let both = CONFIG_FILES.map(|name| in_repository(files, &folder, name));
        if let Some((file, bytes)) = both.into_iter().flatten().next() {
            merge(&mut all, parsed(file.as_str(), bytes)?);
        }
    }
    for folder in outer_folders {
        merge(&mut all, read_first(&folder.join(".cargo"), CONFIG_FILES)?);
    }
    let home = read_first(cargo_home, CONFIG_FILES)?;
    merge(&mut all, home.clone());
    let mut credentials = read_first(cargo_home, CREDENTIALS_FILES)?;
    // Credentials win over what configuration files say of tokens.
    merge(&mut credentials, all);
    Ok(Merged { all: credentials, home })
}

/// `folder` and the folders above it, up to the repository's root.
fn up_from(folder: &RepoPath) -> Vec<RepoPath> {
    let mut folders = vec![folder.clone()];
    while let Some(last) = folders.last().filter(|last| !last.as_str().is_empty()) {
        folders.push(last.parent());
    }
    folders
}

fn in_repository<'a>(
    files: &'a BTreeMap<RepoPath, Vec<u8>>,
    folder: &RepoPath,
    name: &str,
) -> Option<(&'a RepoPath, &'a Vec<u8>)> {
    files.get_key_value(&folder.join(&format!(".cargo/{name}"))?)
}

/// The first of the files `names` that `folder` has; an empty table if it has none.
fn read_first(folder: &Path, names: [&str; 2]) -> Result<Table, CargoConfigError> {
    for file in names.map(|name| folder.join(name)) {
        match std::fs::read(&file) {
            Ok(bytes) => return parsed(&file.display().to_string(), &bytes),
            Err(error) if is_absent(&error) => {}
            Err(source) => return Err(CargoConfigError::Unreadable { file, source }),
        }
    }
    Ok(Table::new())
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
