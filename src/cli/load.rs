//! `repos.toml` from the file, with its problems shown in place.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource};

use super::error::CliError;
use super::{Context, world};
use crate::config::{self, Config, Problem, RepoConfig};
use crate::model::RepoName;

/// Reads the configuration that the command line names.
pub(super) fn config(context: &Context) -> Result<Config, CliError> {
    config_at(context, &context.global.config)
}

/// Reads a configuration; relative repository paths start from its folder.
pub(super) fn config_at(context: &Context, file: &Path) -> Result<Config, CliError> {
    let text = read(file)?;
    let today = TimeZone::UTC.to_datetime(world::now()).date();
    let mut config = config::parse(&text, today).map_err(|problems| {
        show(context, file, &text, &problems);
        CliError::Config { problems: problems.len(), file: file.display().to_string() }
    })?;
    let folder = folder_of(file)?;
    for repo in &mut config.repos {
        repo.url = absolute_url(&repo.url, &folder);
    }
    Ok(config)
}

fn read(file: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => CliError::usage(
            format!("there is no {}", file.display()),
            "name the file with --config, or see `depbot demo` make one; \
             `depbot upgrade --path .` needs none",
        ),
        _ => CliError::usage(format!("{}: {error}", file.display()), "it has to be a readable file in UTF-8"),
    })
}

/// The names of the repositories, where the configuration is there and right.
pub(super) fn names(context: &Context) -> Option<BTreeSet<RepoName>> {
    let text = std::fs::read_to_string(&context.global.config).ok()?;
    let today = TimeZone::UTC.to_datetime(world::now()).date();
    let config = config::parse(&text, today).ok()?;
    Some(config.repos.into_iter().map(|repo| repo.name).collect())
}

/// The absolute folder that a file is in.
pub(super) fn folder_of(file: &Path) -> Result<PathBuf, CliError> {
    let current = world::current_folder().map_err(|error| CliError::environment("the current folder", &error))?;
    let file = current.join(file);
    Ok(file.parent().map_or(current, Path::to_path_buf))
}

/// A plain path becomes absolute; URLs and `host:path` stay.
fn absolute_url(url: &str, folder: &Path) -> String {
    let is_scp_like = url.split_once(':').is_some_and(|(host, _)| !host.contains('/'));
    if url.contains("://") || is_scp_like { url.to_owned() } else { folder.join(url).display().to_string() }
}

/// The repositories that the command line names, in the order of the file.
pub(super) fn selected(config: &Config, names: &[String], all: bool) -> Result<Vec<RepoConfig>, CliError> {
    if all {
        return Ok(config.repos.clone());
    }
    for name in names {
        if !config.repos.iter().any(|repo| repo.name.as_str() == name) {
            let known: Vec<&str> = config.repos.iter().map(|repo| repo.name.as_str()).collect();
            let message = format!("the configuration has no repository {name:?}");
            return Err(CliError::usage(message, format!("it has {}", known.join(", "))));
        }
    }
    Ok(config.repos.iter().filter(|repo| names.iter().any(|name| name == repo.name.as_str())).cloned().collect())
}

/// Shows problems the way rustc does.
pub(super) fn show(context: &Context, file: &Path, text: &str, problems: &[Problem]) {
    let theme =
        if context.output.is_coloured() { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
    let masked = config::masked(text);
    for problem in problems {
        let shown = Shown { problem, source: NamedSource::new(file.display().to_string(), masked.clone()) };
        let mut report = String::new();
        if handler.render_report(&mut report, &shown).is_ok() {
            eprintln!("{}\n", report.trim_end());
        }
    }
}

/// A problem as miette shows it.
#[derive(Debug)]
struct Shown<'a> {
    problem: &'a Problem,
    source: NamedSource<String>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.problem.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let main = LabeledSpan::new_primary_with_span(None, self.problem.span.clone());
        let related = self
            .problem
            .related
            .iter()
            .map(|(span, label)| LabeledSpan::new_with_span(Some(label.clone()), span.clone()));
        Some(Box::new(std::iter::once(main).chain(related)))
    }
}
