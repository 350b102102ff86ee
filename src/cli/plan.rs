//! `depbot plan`: what would be done, and what not and why.

use std::path::Path;

use super::args::PlanArgs;
use super::error::CliError;
use super::{Context, load, services, upgrade};
use crate::model::RunMode;
use crate::run::{self, Request, Services};
use crate::{report, wire};

pub(super) async fn plan(context: &Context, args: PlanArgs) -> Result<(), CliError> {
    let config = load::config(context)?;
    let mut repositories = load::selected(&config, &args.repositories.repositories, args.repositories.all)?;
    repositories.iter_mut().for_each(|repo| upgrade::override_settings(&mut repo.settings, &args.settings));
    let selection = upgrade::selection(&args.packages);
    let services = services::services(context, &config, None)?;
    let request = Request { repositories: &repositories, selection: &selection, saved: None };
    make(context, &services, &request, args.json, args.out.as_deref()).await
}

/// Makes a plan and shows it; with `out` it is saved too.
pub(super) async fn make(
    context: &Context,
    services: &Services,
    request: &Request<'_>,
    json: bool,
    out: Option<&Path>,
) -> Result<(), CliError> {
    let _lock = services.folders.lock()?;
    let run = run::begin(services, RunMode::Plan, request.repositories)?;
    let plan = run::plan(services, &run, request).await?;
    run::end(services, &run, false)?;
    context.bars.finish();
    let text = (json || out.is_some()).then(|| wire::plan_to_json(&plan));
    if let (Some(out), Some(text)) = (out, &text) {
        std::fs::write(out, text).map_err(|error| CliError::file(out, &error))?;
    }
    match (json, &text) {
        (true, Some(text)) => context.output.result(text),
        _ => context.output.result(&report::plan_table(&plan, context.output.look())),
    }
    if let Some(out) = out {
        let file = out.display();
        context.output.note(&format!("The plan is in {file}; `depbot upgrade --plan {file}` carries it out."));
    }
    let traffic = services.registry.traffic();
    tracing::info!(
        requests = traffic.requests,
        not_modified = traffic.not_modified,
        bytes = traffic.bytes,
        "registries"
    );
    match plan.repositories.iter().any(|repository| repository.result.is_err()) {
        true => Err(CliError::RepositoriesFailed),
        false => Ok(()),
    }
}
