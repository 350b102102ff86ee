//! What happens to one repository in a run, from its proposal to its summary.

use std::time::Instant;

use super::bench::Place;
use super::facts::{self, Facts};
use super::plan::{self, Knowledge};
use super::publish::{self, Below, Proposed};
use super::survey::{self, Survey};
use super::sync::{Synced, failure};
use super::verify::{Depth, LaneProof, Ledger, Proved, Prover, Setup};
use super::{Progress, Services, Stage, changes, merge, record, release, tree};
use crate::config::RepoConfig;
use crate::model::{
    CommitId, EventBody, Lane, PullRequestState, Rejection, RepositoryStatus, RepositorySummary, RunId, Settlement,
    UnitKind,
};
use crate::plan::{Proposal, Rejected, Shipped, StageFailure};
use crate::process::Listener;
use crate::reconcile::{self, Wanted};

/// A repository that is synced and surveyed.
pub(super) struct Prepared {
    pub(super) synced: Synced,
    pub(super) survey: Survey,
}

/// What the stages of one repository work on.
pub(super) struct Work<'a> {
    pub(super) run: &'a RunId,
    pub(super) repo: &'a RepoConfig,
    pub(super) synced: &'a Synced,
    pub(super) base: CommitId,
    pub(super) survey: &'a Survey,
    pub(super) proposal: Proposal,
    pub(super) toolchain: String,
    /// What is known about the updates that ship.
    pub(super) facts: Facts,
}

/// Upgrades a repository and records its summary; whatever fails is in it.
pub(super) async fn upgrade(
    services: &Services,
    run: &RunId,
    repo: &RepoConfig,
    wave: usize,
    prepared: &Result<Prepared, StageFailure>,
    knowledge: Knowledge<'_>,
) -> RepositorySummary {
    let started = Instant::now();
    let mut summary = empty_summary(repo, wave);
    let result = match prepared {
        Ok(prepared) => upgrade_prepared(services, run, repo, prepared, knowledge, &mut summary).await,
        Err(failure) => Err(failure.clone()),
    };
    if let Err(failure) = result {
        fail(&mut summary, failure);
    }
    summary.took = started.elapsed();
    settle(services, run, summary)
}

/// Records a summary; a journal that cannot be written makes it a failure.
pub(super) fn settle(services: &Services, run: &RunId, mut summary: RepositorySummary) -> RepositorySummary {
    let event = EventBody::RepositorySettled { summary: Box::new(summary.clone()) };
    if let Err(error) = record(services, run, event) {
        fail(&mut summary, failure(Stage::Publish, &error));
    }
    (services.progress)(Progress::Settled { summary: &summary });
    summary
}

/// A summary that knows nothing yet.
pub(super) fn empty_summary(repo: &RepoConfig, wave: usize) -> RepositorySummary {
    RepositorySummary {
        repo: repo.name.clone(),
        url: crate::git::redact(&repo.url),
        wave,
        status: RepositoryStatus::UpToDate,
        base: None,
        settlements: Vec::new(),
        pull_requests: Vec::new(),
        verifications: Vec::new(),
        released: None,
        notes: Vec::new(),
        took: std::time::Duration::ZERO,
    }
}

/// Makes a summary one of a failure: what was planned and not published did not happen.
fn fail(summary: &mut RepositorySummary, failure: StageFailure) {
    let otherwise = Rejection::RepositoryFailed { message: failure.message.clone() };
    if summary.pull_requests.is_empty() {
        summary.settlements = crate::plan::settle(&summary.settlements, &[], &[], &otherwise);
    }
    summary.status = RepositoryStatus::Failed { stage: failure.stage.to_owned(), message: failure.message };
}

