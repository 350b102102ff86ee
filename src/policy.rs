//! Which release a dependency moves to, and why not to a newer one.
//!
//! Everything here is a function of a candidate (one crate in one workspace, with its sites), the rules of its repository
//! and a moment. A newer release is either taken or has a [`Rejection`]; the highest one without a rejection wins.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use semver::Version;

use crate::config::{Automerge, Hold, Pattern, Pins, Settings, Strategy};
use crate::manifest::{self, Rewrite};
use crate::model::{
    Bump, CrateName, Dependency, EditField, ProposedUpdate, PullRequestNumber, Refusal, Rejection, Release,
    is_compatible,
};

/// What applies to a repository at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// How it is upgraded.
    pub settings: &'a Settings,
    /// The holds that concern it.
    pub holds: &'a [Hold],
    /// What this run is about.
    pub selection: &'a Selection,
    /// Updates that a person closed.
    pub closed: &'a [(ProposedUpdate, PullRequestNumber)],
    /// The moment.
    pub now: Timestamp,
}

/// What a run is about.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these crates, where there are any; each perhaps at one version only.
    pub packages: Vec<(Pattern, Option<Version>)>,
    /// Not these crates.
    pub excluded: Vec<Pattern>,
}

impl Selection {
    /// Whether the run is about everything.
    pub fn is_everything(&self) -> bool {
        self.packages.is_empty() && self.excluded.is_empty()
    }

    /// Whether the run is about this crate at all.
    pub fn includes(&self, krate: &CrateName) -> bool {
        let named = |(pattern, _): &(Pattern, Option<Version>)| pattern.matches(krate.as_str());
        let excluded = self.excluded.iter().any(|pattern| pattern.matches(krate.as_str()));
        !excluded && (self.packages.is_empty() || self.packages.iter().any(named))
    }

    /// The one version that the run was told to take of this crate.
    fn wanted_version(&self, krate: &CrateName) -> Option<&Version> {
        let named = self.packages.iter().filter(|(pattern, _)| pattern.matches(krate.as_str()));
        named.filter_map(|(_, version)| version.as_ref()).next()
    }
}

/// One crate in one workspace: the sites that move together, and what there is to move to.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The sites; never empty, all of the same crate and source.
    pub sites: Vec<&'a Dependency>,
    /// What the lock holds, or else the lowest version the requirements name.
    pub current: Version,
    /// Whether the lock says so.
    pub is_locked: bool,
    /// Its releases, oldest first.
    pub releases: &'a [Release],
    /// Whether a `[patch]` names it.
    pub is_patched: bool,
    /// Whether a repository of the fleet publishes it.
    pub is_internal: bool,
    /// Another version of the same crate that a site beside these uses under another name.
    pub other_version: Option<Version>,
}

/// What is decided about one candidate.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision<'a> {
    /// There is nothing newer.
    UpToDate,
    /// There is, and none of it may be taken.
    Stay(Vec<Refusal>),
    /// It moves.
    Move(Targets<'a>),
}

/// The releases a candidate may move to.
#[derive(Clone, Debug, PartialEq)]
pub struct Targets<'a> {
    /// The highest without an objection.
    pub highest: &'a Release,
    /// The highest of those that may be merged without a person, where there is one.
    pub routine: Option<&'a Release>,
    /// The highest of those that are compatible, where there is one.
    pub compatible: Option<&'a Release>,
    /// Newer ones than the highest taken, newest first.
    pub refused: Vec<Refusal>,
}

/// Decides about one candidate.
pub fn decide<'a>(candidate: &Candidate<'a>, rules: &Rules) -> Decision<'a> {
    let newer = newer_releases(candidate);
    let mut refused = Vec::new();
    let mut allowed = Vec::new();
    for release in &newer {
        match objection(candidate, release, rules) {
            None => allowed.push(*release),
            Some(rejection) if allowed.is_empty() => refused.push(Refusal::of(&release.version, rejection)),
            Some(_) => {}
        }
    }
    if allowed.is_empty() {
        allowed.extend(release_to_write(candidate, rules));
    }
    let routine =
        |release: &&Release| may_merge(Bump::between(&candidate.current, &release.version), rules.settings.automerge);
    let compatible = |release: &&Release| is_compatible(&candidate.current, &release.version);
    match allowed.first() {
        Some(highest) => Decision::Move(Targets {
            highest,
            routine: allowed.iter().copied().find(routine),
            compatible: allowed.iter().copied().find(compatible),
            refused,
        }),
        None if newer.is_empty() && is_ahead(candidate) => {
            Decision::Stay(vec![Refusal::whatever(Rejection::AheadOfRegistry)])
        }
        None if refused.iter().all(|refusal| refusal.rejection == Rejection::Yanked) => Decision::UpToDate,
        None => Decision::Stay(refused),
    }
}

