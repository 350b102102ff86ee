//! Tables for the terminal.

use crate::model::{CrateName, RepositorySummary, RunSummary};
use crate::plan::Plan;

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

/// What a plan would do, repository by repository, and what not and why.
pub fn plan_table(plan: &Plan, look: Look) -> String {
    let _ = (plan, look);
    String::new()
}

/// The fleet: how far behind, open pull requests, held, failing.
pub fn status_table(summary: &RunSummary, look: Look) -> String {
    let _ = (summary, look);
    String::new()
}

/// What a run did, repository by repository.
pub fn run_table(summary: &RunSummary, look: Look) -> String {
    let _ = (summary, look);
    String::new()
}

/// Every site of a crate in a repository, with how it ends and everything that was refused; `None` where the repository
/// does not declare it.
pub fn why_text(repository: &RepositorySummary, krate: &CrateName, look: Look) -> Option<String> {
    let _ = (repository, krate, look);
    None
}
