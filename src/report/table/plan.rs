//! A plan as tables: what would move, and what not and why.

use std::collections::BTreeSet;

use comfy_table::{Cell, Color};

use super::{Look, at_least, bold, bump_cell, dim, new_table};
use crate::model::{Bump, CrateName, Outcome, RepoPath, Settlement, Unit, UnitKind, Update};
use crate::plan::{Plan, Proposal, RepositoryPlan};
use crate::reconcile::{ReasonGroup, one_line};
use crate::report::words::counted;

/// What a plan would do, repository by repository, and what not and why. Those where nothing is to be said are named in
/// one line below.
pub fn plan_table(plan: &Plan, look: Look) -> String {
    let mut blocks: Vec<String> = Vec::new();
    let mut quiet: Vec<&str> = Vec::new();
    for repository in &plan.repositories {
        match block(repository, look) {
            Some(block) => blocks.push(block),
            None => quiet.push(repository.repo.as_str()),
        }
    }
    if !quiet.is_empty() {
        blocks.push(format!("Nothing to do in {}.\n", quiet.join(", ")));
    }
    blocks.push(total(plan));
    blocks.join("\n")
}

fn block(repository: &RepositoryPlan, look: Look) -> Option<String> {
    let name = format!("{} (wave {})", repository.repo, repository.wave);
    let proposal = match &repository.result {
        Ok(proposal) => proposal,
        Err(failure) => {
            return Some(format!("{name}\n  failed at {}: {}\n", failure.stage, one_line(&failure.message)));
        }
    };
    let rows = rows(proposal);
    if rows.is_empty() && proposal.notes.is_empty() {
        return None;
    }
    let mut text = name;
    text.push('\n');
    if !rows.is_empty() {
        let mut table = new_table(look, &["crate", "from", "to", "bump", "lane", "why not newer"]);
        for (column, width) in [(0, 12), (1, 8), (2, 8), (3, 7), (4, 10)] {
            at_least(&mut table, column, width);
        }
        table.add_rows(rows);
        text.push_str(&format!("{}\n", table.trim_fmt()));
    }
    for note in &proposal.notes {
        text.push_str(&format!("  note: {}\n", one_line(note)));
    }
    Some(text)
}

fn rows(proposal: &Proposal) -> Vec<Vec<Cell>> {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for unit in &proposal.units {
        rows.extend(unit_rows(unit, &proposal.settlements));
    }
    rows.extend(left_behind(&proposal.settlements));
    rows
}

fn unit_rows(unit: &Unit, settlements: &[Settlement]) -> Vec<Vec<Cell>> {
    let lane = || Cell::new(unit.lane);
    let updates = match &unit.kind {
        UnitKind::LockRefresh => {
            return vec![vec![
                Cell::new(format!("the rest of the lock{}", place(&unit.workspace))),
                Cell::new(""),
                Cell::new(""),
                Cell::new(""),
                lane(),
            ]];
        }
        UnitKind::Updates(updates) => updates,
    };
    let mut first = true;
    let row = |update: &Update| {
        let settlement = settlements.iter().find(|one| one.workspace == unit.workspace && one.krate == update.krate);
        let refused = match settlement.map(|one| &one.outcome) {
            Some(Outcome::Updated { refused, .. }) => refused.first().map(ToString::to_string),
            Some(Outcome::UpToDate | Outcome::NotUpdated { .. }) | None => None,
        };
        // What must move together hangs on the first of its unit.
        let lead = if first { "" } else { "+ " };
        let name = format!("{lead}{}{}", update.krate, place(&unit.workspace));
        first = false;
        vec![
            bold(&name),
            Cell::new(&update.from),
            Cell::new(&update.to).fg(Color::Green),
            bump_cell(Some(update.bump())),
            lane(),
            dim(&one_line(&refused.unwrap_or_default())),
        ]
    };
    updates.iter().map(row).collect()
}

/// One line for each crate that stays behind for one reason, however many manifests declare it.
fn left_behind(settlements: &[Settlement]) -> Vec<Vec<Cell>> {
    let mut seen: BTreeSet<(&RepoPath, &CrateName, String)> = BTreeSet::new();
    let mut rows: Vec<(ReasonGroup, Vec<Cell>)> = Vec::new();
    for settlement in settlements {
        let Outcome::NotUpdated { refused } = &settlement.outcome else { continue };
        let Some(chief) = refused.iter().min_by_key(|refusal| ReasonGroup::of(&refusal.rejection)) else { continue };
        let group = ReasonGroup::of(&chief.rejection);
        let reason = one_line(&chief.to_string());
        if group.is_ordinary() || !seen.insert((&settlement.workspace, &settlement.krate, reason.clone())) {
            continue;
        }
        let version = |version: Option<&semver::Version>| version.map(ToString::to_string).unwrap_or_default();
        let distance = settlement.current.as_ref().zip(settlement.latest.as_ref());
        let bump = distance.filter(|(current, latest)| latest > current).map(|(from, to)| Bump::between(from, to));
        rows.push((
            group,
            vec![
                Cell::new(format!("{}{}", settlement.krate, place(&settlement.workspace))),
                Cell::new(version(settlement.current.as_ref())),
                Cell::new(""),
                bump_cell(bump),
                dim(group.key()),
                dim(&reason),
            ],
        ));
    }
    rows.sort_by_key(|(group, _)| *group);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Which workspace, where it is not the repository's root.
fn place(workspace: &RepoPath) -> String {
    if workspace.as_str().is_empty() { String::new() } else { format!(" in {workspace}") }
}

fn total(plan: &Plan) -> String {
    let proposals: Vec<&Proposal> = plan.repositories.iter().filter_map(|one| one.result.as_ref().ok()).collect();
    let updates: usize = proposals.iter().flat_map(|one| &one.units).map(|unit| unit.updates().len()).sum();
    let with = proposals.iter().filter(|one| !one.units.is_empty()).count();
    let failed = match plan.repositories.len() - proposals.len() {
        0 => String::new(),
        failed => format!("; {} could not be planned", counted(failed, "repository", "repositories")),
    };
    let current = proposals.iter().flat_map(|one| &one.settlements).filter(|one| one.outcome == Outcome::UpToDate);
    format!(
        "{} in {with} of {}; {} up to date{failed}.\n",
        counted(updates, "update", "updates"),
        counted(plan.repositories.len(), "repository", "repositories"),
        counted(current.count(), "declaration is", "declarations are"),
    )
}