/// Whether a bump of this size may be merged without a person.
pub fn may_merge(bump: Bump, automerge: Automerge) -> bool {
    match automerge {
        Automerge::Off => false,
        Automerge::Patch => bump == Bump::Patch,
        Automerge::Minor => bump <= Bump::Minor,
        Automerge::All => true,
    }
}

/// The newest release that counts for a person who asks how far behind a dependency is.
pub fn latest<'a>(releases: &'a [Release], sites: &[&Dependency]) -> Option<&'a Release> {
    releases.iter().rev().find(|release| !release.yanked && is_wanted_kind(release, sites))
}

/// Releases above the current one, newest first; unwanted pre-releases do not count as releases.
fn newer_releases<'a>(candidate: &Candidate<'a>) -> Vec<&'a Release> {
    let floor = written_floor(&candidate.sites);
    candidate
        .releases
        .iter()
        .rev()
        .filter(|release| release.version > candidate.current)
        .filter(|release| floor.as_ref().is_none_or(|floor| release.version >= *floor))
        .filter(|release| is_wanted_kind(release, &candidate.sites))
        .collect()
}

/// The release in use, where the lock holds it and the style of requirements asks to write it: a requirement that says
/// `1.0.3` is to name the 1.0.9 that was tested.
fn release_to_write<'a>(candidate: &Candidate<'a>, rules: &Rules) -> Option<&'a Release> {
    let in_use = |release: &&Release| release.version == candidate.current;
    let release = candidate.releases.iter().find(in_use).filter(|_| candidate.is_locked)?;
    let is_written_anew = candidate.sites.iter().any(|site| !edit_of(site, release, rules).is_empty());
    (is_written_anew && objection(candidate, release, rules).is_none()).then_some(release)
}

/// The highest lower bound that is written; no update goes below it.
fn written_floor(sites: &[&Dependency]) -> Option<Version> {
    sites.iter().filter_map(|site| site.requirement.as_ref()?.floor()).max()
}

