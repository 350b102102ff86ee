//! Publish: what was proved becomes commits, branches and pull requests.

use std::collections::BTreeMap;

use super::changes::changed;
use super::repository::Work;
use super::sync::failure;
use super::verify::{LaneProof, lock_difference};
use super::{Services, Stage, facts, record, repo_ref, tree};
use crate::forge::{ForgeError, PullRequestText};
use crate::git::{CommitMessage, Lease, Merged, Mirror, PushError};
use crate::model::{
    BranchName, Bump, CommitId, EventBody, Lane, ProposedUpdate, PullRequest, PullRequestChange, PullRequestNumber,
    PullRequestState, RepoPath, Settlement, Source, TreeId, Unit, Update,
};
use crate::plan::StageFailure;
use crate::reconcile::{
    self, Action, BodyFacts, BodyUpdate, Branch, BranchDeletion, Comment, Existing, HeadOwner, Origin, Push, Text,
    Wanted,
};

/// The branches that are depbot's.
pub(super) const PREFIX: &str = "depbot/";

/// A lane as it is to be published.
#[derive(Clone, Debug)]
pub(super) struct Proposed {
    pub(super) wanted: Wanted,
    pub(super) updates: Vec<BodyUpdate>,
}

/// What a lane is put on top of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Below<'a> {
    /// The main branch as it was surveyed.
    Nothing,
    /// An earlier lane's pull request, which is open.
    Open(PullRequestNumber),
    /// The main branch with what an earlier lane shipped in this run.
    Merged(&'a LaneProof),
}

impl Below<'_> {
    fn open(self) -> Option<PullRequestNumber> {
        match self {
            Self::Open(number) => Some(number),
            Self::Nothing | Self::Merged(_) => None,
        }
    }
}

/// The pull requests of a repository, those of depbot's branches only.
pub(super) async fn existing(services: &Services, work: &Work<'_>) -> Result<Vec<Existing>, StageFailure> {
    let pull_requests = services.forge.pull_requests(&repo_ref(work.repo), PREFIX).await.map_err(not_published)?;
    let existing = pull_requests.into_iter().map(|pull_request| {
        let result = match pull_request.state {
            PullRequestState::Open => merged_tree(&work.synced.mirror, &work.base, &pull_request.head_commit),
            PullRequestState::Merged | PullRequestState::Closed => None,
        };
        Existing { pull_request, result }
    });
    Ok(existing.collect())
}

/// The tree that merging `head` into `base` gives; `None` where that conflicts or is not known.
pub(super) fn merged_tree(mirror: &Mirror, base: &CommitId, head: &CommitId) -> Option<TreeId> {
    match mirror.merge(base, head) {
        Ok(Merged::Tree(tree)) => Some(tree),
        Ok(Merged::Conflicts(_)) | Err(_) => None,
    }
}

