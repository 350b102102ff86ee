//! What helps around the program: schemas, completions, manual pages.

use std::path::Path;

use clap::CommandFactory;

use super::Context;
use super::args::{Cli, SchemaArgs};
use super::error::CliError;
use crate::wire;

pub(super) fn schema(context: &Context, args: &SchemaArgs) -> Result<(), CliError> {
    let file = format!("{}.schema.json", args.of);
    let schema = wire::schemas().into_iter().find(|(name, _)| *name == file);
    let (_, text) = schema.ok_or_else(|| CliError::usage(format!("there is no schema {:?}", args.of), "see --help"))?;
    context.output.result(&text);
    Ok(())
}

pub(super) fn completions(context: &Context, shell: clap_complete::Shell) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "depbot", &mut script);
    context.output.result(&String::from_utf8_lossy(&script));
    Ok(())
}

pub(super) fn man(folder: &Path) -> Result<(), CliError> {
    std::fs::create_dir_all(folder).map_err(|error| CliError::file(folder, &error))?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(|error| CliError::file(folder, &error))
}