/// Whether what is written names a version above everything that was published.
fn is_ahead(candidate: &Candidate) -> bool {
    let newest = candidate.releases.iter().filter(|release| !release.yanked).map(|release| &release.version).max();
    match (written_floor(&candidate.sites), newest) {
        (Some(floor), Some(newest)) => floor > *newest,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// Whether it is a full release, or a pre-release where a site names one.
fn is_wanted_kind(release: &Release, sites: &[&Dependency]) -> bool {
    let names_pre_release = |site: &&Dependency| match &site.requirement {
        Some(requirement) => requirement.names_pre_release(),
        None => false,
    };
    release.version.pre.is_empty() || sites.iter().any(names_pre_release)
}

/// The first objection to a release, the most telling first.
fn objection(candidate: &Candidate, release: &Release, rules: &Rules) -> Option<Rejection> {
    let krate = &candidate.sites[0].krate;
    yanked(release)
        .or_else(|| not_selected(krate, release, rules))
        .or_else(|| held(krate, release, rules))
        .or_else(|| closed(krate, release, rules))
        .or_else(|| outside_strategy(candidate, release, rules))
        .or_else(|| patched(candidate))
        .or_else(|| second_name(candidate, release))
        .or_else(|| rust_version(candidate, release, rules))
        .or_else(|| feature_gone(candidate, release))
        .or_else(|| requirement_form(candidate, release, rules))
        .or_else(|| cooldown(candidate, release, rules))
}

fn yanked(release: &Release) -> Option<Rejection> {
    release.yanked.then_some(Rejection::Yanked)
}

fn not_selected(krate: &CrateName, release: &Release, rules: &Rules) -> Option<Rejection> {
    let wanted = rules.selection.wanted_version(krate)?;
    (*wanted != release.version).then_some(Rejection::NotSelected)
}

fn held(krate: &CrateName, release: &Release, rules: &Rules) -> Option<Rejection> {
    let today = TimeZone::UTC.to_datetime(rules.now).date();
    let applies = |hold: &&Hold| {
        hold.krate.matches(krate.as_str()) && hold.until >= today && admits_in_order(&hold.versions, &release.version)
    };
    rules.holds.iter().find(applies).map(|hold| Rejection::Held {
        owner: hold.owner.clone(),
        reason: hold.reason.clone(),
        until: hold.until,
    })
}

/// Whether a person who writes `>=0.11` means this version: unlike for cargo, pre-releases are ordered like all others.
fn admits_in_order(versions: &semver::VersionReq, version: &Version) -> bool {
    let mut released = version.clone();
    released.pre = semver::Prerelease::EMPTY;
    versions.matches(version) || versions.matches(&released)
}

/// A person's no to a version is one to its whole range up to it: whoever does not want 2.3 did not ask for 2.2 either.
fn closed(krate: &CrateName, release: &Release, rules: &Rules) -> Option<Rejection> {
    closed_as(krate, &release.version, rules.closed).map(|number| Rejection::ClosedByPerson { number })
}

/// The pull request with which a person said no to this version of a crate.
pub fn closed_as(
    krate: &CrateName,
    version: &Version,
    closed: &[(ProposedUpdate, PullRequestNumber)],
) -> Option<PullRequestNumber> {
    let covers =
        |update: &ProposedUpdate| update.krate == *krate && *version <= update.to && is_compatible(version, &update.to);
    closed.iter().find(|(update, _)| covers(update)).map(|(_, number)| *number)
}

fn outside_strategy(candidate: &Candidate, release: &Release, rules: &Rules) -> Option<Rejection> {
    let admitted = candidate.sites.iter().all(|site| admits(site, release));
    let pinned = candidate.sites.iter().find_map(|site| {
        let requirement = site.requirement.as_ref()?;
        (requirement.is_pinned() && !requirement.admits(&release.version)).then_some(requirement)
    });
    match (rules.settings.strategy, rules.settings.pins) {
        (Strategy::Lockfile, _) if !admitted => Some(Rejection::Strategy { strategy: "lockfile" }),
        (Strategy::Compatible, _) if !is_compatible(&candidate.current, &release.version) => {
            Some(Rejection::Strategy { strategy: "compatible" })
        }
        (_, Pins::Keep) => pinned.map(|requirement| Rejection::Pinned { requirement: requirement.to_string() }),
        _ => None,
    }
}

/// Whether a site accepts a release as it is written now.
fn admits(site: &Dependency, release: &Release) -> bool {
    match (&site.requirement, &release.tag) {
        (_, Some(_)) => false,
        (Some(requirement), None) => requirement.admits(&release.version),
        (None, None) => true,
    }
}

fn patched(candidate: &Candidate) -> Option<Rejection> {
    candidate.is_patched.then_some(Rejection::Patched)
}

fn second_name(candidate: &Candidate, release: &Release) -> Option<Rejection> {
    let other = candidate.other_version.as_ref()?;
    (!is_compatible(&candidate.current, &release.version)).then(|| Rejection::UsedTwice { other: other.clone() })
}

fn rust_version(candidate: &Candidate, release: &Release, rules: &Rules) -> Option<Rejection> {
    let needs = release.rust_version.filter(|_| rules.settings.msrv)?;
    let limit = candidate.sites.iter().filter_map(|site| site.rust_version).min()?;
    (!limit.satisfies(&needs)).then_some(Rejection::RustVersion { needs, limit })
}

fn feature_gone(candidate: &Candidate, release: &Release) -> Option<Rejection> {
    if release.tag.is_some() {
        return None;
    }
    let mut in_use = candidate.sites.iter().flat_map(|site| &site.features);
    let gone = in_use.find(|feature| *feature != "default" && !release.features.contains_key(*feature))?;
    Some(Rejection::FeatureGone { feature: gone.clone() })
}

fn requirement_form(candidate: &Candidate, release: &Release, rules: &Rules) -> Option<Rejection> {
    candidate.sites.iter().find_map(|site| {
        let requirement = site.requirement.as_ref()?;
        manifest::rewrite(requirement, &release.version, rules.settings.requirement)
            .is_err()
            .then(|| Rejection::RequirementForm { requirement: requirement.to_string() })
    })
}

fn cooldown(candidate: &Candidate, release: &Release, rules: &Rules) -> Option<Rejection> {
    if rules.settings.cooldown == Duration::ZERO || candidate.is_internal {
        return None;
    }
    let Some(published) = release.published else {
        return release.tag.is_none().then_some(Rejection::UnknownAge);
    };
    let cooldown = SignedDuration::try_from(rules.settings.cooldown).unwrap_or(SignedDuration::MAX);
    let until = published.saturating_add(cooldown).unwrap_or(Timestamp::MAX);
    (until > rules.now).then_some(Rejection::Cooldown { until })
}

/// The change to one site for a release: `None` when what is written stays.
///
/// The form was found to be kept before the release was taken, so a form that cannot be kept stays as it is here.
pub fn edit_of(site: &Dependency, release: &Release, rules: &Rules) -> Vec<(EditField, String, String)> {
    let mut edits = Vec::new();
    if rules.settings.strategy == Strategy::Lockfile {
        return edits;
    }
    if let (crate::model::Source::Git { reference: crate::model::GitReference::Tag(tag), .. }, Some(new)) =
        (&site.source, &release.tag)
        && tag != new
    {
        edits.push((EditField::Tag, tag.clone(), new.clone()));
    }
    if let Some(requirement) = &site.requirement
        && let Ok(Rewrite::To(text)) = manifest::rewrite(requirement, &release.version, rules.settings.requirement)
    {
        edits.push((EditField::Requirement, requirement.as_str().to_owned(), text));
    }
    edits
}

#[cfg(test)]
mod tests;
