//! `depbot report`: what a run came to, as a page, as Markdown or as JSON.

use super::args::{ReportArgs, ReportFormat};
use super::error::CliError;
use super::{Context, services, world};
use crate::model::{RunId, RunMode};
use crate::{report, wire};

pub(super) fn report(context: &Context, args: &ReportArgs) -> Result<(), CliError> {
    let (_, journal) = services::journal(context)?;
    let run = match &args.run {
        Some(run) => {
            RunId::new(run.as_str()).map_err(|error| CliError::usage(error.to_string(), "see the report's head"))?
        }
        None => match journal.latest_run(Some(RunMode::Upgrade))?.or(journal.latest_run(None)?) {
            Some(info) => info.run,
            None => return Err(CliError::failed("there was no run yet", "run `depbot upgrade --all` first")),
        },
    };
    let Some(summary) = journal.summary(&run)? else {
        let runs: Vec<String> = journal.runs()?.into_iter().take(5).map(|info| info.run.to_string()).collect();
        return Err(CliError::usage(format!("there was no run {run}"), format!("the newest are {}", runs.join(", "))));
    };
    let text = match args.format {
        ReportFormat::Html => report::html(&summary, world::now()),
        ReportFormat::Markdown => report::markdown(&summary),
        ReportFormat::Json => wire::summary_to_json(&summary),
    };
    match &args.out {
        Some(out) => std::fs::write(out, text).map_err(|error| CliError::file(out, &error)),
        None => {
            context.output.result(&text);
            Ok(())
        }
    }
}
