//! `depbot upgrade --path`: one working tree, in place.

use std::path::Path;
use std::time::{Duration, Instant};

use super::args::UpgradeArgs;
use super::error::CliError;
use super::{Context, services, upgrade, world};
use crate::config::Settings;
use crate::model::{Outcome, RepoName, RepositoryStatus, RepositorySummary, RunId, RunMode, RunSummary};
use crate::plan::{Plan, RepositoryPlan};
use crate::report::Tense;
use crate::run::{WorkingTreeError, WorkingTreeRequest, WorkingTreeResult, upgrade_working_tree};
use crate::{report, wire};

pub(super) async fn upgrade(context: &Context, folder: &Path, args: &UpgradeArgs) -> Result<(), CliError> {
    if !folder.is_dir() {
        let message = format!("{} is not a folder", folder.display());
        return Err(CliError::usage(message, "name the folder of a Cargo workspace or package"));
    }
    let (started, began) = (world::now(), Instant::now());
    let mut settings = Settings { cooldown: Duration::ZERO, ..Settings::default() };
    upgrade::override_settings(&mut settings, &args.settings);
    let selection = upgrade::selection(&args.packages);
    let cache = cache_folder();
    let registry = services::lone_registry(&cache)?;
    let toolbox = services::toolbox();
    if !args.dry_run {
        services::check_cargo(&toolbox, folder).await?;
    }
    let tell = context.bars.teller();
    let result = upgrade_working_tree(WorkingTreeRequest {
        folder,
        settings: &settings,
        selection: &selection,
        verify: !args.no_verify,
        dry_run: args.dry_run,
        registry: &registry,
        toolbox: &toolbox,
        cargo: &services::cargo_environment(),
        clock: world::now,
        tell: &tell,
    })
    .await
    .map_err(|error: WorkingTreeError| match error {
        WorkingTreeError::Io { .. } => CliError::Failed { message: error.to_string(), hint: None },
        WorkingTreeError::Stage(message) => {
            CliError::Failed { message: format!("{}: {message}", folder.display()), hint: None }
        }
    })?;
    context.bars.finish();
    show(context, args, started, began.elapsed(), &result);
    match &result.red_before {
        None if result.proposal.notes.is_empty() => Ok(()),
        None => Err(CliError::failed(
            "a part of the tree was left out, see the notes",
            "cargo refuses these manifests too: mend them, and run depbot again",
        )),
        Some(failure) => Err(CliError::failed(
            format!("the tree fails before any update ({}):\n{}", failure.phase, failure.excerpt),
            "nothing can be proved by a build that is red: mend it, or use --no-verify",
        )),
    }
}

/// Index files of a command without a state folder are kept with the user's other caches.
fn cache_folder() -> std::path::PathBuf {
    let environment = world::environment();
    let cache = environment.get("XDG_CACHE_HOME").filter(|value| !value.is_empty()).map(std::path::PathBuf::from);
    let home = || environment.get("HOME").map(|home| Path::new(home).join(".cache"));
    cache.or_else(home).unwrap_or_else(std::env::temp_dir).join("depbot").join("index")
}

fn show(context: &Context, args: &UpgradeArgs, started: jiff::Timestamp, took: Duration, result: &WorkingTreeResult) {
    let look = context.output.look();
    match (args.json, args.dry_run) {
        (true, true) => context.output.result(&wire::plan_to_json(&plan_of(result, started))),
        (true, false) => context.output.result(&wire::summary_to_json(&summary_of(result, started, took))),
        (false, dry) => {
            let tense = if dry { Tense::Planned } else { Tense::Done };
            context.output.result(&report::tree_table(&result.settlements, tense, look));
        }
    }
    if !args.json {
        for note in &result.proposal.notes {
            context.output.note(&format!("note: {note}"));
        }
    }
    if !args.dry_run && result.red_before.is_none() {
        let moved = result.lock_changes.len();
        if moved > 0 {
            let what = if moved == 1 { "package" } else { "packages" };
            context.output.note(&format!("{moved} {what} changed in the lock."));
        }
        let files: Vec<String> = result.changed.iter().map(ToString::to_string).collect();
        match files.as_slice() {
            [] => context.output.note("No file was changed."),
            files => context.output.note(&format!("Changed: {}", files.join(", "))),
        }
    }
}

fn plan_of(result: &WorkingTreeResult, created: jiff::Timestamp) -> Plan {
    let repository = RepositoryPlan {
        repo: name_of(result),
        url: result.folder.display().to_string(),
        wave: 1,
        result: Ok(result.proposal.clone()),
    };
    Plan { created, repositories: vec![repository] }
}

fn summary_of(result: &WorkingTreeResult, started: jiff::Timestamp, took: Duration) -> RunSummary {
    let is_updated = |outcome: &Outcome| matches!(outcome, Outcome::Updated { .. });
    let any = result.settlements.iter().any(|settlement| is_updated(&settlement.outcome)) || !result.changed.is_empty();
    let repository = RepositorySummary {
        repo: name_of(result),
        url: result.folder.display().to_string(),
        wave: 1,
        status: match (&result.red_before, any) {
            (Some(failure), _) => RepositoryStatus::RedBefore(failure.clone()),
            (None, true) => RepositoryStatus::Merged,
            (None, false) => RepositoryStatus::UpToDate,
        },
        base: None,
        settlements: result.settlements.clone(),
        pull_requests: Vec::new(),
        verifications: result.verifications.clone(),
        released: None,
        notes: result.proposal.notes.clone(),
        took,
    };
    RunSummary {
        run: RunId::new(started.strftime("%Y%m%d-%H%M%S").to_string()).expect("digits and a dash"),
        mode: RunMode::Upgrade,
        started,
        finished: Some(world::now()),
        interrupted: false,
        pending: Vec::new(),
        repositories: vec![repository],
    }
}

/// The folder's own name, with what no repository name can have replaced.
fn name_of(result: &WorkingTreeResult) -> RepoName {
    let name = result.folder.file_name().and_then(|name| name.to_str()).unwrap_or("tree");
    let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    RepoName::new(name.chars().map(fits).collect::<String>())
        .unwrap_or_else(|_| RepoName::new("tree").expect("a valid name"))
}
