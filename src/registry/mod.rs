//! Where releases come from: registries' indexes and git tags, each crate looked up once for the whole fleet.
//!
//! This folder owns cargo's configuration of registries ([`CargoConfig`]), the index protocol, its cache on disk, the
//! meaning of index lines and tags, and what crates say for people ([`CratesIo`], [`package_facts`]). Which release is
//! taken is decided elsewhere; git itself is handed in ([`TagSource`], [`GitIndexSource`]).

mod access;
mod breaker;
mod cache;
mod cargo_config;
mod git;
mod http;
mod index;
mod metadata;
mod package;
mod sparse;
mod tags;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use semver::Version;
use tokio::task::JoinSet;

pub use access::{Access, Login, Secret};
pub use cargo_config::{CRATES_IO_INDEX, CargoConfig, CargoConfigError, Environment};
pub use git::{GitIndexSource, TagSource};
pub use http::Traffic;
pub use index::{NotAnIndexFile, parse as parse_index, path_of as index_path_of};
pub use metadata::{CratePage, CratesIo, CratesIoOptions};
pub use package::{PackageFacts, PackageOrigin, package_facts};
pub use tags::{releases as tag_releases, version_of as version_of_tag};

use crate::model::{CrateKey, LookupFailure, LookupSource, Release, Releases};
use http::Http;
use sparse::SparseIndex;

/// The client of all registries. It is cheap to keep; connections are shared between look-ups.
pub struct Registry {
    http: Arc<Http>,
    options: RegistryOptions,
    tags: Option<TagSource>,
    git_indexes: Option<GitIndexSource>,
}

/// How registries are asked.
#[derive(Clone, Debug)]
pub struct RegistryOptions {
    /// The folder for index files; processes may share it.
    pub cache: PathBuf,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// How many crates of one index are asked for at a time.
    pub concurrency: usize,
    /// Whether only the cache is read.
    pub offline: bool,
    /// What was checked at this time or later is taken from the cache without asking; `None` to ask always.
    pub fresh_since: Option<SystemTime>,
    /// The shortest wait before something is asked again; it doubles each time.
    pub retry_delay: Duration,
    /// How long one answer may take, its body included.
    pub timeout: Duration,
}

/// One crate that somebody wants to know the releases of.
#[derive(Clone, Debug)]
pub struct Query {
    /// The crate and its source.
    pub key: CrateKey,
    /// The oldest release of interest; `None` for all.
    pub floor: Option<Version>,
    /// How its index is spoken to.
    pub access: Arc<Access>,
}

/// The client cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// No HTTPS connection can be made, most often because the system has no certificate roots.
    #[error("the HTTP client cannot be set up: {message}")]
    Http {
        /// What is wrong.
        message: String,
    },
}

type Answer = Result<Arc<[Release]>, LookupFailure>;

impl RegistryOptions {
    /// What suits a public registry: 64 crates at a time, 30 seconds for each, the first retry after a quarter of a
    /// second.
    pub fn new(cache: impl Into<PathBuf>, user_agent: impl Into<String>) -> Self {
        Self {
            cache: cache.into(),
            user_agent: user_agent.into(),
            concurrency: 64,
            offline: false,
            fresh_since: None,
            retry_delay: Duration::from_millis(250),
            timeout: Duration::from_secs(30),
        }
    }
}

impl Registry {
    /// A client with these options. Proxies are those of the environment, certificate roots those of the system.
    pub fn new(options: RegistryOptions) -> Result<Self, RegistryError> {
        let http = Http::new(&options)?;
        Ok(Self { http: Arc::new(http), options, tags: None, git_indexes: None })
    }

    /// The same client, which reads the tags of git repositories with `tags`.
    pub fn with_tags(self, tags: TagSource) -> Self {
        Self { tags: Some(tags), ..self }
    }

    /// The same client, which reads indexes of the git protocol with `files`.
    pub fn with_git_indexes(self, files: GitIndexSource) -> Self {
        Self { git_indexes: Some(files), ..self }
    }

