//! What became of one working tree: what moves, what stays and why.

use std::collections::BTreeSet;

use comfy_table::{Cell, Color, Table};
use semver::Version;

use super::{Look, at_least, bold, bump_cell, dim, new_table};
use crate::model::{Bump, Outcome, Refusal, Rejection, RepoPath, Requirement, Settlement};
use crate::reconcile::{ReasonGroup, one_line};
use crate::report::words::counted;

/// Whether what is shown was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tense {
    /// It was.
    Done,
    /// It would be.
    Planned,
}

/// The dependencies of a working tree that move or stay behind, each once however many manifests declare it, and below
/// them a sentence about all of them.
pub fn tree_table(settlements: &[Settlement], tense: Tense, look: Look) -> String {
    let mut table = new_table(look, &["crate", "from", "to", "bump", "why not newer"]);
    for (column, width) in [(0, 12), (1, 8), (2, 8), (3, 7)] {
        at_least(&mut table, column, width);
    }
    let rows = add_rows(&mut table, settlements);
    let below = sentence(settlements, tense);
    if rows == 0 { format!("{below}\n") } else { super::finish(&table, &below) }
}

/// Adds what moves, then what stays behind; answers with how many rows there are.
fn add_rows(table: &mut Table, settlements: &[Settlement]) -> usize {
    let mut seen = BTreeSet::new();
    let mut rows: Vec<(ReasonGroup, String, Vec<Cell>)> = Vec::new();
    for settlement in settlements {
        let Some(row) = Row::of(settlement) else { continue };
        if seen.insert((row.name.clone(), row.from.clone(), row.to.clone(), row.why.clone())) {
            rows.push((row.group, row.name.clone(), row.cells()));
        }
    }
    let moving = |group: &ReasonGroup| *group == ReasonGroup::Nothing;
    rows.sort_by(|(one, name, _), (two, other, _)| {
        moving(two).cmp(&moving(one)).then_with(|| one.cmp(two)).then_with(|| name.cmp(other))
    });
    let count = rows.len();
    table.add_rows(rows.into_iter().map(|(.., cells)| cells));
    count
}

struct Row {
    /// What stays behind stands below what moves, by its group; what moves is in none.
    group: ReasonGroup,
    name: String,
    from: String,
    to: Option<String>,
    bump: Option<Bump>,
    why: String,
}

impl Row {
    fn of(settlement: &Settlement) -> Option<Self> {
        let (group, to, refused) = match &settlement.outcome {
            Outcome::UpToDate => return None,
            Outcome::Updated { to, refused, .. } => (ReasonGroup::Nothing, Some(to), refused.first()),
            Outcome::NotUpdated { refused } => {
                let chief = refused.iter().min_by_key(|refusal| ReasonGroup::of(&refusal.rejection))?;
                if chief.rejection == Rejection::PathDependency {
                    return None;
                }
                let group = ReasonGroup::of(&chief.rejection);
                (if group == ReasonGroup::Nothing { ReasonGroup::Cooldown } else { group }, None, Some(chief))
            }
        };
        let only_written = to.is_some() && to == settlement.current.as_ref();
        let from = if only_written { written(settlement) } else { settlement.current.clone() };
        let shown = |version: Option<&Version>| version.map(ToString::to_string).unwrap_or_default();
        let bump = from.as_ref().zip(to.or(settlement.latest.as_ref())).filter(|(from, to)| to > from);
        Some(Self {
            group,
            name: format!("{}{}", settlement.krate, place(&settlement.workspace)),
            from: shown(from.as_ref()),
            to: to.map(ToString::to_string),
            bump: bump.map(|(from, to)| Bump::between(from, to)),
            why: refused.map(why).unwrap_or_default(),
        })
    }

    fn cells(&self) -> Vec<Cell> {
        let (name, to) = match &self.to {
            Some(to) => (bold(&self.name), Cell::new(to).fg(Color::Green)),
            None => (Cell::new(&self.name), Cell::new("")),
        };
        vec![name, Cell::new(&self.from), to, bump_cell(self.bump), dim(&self.why)]
    }
}

/// The version that a requirement names.
fn written(settlement: &Settlement) -> Option<Version> {
    Requirement::parse(settlement.requirement.as_deref()?).ok()?.floor()
}

/// A reason, with the words that tell most of whoever objected.
fn why(refusal: &Refusal) -> String {
    let words = match &refusal.rejection {
        Rejection::BlockedBy { excerpt, .. } | Rejection::Culprit { excerpt, .. } => telling(excerpt),
        _ => None,
    };
    match words {
        Some(words) => one_line(&format!("{refusal} ({words})")),
        None => one_line(&refusal.to_string()),
    }
}

/// Cargo says in its second paragraph what is in the way, where it has one; in its first, what it looked for.
fn telling(excerpt: &str) -> Option<&str> {
    let second = excerpt.split("\n\n").nth(1).filter(|_| excerpt.starts_with("error: "));
    let words = second.unwrap_or(excerpt).lines().next()?.trim_start_matches("error: ");
    let words = words.trim().trim_end_matches(['.', ':']);
    (!words.is_empty()).then_some(words)
}

/// Which workspace, where it is not the tree's root.
fn place(workspace: &RepoPath) -> String {
    if workspace.as_str().is_empty() { String::new() } else { format!(" in {workspace}") }
}

fn sentence(settlements: &[Settlement], tense: Tense) -> String {
    let (mut moving, mut current, mut behind, mut folders) = (BTreeSet::new(), 0, BTreeSet::new(), 0);
    for settlement in settlements {
        let which = (&settlement.workspace, &settlement.krate, &settlement.current);
        match &settlement.outcome {
            Outcome::UpToDate => current += 1,
            Outcome::Updated { .. } => drop(moving.insert(which)),
            Outcome::NotUpdated { refused } if refused.iter().all(|it| it.rejection == Rejection::PathDependency) => {
                folders += 1;
            }
            Outcome::NotUpdated { .. } => drop(behind.insert(which)),
        }
    }
    let mut parts = Vec::new();
    if !moving.is_empty() {
        let verb = if tense == Tense::Done { "updated" } else { "would be updated" };
        parts.push(format!("{} {verb}", counted(moving.len(), "crate", "crates")));
    }
    if !behind.is_empty() {
        parts.push(counted(behind.len(), "stays as it is", "stay as they are"));
    }
    let rest = |count: usize| counted(count, "declaration is", "declarations are");
    match (current, parts.is_empty()) {
        (0, true) if folders == 0 => parts.push("There are no dependencies".to_owned()),
        (0, _) => {}
        (current, true) => {
            parts.push(format!("Everything is up to date: {}", counted(current, "dependency", "dependencies")));
        }
        (current, false) => parts.push(format!("{} up to date", rest(current))),
    }
    if folders > 0 {
        let folders = counted(folders, "declaration names a folder", "declarations name folders");
        parts.push(format!("{folders} of the tree"));
    }
    format!("{}.", parts.join("; "))
}
