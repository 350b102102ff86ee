//! `depbot upgrade`: over the fleet, or (`--path`) in one working tree.

use std::path::Path;
use std::sync::OnceLock;

use super::args::{PackageArgs, SettingArgs, UpgradeArgs};
use super::error::CliError;
use super::{Context, load, path, plan, services};
use crate::config::{RepoConfig, Settings};
use crate::journal::Journal;
use crate::model::{Event, EventBody, RepositoryStatus, RunId, RunMode, RunSummary};
use crate::plan::Plan;
use crate::policy::Selection;
use crate::run::{self, Request, Services};
use crate::{report, wire};

/// The run at work, for the moment in which it is interrupted.
static AT_WORK: OnceLock<(Journal, RunId)> = OnceLock::new();

pub(super) async fn upgrade(context: &Context, args: UpgradeArgs) -> Result<(), CliError> {
    if let Some(folder) = &args.path {
        return path::upgrade(context, folder, &args).await;
    }
    let config = load::config(context)?;
    let saved = args.plan.as_deref().map(read_plan).transpose()?;
    let mut repositories = match &saved {
        Some(saved) => planned_repositories(&config.repos, saved)?,
        None => load::selected(&config, &args.repositories.repositories, args.repositories.all)?,
    };
    repositories.iter_mut().for_each(|repo| override_settings(&mut repo.settings, &args.settings));
    let selection = selection(&args.packages);
    let services = services::services(context, &config, args.jobs)?;
    let request = Request { repositories: &repositories, selection: &selection, saved: saved.as_ref() };
    if args.dry_run {
        return plan::make(context, &services, &request, args.json, None).await;
    }
    run_upgrade(context, &services, &request, args.json).await.map(|_| ())
}

/// Runs an upgrade, shows what it came to, and answers with its summary; a failed repository makes it an error.
pub(super) async fn run_upgrade(
    context: &Context,
    services: &Services,
    request: &Request<'_>,
    json: bool,
) -> Result<RunSummary, CliError> {
    services::check_sandbox(request.repositories)?;
    services::check_cargo(&services.toolbox, services.folders.root()).await?;
    let _lock = services.folders.lock()?;
    let run = run::begin(services, RunMode::Upgrade, request.repositories)?;
    let _ = AT_WORK.set((services.journal.clone(), run.clone()));
    run::upgrade(services, &run, request).await?;
    run::end(services, &run, false)?;
    context.bars.finish();
    let summary = summary_of(services, &run)?;
    let page = services.folders.report(&run);
    write_report(&page, &summary, services)?;
    if json {
        context.output.result(&wire::summary_to_json(&summary));
    } else {
        context.output.result(&report::run_table(&summary, context.output.look()));
    }
    context.output.note(&format!("The report of this run: {}", page.display()));
    let is_bad =
        |status: &RepositoryStatus| matches!(status, RepositoryStatus::Failed { .. } | RepositoryStatus::RedBefore(_));
    match summary.repositories.iter().any(|repository| is_bad(&repository.status)) {
        true => Err(CliError::RepositoriesFailed),
        false => Ok(summary),
    }
}

fn summary_of(services: &Services, run: &RunId) -> Result<RunSummary, CliError> {
    let summary = services.journal.summary(run)?;
    summary.ok_or_else(|| CliError::Failed { message: format!("the journal has no run {run}"), hint: None })
}

fn write_report(page: &Path, summary: &RunSummary, services: &Services) -> Result<(), CliError> {
    let html = report::html(summary, (services.clock)());
    let folder = page.parent().unwrap_or(page);
    std::fs::create_dir_all(folder).map_err(|error| CliError::file(folder, &error))?;
    std::fs::write(page, html).map_err(|error| CliError::file(page, &error))
}

/// Notes in the journal that the run at work was interrupted.
pub(super) fn note_interruption(context: &Context) {
    context.bars.finish();
    if let Some((journal, run)) = AT_WORK.get() {
        let body = EventBody::RunFinished { interrupted: true };
        if let Err(error) = journal.append(&Event { run: run.clone(), at: super::world::now(), body }) {
            tracing::warn!("the interruption is not in the journal: {error}");
        }
    }
}

fn read_plan(file: &Path) -> Result<Plan, CliError> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        CliError::usage(format!("{}: {error}", file.display()), "make it with `depbot plan --all --out FILE`")
    })?;
    wire::plan_from_json(&text).map_err(|error| {
        let message = format!("{}:{}:{}: {}", file.display(), error.line, error.column, error.message);
        CliError::usage(message, "make it with `depbot plan --out FILE` of this version of depbot")
    })
}

fn planned_repositories(known: &[RepoConfig], saved: &Plan) -> Result<Vec<RepoConfig>, CliError> {
    let find = |planned: &crate::plan::RepositoryPlan| {
        known.iter().find(|repo| repo.name == planned.repo).cloned().ok_or_else(|| {
            let message = format!("the plan has a repository {} that the configuration does not have", planned.repo);
            CliError::usage(message, "make a new plan with this configuration")
        })
    };
    saved.repositories.iter().map(find).collect()
}

/// What the run is about.
pub(super) fn selection(args: &PackageArgs) -> Selection {
    Selection { packages: args.package.clone(), excluded: args.exclude.clone() }
}

/// Lets the command line win over the configuration.
pub(super) fn override_settings(settings: &mut Settings, args: &SettingArgs) {
    settings.strategy = args.strategy.unwrap_or(settings.strategy);
    settings.requirement = args.requirement.unwrap_or(settings.requirement);
    settings.pins = args.pins.unwrap_or(settings.pins);
    settings.cooldown = args.cooldown.unwrap_or(settings.cooldown);
    settings.msrv = settings.msrv && !args.ignore_rust_version;
}
