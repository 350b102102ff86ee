//! The adapters of a run, made from the configuration and the environment.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Semaphore;

use super::error::CliError;
use super::{Context, load, world};
use crate::config::{Config, ForgeConfig, RepoConfig, Sandbox};
use crate::forge::Forge;
use crate::forge::github::{GitHubCredentials, GitHubForge, GitHubOptions, Timing};
use crate::forge::local::LocalForge;
use crate::git::{Credentials, Git, GitError, GitOptions, Identity, redact};
use crate::journal::Journal;
use crate::model::{LookupFailure, RepoPath};
use crate::registry::{self, CratesIo, CratesIoOptions, Registry, RegistryOptions};
use crate::run::{Folders, Services};
use crate::verify::{self, Toolbox};

/// How depbot calls itself towards servers.
const USER_AGENT: &str = concat!("depbot/", env!("CARGO_PKG_VERSION"), " (", env!("CARGO_PKG_REPOSITORY"), ")");

/// The longest silence of a git server.
const GIT_TIMEOUT: Duration = Duration::from_secs(60);

/// The state folder: the one asked for, or `.depbot` beside the configuration.
pub(super) fn state_folder(context: &Context) -> Result<PathBuf, CliError> {
    match &context.global.state {
        Some(folder) => Ok(folder.clone()),
        None => Ok(load::folder_of(&context.global.config)?.join(".depbot")),
    }
}

/// The state folder and its journal, for commands that only read.
pub(super) fn journal(context: &Context) -> Result<(Folders, Journal), CliError> {
    let folder = state_folder(context)?;
    if !folder.is_dir() {
        let message = format!("there is no state folder {}: nothing has been run here yet", folder.display());
        return Err(CliError::failed(message, "run `depbot upgrade --all` or `depbot plan --all` first"));
    }
    let folders = Folders::open(&folder)?;
    let journal = Journal::open(&folders.journal())?;
    Ok((folders, journal))
}

/// Everything a run acts through; `jobs` repositories build at the same time.
pub(super) fn services(context: &Context, config: &Config, jobs: Option<u16>) -> Result<Services, CliError> {
    crate::process::end_orphans();
    let folders = Folders::open(&state_folder(context)?)?;
    let journal = Journal::open(&folders.journal())?;
    let (forge, credentials) = forge(config)?;
    let git = git(credentials);
    let registry = registry(&folders.index(), git.clone())?;
    Ok(Services {
        git,
        registry,
        crates_io: Some(CratesIo::new(CratesIoOptions::new(folders.index(), USER_AGENT))?),
        forge,
        journal,
        toolbox: toolbox(),
        folders,
        cargo: cargo_environment(),
        registries: config.registries.clone(),
        clock: world::now,
        identity: identity(),
        progress: context.bars.sink(),
        builds: Arc::new(Semaphore::new(builds_at_once(jobs))),
    })
}

/// Refuses to run code without the sandbox that somebody insists on.
pub(super) fn check_sandbox(repositories: &[RepoConfig]) -> Result<(), CliError> {
    match repositories.iter().find(|repo| repo.settings.sandbox == Sandbox::Require) {
        None => Ok(()),
        Some(repo) => Err(CliError::Environment {
            message: format!("{} requires a sandbox, and this version of depbot has none", repo.name),
            hint: Some("write sandbox = \"off\" where its commands may run without one".to_owned()),
        }),
    }
}

/// Who commits, tags and merges.
fn identity() -> Identity {
    Identity { name: "depbot".to_owned(), email: "depbot@users.noreply.github.com".to_owned() }
}

fn builds_at_once(jobs: Option<u16>) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    jobs.map_or_else(|| cores.div_ceil(2).clamp(2, 8), usize::from)
}

/// Repositories, opened with `credentials`.
fn git(credentials: Credentials) -> Git {
    let mut environment = world::environment();
    let ssh_command = environment.remove("GIT_SSH_COMMAND");
    let hidden_variables = environment.into_keys().filter(|name| is_secret(name)).collect();
    Git::new(GitOptions { credentials, ssh_command, hidden_variables, timeout: GIT_TIMEOUT })
}

/// Whether a variable of this name looks as if it held a secret. What ssh itself reads is not called so.
fn is_secret(name: &str) -> bool {
    ["_TOKEN", "_SECRET", "_PASSWORD", "_KEY"].iter().any(|mark| name.contains(mark))
}

/// Where pull requests live, and what opens its repositories.
fn forge(config: &Config) -> Result<(Arc<dyn Forge>, Credentials), CliError> {
    match &config.forge {
        ForgeConfig::Local => Ok((Arc::new(LocalForge::new(world::now)), Credentials::none())),
        ForgeConfig::GitHub { api_url } => {
            let forge = GitHubForge::new(GitHubOptions {
                api_url: api_url.clone(),
                credentials: github_credentials()?,
                clock: world::now,
                user_agent: USER_AGENT.to_owned(),
                timing: Timing::default(),
            })
            .map_err(|error| CliError::environment("GitHub cannot be used", &error))?;
            let credentials = forge.git_credentials();
            Ok((Arc::new(forge), credentials))
        }
    }
}