/// The commit and the text of a lane, on top of `parent`.
pub(super) fn propose(
    services: &Services,
    work: &Work<'_>,
    proof: &LaneProof,
    parent: &CommitId,
    below: Below<'_>,
    left_out: &[Settlement],
) -> Result<Option<Proposed>, StageFailure> {
    let Some(tree) = &proof.tree.id else { return Ok(None) };
    let parent_tree = work.synced.mirror.commit_info(parent).map_err(|error| failure(Stage::Publish, &error))?.tree;
    if parent_tree == *tree {
        return Ok(None);
    }
    let updates = body_updates(work, proof, below);
    let message = reconcile::commit_message(proof.lane, &updates);
    let (subject, body) = message.split_once("\n\n").unwrap_or((&message, ""));
    let message = CommitMessage { subject: subject.to_owned(), body: body.to_owned() };
    let now = (services.clock)();
    let commit = work
        .synced
        .mirror
        .commit(tree, parent, &message, &services.identity, now)
        .map_err(|error| failure(Stage::Publish, &error))?;
    let body = reconcile::body(&BodyFacts {
        repo: work.repo.name.clone(),
        lane: proof.lane,
        updates: updates.clone(),
        left_out: left_out.to_vec(),
        runs: proof.runs.clone(),
        toolchain: work.toolchain.clone(),
        tree: tree.clone(),
        red_before: proof.red_before.clone(),
        lock_changes: lock_changes(work, proof, parent)?,
        stacked_on: below.open(),
        merge_line: reconcile::merge_line(
            proof.lane,
            updates.iter().map(|update| update.bump).max().unwrap_or(Bump::Minor),
            work.repo.settings.automerge,
            work.repo.settings.merge_when,
        ),
        now,
    });
    let proposed = updates.iter().map(|update| ProposedUpdate { krate: update.krate.clone(), to: update.to.clone() });
    let wanted = Wanted {
        lane: proof.lane,
        commit,
        tree: tree.clone(),
        title: reconcile::title(proof.lane, &updates),
        body,
        labels: work.repo.settings.labels.clone(),
        reviewers: match proof.lane {
            Lane::Review => work.repo.settings.reviewers.clone(),
            Lane::Security | Lane::Routine => Vec::new(),
        },
        updates: proposed.collect(),
    };
    Ok(Some(Proposed { wanted, updates }))
}

/// What moves in the locks between the lane's parent and the lane: less than since the base, where lanes are below it.
fn lock_changes(work: &Work<'_>, proof: &LaneProof, parent: &CommitId) -> Result<Vec<String>, StageFailure> {
    let is_changed_lock = |path: &RepoPath| path.file_name() == "Cargo.lock" && proof.tree.changed.contains_key(path);
    let before = work.synced.mirror.files(parent, is_changed_lock).map_err(|error| failure(Stage::Publish, &error))?;
    let text =
        |bytes: Option<&Vec<u8>>| String::from_utf8_lossy(bytes.map(Vec::as_slice).unwrap_or_default()).into_owned();
    let locks = proof.tree.changed.iter().filter(|(path, _)| is_changed_lock(path));
    Ok(locks.flat_map(|(path, after)| lock_difference(&text(before.get(path)), &text(Some(after)))).collect())
}

fn body_updates(work: &Work<'_>, proof: &LaneProof, below: Below<'_>) -> Vec<BodyUpdate> {
    let merged: Vec<&Update> = match below {
        Below::Merged(merged) => shipped(work, merged).map(|(_, update)| update).collect(),
        Below::Nothing | Below::Open(_) => Vec::new(),
    };
    let own = shipped(work, proof).map(|(_, update)| body_update(work, &on_top_of(update, &merged)));
    let mut updates: Vec<BodyUpdate> = own.collect();
    updates
        .sort_by(|one, two| (std::cmp::Reverse(one.bump), &one.krate).cmp(&(std::cmp::Reverse(two.bump), &two.krate)));
    updates
}

/// Where a crate is declared to come from.
pub(super) fn source_of<'a>(work: &'a Work<'_>, update: &Update) -> Option<&'a Source> {
    let mut declared = work.survey.workspaces.iter().flat_map(|surveyed| &surveyed.workspace.dependencies);
    declared.find(|dependency| dependency.krate == update.krate).map(|dependency| &dependency.source)
}

fn shipped<'a>(work: &'a Work<'_>, proof: &'a LaneProof) -> impl Iterator<Item = (&'a Unit, &'a Update)> {
    let units = proof.shipped.iter().map(|choice| (&work.proposal.units[choice.unit.0], choice.level));
    units.flat_map(|(unit, level)| tree::updates_at(unit, level).iter().map(move |update| (unit, update)))
}

