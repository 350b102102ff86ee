//! `depbot why`: how a crate ended in a repository, and every newer release that was not taken.

use super::args::WhyArgs;
use super::error::CliError;
use super::{Context, services};
use crate::model::{CrateName, Outcome, Rejection, RepositorySummary, RunMode};
use crate::report;

pub(super) fn why(context: &Context, args: &WhyArgs) -> Result<(), CliError> {
    let summary = newest_summary(context, &args.repo, &args.krate)?;
    match report::why_text(&summary, &args.krate, context.output.look()) {
        Some(text) => {
            context.output.result(&text);
            Ok(())
        }
        None => {
            let near: Vec<String> = summary
                .settlements
                .iter()
                .map(|settlement| settlement.krate.to_string())
                .filter(|name| name.contains(args.krate.as_str()) || args.krate.as_str().contains(name.as_str()))
                .collect();
            let hint = match near.as_slice() {
                [] => "only declared dependencies are decided about; the rest follows in the lock".to_owned(),
                near => format!("it declares {}", near.join(", ")),
            };
            Err(CliError::failed(format!("{} does not declare {}", args.repo, args.krate), hint))
        }
    }
}

/// What is known about a crate in a repository: what the newest upgrade that was about it found out, or else what the
/// newest run of any kind says.
fn newest_summary(context: &Context, repo: &str, krate: &CrateName) -> Result<RepositorySummary, CliError> {
    let (_, journal) = services::journal(context)?;
    let mut newest = None;
    for run in journal.runs()? {
        let summary = journal.summary(&run.run)?;
        let mut repositories = summary.into_iter().flat_map(|summary| summary.repositories);
        let Some(found) = repositories.find(|found| found.repo.as_str() == repo) else { continue };
        if run.mode == RunMode::Upgrade && is_about(&found, krate) {
            return Ok(found);
        }
        newest.get_or_insert(found);
    }
    let hint = format!("run `depbot plan {repo}` first");
    newest.ok_or_else(|| CliError::failed(format!("no run has looked at {repo} yet"), hint))
}

/// Whether a run decided about a crate, rather than being told to leave it alone.
fn is_about(summary: &RepositorySummary, krate: &CrateName) -> bool {
    let left_alone = |outcome: &Outcome| {
        matches!(outcome, Outcome::NotUpdated { refused }
            if refused.iter().all(|refusal| refusal.rejection == Rejection::NotSelected))
    };
    summary.settlements.iter().any(|settlement| settlement.krate == *krate && !left_alone(&settlement.outcome))
}
