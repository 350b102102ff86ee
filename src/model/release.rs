//! Published versions, and the answers of a look-up.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use semver::{Version, VersionReq};

use super::{CrateName, DependencyKind, RustVersion};

/// One published version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: Version,
    /// Whether its publisher took it back.
    pub yanked: bool,
    /// When it was published, where the registry says so.
    pub published: Option<Timestamp>,
    /// The oldest Rust it says it builds with.
    pub rust_version: Option<RustVersion>,
    /// Its features, the implicit ones of optional dependencies included, each with what it turns on.
    pub features: BTreeMap<String, Vec<String>>,
    /// What it depends on itself.
    pub dependencies: Vec<ReleaseDependency>,
    /// The native library it links, of which one build can hold only one.
    pub links: Option<String>,
    /// The git tag it was read from, for sources that are not registries.
    pub tag: Option<String>,
}

/// What a release depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseDependency {
    /// The package asked for.
    pub krate: CrateName,
    /// The versions it accepts.
    pub requirement: VersionReq,
    /// What it is needed for.
    pub kind: DependencyKind,
    /// Whether only a feature brings it.
    pub optional: bool,
    /// The index it comes from where that is another registry.
    pub registry: Option<String>,
}

/// Where a look-up goes: the source of a dependency after cargo's configuration was applied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LookupSource {
    /// A registry's index, by the URL that is really asked (`sparse+https://…` or a git URL).
    Index(String),
    /// The tags of a git repository, by its URL.
    GitTags(String),
}

/// One crate of one source: what is looked up once for the whole fleet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrateKey {
    /// Where its releases come from.
    pub source: LookupSource,
    /// Its name.
    pub krate: CrateName,
}

/// Why a crate's releases could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupFailure {
    /// The source answered: there is no such crate.
    #[error("{source_name} has no such crate")]
    NotFound {
        /// The source, for people.
        source_name: String,
    },
    /// The source could not be asked, or its answer not be read.
    #[error("{source_name} cannot be read: {message}")]
    Unreadable {
        /// The source, for people.
        source_name: String,
        /// What happened, without credentials.
        message: String,
    },
}

/// Every answer of a survey. The releases of one crate are ordered by version, oldest first.
pub type Releases = BTreeMap<CrateKey, Result<Arc<[Release]>, LookupFailure>>;

impl fmt::Display for LookupSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(url) => f.write_str(url),
            Self::GitTags(url) => write!(f, "the tags of {url}"),
        }
    }
}