/// An update as it is seen from a main branch that has those of an earlier lane.
fn on_top_of(update: &Update, merged: &[&Update]) -> Update {
    let mut update = update.clone();
    if let Some(earlier) = merged.iter().find(|it| it.krate == update.krate && it.from == update.from) {
        update.from.clone_from(&earlier.to);
        for edit in &mut update.edits {
            let same = earlier.edits.iter().find(|it| it.site == edit.site && it.field == edit.field);
            if let Some(same) = same {
                edit.from.clone_from(&same.to);
            }
        }
    }
    update
}

fn body_update(work: &Work<'_>, update: &Update) -> BodyUpdate {
    let source = source_of(work, update);
    let origin = match source {
        Some(Source::Registry(crate::model::Registry::CratesIo)) => Origin::CratesIo,
        Some(source) => Origin::Other(source.to_string()),
        None => Origin::Other(String::new()),
    };
    BodyUpdate {
        krate: update.krate.clone(),
        from: update.from.clone(),
        to: update.to.clone(),
        bump: update.bump(),
        published: update.published,
        origin,
        edits: update.edits.clone(),
        facts: facts::subject(update, source).and_then(|subject| work.facts.get(&subject).cloned()),
    }
}

/// The lanes whose open pull request carries more than a partial run is about: those stay as they are, and `notes` say so.
pub(super) async fn broader_than(
    services: &Services,
    work: &Work<'_>,
    wanted: &[Wanted],
    notes: &mut Vec<String>,
) -> Result<Vec<Lane>, StageFailure> {
    let mut broader = Vec::new();
    for one in existing(services, work).await? {
        let pull_request = one.pull_request;
        let Some(lane) = reconcile::lane_of(&pull_request.head) else { continue };
        let Some(wanted) = wanted.iter().find(|wanted| wanted.lane == lane) else { continue };
        let Some(marker) = reconcile::marker::read(&pull_request.body) else { continue };
        let has_more = marker.updates.iter().any(|update| !wanted.updates.contains(update));
        if pull_request.state == PullRequestState::Open && has_more {
            notes.push(format!("{} carries more than this run is about, and stays as it is", pull_request.number));
            broader.push(lane);
        }
    }
    Ok(broader)
}

/// Makes the forge agree with what is wanted; `only` limits it to some lanes, for the first of two passes.
pub(super) async fn reconcile(
    services: &Services,
    work: &Work<'_>,
    wanted: &[Wanted],
    only: impl Fn(Lane) -> bool,
    notes: &mut Vec<String>,
) -> Result<(), StageFailure> {
    let existing = existing(services, work).await?;
    let branches = branches(services, work)?;
    let actions = reconcile::reconcile(wanted, &existing, &branches, &work.synced.branch);
    let lanes: BTreeMap<PullRequestNumber, Lane> = existing
        .iter()
        .filter_map(|one| Some((one.pull_request.number, reconcile::lane_of(&one.pull_request.head)?)))
        .collect();
    for action in actions {
        let lane = lane_of(&action, &lanes);
        if lane.is_none_or(&only) {
            tracing::info!(repo = %work.repo.name, "{action}");
            carry_out(services, work, action, lane, notes).await?;
        }
    }
    Ok(())
}

fn lane_of(action: &Action, lanes: &BTreeMap<PullRequestNumber, Lane>) -> Option<Lane> {
    match action {
        Action::Open { lane, .. } | Action::Leave { lane, .. } => Some(*lane),
        Action::Refresh { number, .. } | Action::Close { number, .. } => lanes.get(number).copied(),
        Action::DeleteBranch(deletion) => reconcile::lane_of(&deletion.branch),
    }
}

fn branches(services: &Services, work: &Work<'_>) -> Result<Vec<Branch>, StageFailure> {
    let mirror = &work.synced.mirror;
    let branches = mirror.branches_under(PREFIX).map_err(|error| failure(Stage::Publish, &error))?;
    let branch = |(name, head): (BranchName, CommitId)| {
        let committer = mirror.commit_info(&head).map(|info| info.committer_email);
        let owner = match committer {
            Ok(email) if email == services.identity.email => HeadOwner::Depbot,
            _ => HeadOwner::Person,
        };
        Branch { name, head, owner }
    };
    Ok(branches.into_iter().map(branch).collect())
}

