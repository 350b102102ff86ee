//! Cargo manifests, text in and text out: which workspaces a repository has, what they declare, how a requirement is
//! rewritten, and how an edit is made without touching another byte.
//!
//! [`discover()`] reads every manifest of a repository once. [`rewrite()`] says what a requirement becomes for a release.
//! [`apply`] changes the values that edits name. Locks are [`crate::lockfile`]'s; what cargo's configuration says about
//! registries is left to the registry adapter.

mod assemble;
mod declare;
mod discover;
mod document;
mod edit;
mod members;
mod package;
mod patch;
mod requirement;
mod spelling;

use std::collections::BTreeMap;
use std::fmt;

use semver::Version;

pub use discover::discover;
pub use edit::{EditError, apply};
pub use requirement::{FormLost, Rewrite, rewrite};

use crate::model::{CrateName, Dependency, RepoPath, RustVersion, Site};

/// The files of one repository that matter, by path: those for which [`matters`] is true.
pub type Files = BTreeMap<RepoPath, Vec<u8>>;

/// Folders that hold build output or other tools' copies: cargo packages of the repository are never in them.
const OUTPUT_FOLDERS: [&str; 3] = [".git", "node_modules", "target"];

/// Whether a survey wants this file: manifests, locks, cargo's configuration and the toolchain's.
pub fn matters(path: &RepoPath) -> bool {
    let wanted = match path.file_name() {
        "Cargo.toml" | "Cargo.lock" | "rust-toolchain" | "rust-toolchain.toml" => true,
        "config" | "config.toml" => path.parent().file_name() == ".cargo",
        _ => false,
    };
    wanted && !path.as_str().split('/').any(|part| OUTPUT_FOLDERS.contains(&part))
}

/// What the manifests of one repository say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    /// The workspaces that could be read, ordered by the path of their folder.
    pub workspaces: Vec<Workspace>,
    /// What is wrong, in the order of the files. A problem of a manifest as a whole leaves its workspace out of
    /// `workspaces`; a problem of one declaration leaves only that declaration out.
    pub problems: Vec<ManifestProblem>,
}

/// Something in a manifest that cargo would refuse too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ManifestProblem {
    /// The file.
    pub manifest: RepoPath,
    /// The line, counted from 1, where there is one.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ManifestProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.manifest, self.message),
            None => write!(f, "{}: {}", self.manifest, self.message),
        }
    }
}

/// A Cargo workspace or a lone package: one root manifest with one lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its folder.
    pub root: RepoPath,
    /// Its root manifest.
    pub manifest: RepoPath,
    /// Its lock, where one is committed.
    pub lockfile: Option<RepoPath>,
    /// Its packages, the root package included, ordered by the path of their manifest.
    pub members: Vec<Member>,
    /// Every declaration, in the order of the files. What a member inherits stands once, at the root.
    pub dependencies: Vec<Dependency>,
    /// Keys of `[workspace.dependencies]` that no member inherits: cargo does not look at them, and no lock has them.
    pub unused: Vec<String>,
    /// Which crates are replaced by others.
    pub patched: Vec<Patch>,
    /// Folders of packages of other workspaces of the repository that path dependencies reach, directly or through one
    /// another.
    pub reads: Vec<RepoPath>,
}

/// A package of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its manifest.
    pub manifest: RepoPath,
    /// Its name.
    pub package: CrateName,
    /// Its version, inherited or its own; `None` where the manifest has none.
    pub version: Option<Version>,
    /// Where that version is written.
    pub version_site: Option<Site>,
    /// The oldest Rust it promises to build with, inherited or its own.
    pub rust_version: Option<RustVersion>,
    /// Whether it may be published at all: not `publish = false`, and it has a version.
    pub published: bool,
}

/// An entry of `[patch.*]` or `[replace]`, in the root manifest or in cargo's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// The crate that is replaced.
    pub krate: CrateName,
    /// The table's path, for example `["patch", "crates-io"]` or `["replace"]`.
    pub table: Vec<String>,
    /// The only version that is replaced, where the entry names one (`[replace]` always does).
    pub version: Option<Version>,
    /// The file it stands in.
    pub file: RepoPath,
    /// The line of its key, counted from 1.
    pub line: usize,
}