async fn upgrade_prepared(
    services: &Services,
    run: &RunId,
    repo: &RepoConfig,
    prepared: &Prepared,
    knowledge: Knowledge<'_>,
    summary: &mut RepositorySummary,
) -> Result<(), StageFailure> {
    let Prepared { synced, survey } = prepared;
    tell(services, repo, Stage::Plan, String::new());
    summary.base = Some(synced.base.clone());
    let proposal = Proposal { base: None, units: Vec::new(), settlements: Vec::new(), notes: Vec::new() };
    let base = synced.base.clone();
    let mut work = Work { run, repo, synced, base, survey, proposal, toolchain: String::new(), facts: Facts::new() };
    let existing = publish::existing(services, &work).await?;
    changes::catch_up(services, &work, &existing)?;
    if existing.iter().any(|one| one.pull_request.merge_commit.as_ref() == Some(&work.base)) {
        // What was merged before comes first: this run's own versions come after it.
        summary.released = release::tag(services, &work, survey, &work.base).await?;
    }
    let closed = reconcile::closed_updates(&existing);
    work.proposal = plan::propose(services, repo, &synced.base, survey, &closed, knowledge)?;
    summary.settlements.clone_from(&work.proposal.settlements);
    summary.notes.clone_from(&work.proposal.notes);

    let proved = match work.proposal.units.is_empty() {
        true => Proved::default(),
        false => prove(services, &mut work).await?,
    };
    summary.verifications.clone_from(&proved.verifications);
    if let Some(failure) = proved.red_before {
        let otherwise = Rejection::BrokenBaseline { phase: failure.phase };
        summary.settlements = crate::plan::settle(&summary.settlements, &[], &[], &otherwise);
        summary.status = RepositoryStatus::RedBefore(failure);
        summary.notes.extend(submodules_note(&work));
        return Ok(());
    }
    summary.settlements = settlements(&work, &proved);
    let is_partial = knowledge.saved.is_some() || !knowledge.selection.is_everything();
    let head = if is_partial && proved.lanes.is_empty() {
        work.base.clone()
    } else {
        publish_lanes(services, &mut work, &proved, is_partial, summary).await?
    };
    tell(services, repo, Stage::Release, String::new());
    let released = release_if_due(services, &work, &head).await?;
    let tags: Vec<String> = summary.released.take().into_iter().chain(released).collect();
    summary.released = (!tags.is_empty()).then(|| tags.join(", "));
    summary.status = status(summary);
    Ok(())
}

/// What a person should know about a main branch that fails where its submodules may be missed.
fn submodules_note(work: &Work<'_>) -> Option<String> {
    let files = work.synced.mirror.files(&work.base, |path| path.as_str() == ".gitmodules").ok()?;
    let missing = "it has submodules, and depbot does not check them out: what needs their files cannot pass here";
    (!files.is_empty()).then(|| missing.to_owned())
}

/// Tags the main branch where that is due; after a merge its manifests are read anew.
async fn release_if_due(services: &Services, work: &Work<'_>, head: &CommitId) -> Result<Option<String>, StageFailure> {
    if *head == work.synced.base {
        return release::tag(services, work, work.survey, head).await;
    }
    let merged = Synced { base: head.clone(), ..work.synced.clone() };
    let survey = survey::survey_mirror(services, &merged).await?;
    release::tag(services, work, &survey, head).await
}

async fn prove(services: &Services, work: &mut Work<'_>) -> Result<Proved, StageFailure> {
    tell(services, work.repo, Stage::Verify, "checking out".to_owned());
    let folder = services.folders.worktree(&work.repo.name);
    let (mirror, base) = (work.synced.mirror.clone(), work.base.clone());
    let worktree = tokio::task::spawn_blocking(move || mirror.worktree(&folder, &base))
        .await
        .map_err(|error| failure(Stage::Verify, &error))?
        .map_err(|error| failure(Stage::Verify, &error))?;
    work.toolchain = crate::verify::toolchain(&services.toolbox, worktree.path())
        .await
        .map_err(|error| failure(Stage::Verify, &error))?;
    let raises = release::raises(work.repo, work.survey, work.synced)?;
    let tell = |detail| tell(services, work.repo, Stage::Verify, detail);
    let prover = Prover::new(Setup {
        toolbox: &services.toolbox,
        builds: &services.builds,
        settings: &work.repo.settings,
        workspaces: &work.survey.workspaces,
        units: &work.proposal.units,
        raises,
        place: Place::Worktree { worktree, base: work.base.clone() },
        target: services.folders.target(&work.repo.name),
        toolchain: work.toolchain.clone(),
        ledger: Ledger::Journal {
            services,
            run: work.run,
            repo: &work.repo.name,
            mirror: work.synced.mirror.clone(),
            base: work.base.clone(),
        },
        tell: &tell,
        listener: Some(listener(services, work.repo)),
        depth: Depth::Everything,
    });
    prover.prove().await
}

