//! A plan as tables: what would move, and what not and why.

use std::collections::BTreeMap;

use comfy_table::{Cell, Color};

use super::{Look, at_least, bold, bump_cell, new_table, visible};
use crate::model::{Bump, Outcome, Settlement, Unit, UnitKind};
use crate::plan::{Plan, Proposal, RepositoryPlan};
use crate::reconcile::ReasonGroup;
use crate::report::words::counted;

/// What a plan would do, repository by repository, and what not and why.
pub fn plan_table(plan: &Plan, look: Look) -> String {
    let blocks: Vec<String> = plan.repositories.iter().map(|repository| block(repository, look)).collect();
    format!("{}\n{}\n", blocks.join("\n"), total(plan))
}

fn block(repository: &RepositoryPlan, look: Look) -> String {
    let name = format!("{} (wave {})", repository.repo, repository.wave);
    let proposal = match &repository.result {
        Ok(proposal) => proposal,
        Err(failure) => return format!("{name}\n  failed at {}: {}\n", failure.stage, visible(&failure.message)),
    };
    let rows = rows(proposal);
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
    let current = proposal.settlements.iter().filter(|one| one.outcome == Outcome::UpToDate).count();
    text.push_str(&format!("  {} up to date\n", counted(current, "declaration is", "declarations are")));
    for note in &proposal.notes {
        text.push_str(&format!("  note: {}\n", visible(note)));
    }
    text
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
            return vec![vec![Cell::new("the rest of the lock"), Cell::new(""), Cell::new(""), Cell::new(""), lane()]];
        }
        UnitKind::Updates(updates) => updates,
    };
    let mut first = true;
    let row = |update: &crate::model::Update| {
        let settlement = settlements.iter().find(|one| one.workspace == unit.workspace && one.krate == update.krate);
        let refused = match settlement.map(|one| &one.outcome) {
            Some(Outcome::Updated { refused, .. }) => refused.first().map(ToString::to_string),
            Some(Outcome::UpToDate | Outcome::NotUpdated { .. }) | None => None,
        };
        // What must move together hangs on the first of its unit.
        let name = if first { update.krate.to_string() } else { format!("+ {}", update.krate) };
        first = false;
        vec![
            bold(&name),
            Cell::new(&update.from),
            Cell::new(&update.to).fg(Color::Green),
            bump_cell(Some(update.bump())),
            lane(),
            Cell::new(visible(&refused.unwrap_or_default())).fg(Color::DarkGrey),
        ]
    };
    updates.iter().map(row).collect()
}

/// One line for each crate that stays behind for one reason, however many manifests declare it.
fn left_behind(settlements: &[Settlement]) -> Vec<Vec<Cell>> {
    let mut seen: BTreeMap<(&crate::model::CrateName, String), ()> = BTreeMap::new();
    let mut rows: Vec<(ReasonGroup, Vec<Cell>)> = Vec::new();
    for settlement in settlements {
        let Outcome::NotUpdated { refused } = &settlement.outcome else { continue };
        let Some(chief) = refused.iter().min_by_key(|refusal| ReasonGroup::of(&refusal.rejection)) else { continue };
        let group = ReasonGroup::of(&chief.rejection);
        let reason = visible(&chief.to_string());
        if group.is_ordinary() || seen.insert((&settlement.krate, reason.clone()), ()).is_some() {
            continue;
        }
        let version = |version: Option<&semver::Version>| version.map(ToString::to_string).unwrap_or_default();
        let distance = settlement.current.as_ref().zip(settlement.latest.as_ref());
        let bump = distance.filter(|(current, latest)| latest > current).map(|(from, to)| Bump::between(from, to));
        rows.push((
            group,
            vec![
                Cell::new(&settlement.krate),
                Cell::new(version(settlement.current.as_ref())),
                Cell::new(""),
                bump_cell(bump),
                Cell::new(group.key()).fg(Color::DarkGrey),
                Cell::new(reason).fg(Color::DarkGrey),
            ],
        ));
    }
    rows.sort_by_key(|(group, _)| *group);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn total(plan: &Plan) -> String {
    let proposals: Vec<&Proposal> = plan.repositories.iter().filter_map(|one| one.result.as_ref().ok()).collect();
    let updates: usize = proposals.iter().flat_map(|one| &one.units).map(|unit| unit.updates().len()).sum();
    let with = proposals.iter().filter(|one| !one.units.is_empty()).count();
    let failed = match plan.repositories.len() - proposals.len() {
        0 => String::new(),
        failed => format!("; {} could not be planned", counted(failed, "repository", "repositories")),
    };
    format!(
        "{} in {} of {}{failed}.",
        counted(updates, "update", "updates"),
        with,
        counted(plan.repositories.len(), "repository", "repositories")
    )
}