    /// Looks every crate up once, all of them concurrently, and leaves out releases below the lowest floor asked for.
    ///
    /// Each crate has an answer, be it a failure; a dead source fails its own crates only. Must run inside tokio.
    pub async fn look_up(&self, queries: Vec<Query>) -> Releases {
        let wanted = merged(queries);
        let mut tasks: JoinSet<Vec<(CrateKey, Answer)>> = JoinSet::new();
        for (source, group) in by_source(&wanted) {
            match source {
                LookupSource::Index(url) if url.starts_with(sparse::SCHEME) => self.ask_sparse(&mut tasks, &url, group),
                LookupSource::Index(url) => {
                    tasks.spawn(git::index_answers(self.git_indexes.as_ref(), url, group));
                }
                LookupSource::GitTags(url) => {
                    tasks.spawn(git::tag_answers(self.tags.as_ref(), url, group));
                }
            }
        }
        let mut releases = Releases::new();
        while let Some(answers) = tasks.join_next().await {
            releases.extend(answers.into_iter().flatten());
        }
        for (key, Wanted { access, .. }) in wanted {
            releases.entry(key).or_insert_with(|| Err(unreadable(&access.source_name, "the look-up ended early")));
        }
        releases
    }

    /// What was sent and received since this client was made.
    pub fn traffic(&self) -> Traffic {
        self.http.traffic()
    }

    fn ask_sparse(&self, tasks: &mut JoinSet<Vec<(CrateKey, Answer)>>, url: &str, group: Vec<(CrateKey, Wanted)>) {
        let access = best_access(&group);
        let index = match SparseIndex::new(url, access, self.http.clone(), &self.options) {
            Ok(index) => Arc::new(index),
            Err(failure) => {
                tasks.spawn(std::future::ready(git::failed(&failure, group)));
                return;
            }
        };
        for (key, wanted) in group {
            let index = index.clone();
            tasks.spawn(async move {
                let answer = index.releases(&key.krate, wanted.floor).await;
                vec![(key, answer)]
            });
        }
    }
}

/// What is wanted of one crate by all who asked.
#[derive(Clone)]
struct Wanted {
    floor: Option<Version>,
    access: Arc<Access>,
}

/// Each crate once: with the lowest floor, and with a token if anybody has one.
fn merged(queries: Vec<Query>) -> BTreeMap<CrateKey, Wanted> {
    let mut wanted: BTreeMap<CrateKey, Wanted> = BTreeMap::new();
    for Query { key, floor, access } in queries {
        match wanted.get_mut(&key) {
            None => {
                wanted.insert(key, Wanted { floor, access });
            }
            Some(known) => {
                known.floor = known.floor.take().zip(floor).map(|(one, other)| one.min(other));
                if known.access.token.is_none() {
                    known.access = access;
                }
            }
        }
    }
    wanted
}

fn by_source(wanted: &BTreeMap<CrateKey, Wanted>) -> BTreeMap<LookupSource, Vec<(CrateKey, Wanted)>> {
    let mut groups: BTreeMap<LookupSource, Vec<(CrateKey, Wanted)>> = BTreeMap::new();
    for (key, wanted) in wanted {
        groups.entry(key.source.clone()).or_default().push((key.clone(), wanted.clone()));
    }
    groups
}

/// The access of a group's source: all of it names the same index, but not everybody has its token.
fn best_access(group: &[(CrateKey, Wanted)]) -> Arc<Access> {
    let with_token = group.iter().find(|(_, wanted)| wanted.access.token.is_some());
    let chosen = with_token.or_else(|| group.first());
    chosen.map_or_else(|| Arc::new(Access::anonymous("an index")), |(_, wanted)| wanted.access.clone())
}

fn unreadable(source_name: &str, message: impl Into<String>) -> LookupFailure {
    LookupFailure::Unreadable { source_name: source_name.to_owned(), message: message.into() }
}