/// Shows what cargo says it is doing as the repository's detail.
fn listener(services: &Services, repo: &RepoConfig) -> Listener {
    let (progress, repo) = (services.progress.clone(), repo.name.clone());
    Listener::new(move |line| {
        let line = line.trim();
        if ["Compiling ", "Checking ", "Running ", "Downloading "].iter().any(|start| line.starts_with(start)) {
            progress(Progress::Repository { repo: &repo, stage: Stage::Verify, detail: line.to_owned() });
        }
    })
}

/// How the declared dependencies end, given what was proved.
pub(super) fn settlements_of(proposal: &Proposal, proved: &Proved) -> Vec<Settlement> {
    let shipped: Vec<Shipped> = proved
        .lanes
        .iter()
        .flat_map(|proof| proof.shipped.iter().map(|choice| (proof.lane, choice)))
        .flat_map(|(lane, choice)| {
            let unit = &proposal.units[choice.unit.0];
            tree::updates_at(unit, choice.level).iter().map(move |update| Shipped {
                workspace: unit.workspace.clone(),
                update: update.clone(),
                lane,
            })
        })
        .collect();
    let rejected: Vec<Rejected> = proved
        .rejections
        .iter()
        .flat_map(|(unit, level, rejection)| {
            let unit = &proposal.units[unit.0];
            tree::updates_at(unit, *level).iter().map(|update| Rejected {
                workspace: unit.workspace.clone(),
                update: update.clone(),
                rejection: rejection.clone(),
            })
        })
        .collect();
    crate::plan::settle(&proposal.settlements, &shipped, &rejected, &Rejection::NotSelected)
}

fn settlements(work: &Work<'_>, proved: &Proved) -> Vec<Settlement> {
    settlements_of(&work.proposal, proved)
}

/// Publishes the lanes, merges what may be merged, and answers with the newest commit of the main branch.
///
/// A first pass publishes everything but `review` and merges it; then `review` is put on top of what the main branch is
/// now, so that it is published once and shows only its own change where the rest was merged. A partial run, one that was
/// told which crates it is about, leaves the lanes alone for which it has nothing.
async fn publish_lanes(
    services: &Services,
    work: &mut Work<'_>,
    proved: &Proved,
    is_partial: bool,
    summary: &mut RepositorySummary,
) -> Result<CommitId, StageFailure> {
    tell(services, work.repo, Stage::Publish, String::new());
    work.facts = facts::collect(services, work, &proved.lanes).await;
    let left_out = &summary.settlements;
    let routine_proof = proved.lanes.iter().find(|proof| proof.lane == Lane::Routine);
    let review_proof = proved.lanes.iter().find(|proof| proof.lane == Lane::Review);
    let base = work.base.clone();
    let routine = propose(services, work, routine_proof, &base, Below::Nothing, left_out)?;
    let below = routine.as_ref().map_or(base.clone(), |proposed| proposed.wanted.commit.clone());
    let review = propose(services, work, review_proof, &below, Below::Nothing, left_out)?;
    let wanted: Vec<_> = [&routine, &review].into_iter().flatten().map(|proposed| proposed.wanted.clone()).collect();
    let mut notes = Vec::new();
    let broader =
        if is_partial { publish::broader_than(services, work, &wanted, &mut notes).await? } else { Vec::new() };
    let is_wanted = |wanted: &[Wanted], lane| wanted.iter().any(|wanted| wanted.lane == lane);
    let is_concerned = |wanted: &[Wanted], lane| !broader.contains(&lane) && (!is_partial || is_wanted(wanted, lane));
    let concerns = |lane| lane != Lane::Review && is_concerned(&wanted, lane);
    publish::reconcile(services, work, &wanted, concerns, &mut notes).await?;

    let mut head = base;
    if let (Some(proof), Some(proposed)) = (routine_proof, &routine) {
        tell(services, work.repo, Stage::Merge, String::new());
        let merged = merge::merge(services, work, proof, proposed).await?;
        summary.pull_requests.extend(merged.summary);
        if let Some(commit) = merged.commit {
            head = after_merge(services, work, commit).await?;
        }
    }
    let is_merged = head != work.synced.base;
    work.base = head.clone();
    let stacked_on = summary.pull_requests.first().filter(|_| !is_merged).map(|pull_request| pull_request.number);
    let published = published_head(services, work, Lane::Routine).await?;
    let stands_on = if is_merged { Some(head.clone()) } else { published };
    // Only a commit of exactly the tree below is built upon: on any other, the review would undo what people did.
    let proved_below = routine_proof.and_then(|proof| proof.tree.id.clone());
    let is_proved = |commit: &CommitId| {
        let tree = work.synced.mirror.commit_info(commit).ok().map(|info| info.tree);
        tree.is_some() && tree == proved_below
    };
    let moved = is_merged && !is_proved(&head);
    let below = stands_on.filter(is_proved).unwrap_or(below);
    let on = match (routine_proof, stacked_on) {
        (Some(proof), _) if is_merged => Below::Merged(proof),
        (_, Some(number)) => Below::Open(number),
        (_, None) => Below::Nothing,
    };
    let review = match moved {
        true => None,
        false => propose(services, work, review_proof, &below, on, &summary.settlements)?,
    };
    if moved && review_proof.is_some() {
        notes.push(
            "the main branch moved while this was built: what a person decides follows in the next run".to_owned(),
        );
    }
    let routine = routine.filter(|_| !is_merged);
    let wanted: Vec<_> = [&routine, &review].into_iter().flatten().map(|proposed| proposed.wanted.clone()).collect();
    let concerns = |lane| !(moved && lane == Lane::Review) && is_concerned(&wanted, lane);
    publish::reconcile(services, work, &wanted, concerns, &mut notes).await?;
    if let (Some(proof), Some(proposed)) = (review_proof, &review) {
        let merged = merge::merge(services, work, proof, proposed).await?;
        summary.pull_requests.extend(merged.summary);
        if let Some(commit) = merged.commit {
            head = after_merge(services, work, commit).await?;
        }
    }
    notes.sort();
    notes.dedup();
    summary.notes.extend(notes);
    Ok(head)
}

