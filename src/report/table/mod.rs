//! Tables for the terminal, as wide as told, in colour or not.

mod plan;
mod tree;
mod why;

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width,
};

pub use plan::plan_table;
pub use tree::{Tense, tree_table};
pub use why::why_text;

use super::figures::{Fleet, Repository, StatusKind, status_detail};
use super::words::{counted, duration, lead};
use crate::model::{Bump, PullRequestState, RunSummary};
use crate::reconcile::{ReasonGroup, one_line};

/// A line below the header, and else nothing between people and what they read.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// How a table is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The most columns it may take.
    pub width: u16,
    /// Whether it may use colour.
    pub colour: Colour,
}

/// Whether text may use the terminal's colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// It may.
    Ansi,
    /// Plain text.
    None,
}

/// The fleet: how far behind, open pull requests, held, failing. Those that need a person come first.
pub fn status_table(summary: &RunSummary, look: Look) -> String {
    let fleet = Fleet::of(summary);
    let mut table = new_table(look, &["repository", "status", "behind", "major", "held", "breaks", "open"]);
    right(&mut table, &[2, 3, 4, 5]);
    for repository in &fleet.repositories {
        let counts = &repository.counts;
        let of = |group| counts.reasons.get(&group).copied().unwrap_or(0);
        let majors = counts.distance.get(&Bump::Major).copied().unwrap_or(0);
        table.add_row(vec![
            bold(repository.summary.repo.as_str()),
            status_cell(repository),
            number(counts.behind + counts.proposed, Color::Yellow),
            number(majors, Color::Yellow),
            number(of(ReasonGroup::Held), Color::Magenta),
            number(of(ReasonGroup::Breaks), Color::Red),
            Cell::new(pull_requests(repository, PullRequestState::Open)),
        ]);
    }
    for repo in &summary.pending {
        table.add_row(vec![bold(repo.as_str()), dim("not done yet")]);
    }
    finish(&table, &lead(summary, &fleet))
}

/// What a run did, repository by repository.
pub fn run_table(summary: &RunSummary, look: Look) -> String {
    let fleet = Fleet::of(summary);
    let mut table = new_table(look, &["repository", "status", "moves", "behind", "pull requests", "took"]);
    right(&mut table, &[2, 3, 5]);
    for repository in &fleet.repositories {
        let counts = &repository.counts;
        let merged = pull_requests(repository, PullRequestState::Merged);
        let open = pull_requests(repository, PullRequestState::Open);
        let states = [(merged, "merged"), (open, "open")].into_iter().filter(|(numbers, _)| !numbers.is_empty());
        let states: Vec<String> = states.map(|(numbers, state)| format!("{numbers} {state}")).collect();
        table.add_row(vec![
            bold(repository.summary.repo.as_str()),
            status_cell(repository),
            number(counts.moved + counts.proposed, Color::Green),
            number(counts.behind, Color::Yellow),
            Cell::new(states.join(", ")),
            dim(&duration(repository.summary.took)),
        ]);
    }
    finish(&table, &run_footer(summary, &fleet))
}

fn run_footer(summary: &RunSummary, fleet: &Fleet<'_>) -> String {
    let mut text = lead(summary, fleet);
    if !fleet.counts.reasons.is_empty() {
        let reasons = fleet.counts.reasons.iter();
        let reasons: Vec<String> = reasons.map(|(group, count)| format!("{count} {}", group.key())).collect();
        text.push_str(&format!("\n{} behind: {}.", counted(fleet.counts.behind, "stays", "stay"), reasons.join(", ")));
    }
    text
}

fn status_cell(repository: &Repository<'_>) -> Cell {
    let kind = StatusKind::of(&repository.summary.status);
    let colour = match kind {
        StatusKind::Failed | StatusKind::RedBefore => Color::Red,
        StatusKind::Waiting => Color::Yellow,
        StatusKind::Planned => Color::Blue,
        StatusKind::Merged | StatusKind::UpToDate => Color::Green,
    };
    let text = match status_detail(&repository.summary.status) {
        detail if detail.is_empty() => kind.label().to_owned(),
        detail => format!("{}: {}", kind.label(), one_line(&detail)),
    };
    Cell::new(text).fg(colour)
}

fn pull_requests(repository: &Repository<'_>, state: PullRequestState) -> String {
    let numbers: Vec<String> = repository.pull_requests(state).map(|one| one.number.to_string()).collect();
    numbers.join(" ")
}

fn new_table(look: Look, header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic);
    table.force_no_tty().set_width(look.width.max(40));
    let styled = look.colour == Colour::Ansi;
    if styled {
        table.enforce_styling();
    }
    table.set_header(header.iter().map(|title| dim(title)));
    table
}

/// Numbers stand to the right; columns of names and versions are never broken.
fn right(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

fn at_least(table: &mut Table, column: usize, width: u16) {
    if let Some(column) = table.column_mut(column) {
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
    }
}

fn finish(table: &Table, below: &str) -> String {
    format!("{}\n\n{below}\n", table.trim_fmt())
}

fn bold(text: &str) -> Cell {
    Cell::new(text).add_attribute(Attribute::Bold)
}

fn dim(text: &str) -> Cell {
    Cell::new(text).add_attribute(Attribute::Dim)
}

fn number(count: usize, colour: Color) -> Cell {
    if count == 0 { Cell::new("") } else { Cell::new(count).fg(colour) }
}

fn bump_cell(bump: Option<Bump>) -> Cell {
    match bump {
        Some(Bump::Major) => Cell::new("major").fg(Color::Red),
        Some(Bump::Minor) => Cell::new("minor").fg(Color::Yellow),
        Some(Bump::Patch) => Cell::new("patch").fg(Color::Green),
        None => Cell::new(""),
    }
}
