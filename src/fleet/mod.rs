//! Who publishes what, who uses it, and the order in which that lets a fleet be upgraded.
//!
//! An edge runs from a repository that publishes a crate to each that depends on it: over a registry when the publisher may
//! publish a crate of that name there, over git when the dependency names the publisher's URL, whatever the crate. What a
//! repository depends on in itself is no edge, and a path dependency never is one.
//!
//! The waves are the layers of that graph. Repositories that need each other in a circle are reported and share a wave. A
//! dependency for development only does not count where it would close such a circle: publishing does not need it.

mod order;
#[cfg(test)]
mod tests;
mod url;

use std::collections::{BTreeMap, HashMap};

pub use url::normalized_url;

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
    /// `publish` is not set: to any registry that somebody asks for it.
    Anywhere,
    /// `publish = ["name", …]`: to these only.
    Registries(Vec<Registry>),
    /// `publish = false`: its repository is the only source.
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
    /// The repositories that can be upgraded at the same time, libraries first. Each repository is in exactly one wave;
    /// within a wave they stand as they were given.
    pub waves: Vec<Vec<RepoName>>,
    /// Who uses what of whom, by publisher, user and crate; publishers and users in the order they were given.
    pub edges: Vec<Edge>,
    /// The repositories that need each other in a circle, by their first one.
    pub cycles: Vec<Vec<RepoName>>,
}

/// A repository that uses a crate of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Who publishes.
    pub from: RepoName,
    /// Who uses.
    pub to: RepoName,
    /// What.
    pub krate: CrateName,
    /// What it says about the order of waves.
    pub strength: Strength,
}

/// What an edge says about the order of waves. Ordered: the stronger is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// For development only, and it would close a cycle: nothing.
    Dropped,
    /// For development only: the publisher comes first.
    Development,
    /// The user does not build without it: the publisher comes first, or both are in one cycle.
    Needed,
}

/// Who uses which crate of whom: publisher, user, and the crate, as places in the nodes.
type Links<'a> = BTreeMap<(usize, usize, &'a CrateName), Strength>;

/// The graph of a fleet. Of two nodes with the same name only the first counts.
pub fn graph(nodes: &[Node]) -> Fleet {
    let mut known = HashMap::new();
    let nodes: Vec<&Node> = nodes.iter().filter(|node| known.insert(&node.repo, ()).is_none()).collect();
    let mut links = links(&nodes);
    let order = order::order(nodes.len(), &pairs(&links));
    for ((from, to, _), strength) in &mut links {
        if order.dropped.contains(&(*from, *to)) {
            *strength = Strength::Dropped;
        }
    }
    let named = |group: Vec<usize>| group.into_iter().map(|node| nodes[node].repo.clone()).collect();
    Fleet {
        waves: order.waves.into_iter().map(named).collect(),
        cycles: order.cycles.into_iter().map(named).collect(),
        edges: links.into_iter().map(|(link, strength)| edge(&nodes, link, strength)).collect(),
    }
}

fn edge(nodes: &[&Node], (from, to, krate): (usize, usize, &CrateName), strength: Strength) -> Edge {
    Edge { from: nodes[from].repo.clone(), to: nodes[to].repo.clone(), krate: krate.clone(), strength }
}

fn links<'a>(nodes: &[&'a Node]) -> Links<'a> {
    let sources = Sources::of(nodes);
    let mut links = Links::new();
    for (user, node) in nodes.iter().enumerate() {
        for usage in &node.uses {
            for publisher in sources.publishers(usage).filter(|publisher| *publisher != user) {
                let strength = links.entry((publisher, user, &usage.krate)).or_insert(Strength::Development);
                *strength = strength_of(usage.kind).max(*strength);
            }
        }
    }
    links
}

fn strength_of(kind: DependencyKind) -> Strength {
    match kind {
        DependencyKind::Development => Strength::Development,
        DependencyKind::Normal | DependencyKind::Build | DependencyKind::Workspace => Strength::Needed,
    }
}

/// The strongest link for each publisher and user.
fn pairs(links: &Links<'_>) -> BTreeMap<(usize, usize), Strength> {
    let mut pairs = BTreeMap::new();
    for ((from, to, _), strength) in links {
        let strongest = pairs.entry((*from, *to)).or_insert(*strength);
        *strongest = (*strength).max(*strongest);
    }
    pairs
}

/// Where the fleet's crates come from.
struct Sources<'a> {
    crates: HashMap<&'a CrateName, Vec<(usize, &'a PublishedTo)>>,
    repositories: HashMap<String, Vec<usize>>,
    /// The URLs that dependencies name, as written; each is normalized once.
    normalized: HashMap<&'a str, String>,
}

impl<'a> Sources<'a> {
    fn of(nodes: &[&'a Node]) -> Self {
        let mut sources = Self { crates: HashMap::new(), repositories: HashMap::new(), normalized: HashMap::new() };
        for (place, node) in nodes.iter().enumerate() {
            for published in &node.publishes {
                sources.crates.entry(&published.krate).or_default().push((place, &published.to));
            }
            for url in &node.urls {
                sources.repositories.entry(normalized_url(url)).or_default().push(place);
            }
            for usage in &node.uses {
                if let Source::Git { url, .. } = &usage.source {
                    sources.normalized.entry(url).or_insert_with(|| normalized_url(url));
                }
            }
        }
        sources
    }

    /// The repositories that a dependency may come from.
    fn publishers<'b>(&'b self, usage: &'b Use) -> Box<dyn Iterator<Item = usize> + 'b> {
        match &usage.source {
            Source::Registry(registry) => {
                let published = self.crates.get(&usage.krate).into_iter().flatten();
                Box::new(published.filter(move |(_, to)| to.reaches(registry)).map(|(place, _)| *place))
            }
            Source::Git { url, .. } => {
                let normalized = self.normalized.get(url.as_str());
                Box::new(normalized.and_then(|url| self.repositories.get(url)).into_iter().flatten().copied())
            }
            Source::Path(_) => Box::new(std::iter::empty()),
        }
    }
}

impl PublishedTo {
    /// Whether a dependency that asks this registry may get it from there.
    fn reaches(&self, registry: &Registry) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Registries(registries) => registries.iter().any(|one| comparable(one) == comparable(registry)),
            Self::Nowhere => false,
        }
    }
}

/// What makes two registries the same: cargo calls its default one `crates-io`, and ignores a last `/` of an index.
fn comparable(registry: &Registry) -> (u8, &str) {
    match registry {
        Registry::CratesIo => (0, ""),
        Registry::Named(name) if name.as_str() == "crates-io" => (0, ""),
        Registry::Named(name) => (1, name.as_str()),
        Registry::Index(url) => (2, url.trim_end_matches('/')),
    }
}
