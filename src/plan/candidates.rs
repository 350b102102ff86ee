//! From declared dependencies to candidates: the sites of one crate that move together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use semver::Version;

use super::WorkspaceFacts;
use crate::model::{
    CrateKey, CrateName, Dependency, GitReference, LookupFailure, Refusal, Rejection, Release, Releases, Source,
};
use crate::policy::Candidate;

/// One declared dependency after the look-ups: part of a candidate, or already settled.
pub(super) enum Sorted {
    /// It moves, or not, with the candidate of this key.
    Candidate(CandidateKey),
    /// There is nothing to decide: the reason, and what is known of its version.
    Settled { refusal: Refusal, current: Option<Version> },
    /// No version is known of it, so that nothing is behind.
    Unversioned,
}

/// What the sites of a candidate have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CandidateKey {
    krate: CrateKey,
    current: Version,
}

/// The candidates of a workspace, and for each of its dependencies (in order) where it went.
pub(super) fn sort<'a>(
    facts: &WorkspaceFacts<'a>,
    releases: &'a Releases,
    internal: &BTreeSet<CrateName>,
) -> (BTreeMap<CandidateKey, Candidate<'a>>, Vec<Sorted>) {
    let mut candidates = BTreeMap::new();
    let sorted = facts
        .workspace
        .dependencies
        .iter()
        .zip(&facts.sources)
        .map(|(site, source)| sort_one(facts, site, source, releases, internal, &mut candidates))
        .collect();
    mark_second_names(&mut candidates);
    (candidates, sorted)
}

fn sort_one<'a>(
    facts: &WorkspaceFacts<'a>,
    site: &'a Dependency,
    source: &Result<CrateKey, Rejection>,
    releases: &'a Releases,
    internal: &BTreeSet<CrateName>,
    candidates: &mut BTreeMap<CandidateKey, Candidate<'a>>,
) -> Sorted {
    let locked = facts.lock.and_then(|lock| lock.locked_version(facts.workspace, site));
    let is_locked = locked.is_some();
    let found = source.as_ref().ok().and_then(|key| releases.get(key));
    let written = || site.requirement.as_ref().and_then(crate::model::Requirement::floor);
    let resolved = || highest_admitted(site, found?.as_ref().ok()?);
    let current = locked.or_else(|| version_of_tag(site)).or_else(written).or_else(resolved);
    let settled = |rejection| Sorted::Settled { refusal: Refusal::whatever(rejection), current: current.clone() };
    let key = match source {
        Ok(key) => key,
        Err(rejection) => return settled(rejection.clone()),
    };
    let found: &'a [Release] = match found.map(Result::as_ref) {
        Some(Ok(found)) => found,
        Some(Err(failure)) => return settled(unreadable(failure)),
        None => return settled(Rejection::NotSelected),
    };
    let Some(current) = current.clone() else { return Sorted::Unversioned };
    let candidate_key = CandidateKey { krate: key.clone(), current: current.clone() };
    let candidate = candidates.entry(candidate_key.clone()).or_insert_with(|| Candidate {
        sites: Vec::new(),
        current,
        is_locked,
        releases: found,
        is_patched: facts.workspace.patched.iter().any(|patch| patch.krate == site.krate),
        is_internal: internal.contains(&site.krate),
        other_version: None,
    });
    candidate.sites.push(site);
    Sorted::Candidate(candidate_key)
}

/// The version in a git tag, where it reads as one; the look-up only finds tags that do.
fn version_of_tag(site: &Dependency) -> Option<Version> {
    match &site.source {
        Source::Git { reference: GitReference::Tag(tag), .. } => crate::model::version_in_tag(tag, &site.krate),
        _ => None,
    }
}

/// What cargo would take where nothing is locked and the requirement has no lower bound.
fn highest_admitted(site: &Dependency, releases: &[Release]) -> Option<Version> {
    let requirement = site.requirement.as_ref()?;
    let admitted = releases.iter().filter(|release| !release.yanked && requirement.admits(&release.version));
    admitted.map(|release| &release.version).max().cloned()
}

fn unreadable(failure: &LookupFailure) -> Rejection {
    match failure.clone() {
        LookupFailure::NotFound { source_name } => Rejection::NotInRegistry { source_name },
        LookupFailure::Unreadable { source_name, message } => Rejection::UnreadableRegistry { source_name, message },
    }
}

/// Tells candidates of the same crate that one manifest uses under two names about each other: cargo refuses a package
/// that has the same version twice, so neither may follow the other.
fn mark_second_names(candidates: &mut BTreeMap<CandidateKey, Candidate>) {
    let mut seen: BTreeMap<(CrateKey, String), Vec<Version>> = BTreeMap::new();
    for (key, candidate) in candidates.iter() {
        for manifest in manifests(candidate) {
            seen.entry((key.krate.clone(), manifest)).or_default().push(key.current.clone());
        }
    }
    for (key, candidate) in candidates.iter_mut() {
        candidate.other_version = manifests(candidate)
            .into_iter()
            .flat_map(|manifest| seen.get(&(key.krate.clone(), manifest)).into_iter().flatten())
            .find(|version| **version != key.current)
            .cloned();
    }
}

fn manifests(candidate: &Candidate) -> BTreeSet<String> {
    candidate.sites.iter().map(|dependency| dependency.site.manifest.to_string()).collect()
}

/// The releases of a crate, where the survey found them.
pub(super) fn releases_of<'a>(
    releases: &'a Releases,
    source: &Result<CrateKey, Rejection>,
) -> Option<&'a Arc<[Release]>> {
    releases.get(source.as_ref().ok()?)?.as_ref().ok()
}
