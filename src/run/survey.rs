//! Survey: what the manifests and locks of a repository say, and what releases there are, each crate asked for once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use semver::Version;

use super::sync::failure;
use super::{Services, Stage};
use crate::config::RepoConfig;
use crate::fleet::{self, Fleet, Node, Published, PublishedTo, Use};
use crate::lockfile::{self, Lockfile};
use crate::manifest::{self, Files, ManifestProblem, Workspace};
use crate::model::{CrateKey, CrateName, Dependency, LookupSource, RegistryName, Rejection, RepoPath, Source};
use crate::plan::{self, StageFailure, WorkspaceFacts};
use crate::registry::{Access, CargoConfig, Environment, Query};

/// What the files of a repository say.
#[derive(Clone, Debug)]
pub(super) struct Survey {
    /// Its workspaces.
    pub(super) workspaces: Vec<SurveyedWorkspace>,
    /// What could not be read, with file and line.
    pub(super) notes: Vec<String>,
}

/// One workspace.
#[derive(Clone, Debug)]
pub(super) struct SurveyedWorkspace {
    /// Its manifests.
    pub(super) workspace: Workspace,
    /// Its lock.
    pub(super) lock: Option<Lockfile>,
    /// For each dependency, in order, how it is looked up.
    lookups: Vec<Result<Lookup, Rejection>>,
}

/// How one dependency is looked up.
#[derive(Clone, Debug)]
struct Lookup {
    key: CrateKey,
    floor: Option<Version>,
    access: Arc<Access>,
}

/// What cargo's configuration outside of the files is.
#[derive(Clone, Copy)]
pub(super) struct Outside<'a> {
    /// Environment and `$CARGO_HOME`.
    pub(super) cargo: &'a Environment,
    /// Folders around the repository, the nearest first: they count for a working tree only.
    pub(super) folders: &'a [PathBuf],
    /// Registries of repos.toml.
    pub(super) registries: &'a BTreeMap<RegistryName, String>,
}

/// Reads the files of a repository. It fails only when nothing in it can be used.
pub(super) fn survey(files: &Files, outside: Outside) -> Result<Survey, StageFailure> {
    let discovery = manifest::discover(files);
    let mut notes: Vec<String> = discovery.problems.iter().map(ManifestProblem::to_string).collect();
    let mut workspaces = Vec::new();
    for workspace in discovery.workspaces {
        match survey_workspace(workspace, files, outside) {
            Ok(workspace) => workspaces.push(workspace),
            Err(note) => notes.push(note),
        }
    }
    if workspaces.is_empty() {
        let message = if notes.is_empty() { "there is no Cargo.toml".to_owned() } else { notes.join("; ") };
        return Err(StageFailure { stage: Stage::Survey.as_str(), message });
    }
    Ok(Survey { workspaces, notes })
}

fn survey_workspace(workspace: Workspace, files: &Files, outside: Outside) -> Result<SurveyedWorkspace, String> {
    let lock = match &workspace.lockfile {
        None => None,
        Some(path) => Some(read_lock(path, files)?),
    };
    let config =
        CargoConfig::read(files, &workspace.root, outside.folders, outside.cargo).map_err(|error| error.to_string())?;
    let lookups = workspace
        .dependencies
        .iter()
        .map(|dependency| look_up_of(dependency, &workspace, lock.as_ref(), &config, outside))
        .collect();
    Ok(SurveyedWorkspace { workspace, lock, lookups })
}

fn read_lock(path: &RepoPath, files: &Files) -> Result<Lockfile, String> {
    let bytes = files.get(path).map(Vec::as_slice).unwrap_or_default();
    let text = std::str::from_utf8(bytes).map_err(|error| format!("{path}: {error}"))?;
    lockfile::parse(text).map_err(|error| format!("{path}: {error}"))
}

