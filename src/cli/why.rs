//! `depbot why`: how a crate ended in a repository, and every newer release that was not taken.

use super::args::WhyArgs;
use super::error::CliError;
use super::{Context, services};
use crate::model::RepositorySummary;
use crate::report;

pub(super) fn why(context: &Context, args: &WhyArgs) -> Result<(), CliError> {
    let summary = newest_summary(context, &args.repo)?;
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

/// What the newest run, of whichever mode, says about a repository.
fn newest_summary(context: &Context, repo: &str) -> Result<RepositorySummary, CliError> {
    let (_, journal) = services::journal(context)?;
    for run in journal.runs()? {
        let summary = journal.summary(&run.run)?;
        let mut repositories = summary.into_iter().flat_map(|summary| summary.repositories);
        if let Some(found) = repositories.find(|found| found.repo.as_str() == repo) {
            return Ok(found);
        }
    }
    let hint = format!("run `depbot plan {repo}` first");
    Err(CliError::failed(format!("no run has looked at {repo} yet"), hint))
}
