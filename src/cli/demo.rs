//! `depbot demo`: a small fleet of real git repositories in a folder, and one upgrade of it.

mod fleet;

use std::path::{Path, PathBuf};

use super::args::DemoArgs;
use super::error::CliError;
use super::{Context, load, services, upgrade, world};
use crate::policy::Selection;
use crate::run::Request;

/// The file by which a demo recognizes a folder of its own.
const MARK: &str = ".depbot-demo";

pub(super) async fn demo(context: &Context, args: DemoArgs) -> Result<(), CliError> {
    let current = world::current_folder().map_err(|error| CliError::environment("the current folder", &error))?;
    let folder = current.join(&args.dir);
    make_room(&folder, &args)?;
    context.output.note(&format!(
        "Making a fleet of {} repositories in {}",
        fleet::REPOSITORIES.len(),
        folder.display()
    ));
    fleet::make(&folder).await.map_err(|message| CliError::Failed { message, hint: None })?;

    let mut context =
        Context { global: context.global.clone(), output: context.output.clone(), bars: context.bars.clone() };
    context.global.config = folder.join("repos.toml");
    context.global.state = None;
    let config = load::config(&context)?;
    let services = services::services(&context, &config, None)?;
    let selection = Selection::default();
    let request = Request { repositories: &config.repos, selection: &selection, saved: None };
    context.output.note("Upgrading it, as `depbot upgrade --all` would; the first time everything is compiled.\n");
    let summary = upgrade::run_upgrade(&context, &services, &request, false).await?;
    let page = services.folders.report(&summary.run);
    context.output.result(&farewell(&folder, &page));
    Ok(())
}

/// Makes sure that the folder is free: nothing that this program did not make is touched.
fn make_room(folder: &Path, args: &DemoArgs) -> Result<(), CliError> {
    let mut entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return create(folder),
        Err(error) => return Err(CliError::file(folder, &error)),
    };
    let shown = args.dir.display();
    if !folder.join(MARK).is_file() {
        return match entries.next() {
            None => create(folder),
            Some(_) => Err(CliError::usage(
                format!("{shown} is not empty, and no demo made it"),
                "name another folder with --dir",
            )),
        };
    }
    if !args.force {
        let hint = format!(
            "start afresh with --force, or go on there with `depbot --config {shown}/repos.toml upgrade --all`"
        );
        return Err(CliError::usage(format!("{shown} has a demo already"), hint));
    }
    std::fs::remove_dir_all(folder).map_err(|error| CliError::file(folder, &error))?;
    create(folder)
}

fn create(folder: &Path) -> Result<(), CliError> {
    let mark = folder.join(MARK);
    std::fs::create_dir_all(folder).map_err(|error| CliError::file(folder, &error))?;
    std::fs::write(&mark, "Made by `depbot demo`; `depbot demo --force` may remove this folder.\n")
        .map_err(|error| CliError::file(&mark, &error))
}

fn farewell(folder: &Path, page: &Path) -> String {
    let config = shortened(&folder.join("repos.toml"));
    let page = shortened(page);
    format!(
        "\nLook at the report: {page}\n\nThen try:\n  \
         depbot --config {config} status\n  \
         depbot --config {config} pr list\n  \
         depbot --config {config} pr show greeter 2\n  \
         depbot --config {config} why flags bitflags\n  \
         depbot --config {config} upgrade --all    # again: nothing is left to do\n"
    )
}

/// A path from the current folder, where it is below that.
fn shortened(path: &Path) -> String {
    let current = world::current_folder().unwrap_or_else(|_| PathBuf::new());
    path.strip_prefix(&current).unwrap_or(path).display().to_string()
}
