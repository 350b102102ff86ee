//! Cargo's configuration of registries: which index a dependency really comes from, and what may be sent to it.
//!
//! Rules: the Cargo book, "Configuration" (`registries`, `source`, environment), "Source Replacement" and "Registry
//! Authentication". Credential processes are not run: tokens come from files and the environment.

mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

pub use files::CargoConfigError;

use super::access::{Access, Secret, split_login};
use crate::model::{LookupSource, Registry, RegistryName, Rejection, RepoPath};
use files::Merged;

/// The index of crates.io, as cargo asks it by default.
pub const CRATES_IO_INDEX: &str = "sparse+https://index.crates.io/";
/// Its git index, which has the same content.
const CRATES_IO_GIT_INDEX: &str = "https://github.com/rust-lang/crates.io-index";
/// Its name in `[source]`.
const CRATES_IO: &str = "crates-io";

/// What of the environment cargo would look at.
#[derive(Clone)]
pub struct Environment {
    /// The variables.
    pub vars: BTreeMap<String, String>,
    /// `$CARGO_HOME`, or its default.
    pub cargo_home: PathBuf,
}

/// The configuration that holds for one workspace's folder. It has no `Debug`: URLs in it may carry passwords.
#[derive(Clone)]
pub struct CargoConfig {
    sources: BTreeMap<String, ConfiguredSource>,
    registries: BTreeMap<String, ConfiguredRegistry>,
    /// `CARGO_REGISTRIES_…` variables.
    variables: BTreeMap<String, Secret>,
}

/// `[source.NAME]`.
#[derive(Clone)]
struct ConfiguredSource {
    replace_with: Option<String>,
    origin: Origin,
}

#[derive(Clone)]
enum Origin {
    Registry(String),
    Directory(String),
    LocalRegistry(String),
    Git,
    Unnamed,
}

/// `[registries.NAME]`.
#[derive(Clone, Default)]
struct ConfiguredRegistry {
    index: Option<String>,
    /// The index that `$CARGO_HOME` names, which no repository can change.
    home_index: Option<String>,
    token: Option<Secret>,
}

/// Indexes of `repos.toml`, by name.
type Extra = BTreeMap<RegistryName, String>;

impl CargoConfig {
    /// Merges what cargo would merge for `folder`: the repository's `.cargo/config.toml` files (of `files`, nearest
    /// first), those of `outer_folders` (nearest first), and `$CARGO_HOME`'s with its credentials.
    ///
    /// `files` may hold other files too; those that a configuration includes are looked for there. One that is not
    /// there says nothing.
    pub fn read(
        files: &BTreeMap<RepoPath, Vec<u8>>,
        folder: &RepoPath,
        outer_folders: &[PathBuf],
        environment: &Environment,
    ) -> Result<Self, CargoConfigError> {
        let Merged { all, home } = files::merged(files, folder, outer_folders, &environment.cargo_home)?;
        let wanted = |(key, _): &(&String, &String)| key.starts_with("CARGO_REGISTRIES_");
        let secret = |(key, value): (&String, &String)| (key.clone(), Secret::new(value.as_str()));
        Ok(Self {
            sources: sources_of(&all),
            registries: registries_of(&all, &home),
            variables: environment.vars.iter().filter(wanted).map(secret).collect(),
        })
    }

    /// The index that is asked for the crates of `registry`, and how; or why there is none.
    ///
    /// `extra` are the indexes of `repos.toml`, for names that cargo's configuration does not know.
    pub fn index_of(&self, registry: &Registry, extra: &Extra) -> Result<(LookupSource, Arc<Access>), Rejection> {
        let url = match registry {
            Registry::CratesIo => self.followed(CRATES_IO, "crates.io", extra)?,
            Registry::Index(url) => self.replaced(url.clone(), extra)?,
            Registry::Named(name) if name.as_str() == CRATES_IO => self.followed(CRATES_IO, "crates.io", extra)?,
            Registry::Named(name) => {
                let unknown = || Rejection::UnknownRegistry { registry: name.to_string() };
                self.replaced(self.index_named(name.as_str(), extra).ok_or_else(unknown)?, extra)?
            }
        };
        Ok(self.access_to(&url, extra))
    }

