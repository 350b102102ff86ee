//! `depbot status`: the fleet as the newest runs left it; a repository that the newest run did not come to is shown as an
//! earlier one left it.

use super::args::StatusArgs;
use super::error::CliError;
use super::{Context, load, services};
use crate::model::{RunMode, RunSummary};
use crate::{report, wire};

pub(super) fn status(context: &Context, args: &StatusArgs) -> Result<(), CliError> {
    let (_, journal) = services::journal(context)?;
    let newest = journal.latest_run(Some(RunMode::Upgrade))?;
    let Some(newest) = newest else {
        return Err(CliError::failed("there was no upgrade yet", "run `depbot upgrade --all` first"));
    };
    let mut summary: RunSummary = journal
        .summary(&newest.run)?
        .ok_or_else(|| CliError::Failed { message: format!("the journal has no run {}", newest.run), hint: None })?;
    for (repo, (_, repository)) in journal.latest_summaries()? {
        summary.pending.retain(|pending| *pending != repo);
        if !summary.repositories.iter().any(|it| it.repo == repo) {
            summary.repositories.push(repository);
        }
    }
    if let Some(names) = load::names(context) {
        summary.repositories.retain(|repository| names.contains(&repository.repo));
        summary.pending.retain(|pending| names.contains(pending));
    }
    if args.json {
        context.output.result(&wire::summary_to_json(&summary));
    } else {
        context.output.result(&report::status_table(&summary, context.output.look()));
    }
    Ok(())
}