/// The token of the environment; it never stands in a file that depbot reads.
fn github_credentials() -> Result<GitHubCredentials, CliError> {
    let environment = world::environment();
    match environment.get("DEPBOT_GITHUB_TOKEN").filter(|token| !token.is_empty()) {
        Some(token) => Ok(GitHubCredentials::token(token)),
        None => Err(CliError::Environment {
            message: "there are no credentials for GitHub".to_owned(),
            hint: Some(
                "set DEPBOT_GITHUB_TOKEN to a token that may read and write contents and pull requests, and read checks \
                 and commit statuses"
                    .to_owned(),
            ),
        }),
    }
}

/// The client of all registries, which reads git indexes and the tags of git repositories with `git`.
pub(super) fn registry(cache: &Path, git: Git) -> Result<Registry, CliError> {
    let registry = Registry::new(RegistryOptions::new(cache, USER_AGENT))?;
    let mirrors = cache.join("git");
    let with_git = git.clone();
    let indexes = Box::new(move |url: String, paths: Vec<String>| {
        let (git, mirrors) = (with_git.clone(), mirrors.clone());
        async move {
            let files = index_files(&git, &mirrors, &url, paths).await;
            files.map_err(|error| unreadable(&url, &error))
        }
        .boxed()
    });
    let tags = Box::new(move |url: String| {
        let git = git.clone();
        async move {
            let tags = git.remote_tags(&url).await.map_err(|error| unreadable(&url, &error))?;
            Ok(tags.into_iter().map(|(tag, _)| tag).collect())
        }
        .boxed()
    });
    Ok(registry.with_git_indexes(indexes).with_tags(tags))
}

/// Files of a git index, from a mirror of it.
async fn index_files(
    git: &Git,
    mirrors: &Path,
    url: &str,
    paths: Vec<String>,
) -> Result<Vec<Option<Vec<u8>>>, GitError> {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' };
    let shown = redact(url);
    // URLs that differ in their punctuation alone are two mirrors.
    let hash = fingerprint(&shown);
    let name: String = shown.chars().map(plain).collect();
    let mirror = git.sync(&mirrors.join(format!("{name}-{hash:016x}")), url).await?;
    let head = mirror.head(&mirror.default_branch()?)?;
    let Some(head) = head else { return Ok(vec![None; paths.len()]) };
    let wanted: BTreeSet<&str> = paths.iter().map(String::as_str).collect();
    let mut files = mirror.files(&head, |path| wanted.contains(path.as_str()))?;
    let take = |path: &String| RepoPath::new(path.as_str()).ok().and_then(|path| files.remove(&path));
    Ok(paths.iter().map(take).collect())
}

/// FNV-1a: the same in each version of depbot and Rust, so that mirrors are found again.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn unreadable(url: &str, error: &GitError) -> LookupFailure {
    LookupFailure::Unreadable { source_name: redact(url), message: error.to_string() }
}

/// A client of all registries for a command without a state folder.
pub(super) fn lone_registry(cache: &Path) -> Result<Registry, CliError> {
    registry(cache, git(Credentials::none()))
}

/// What cargo's configuration outside of repositories is.
pub(super) fn cargo_environment() -> registry::Environment {
    registry::Environment { vars: world::environment(), cargo_home: world::cargo_home() }
}

/// Cargo, which may not be there.
pub(super) fn toolbox() -> Toolbox {
    Toolbox { environment: world::environment(), cargo: PathBuf::from("cargo"), jobs: None }
}

/// Says so early when there is no cargo: upgrading needs it, planning does not.
pub(super) async fn check_cargo(toolbox: &Toolbox, folder: &Path) -> Result<(), CliError> {
    verify::toolchain(toolbox, folder).await.map(drop).map_err(|error| CliError::Environment {
        message: format!("cargo cannot be used: {error}"),
        hint: Some("install Rust from https://rustup.rs, or put cargo and rustc into PATH".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssh_is_not_told_what_looks_like_a_secret() {
        let check = |name: &str, expect: bool| assert_eq!(is_secret(name), expect, "{name}");
        for name in
            ["CARGO_REGISTRIES_ACME_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "DEPBOT_GITHUB_APP_PRIVATE_KEY"]
        {
            check(name, true);
        }
        for name in ["SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "HOME", "PATH"] {
            check(name, false);
        }
    }

    #[test]
    fn urls_that_differ_in_punctuation_are_two_mirrors() {
        assert_ne!(fingerprint("https://host/a_b"), fingerprint("https://host/a/b"));
        assert_eq!(fingerprint(""), 0xcbf2_9ce4_8422_2325);
    }
}
