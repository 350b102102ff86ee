//! The loop over the fleet: everything is synced and surveyed, then wave after wave is upgraded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use super::facts::Facts;
use super::plan::{self, Knowledge};
use super::publish;
use super::repository::{self, Prepared, Work};
use super::survey::{self, graph, internal_crates};
use super::sync::sync;
use super::{Progress, Request, RunError, Services, Stage, record};
use crate::config::RepoConfig;
use crate::fleet::Fleet;
use crate::git::redact;
use crate::model::{CrateName, EventBody, LookupFailure, LookupSource, Release, Releases, RepoName, RunId};
use crate::plan::{Plan, Proposal, RepositoryPlan, StageFailure};
use crate::reconcile;
use crate::registry::Query;

/// How many repositories are fetched or published at the same time.
const AT_ONCE: usize = 16;

/// A fleet whose repositories are synced and surveyed, each one or its failure.
struct PreparedFleet<'a> {
    repositories: Vec<(&'a RepoConfig, Result<Prepared, StageFailure>)>,
    fleet: Fleet,
    internal: BTreeSet<CrateName>,
}

/// Plans the whole request, and changes nothing outside the state folder.
pub async fn plan(services: &Services, run: &RunId, request: &Request<'_>) -> Result<Plan, RunError> {
    let prepared = prepare(services, run, request.repositories).await?;
    let releases = look_up(services, prepared.queries(|_| true)).await;
    check_packages(request, &prepared, &releases)?;
    let knowledge = Knowledge {
        releases: &releases,
        internal: &prepared.internal,
        selection: request.selection,
        saved: request.saved,
    };
    let waves = prepared.wave_numbers();
    let planned = stream::iter(&prepared.repositories).map(|(repo, prepared)| {
        let wave = waves.get(&repo.name).copied().unwrap_or(1);
        async move {
            let result = match prepared {
                Ok(prepared) => plan_one(services, run, repo, prepared, knowledge).await,
                Err(failure) => Err(failure.clone()),
            };
            repository::settle(services, run, repository::planned_summary(repo, wave, &result));
            RepositoryPlan { repo: repo.name.clone(), url: redact(&repo.url), wave, result }
        }
    });
    let repositories = planned.buffered(AT_ONCE).collect().await;
    Ok(Plan { created: (services.clock)(), repositories })
}

async fn plan_one(
    services: &Services,
    run: &RunId,
    repo: &RepoConfig,
    prepared: &Prepared,
    knowledge: Knowledge<'_>,
) -> Result<Proposal, StageFailure> {
    let Prepared { synced, survey } = prepared;
    let proposal = Proposal { base: None, units: Vec::new(), settlements: Vec::new(), notes: Vec::new() };
    let base = synced.base.clone();
    let (toolchain, facts) = (String::new(), Facts::new());
    let work = Work { run, repo, synced, base, survey, proposal, toolchain, facts };
    let closed = reconcile::closed_updates(&publish::existing(services, &work).await?);
    plan::propose(services, repo, &synced.base, survey, &closed, knowledge)
}

/// Carries the whole request out, wave after wave.
pub async fn upgrade(services: &Services, run: &RunId, request: &Request<'_>) -> Result<(), RunError> {
    check_saved(request)?;
    let prepared = prepare(services, run, request.repositories).await?;
    let mut releases = look_up(services, prepared.queries(|_| true)).await;
    check_packages(request, &prepared, &releases)?;
    let waves = prepared.waves();
    let count = waves.len();
    for (index, wave) in waves.into_iter().enumerate() {
        if index > 0 {
            let names: BTreeSet<&RepoName> = wave.iter().map(|(repo, _)| &repo.name).collect();
            releases.extend(look_up(services, prepared.internal_queries(&names)).await);
        }
        let knowledge = Knowledge {
            releases: &releases,
            internal: &prepared.internal,
            selection: request.selection,
            saved: request.saved,
        };
        (services.progress)(Progress::Wave { number: index + 1, of: count, count: wave.len() });
        let work = stream::iter(wave)
            .map(|(repo, prepared)| repository::upgrade(services, run, repo, index + 1, prepared, knowledge));
        work.buffer_unordered(AT_ONCE).for_each(|_| async {}).await;
    }
    Ok(())
}

fn check_saved(request: &Request<'_>) -> Result<(), RunError> {
    let Some(saved) = request.saved else { return Ok(()) };
    let is_known = |name: &RepoName| request.repositories.iter().any(|repo| repo.name == *name);
    match saved.repositories.iter().find(|planned| !is_known(&planned.repo)) {
        Some(planned) => Err(RunError::UnknownRepository { repo: planned.repo.clone() }),
        None => Ok(()),
    }
}