    /// The index that replaces the one at `url`, if a source of that URL is replaced.
    fn replaced(&self, url: String, extra: &Extra) -> Result<String, Rejection> {
        let is_it = |source: &ConfiguredSource| match &source.origin {
            Origin::Registry(other) => canonical(other) == canonical(&url),
            Origin::Directory(_) | Origin::LocalRegistry(_) | Origin::Git | Origin::Unnamed => false,
        };
        match self.sources.iter().find(|(_, source)| is_it(source)) {
            Some((name, _)) => self.followed(name, &public_name(&url), extra),
            None if canonical(&url) == CRATES_IO_INDEX => self.followed(CRATES_IO, "crates.io", extra),
            None => Ok(url),
        }
    }

    /// Follows `replace-with` from the source `start` to an index.
    fn followed(&self, start: &str, source_name: &str, extra: &Extra) -> Result<String, Rejection> {
        let failure =
            |message: String| Err(Rejection::UnreadableRegistry { source_name: source_name.to_owned(), message });
        let mut seen = BTreeSet::new();
        let mut name = start;
        loop {
            if !seen.insert(name) {
                return failure(format!("its replacements go round in a circle at the source {name:?}"));
            }
            let Some(source) = self.sources.get(name) else {
                return match self.index_named(name, extra) {
                    _ if name == CRATES_IO => Ok(CRATES_IO_INDEX.to_owned()),
                    Some(index) => Ok(index),
                    None => failure(format!("it is replaced with the source {name:?}, which is not configured")),
                };
            };
            if let Some(next) = &source.replace_with {
                name = next;
                continue;
            }
            return match &source.origin {
                Origin::Registry(url) => Ok(url.clone()),
                Origin::Directory(folder) => failure(format!("it is vendored in {folder:?}, which offers no releases")),
                Origin::LocalRegistry(folder) => {
                    failure(format!("it is replaced with the local registry {folder:?}, which offers no releases"))
                }
                Origin::Git => failure(format!("it is replaced with the git source {name:?}, which has no index")),
                Origin::Unnamed if name == CRATES_IO => Ok(CRATES_IO_INDEX.to_owned()),
                Origin::Unnamed => failure(format!("it is replaced with the source {name:?}, which has no index")),
            };
        }
    }

    fn index_named(&self, name: &str, extra: &Extra) -> Option<String> {
        let from_environment = self.variable(name, "INDEX").map(|index| index.reveal().to_owned());
        let from_files = || self.registries.get(name).and_then(|registry| registry.index.clone());
        from_environment.or_else(from_files).or_else(|| extra_index(name, extra).map(str::to_owned))
    }

    fn access_to(&self, url: &str, extra: &Extra) -> (LookupSource, Arc<Access>) {
        let (public, login) = split_login(url);
        let public = canonical(&public);
        let token = if public == CRATES_IO_INDEX { None } else { self.token_for(&public, extra) };
        let access = Access { source_name: public_name(&public), token, login };
        (LookupSource::Index(public), Arc::new(access))
    }

    /// The token of the registry whose index is at `url`.
    ///
    /// The name of a registry is not enough: a repository could give an index of its own to a name whose token is the
    /// user's. Where the environment, `$CARGO_HOME` or `repos.toml` say where the registry is, its token goes nowhere
    /// else.
    fn token_for(&self, url: &str, extra: &Extra) -> Option<Secret> {
        let is_at = |index: Option<String>| index.is_some_and(|index| canonical(&index) == url);
        self.names(extra)
            .into_iter()
            .filter(|name| is_at(self.index_named(name, extra)) || is_at(extra_index(name, extra).map(str::to_owned)))
            .filter(|name| self.trusted_index(name, extra).is_none_or(|trusted| origin(&trusted) == origin(url)))
            .find_map(|name| self.token_named(&name))
    }

