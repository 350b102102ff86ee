//! Who publishes what, who uses it, and in which order that lets a fleet be upgraded.

use crate::model::{CrateName, DependencyKind, Registry, RepoName, Source};

/// A repository as this graph sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name, unique in the fleet.
    pub repo: RepoName,
    /// The URLs it can be cloned from: what git dependencies on it may name, in any form.
    pub urls: Vec<String>,
    /// The crates it publishes.
    pub publishes: Vec<Published>,
    /// What its manifests depend on.
    pub uses: Vec<Use>,
}

/// A crate that a repository publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The crate.
    pub krate: CrateName,
    /// Where to.
    pub to: PublishedTo,
}

/// Where a crate may be published, as `package.publish` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishedTo {
    /// `publish` is not set: to any registry that a repository asks for it.
    Anywhere,
    /// `publish = ["name", …]`: to these only.
    Registries(Vec<Registry>),
    /// `publish = false`: its repository's git URL is the only source.
    Nowhere,
}

/// A dependency of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The crate.
    pub krate: CrateName,
    /// Where from.
    pub source: Source,
    /// What for.
    pub kind: DependencyKind,
}

/// The fleet in the order in which it can be upgraded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    /// The repositories that can be upgraded at the same time, libraries first; each repository is in exactly one.
    pub waves: Vec<Vec<RepoName>>,
    /// Who uses what of whom, ordered by publisher, user and crate.
    pub edges: Vec<Edge>,
    /// The repositories that need each other in a circle; those of one cycle are in one wave.
    pub cycles: Vec<Vec<RepoName>>,
}

/// A repository that uses a crate of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Who publishes.
    pub from: RepoName,
    /// Who uses.
    pub to: RepoName,
    /// What.
    pub krate: CrateName,
    /// Whether it decides the waves.
    pub strength: Strength,
}

/// Whether an edge decides the order of waves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// It does.
    Ordering,
    /// For development only, and it would close a cycle: it does not.
    Dropped,
}

/// The graph of a fleet. Of two nodes with the same name the first counts.
pub fn graph(nodes: &[Node]) -> Fleet {
    Fleet { waves: vec![nodes.iter().map(|node| node.repo.clone()).collect()], ..Fleet::default() }
}

/// One spelling for all forms of a repository's URL, so that two forms of the same repository are equal.
pub fn normalized_url(url: &str) -> String {
    url.to_owned()
}