async fn carry_out(
    services: &Services,
    work: &Work<'_>,
    action: Action,
    lane: Option<Lane>,
    notes: &mut Vec<String>,
) -> Result<(), StageFailure> {
    let repo = repo_ref(work.repo);
    let lane = lane.unwrap_or(Lane::Routine);
    match action {
        Action::Open { push, new, .. } => {
            push_branch(services, work, &push).await?;
            match services.forge.open(&repo, new).await {
                Ok(opened) => changed(services, work, opened.number, lane, PullRequestChange::Opened)?,
                Err(ForgeError::AlreadyOpen { number }) => {
                    changed(services, work, number, lane, PullRequestChange::Opened)?;
                }
                Err(error) => return Err(not_published(error)),
            }
        }
        Action::Refresh { number, text, push } => {
            changed(services, work, number, lane, PullRequestChange::Refreshed)?;
            if let Some(text) = text {
                update_text(services, work, number, text).await?;
            }
            if let Some(push) = push {
                push_branch(services, work, &push).await?;
            }
        }
        Action::Leave { number, why, comment, .. } => {
            if why != reconcile::LeaveReason::Current {
                notes.push(why.to_string());
            }
            if let (Some(number), Some(comment)) = (number, comment) {
                say_once(services, work, number, &comment).await?;
            }
        }
        Action::Close { number, text, comment, reason, delete } => {
            update_text(services, work, number, text).await?;
            say_once(services, work, number, &comment).await?;
            services.forge.close(&repo, number).await.map_err(not_published)?;
            changed(services, work, number, lane, PullRequestChange::Closed(reason.to_string()))?;
            if let Some(deletion) = delete {
                delete_branch(services, work, deletion).await?;
            }
        }
        Action::DeleteBranch(deletion) => delete_branch(services, work, deletion).await?,
    }
    Ok(())
}

async fn push_branch(services: &Services, work: &Work<'_>, push: &Push) -> Result<(), StageFailure> {
    let event = EventBody::BranchPushing {
        repo: work.repo.name.clone(),
        branch: push.branch.clone(),
        commit: push.commit.clone(),
    };
    record(services, work.run, event).map_err(|error| failure(Stage::Publish, &error))?;
    let lease = push.expect.clone().map_or(Lease::Absent, Lease::At);
    services
        .git
        .push(&work.synced.mirror, &push.branch, &push.commit, lease)
        .await
        .map_err(|error: PushError| failure(Stage::Publish, &error))
}

async fn update_text(
    services: &Services,
    work: &Work<'_>,
    number: PullRequestNumber,
    text: Text,
) -> Result<PullRequest, StageFailure> {
    let labels = work.repo.settings.labels.clone();
    let text = PullRequestText { title: text.title, body: text.body, labels };
    services.forge.update(&repo_ref(work.repo), number, text).await.map_err(not_published)
}

async fn say_once(
    services: &Services,
    work: &Work<'_>,
    number: PullRequestNumber,
    comment: &Comment,
) -> Result<(), StageFailure> {
    let repo = repo_ref(work.repo);
    let said = services.forge.comments(&repo, number).await.map_err(not_published)?;
    if comment.is_among(said.iter().map(|comment| comment.text.as_str())) {
        return Ok(());
    }
    services.forge.comment(&repo, number, &comment.text).await.map_err(not_published)
}

async fn delete_branch(services: &Services, work: &Work<'_>, deletion: BranchDeletion) -> Result<(), StageFailure> {
    services
        .git
        .delete_branch(&work.synced.mirror, &deletion.branch, Lease::At(deletion.expect))
        .await
        .map_err(|error| failure(Stage::Publish, &error))
}

pub(super) fn not_published(error: ForgeError) -> StageFailure {
    failure(Stage::Publish, &error)
}
