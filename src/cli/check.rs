//! `depbot check`: whether repos.toml is right.

use super::error::CliError;
use super::{Context, load};

pub(super) fn check(context: &Context) -> Result<(), CliError> {
    let config = load::config(context)?;
    let repositories = config.repos.len();
    let plural = if repositories == 1 { "repository" } else { "repositories" };
    context.output.result(&format!("{} is right: {repositories} {plural}.", context.global.config.display()));
    Ok(())
}
