//! `depbot pr`: the pull requests of the local forge.

use std::fmt::Write as _;

use super::args::{PrArgs, PrCommand};
use super::error::CliError;
use super::{Context, load, world};
use crate::config::{Config, ForgeConfig, RepoConfig};
use crate::forge::local::LocalForge;
use crate::forge::{CommitText, Forge, ForgeError, RepoRef};
use crate::model::{PullRequest, PullRequestNumber, PullRequestState};
use crate::report::Colour;

pub(super) async fn pr(context: &Context, command: PrCommand) -> Result<(), CliError> {
    let config = load::config(context)?;
    if config.forge != ForgeConfig::Local {
        return Err(CliError::usage(
            "`depbot pr` is for the local forge",
            "read pull requests on your forge's own pages",
        ));
    }
    let forge = LocalForge::new(world::now);
    match command {
        PrCommand::List { repo, all } => list(context, &config, &forge, repo.as_deref(), all).await,
        PrCommand::Show(args) => show(context, &config, &forge, &args).await,
        PrCommand::Diff(args) => {
            let (repo, number) = target(&config, &args)?;
            let diff = forge.diff(&repo_ref(repo), number).await.map_err(|error| failed(&args, &error))?;
            context.output.result(&if context.output.look().colour == Colour::Ansi { coloured(&diff) } else { diff });
            Ok(())
        }
        PrCommand::Merge(args) => merge(context, &config, &forge, &args).await,
        PrCommand::Close(args) => {
            let (repo, number) = target(&config, &args)?;
            forge.close(&repo_ref(repo), number).await.map_err(|error| failed(&args, &error))?;
            context.output.note(&format!("Closed {} {number}; depbot will not propose the same again.", repo.name));
            Ok(())
        }
    }
}

async fn list(
    context: &Context,
    config: &Config,
    forge: &LocalForge,
    only: Option<&str>,
    all: bool,
) -> Result<(), CliError> {
    let repositories = match only {
        Some(name) => load::selected(config, &[name.to_owned()], false)?,
        None => config.repos.clone(),
    };
    let mut lines = Vec::new();
    for repo in &repositories {
        let found = forge
            .pull_requests(&repo_ref(repo), "")
            .await
            .map_err(|error| CliError::Failed { message: format!("{}: {error}", repo.name), hint: None })?;
        let wanted = found.into_iter().filter(|it| all || it.state == PullRequestState::Open);
        lines.extend(wanted.map(|it| (repo.name.to_string(), it)));
    }
    let widest = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, it) in &lines {
        let _ = writeln!(
            text,
            "{name:widest$}  {:>4}  {:6}  {:15}  {}",
            it.number.to_string(),
            it.state,
            it.head,
            it.title
        );
    }
    if lines.is_empty() {
        context.output.note(if all { "There is no pull request." } else { "There is no open pull request." });
    }
    context.output.result(&text);
    Ok(())
}

async fn show(context: &Context, config: &Config, forge: &LocalForge, args: &PrArgs) -> Result<(), CliError> {
    let (repo, number) = target(config, args)?;
    let reference = repo_ref(repo);
    let it = forge.pull_request(&reference, number).await.map_err(|error| failed(args, &error))?;
    let comments = forge.comments(&reference, number).await.map_err(|error| failed(args, &error))?;
    let mut text = format!("{} {}\n{}\n", repo.name, it.number, it.title);
    let _ = writeln!(text, "{} · {} into {} · head {}", it.state, it.head, it.base, it.head_commit.short());
    if !it.labels.is_empty() {
        let _ = writeln!(text, "labels: {}", it.labels.join(", "));
    }
    let _ = writeln!(text, "\n{}", without_markers(&it.body));
    for comment in comments {
        let _ = writeln!(text, "\n--- comment of {}\n{}", comment.at, without_markers(&comment.text));
    }
    context.output.result(&text);
    Ok(())
}

async fn merge(context: &Context, config: &Config, forge: &LocalForge, args: &PrArgs) -> Result<(), CliError> {
    let (repo, number) = target(config, args)?;
    let reference = repo_ref(repo);
    let it: PullRequest = forge.pull_request(&reference, number).await.map_err(|error| failed(args, &error))?;
    let message = CommitText { title: format!("{} ({})", it.title, it.number), body: String::new() };
    let method = repo.settings.merge_method;
    let commit = forge
        .merge(&reference, number, &it.head_commit, method, message)
        .await
        .map_err(|error| failed(args, &error))?;
    forge.delete_branch(&reference, &it.head).await.map_err(|error| failed(args, &error))?;
    context.output.note(&format!("Merged {} {number} as {}.", repo.name, commit.short()));
    Ok(())
}

fn target<'a>(config: &'a Config, args: &PrArgs) -> Result<(&'a RepoConfig, PullRequestNumber), CliError> {
    load::selected(config, std::slice::from_ref(&args.repo), false)?;
    let repo = config.repos.iter().find(|repo| repo.name.as_str() == args.repo);
    let repo = repo.ok_or_else(|| CliError::usage("no such repository", "see `depbot status`"))?;
    Ok((repo, PullRequestNumber(args.number)))
}

fn repo_ref(repo: &RepoConfig) -> RepoRef {
    RepoRef { name: repo.name.clone(), url: repo.url.clone() }
}

fn failed(args: &PrArgs, error: &ForgeError) -> CliError {
    let hint = match error {
        ForgeError::NotFound { .. } => Some("`depbot pr list` shows what there is".to_owned()),
        ForgeError::Conflict { .. } => {
            Some("run `depbot upgrade` again: it puts its change on the new base".to_owned())
        }
        _ => None,
    };
    CliError::Failed { message: format!("{} #{}: {error}", args.repo, args.number), hint }
}

/// Markdown without the lines that only depbot reads.
fn without_markers(body: &str) -> String {
    let shown = body.lines().filter(|line| !line.trim_start().starts_with("<!-- depbot"));
    shown.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// A patch in the colours of git.
fn coloured(diff: &str) -> String {
    let paint = |line: &str| match line.as_bytes() {
        [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => format!("\x1b[1m{line}\x1b[0m\n"),
        [b'+', ..] => format!("\x1b[32m{line}\x1b[0m\n"),
        [b'-', ..] => format!("\x1b[31m{line}\x1b[0m\n"),
        [b'@', ..] => format!("\x1b[36m{line}\x1b[0m\n"),
        _ => format!("{line}\n"),
    };
    diff.lines().map(paint).collect()
}
