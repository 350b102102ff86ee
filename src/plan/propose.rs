//! From what a survey found to what is proposed for one repository.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use super::Proposal;
use super::candidates::{self, CandidateKey, Sorted};
use super::coupling::{self, Mover};
use crate::config::Group;
use crate::lockfile::Lockfile;
use crate::manifest::Workspace;
use crate::model::{
    CommitId, CrateKey, CrateName, Dependency, Edit, GitReference, Lane, Outcome, Refusal, Rejection, Release,
    Releases, Settlement, Source, Unit, UnitId, UnitKind, Update,
};
use crate::policy::{self, Candidate, Decision, Rules, Targets};

/// What a survey found in one workspace.
#[derive(Clone, Debug)]
pub struct WorkspaceFacts<'a> {
    /// Its manifests.
    pub workspace: &'a Workspace,
    /// Its lock, where it has one.
    pub lock: Option<&'a Lockfile>,
    /// For each of its dependencies, in order, where its releases are looked up, or why they are not.
    pub sources: Vec<Result<CrateKey, Rejection>>,
}

/// Proposes what to change in a repository, and settles every declared dependency.
pub fn propose(
    base: Option<CommitId>,
    facts: &[WorkspaceFacts],
    releases: &Releases,
    internal: &BTreeSet<CrateName>,
    rules: &Rules,
    groups: &[Group],
) -> Proposal {
    let mut proposal = Proposal { base, units: Vec::new(), settlements: Vec::new(), notes: Vec::new() };
    for workspace in facts {
        propose_workspace(workspace, releases, internal, rules, groups, &mut proposal);
    }
    for (index, unit) in proposal.units.iter_mut().enumerate() {
        unit.id = UnitId(index);
    }
    proposal
}

/// One thing that moves in one lane, before coupling.
struct Move<'a> {
    candidate: &'a Candidate<'a>,
    to: &'a Release,
    fallback: Option<&'a Release>,
    lane: Lane,
}

fn propose_workspace(
    facts: &WorkspaceFacts,
    releases: &Releases,
    internal: &BTreeSet<CrateName>,
    rules: &Rules,
    groups: &[Group],
    proposal: &mut Proposal,
) {
    let (candidates, sorted) = candidates::sort(facts, releases, internal);
    let decisions: BTreeMap<&CandidateKey, Decision> =
        candidates.iter().map(|(key, candidate)| (key, decide(candidate, rules))).collect();
    let moves = candidates.iter().zip(decisions.values()).flat_map(|((_, candidate), decision)| match decision {
        Decision::Move(targets) => moves(candidate, targets, rules),
        Decision::UpToDate | Decision::Stay(_) => Vec::new(),
    });
    let moves: Vec<Move> = moves.collect();
    for lane in [Lane::Routine, Lane::Review] {
        proposal.units.extend(units(facts, &moves, lane, rules, groups));
    }
    proposal.units.extend(lock_refresh(facts, rules));
    for ((site, source), sorted) in facts.workspace.dependencies.iter().zip(&facts.sources).zip(&sorted) {
        let found = candidates::releases_of(releases, source).map_or(&[][..], |found| found);
        proposal.settlements.push(settle(facts.workspace, site, found, sorted, &candidates, &decisions, rules));
    }
}

/// The policy's decision, less moves that would change nothing.
fn decide<'a>(candidate: &Candidate<'a>, rules: &Rules) -> Decision<'a> {
    if !rules.selection.includes(&candidate.sites[0].krate) {
        return match policy::decide(candidate, rules) {
            Decision::UpToDate => Decision::UpToDate,
            _ => Decision::Stay(vec![Refusal::whatever(Rejection::NotSelected)]),
        };
    }
    match policy::decide(candidate, rules) {
        Decision::Move(targets) if !changes_anything(candidate, targets.highest, rules) => {
            if targets.refused.is_empty() { Decision::UpToDate } else { Decision::Stay(targets.refused) }
        }
        decision => decision,
    }
}

/// Whether a move shows in a lock or in a manifest.
fn changes_anything(candidate: &Candidate, to: &Release, rules: &Rules) -> bool {
    candidate.is_locked || candidate.sites.iter().any(|site| !policy::edit_of(site, to, rules).is_empty())
}

/// What a candidate's targets mean for the lanes: what may be merged moves first, what a person decides goes beyond.
fn moves<'a>(candidate: &'a Candidate<'a>, targets: &Targets<'a>, rules: &Rules) -> Vec<Move<'a>> {
    let lower_than = |limit: &Release, release: Option<&'a Release>| release.filter(|it| it.version < limit.version);
    let useful = |release: &&'a Release| changes_anything(candidate, release, rules);
    let mut moves = Vec::new();
    let routine = targets.routine.filter(useful);
    if let Some(to) = routine {
        let fallback = lower_than(to, targets.compatible).filter(useful);
        moves.push(Move { candidate, to, fallback, lane: Lane::Routine });
    }
    if routine.is_none_or(|release| release.version < targets.highest.version) {
        let compatible = lower_than(targets.highest, targets.compatible).filter(useful);
        let fallback = compatible.filter(|it| routine.is_none_or(|routine| it.version > routine.version));
        moves.push(Move { candidate, to: targets.highest, fallback, lane: Lane::Review });
    }
    moves
}

