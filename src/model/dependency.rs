//! One place where a manifest asks for a crate, and where that crate comes from.

use std::fmt;

use super::{CrateName, RegistryName, RepoPath, Requirement, RustVersion};

/// One declaration site with what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Where it stands.
    pub site: Site,
    /// The package asked for: `package`, or else the key.
    pub krate: CrateName,
    /// What it is needed for.
    pub kind: DependencyKind,
    /// Where releases come from.
    pub source: Source,
    /// The `version` as written; git and path dependencies may have none.
    pub requirement: Option<Requirement>,
    /// Features asked for here, and by the members that inherit this entry.
    pub features: Vec<String>,
    /// Whether the crate's default features are on.
    pub default_features: bool,
    /// Whether it is only there when a feature asks for it.
    pub optional: bool,
    /// The oldest Rust that the package promises to build with; for an inherited entry, the lowest among the members
    /// that inherit it.
    pub rust_version: Option<RustVersion>,
}

/// Where a dependency is declared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// The manifest's path in the repository.
    pub manifest: RepoPath,
    /// The table's path, for example `["target", "cfg(unix)", "dependencies"]`.
    pub table: Vec<String>,
    /// The key in that table; differs from the crate's name where it is renamed.
    pub key: String,
    /// The line of the key, counted from 1.
    pub line: usize,
}

/// What a dependency is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DependencyKind {
    /// `[dependencies]`.
    Normal,
    /// `[dev-dependencies]`.
    Development,
    /// `[build-dependencies]`.
    Build,
    /// `[workspace.dependencies]`: whatever its members use it for.
    Workspace,
}

/// Where a dependency's releases come from, as its manifest says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A registry.
    Registry(Registry),
    /// A git repository.
    Git {
        /// The URL as written.
        url: String,
        /// What of it is used.
        reference: GitReference,
    },
    /// A folder, as written; releases move with the repository.
    Path(String),
}

/// A registry as a manifest names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Registry {
    /// The default registry.
    CratesIo,
    /// `registry = "name"`.
    Named(RegistryName),
    /// `registry-index = "url"`.
    Index(String),
}

/// Which commit of a git repository is used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GitReference {
    /// The repository's default branch.
    DefaultBranch,
    /// `branch = "…"`.
    Branch(String),
    /// `tag = "…"`.
    Tag(String),
    /// `rev = "…"`.
    Rev(String),
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} [{}] {}", self.manifest, self.line, self.table.join("."), self.key)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(registry) => registry.fmt(f),
            Self::Git { url, reference } => write!(f, "git {url} {reference}"),
            Self::Path(path) => write!(f, "path {path}"),
        }
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CratesIo => f.write_str("crates.io"),
            Self::Named(name) => write!(f, "registry {name}"),
            Self::Index(url) => write!(f, "registry at {url}"),
        }
    }
}

impl fmt::Display for GitReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DefaultBranch => f.write_str("(default branch)"),
            Self::Branch(branch) => write!(f, "branch {branch}"),
            Self::Tag(tag) => write!(f, "tag {tag}"),
            Self::Rev(rev) => write!(f, "rev {rev}"),
        }
    }
}
