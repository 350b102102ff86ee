//! Looking crates up in tests: a client with a cache of its own, and questions for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use depbot::model::{CrateKey, CrateName, LookupFailure, LookupSource, Release, Releases};
use depbot::registry::{Access, Query, Registry, RegistryOptions, Secret};
use semver::Version;

use super::package::Package;
use super::registry::TestRegistry;

/// A client with a cache of its own.
pub struct Client {
    pub registry: Registry,
    pub cache: tempfile::TempDir,
}

impl Client {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl Fn(&mut RegistryOptions)) -> Self {
        Self::in_folder(tempfile::tempdir().expect("a folder"), change)
    }

    pub fn in_folder(cache: tempfile::TempDir, change: impl Fn(&mut RegistryOptions)) -> Self {
        let mut options = RegistryOptions::new(cache.path(), "depbot-test");
        options.retry_delay = Duration::from_millis(1);
        change(&mut options);
        Self { registry: Registry::new(options).expect("a client"), cache }
    }

    pub async fn look_up(&self, queries: Vec<Query>) -> Releases {
        self.registry.look_up(queries).await
    }

    /// The versions of one crate, or what went wrong.
    pub async fn versions(&self, query: Query) -> Result<Vec<String>, LookupFailure> {
        let key = query.key.clone();
        self.look_up(vec![query]).await.remove(&key).expect("an answer").map(|releases| versions(&releases))
    }

    /// What went wrong, in words.
    pub async fn failure(&self, query: Query) -> String {
        self.versions(query).await.expect_err("a failure").to_string()
    }
}

pub fn versions(releases: &[Release]) -> Vec<String> {
    releases.iter().map(|release| release.version.to_string()).collect()
}

pub fn query(registry: &TestRegistry, krate: &str) -> Query {
    query_at(&registry.index_url(), krate)
}

pub fn query_at(index: &str, krate: &str) -> Query {
    let krate = CrateName::new(krate).expect("a valid name");
    let key = CrateKey { source: LookupSource::Index(index.to_owned()), krate };
    Query { key, floor: None, access: Arc::new(Access::anonymous("the test registry")) }
}

pub fn above(query: Query, floor: &str) -> Query {
    Query { floor: Some(Version::parse(floor).expect("a valid version")), ..query }
}

pub fn with_token(query: Query, token: &str) -> Query {
    let access = Access { token: Some(Secret::new(token)), ..(*query.access).clone() };
    Query { access: Arc::new(access), ..query }
}

pub fn registry_with(packages: &[(&str, &str)]) -> TestRegistry {
    let registry = TestRegistry::start();
    for (name, version) in packages {
        registry.publish(Package::new(name, version));
    }
    registry
}

/// The files that a cache holds.
pub fn cached_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}