/// Whether there is anything to what the run was told to be about; where some repository failed, that cannot be known.
fn check_packages(request: &Request<'_>, prepared: &PreparedFleet<'_>, releases: &Releases) -> Result<(), RunError> {
    if request.saved.is_some() || prepared.repositories.iter().any(|(_, prepared)| prepared.is_err()) {
        return Ok(());
    }
    let declared: BTreeSet<&CrateName> = prepared.surveyed().flat_map(|(_, it)| it.survey.declared()).collect();
    for (pattern, version) in &request.selection.packages {
        if !declared.iter().any(|krate| pattern.matches(krate.as_str())) {
            return Err(RunError::UnknownPackage { pattern: pattern.as_str().to_owned() });
        }
        let mut found = releases.iter().filter(|(key, _)| pattern.matches(key.krate.as_str()));
        let has = |(_, answer): (_, &Result<Arc<[Release]>, LookupFailure>), version: &semver::Version| match answer {
            Ok(releases) => releases.iter().any(|release| release.version == *version),
            Err(_) => true,
        };
        if let Some(version) = version
            && !found.any(|answer| has(answer, version))
        {
            let krate = pattern.as_str().to_owned();
            return Err(RunError::UnknownRelease { krate, version: version.clone() });
        }
    }
    Ok(())
}

async fn prepare<'a>(
    services: &Services,
    run: &RunId,
    repositories: &'a [RepoConfig],
) -> Result<PreparedFleet<'a>, RunError> {
    (services.progress)(Progress::Fleet { stage: Stage::Sync, count: repositories.len() });
    let work = stream::iter(repositories).map(|repo| async move { (repo, prepare_one(services, repo).await) });
    let repositories: Vec<_> = work.buffered(AT_ONCE).collect().await;
    for (repo, prepared) in &repositories {
        if let Ok(prepared) = prepared {
            let commit = prepared.synced.base.clone();
            record(services, run, EventBody::RepositorySynced { repo: repo.name.clone(), commit })?;
        }
    }
    let surveyed = repositories.iter().filter_map(|(repo, it)| Some((*repo, &it.as_ref().ok()?.survey)));
    let fleet = graph(surveyed);
    let internal = internal_crates(&fleet);
    Ok(PreparedFleet { repositories, fleet, internal })
}

async fn prepare_one(services: &Services, repo: &RepoConfig) -> Result<Prepared, StageFailure> {
    let synced = sync(services, repo).await?;
    let survey = survey::survey_mirror(services, &synced).await?;
    (services.progress)(Progress::FleetStep);
    Ok(Prepared { synced, survey })
}

async fn look_up(services: &Services, queries: Vec<Query>) -> Releases {
    let crates: BTreeSet<_> = queries.iter().map(|query| &query.key).collect();
    (services.progress)(Progress::Fleet { stage: Stage::LookUp, count: crates.len() });
    services.registry.look_up(queries).await
}

impl PreparedFleet<'_> {
    fn surveyed(&self) -> impl Iterator<Item = (&RepoConfig, &Prepared)> {
        self.repositories.iter().filter_map(|(repo, prepared)| Some((*repo, prepared.as_ref().ok()?)))
    }

    /// What the repositories that `wanted` names have to know.
    fn queries(&self, wanted: impl Fn(&RepoName) -> bool) -> Vec<Query> {
        let wanted = self.surveyed().filter(|(repo, _)| wanted(&repo.name));
        wanted.flat_map(|(_, prepared)| prepared.survey.queries()).collect()
    }

    /// What the fleet publishes itself, as far as these repositories use it: an earlier wave may have released it.
    fn internal_queries(&self, wanted: &BTreeSet<&RepoName>) -> Vec<Query> {
        let is_internal = |query: &Query| {
            self.internal.contains(&query.key.krate) || matches!(query.key.source, LookupSource::GitTags(_))
        };
        self.queries(|name| wanted.contains(name)).into_iter().filter(is_internal).collect()
    }

    fn wave_numbers(&self) -> BTreeMap<RepoName, usize> {
        let numbered = self.fleet.waves.iter().enumerate();
        numbered.flat_map(|(index, wave)| wave.iter().map(move |repo| (repo.clone(), index + 1))).collect()
    }

    /// The repositories by wave, in the order of repos.toml; those that could not be surveyed are in the first.
    fn waves(&self) -> Vec<Vec<(&RepoConfig, &Result<Prepared, StageFailure>)>> {
        let numbers = self.wave_numbers();
        let mut waves = vec![Vec::new(); self.fleet.waves.len().max(1)];
        for (repo, prepared) in &self.repositories {
            let number = numbers.get(&repo.name).copied().unwrap_or(1);
            waves[number - 1].push((*repo, prepared));
        }
        waves
    }
}