/// The units of one lane.
fn units(facts: &WorkspaceFacts, moves: &[Move], lane: Lane, rules: &Rules, groups: &[Group]) -> Vec<Unit> {
    let moves: Vec<&Move> = moves.iter().filter(|it| it.lane == lane).collect();
    let movers: Vec<Mover> = moves.iter().map(|it| mover(it)).collect();
    coupling::couple(&movers, groups)
        .into_iter()
        .map(|set| Unit {
            id: UnitId(0),
            workspace: facts.workspace.root.clone(),
            kind: UnitKind::Updates(set.iter().map(|&index| update(moves[index], moves[index].to, rules)).collect()),
            lane,
            fallback: fallback(&set, &moves, rules),
        })
        .collect()
}

fn mover<'a>(it: &'a Move<'a>) -> Mover<'a> {
    let current = it.candidate.releases.iter().find(|release| release.version == it.candidate.current);
    Mover { krate: &it.candidate.sites[0].krate, from: &it.candidate.current, to: it.to, current }
}

/// The smaller step of a unit: every member that has one takes it, the others stay where they are.
fn fallback(set: &[usize], moves: &[&Move], rules: &Rules) -> Vec<Update> {
    set.iter().filter_map(|&index| Some(update(moves[index], moves[index].fallback?, rules))).collect()
}

fn update(it: &Move, to: &Release, rules: &Rules) -> Update {
    let edits = it.candidate.sites.iter().flat_map(|dependency| {
        policy::edit_of(dependency, to, rules).into_iter().map(|(field, from, to)| Edit {
            site: dependency.site.clone(),
            field,
            from,
            to,
        })
    });
    Update {
        krate: it.candidate.sites[0].krate.clone(),
        from: from(it.candidate, to, rules),
        to: to.version.clone(),
        published: to.published,
        edits: edits.collect(),
    }
}

/// What a person sees it move from: the version in use or, where only what is written moves, the lowest one written.
fn from(candidate: &Candidate, to: &Release, rules: &Rules) -> Version {
    let behind = |site: &&&Dependency| !policy::edit_of(site, to, rules).is_empty();
    let floor = |site: &&Dependency| site.requirement.as_ref()?.floor();
    let written = || candidate.sites.iter().filter(behind).filter_map(floor).min();
    let only_written = to.version == candidate.current;
    only_written.then(written).flatten().unwrap_or_else(|| candidate.current.clone())
}

/// The refresh of the rest of the lock, where there is a lock and the run is about everything.
fn lock_refresh(facts: &WorkspaceFacts, rules: &Rules) -> Option<Unit> {
    facts.lock.filter(|_| rules.selection.is_everything())?;
    let lane = if policy::may_merge(crate::model::Bump::Minor, rules.settings.automerge) {
        Lane::Routine
    } else {
        Lane::Review
    };
    Some(Unit {
        id: UnitId(0),
        workspace: facts.workspace.root.clone(),
        kind: UnitKind::LockRefresh,
        lane,
        fallback: Vec::new(),
    })
}

fn settle(
    workspace: &Workspace,
    site: &Dependency,
    releases: &[Release],
    sorted: &Sorted,
    candidates: &BTreeMap<CandidateKey, Candidate>,
    decisions: &BTreeMap<&CandidateKey, Decision>,
    rules: &Rules,
) -> Settlement {
    let (current, outcome) = match sorted {
        Sorted::Candidate(key) => {
            let candidate = &candidates[key];
            (Some(candidate.current.clone()), outcome(&decisions[key], candidate, site, rules))
        }
        Sorted::Settled { refusal, current } => {
            (current.clone(), Outcome::NotUpdated { refused: vec![refusal.clone()] })
        }
        Sorted::Unversioned => (None, Outcome::UpToDate),
    };
    Settlement {
        workspace: workspace.root.clone(),
        krate: site.krate.clone(),
        site: site.site.clone(),
        source: site.source.to_string(),
        requirement: site.requirement.as_ref().map(ToString::to_string),
        current,
        latest: policy::latest(releases, &[site]).map(|release| release.version.clone()),
        outcome,
    }
}

fn outcome(decision: &Decision, candidate: &Candidate, site: &Dependency, rules: &Rules) -> Outcome {
    let is_written = |to: &Release| to.version == candidate.current && policy::edit_of(site, to, rules).is_empty();
    match decision {
        Decision::UpToDate => Outcome::UpToDate,
        Decision::Stay(refused) => Outcome::NotUpdated { refused: refused.clone() },
        Decision::Move(targets) if is_written(targets.highest) && targets.refused.is_empty() => Outcome::UpToDate,
        Decision::Move(targets) if is_written(targets.highest) => {
            Outcome::NotUpdated { refused: targets.refused.clone() }
        }
        Decision::Move(targets) => {
            let bump = crate::model::Bump::between(&candidate.current, &targets.highest.version);
            let lane = if policy::may_merge(bump, rules.settings.automerge) { Lane::Routine } else { Lane::Review };
            Outcome::Updated { to: targets.highest.version.clone(), lane, refused: targets.refused.clone() }
        }
    }
}

/// Why a dependency has no releases to look up, whatever cargo is configured to; `None` where it has.
pub fn without_releases(dependency: &Dependency) -> Option<Rejection> {
    match &dependency.source {
        Source::Path(_) => Some(Rejection::PathDependency),
        Source::Git { reference: GitReference::Rev(_), .. } => Some(Rejection::FixedRevision),
        Source::Git { reference: GitReference::Branch(_) | GitReference::DefaultBranch, .. } => {
            Some(Rejection::FollowsBranch)
        }
        Source::Git { reference: GitReference::Tag(tag), .. } => {
            let version: Option<Version> = crate::model::version_in_tag(tag, &dependency.krate);
            version.is_none().then(|| Rejection::TagIsNoVersion { tag: tag.clone() })
        }
        Source::Registry(_) => None,
    }
}