    fn trusted_index(&self, name: &str, extra: &Extra) -> Option<String> {
        let from_environment = self.variable(name, "INDEX").map(|index| index.reveal().to_owned());
        let from_home = || self.registries.get(name).and_then(|registry| registry.home_index.clone());
        from_environment.or_else(from_home).or_else(|| extra_index(name, extra).map(str::to_owned))
    }

    fn token_named(&self, name: &str) -> Option<Secret> {
        let from_files = || self.registries.get(name).and_then(|registry| registry.token.as_ref());
        self.variable(name, "TOKEN").or_else(from_files).cloned()
    }

    /// Every name that any place gives to a registry; those of the environment in lower case.
    fn names(&self, extra: &Extra) -> BTreeSet<String> {
        let in_variable = |key: &String| {
            let name = key.strip_prefix("CARGO_REGISTRIES_")?.strip_suffix("_INDEX")?;
            Some(name.to_lowercase())
        };
        let from_environment = self.variables.keys().filter_map(in_variable);
        let from_extra = extra.keys().map(ToString::to_string);
        self.registries.keys().cloned().chain(from_environment).chain(from_extra).collect()
    }

    /// `CARGO_REGISTRIES_NAME_WHAT`, the name in upper case with `_` for `-`.
    fn variable(&self, name: &str, what: &str) -> Option<&Secret> {
        let name = name.to_uppercase().replace('-', "_");
        self.variables.get(&format!("CARGO_REGISTRIES_{name}_{what}"))
    }
}

fn extra_index<'a>(name: &str, extra: &'a Extra) -> Option<&'a str> {
    extra.iter().find(|(key, _)| key.as_str() == name).map(|(_, index)| index.as_str())
}

fn sources_of(config: &toml::Table) -> BTreeMap<String, ConfiguredSource> {
    let source = |table: &toml::Table| {
        let text = |key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        let origin = text("registry")
            .map(Origin::Registry)
            .or_else(|| text("directory").map(Origin::Directory))
            .or_else(|| text("local-registry").map(Origin::LocalRegistry))
            .or_else(|| text("git").map(|_| Origin::Git));
        ConfiguredSource { replace_with: text("replace-with"), origin: origin.unwrap_or(Origin::Unnamed) }
    };
    tables(config, "source").map(|(name, table)| (name.clone(), source(table))).collect()
}

fn registries_of(all: &toml::Table, home: &toml::Table) -> BTreeMap<String, ConfiguredRegistry> {
    let text = |table: &toml::Table, key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let mut registries: BTreeMap<String, ConfiguredRegistry> = BTreeMap::new();
    for (name, table) in tables(all, "registries") {
        let registry = registries.entry(name.clone()).or_default();
        registry.index = text(table, "index");
        registry.token = text(table, "token").map(Secret::new);
    }
    for (name, table) in tables(home, "registries") {
        registries.entry(name.clone()).or_default().home_index = text(table, "index");
    }
    registries
}

fn tables<'a>(config: &'a toml::Table, key: &str) -> impl Iterator<Item = (&'a String, &'a toml::Table)> {
    let entries = config.get(key).and_then(toml::Value::as_table).into_iter().flatten();
    entries.filter_map(|(name, value)| value.as_table().map(|table| (name, table)))
}

/// The same text for the same index: no login, no `registry+`, one `/` at the end of a sparse index.
fn canonical(url: &str) -> String {
    let (url, _) = split_login(url);
    let url = url.strip_prefix("registry+").unwrap_or(&url);
    let bare = url.trim_end_matches('/');
    if bare.trim_end_matches(".git") == CRATES_IO_GIT_INDEX {
        return CRATES_IO_INDEX.to_owned();
    }
    if bare.starts_with("sparse+") { format!("{bare}/") } else { bare.to_owned() }
}

/// The index's name for people.
fn public_name(url: &str) -> String {
    let url = canonical(url);
    if url == CRATES_IO_INDEX {
        return "crates.io".to_owned();
    }
    url.strip_prefix("sparse+").unwrap_or(&url).to_owned()
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> String {
    let url = canonical(url);
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    url[..end].to_lowercase()
}

#[cfg(test)]
mod tests;
