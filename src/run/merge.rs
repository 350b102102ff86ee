//! Merge: what policy allows is merged with the head that was verified, and no other.

use super::changes::changed;
use super::publish::{self, Proposed, existing, not_published};
use super::repository::Work;
use super::verify::LaneProof;
use super::{Services, repo_ref};
use crate::config::MergeWhen;
use crate::forge::{Checks, CommitText, ForgeError};
use crate::git::Lease;
use crate::model::{
    Bump, CommitId, Lane, PullRequest, PullRequestChange, PullRequestState, PullRequestSummary, Verdict,
};
use crate::plan::StageFailure;
use crate::reconcile::{self, Merge, MergeFacts, branch_of, marker};

/// What became of a lane's pull request.
pub(super) struct Merged {
    /// The base branch's commit with it, where it was merged.
    pub(super) commit: Option<CommitId>,
    /// The pull request as the report shows it; `None` when there is none.
    pub(super) summary: Option<PullRequestSummary>,
}

/// Merges a lane's pull request if policy allows it now.
pub(super) async fn merge(
    services: &Services,
    work: &Work<'_>,
    proof: &LaneProof,
    proposed: &Proposed,
) -> Result<Merged, StageFailure> {
    let branch = branch_of(proof.lane);
    let found = existing(services, work).await?;
    let Some(open) = found
        .into_iter()
        .find(|one| one.pull_request.head == branch && one.pull_request.state == PullRequestState::Open)
    else {
        return Ok(Merged { commit: None, summary: None });
    };
    let pull_request = open.pull_request;
    let repo = repo_ref(work.repo);
    let checks = match work.repo.settings.merge_when {
        MergeWhen::Checks => services.forge.checks(&repo, &pull_request.head_commit).await.map_err(not_published)?,
        MergeWhen::Verified => Checks::None,
    };
    // The main branch may have moved since the run began: what counts is what merging gives now.
    let now = super::sync::sync(services, work.repo).await?;
    let result = publish::merged_tree(&now.mirror, &now.base, &pull_request.head_commit);
    let verdict = Verdict::Pass { runs: proof.runs.clone(), red_before: proof.red_before.clone() };
    let known = marker::read(&pull_request.body);
    let pushed = known.map_or_else(|| proposed.wanted.commit.clone(), |marker| marker.head);
    let decision = reconcile::decide_merge(&MergeFacts {
        state: pull_request.state,
        lane: proof.lane,
        bump: proposed.updates.iter().map(|update| update.bump).max().unwrap_or(Bump::Minor),
        head: &pull_request.head_commit,
        pushed: &pushed,
        result: result.as_ref(),
        verified: proof.tree.id.as_ref().map(|tree| (tree, &verdict)),
        checks: &checks,
        automerge: work.repo.settings.automerge,
        merge_when: work.repo.settings.merge_when,
    });
    match decision {
        Merge::Now => merge_now(services, work, proof.lane, pull_request).await,
        Merge::Wait(reason) => Ok(waiting(proof.lane, pull_request, reason.to_string())),
        Merge::Never(reason) => Ok(waiting(proof.lane, pull_request, reason.to_string())),
    }
}

async fn merge_now(
    services: &Services,
    work: &Work<'_>,
    lane: Lane,
    pull_request: PullRequest,
) -> Result<Merged, StageFailure> {
    let repo = repo_ref(work.repo);
    let title = format!("{} ({})", pull_request.title, pull_request.number);
    let message = CommitText { title, body: String::new() };
    let method = work.repo.settings.merge_method;
    let merged = services.forge.merge(&repo, pull_request.number, &pull_request.head_commit, method, message).await;
    let commit = match merged {
        Ok(commit) => commit,
        Err(error @ (ForgeError::HeadMoved { .. } | ForgeError::Conflict { .. } | ForgeError::NotAllowed { .. })) => {
            return Ok(waiting(lane, pull_request, error.to_string()));
        }
        Err(error) => return Err(not_published(error)),
    };
    changed(services, work, pull_request.number, lane, PullRequestChange::Merged(commit.clone()))?;
    let lease = Lease::At(pull_request.head_commit.clone());
    if let Err(error) = services.git.delete_branch(&work.synced.mirror, &pull_request.head, lease).await {
        tracing::warn!(repo = %work.repo.name, branch = %pull_request.head, "the merged branch stays: {error}");
    }
    let mut summary = summary(lane, &pull_request, None);
    summary.state = PullRequestState::Merged;
    Ok(Merged { commit: Some(commit), summary: Some(summary) })
}

fn waiting(lane: Lane, pull_request: PullRequest, reason: String) -> Merged {
    Merged { commit: None, summary: Some(summary(lane, &pull_request, Some(reason))) }
}

/// A pull request as the report shows it.
pub(super) fn summary(lane: Lane, pull_request: &PullRequest, waits_for: Option<String>) -> PullRequestSummary {
    PullRequestSummary {
        number: pull_request.number,
        lane,
        title: pull_request.title.clone(),
        url: pull_request.url.clone(),
        state: pull_request.state,
        waits_for,
    }
}
