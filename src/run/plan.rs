//! Plan: what is intended for one repository, from its survey and the releases that were found.

use std::collections::BTreeSet;

use super::survey::Survey;
use super::{Services, Stage};
use crate::config::RepoConfig;
use crate::model::{
    CommitId, CrateName, ProposedUpdate, PullRequestNumber, Rejection, Releases, Settlement, UnitId, Update,
};
use crate::plan::{self, Plan, Proposal, Rejected, StageFailure};
use crate::policy::{self, Rules, Selection};

/// What the fleet knows when a repository is planned.
#[derive(Clone, Copy)]
pub(super) struct Knowledge<'a> {
    /// The releases.
    pub(super) releases: &'a Releases,
    /// The crates that the fleet itself publishes.
    pub(super) internal: &'a BTreeSet<CrateName>,
    /// What the run is about.
    pub(super) selection: &'a Selection,
    /// The plan to carry out exactly; `None` to plan afresh.
    pub(super) saved: Option<&'a Plan>,
}

/// Plans a repository, or takes its part of a saved plan if that was made for the same commit.
pub(super) fn propose(
    services: &Services,
    repo: &RepoConfig,
    base: &CommitId,
    survey: &Survey,
    closed: &[(ProposedUpdate, PullRequestNumber)],
    knowledge: Knowledge,
) -> Result<Proposal, StageFailure> {
    if let Some(saved) = knowledge.saved {
        return saved_proposal(saved, repo, base).map(|proposal| without_closed(proposal, closed));
    }
    let rules = Rules {
        settings: &repo.settings,
        holds: &repo.holds,
        selection: knowledge.selection,
        closed,
        now: (services.clock)(),
    };
    let facts = survey.facts();
    let base = Some(base.clone());
    let mut proposal = plan::propose(base, &facts, knowledge.releases, knowledge.internal, &rules, &repo.groups);
    proposal.notes.extend(survey.notes.iter().cloned());
    Ok(proposal)
}

fn saved_proposal(saved: &Plan, repo: &RepoConfig, base: &CommitId) -> Result<Proposal, StageFailure> {
    let failed = |message| StageFailure { stage: Stage::Plan.as_str(), message };
    let planned = saved.repositories.iter().find(|planned| planned.repo == repo.name);
    let proposal = match planned.map(|planned| &planned.result) {
        None => return Err(failed("the saved plan does not have this repository".to_owned())),
        Some(Err(failure)) => return Err(failure.clone()),
        Some(Ok(proposal)) => proposal,
    };
    match &proposal.base {
        Some(planned) if planned != base => Err(failed(format!(
            "the plan was made for commit {}, and the main branch is at {} now",
            planned.short(),
            base.short()
        ))),
        _ => Ok(proposal.clone()),
    }
}

/// A saved plan without what people said no to since it was made.
fn without_closed(mut proposal: Proposal, closed: &[(ProposedUpdate, PullRequestNumber)]) -> Proposal {
    let no = |update: &Update| policy::closed_as(&update.krate, &update.to, closed);
    let refused: Vec<Rejected> = proposal
        .units
        .iter()
        .filter(|unit| unit.updates().iter().any(|update| no(update).is_some()))
        .flat_map(|unit| {
            let number = unit.updates().iter().find_map(no);
            unit.updates().iter().filter_map(move |update| {
                let rejection = Rejection::ClosedByPerson { number: number? };
                Some(Rejected { workspace: unit.workspace.clone(), update: update.clone(), rejection })
            })
        })
        .collect();
    proposal.units.retain(|unit| unit.updates().iter().all(|update| no(update).is_none()));
    for (index, unit) in proposal.units.iter_mut().enumerate() {
        unit.id = UnitId(index);
    }
    let is_refused = |settlement: &Settlement| {
        refused.iter().any(|it| it.workspace == settlement.workspace && it.update.krate == settlement.krate)
    };
    for settlement in proposal.settlements.iter_mut().filter(|settlement| is_refused(settlement)) {
        let settled = plan::settle(std::slice::from_ref(settlement), &[], &refused, &Rejection::NotSelected);
        settled.into_iter().for_each(|settled| *settlement = settled);
    }
    proposal
}