fn look_up_of(
    dependency: &Dependency,
    workspace: &Workspace,
    lock: Option<&Lockfile>,
    config: &CargoConfig,
    outside: Outside,
) -> Result<Lookup, Rejection> {
    if let Some(rejection) = plan::without_releases(dependency) {
        return Err(rejection);
    }
    let (source, access) = match &dependency.source {
        Source::Registry(registry) => config.index_of(registry, outside.registries)?,
        Source::Git { url, .. } => (LookupSource::GitTags(url.clone()), Arc::new(Access::anonymous(url))),
        Source::Path(_) => return Err(Rejection::PathDependency),
    };
    let locked = lock.and_then(|lock| lock.locked_version(workspace, dependency));
    let written = dependency.requirement.as_ref().and_then(crate::model::Requirement::floor);
    let floor = match (locked, written) {
        (Some(locked), Some(written)) => Some(locked.min(written)),
        (locked, written) => locked.or(written),
    };
    Ok(Lookup { key: CrateKey { source, krate: dependency.krate.clone() }, floor, access })
}

impl Survey {
    /// What has to be looked up for it.
    pub(super) fn queries(&self) -> impl Iterator<Item = Query> + '_ {
        self.workspaces.iter().flat_map(|workspace| &workspace.lookups).filter_map(|lookup| {
            let Lookup { key, floor, access } = lookup.as_ref().ok()?;
            Some(Query { key: key.clone(), floor: floor.clone(), access: access.clone() })
        })
    }

    /// The crates that it declares.
    pub(super) fn declared(&self) -> impl Iterator<Item = &CrateName> {
        let dependencies = self.workspaces.iter().flat_map(|surveyed| &surveyed.workspace.dependencies);
        dependencies.map(|dependency| &dependency.krate)
    }

    /// Whether a crate's releases are looked up at this index.
    pub(super) fn is_looked_up_at(&self, krate: &CrateName, index: &str) -> bool {
        let is_there =
            |key: &CrateKey| key.krate == *krate && matches!(&key.source, LookupSource::Index(url) if url == index);
        self.queries().any(|query| is_there(&query.key))
    }

    /// Its workspaces as planning sees them.
    pub(super) fn facts(&self) -> Vec<WorkspaceFacts<'_>> {
        let source =
            |lookup: &Result<Lookup, Rejection>| lookup.as_ref().map(|it| it.key.clone()).map_err(Clone::clone);
        self.workspaces
            .iter()
            .map(|surveyed| WorkspaceFacts {
                workspace: &surveyed.workspace,
                lock: surveyed.lock.as_ref(),
                sources: surveyed.lookups.iter().map(source).collect(),
            })
            .collect()
    }

    /// What it publishes and uses, for the graph of the fleet.
    pub(super) fn node(&self, repo: &RepoConfig) -> Node {
        let members = self.workspaces.iter().flat_map(|surveyed| &surveyed.workspace.members);
        let publishes = members
            .map(|member| Published {
                krate: member.package.clone(),
                to: if member.published { PublishedTo::Anywhere } else { PublishedTo::Nowhere },
            })
            .collect();
        let uses = self
            .workspaces
            .iter()
            .flat_map(|surveyed| &surveyed.workspace.dependencies)
            .map(|it| Use { krate: it.krate.clone(), source: it.source.clone(), kind: it.kind })
            .collect();
        Node { repo: repo.name.clone(), urls: vec![repo.url.clone()], publishes, uses }
    }
}

/// The graph of the repositories that could be surveyed.
pub(super) fn graph<'a>(surveyed: impl IntoIterator<Item = (&'a RepoConfig, &'a Survey)>) -> Fleet {
    let nodes: Vec<Node> = surveyed.into_iter().map(|(repo, survey)| survey.node(repo)).collect();
    fleet::graph(&nodes)
}

/// The crates that repositories of the fleet publish to others of it: no cooldown applies to them.
pub(super) fn internal_crates(fleet: &Fleet) -> BTreeSet<CrateName> {
    fleet.edges.iter().map(|edge| edge.krate.clone()).collect()
}

/// Reads the files of a repository's mirror that matter, and surveys them off the async threads.
pub(super) async fn survey_mirror(services: &Services, synced: &super::sync::Synced) -> Result<Survey, StageFailure> {
    let (mirror, base) = (synced.mirror.clone(), synced.base.clone());
    let (cargo, registries) = (services.cargo.clone(), services.registries.clone());
    let work = move || {
        let files = mirror.files(&base, manifest::matters).map_err(|error| failure(Stage::Survey, &error))?;
        survey(&files, Outside { cargo: &cargo, folders: &[], registries: &registries })
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(failure(Stage::Survey, &error)),
    }
}