fn propose(
    services: &Services,
    work: &Work<'_>,
    proof: Option<&LaneProof>,
    parent: &CommitId,
    on: Below<'_>,
    left_out: &[Settlement],
) -> Result<Option<Proposed>, StageFailure> {
    match proof {
        Some(proof) => publish::propose(services, work, proof, parent, on, left_out),
        None => Ok(None),
    }
}

/// The head of a lane's open pull request, as it is on the forge.
async fn published_head(services: &Services, work: &Work<'_>, lane: Lane) -> Result<Option<CommitId>, StageFailure> {
    let branch = reconcile::branch_of(lane);
    let existing = publish::existing(services, work).await?;
    let open = existing
        .into_iter()
        .map(|one| one.pull_request)
        .find(|pull_request| pull_request.state == PullRequestState::Open && pull_request.head == branch);
    Ok(open.map(|pull_request| pull_request.head_commit))
}

/// Fetches the mirror after a merge; the main branch is at least at the merge commit then.
async fn after_merge(services: &Services, work: &Work<'_>, commit: CommitId) -> Result<CommitId, StageFailure> {
    let synced = super::sync::sync(services, work.repo).await?;
    let has_it = synced.mirror.is_ancestor(&commit, &synced.base).unwrap_or(false);
    Ok(if has_it { synced.base } else { commit })
}

/// How a repository ended, given its pull requests.
fn status(summary: &RepositorySummary) -> RepositoryStatus {
    let is = |state| summary.pull_requests.iter().any(|pull_request| pull_request.state == state);
    if is(PullRequestState::Open) {
        RepositoryStatus::Waiting
    } else if is(PullRequestState::Merged) {
        RepositoryStatus::Merged
    } else {
        RepositoryStatus::UpToDate
    }
}

/// The summary of a repository that is only planned.
pub(super) fn planned_summary(
    repo: &RepoConfig,
    wave: usize,
    result: &Result<Proposal, StageFailure>,
) -> RepositorySummary {
    let mut summary = empty_summary(repo, wave);
    match result {
        Err(failure) => fail(&mut summary, failure.clone()),
        Ok(proposal) => {
            let units = proposal.units.iter().filter(|unit| unit.kind != UnitKind::LockRefresh);
            summary.status = RepositoryStatus::Planned { updates: units.map(|unit| unit.updates().len()).sum() };
            summary.base.clone_from(&proposal.base);
            summary.settlements.clone_from(&proposal.settlements);
            summary.notes.clone_from(&proposal.notes);
        }
    }
    summary
}

fn tell(services: &Services, repo: &RepoConfig, stage: Stage, detail: String) {
    (services.progress)(Progress::Repository { repo: &repo.name, stage, detail });
}
