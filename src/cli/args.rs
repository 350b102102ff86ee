//! The command line: what can be typed, and its help.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{Pattern, Pins, RequirementStyle, Strategy};
use crate::model::CrateName;

/// Keeps a fleet of Rust repositories on the latest versions of everything they depend on.
#[derive(Debug, Parser)]
#[command(name = "depbot", version, max_term_width = 110, propagate_version = false)]
#[command(after_help = "New here? `depbot demo` makes a small fleet and upgrades it; \
                        `depbot upgrade --path .` upgrades the project in this folder.")]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: GlobalArgs,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct GlobalArgs {
    /// The fleet's configuration.
    #[arg(long, global = true, value_name = "FILE", default_value = "repos.toml", env = "DEPBOT_CONFIG")]
    pub(super) config: PathBuf,
    /// Where mirrors, target folders and the journal are kept [default: .depbot beside the configuration].
    #[arg(long, global = true, value_name = "FOLDER", env = "DEPBOT_STATE")]
    pub(super) state: Option<PathBuf>,
    /// Say only what went wrong.
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say more; twice for everything.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Whether output is coloured: auto (on a terminal, unless NO_COLOR is set), always or never.
    #[arg(long, global = true, value_enum, default_value_t = ColorArg::Auto, value_name = "WHEN")]
    #[arg(hide_possible_values = true)]
    pub(super) color: ColorArg,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorArg {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Upgrade repositories: build and test, open pull requests, merge what policy allows.
    Upgrade(UpgradeArgs),
    /// Show what an upgrade would do, and what not and why; change nothing.
    Plan(PlanArgs),
    /// Read, merge or close pull requests of the local forge.
    #[command(subcommand)]
    Pr(PrCommand),
    /// Tell why a crate is at the version it is at in a repository.
    Why(WhyArgs),
    /// Show the fleet: how far behind, open pull requests, held, failing.
    Status(StatusArgs),
    /// Show what a run came to.
    Report(ReportArgs),
    /// Check the configuration: every problem, and what to write instead.
    Check,
    /// Print a JSON Schema: of repos.toml, the plan file, the JSON report or the events.
    Schema(SchemaArgs),
    /// Make a small fleet of real repositories in a folder, and upgrade it.
    Demo(DemoArgs),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder.
    Man {
        /// The folder; made when it is not there.
        folder: PathBuf,
    },
}

/// Which repositories.
#[derive(Clone, Debug, Args)]
pub(super) struct RepositoryArgs {
    /// Repositories by name.
    #[arg(value_name = "REPO")]
    pub(super) repositories: Vec<String>,
    /// Every repository of the configuration.
    #[arg(long, conflicts_with = "repositories")]
    pub(super) all: bool,
}

/// Which crates.
#[derive(Clone, Debug, Args)]
pub(super) struct PackageArgs {
    /// Only this crate (a glob is fine), perhaps at one version; may be given several times.
    #[arg(long, short, value_name = "CRATE[@VERSION]", value_parser = parse_package)]
    pub(super) package: Vec<(Pattern, Option<semver::Version>)>,
    /// Not this crate (a glob is fine); may be given several times.
    #[arg(long, value_name = "CRATE", value_parser = parse_pattern)]
    pub(super) exclude: Vec<Pattern>,
}

/// Settings that the command line may override.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct SettingArgs {
    /// How far releases are followed: latest, compatible or lockfile.
    #[arg(long, value_name = "STRATEGY", value_parser = parse_strategy)]
    pub(super) strategy: Option<Strategy>,
    /// When a requirement is rewritten: bump (it names the new version) or if-needed (only when it does not admit it).
    #[arg(long, value_name = "STYLE", value_parser = parse_requirement)]
    pub(super) requirement: Option<RequirementStyle>,
    /// Whether requirements with =, <, <= or * may be opened for newer releases: upgrade or keep.
    #[arg(long, value_name = "PINS", value_parser = parse_pins)]
    pub(super) pins: Option<Pins>,
    /// How old a release must be, for example 3d or 12h; 0 takes everything.
    #[arg(long, value_name = "AGE", value_parser = parse_duration)]
    pub(super) cooldown: Option<Duration>,
    /// Take releases that need a newer Rust than the package promises.
    #[arg(long)]
    pub(super) ignore_rust_version: bool,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").args(["repositories", "all", "path", "plan"]).required(true)))]
pub(super) struct UpgradeArgs {
    #[command(flatten)]
    pub(super) repositories: RepositoryArgs,
    /// Upgrade the Cargo workspaces of this folder in place: no fleet, no pull requests.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["repositories", "all"])]
    pub(super) path: Option<PathBuf>,
    /// Carry out exactly what this file of `depbot plan --out` says.
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "repositories", "all", "path", "package", "exclude", "strategy", "requirement", "pins", "cooldown",
        "ignore_rust_version",
    ])]
    pub(super) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(super) packages: PackageArgs,
    #[command(flatten)]
    pub(super) settings: SettingArgs,
    /// Show what would be done and change nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// With --path: do not build and test.
    #[arg(long, conflicts_with_all = ["repositories", "all", "plan"])]
    pub(super) no_verify: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// How many repositories are built at the same time [default: half of the cores, 2 to 8].
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) jobs: Option<u16>,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").args(["repositories", "all"]).required(true)))]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) repositories: RepositoryArgs,
    #[command(flatten)]
    pub(super) packages: PackageArgs,
    #[command(flatten)]
    pub(super) settings: SettingArgs,
    /// Print the plan as JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// Save the plan, for `depbot upgrade --plan`.
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum PrCommand {
    /// List pull requests.
    List {
        /// Only of this repository.
        repo: Option<String>,
        /// Also merged and closed ones.
        #[arg(long)]
        all: bool,
    },
    /// Show a pull request: title, state and text.
    Show(PrArgs),
    /// Show what a pull request changes.
    Diff(PrArgs),
    /// Merge a pull request.
    Merge(PrArgs),
    /// Close a pull request without merging it.
    Close(PrArgs),
}

#[derive(Clone, Debug, Args)]
pub(super) struct PrArgs {
    /// The repository.
    pub(super) repo: String,
    /// The pull request's number.
    #[arg(value_parser = parse_number)]
    pub(super) number: u64,
}

#[derive(Debug, Args)]
pub(super) struct WhyArgs {
    /// The repository.
    pub(super) repo: String,
    /// The crate.
    #[arg(value_name = "CRATE", value_parser = parse_crate)]
    pub(super) krate: CrateName,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Print the figures as JSON (see `depbot schema report`).
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// As html (one self-contained page), markdown (for a job summary) or json (see `depbot schema report`).
    #[arg(long, value_enum, default_value_t = ReportFormat::Markdown, hide_possible_values = true)]
    pub(super) format: ReportFormat,
    /// Which run [default: the newest upgrade].
    #[arg(long, value_name = "ID")]
    pub(super) run: Option<String>,
    /// Write to a file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// What a report is printed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// One self-contained page.
    Html,
    /// For a job summary.
    Markdown,
    /// For scripts; see `depbot schema report`.
    Json,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// The schema of what.
    #[arg(value_name = "WHAT", default_value = "repos", value_parser = PossibleValuesParser::new(["repos", "plan", "report", "event"]))]
    pub(super) of: String,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Where the fleet is made.
    #[arg(long, value_name = "FOLDER", default_value = "depbot-demo")]
    pub(super) dir: PathBuf,
    /// Start afresh: remove what an earlier demo made there.
    #[arg(long)]
    pub(super) force: bool,
}

fn parse_package(text: &str) -> Result<(Pattern, Option<semver::Version>), String> {
    let (name, version) = match text.split_once('@') {
        Some((name, version)) => {
            (name, Some(version.parse().map_err(|_| format!("{version:?} is not a version like 1.2.3"))?))
        }
        None => (text, None),
    };
    Ok((parse_pattern(name)?, version))
}

fn parse_pattern(text: &str) -> Result<Pattern, String> {
    Pattern::new(text).map_err(|error| error.to_string())
}

fn parse_crate(text: &str) -> Result<CrateName, String> {
    CrateName::new(text).map_err(|error| error.to_string())
}

fn parse_number(text: &str) -> Result<u64, String> {
    text.trim_start_matches('#').parse().map_err(|_| "a pull request has a number like 3 or #3".to_owned())
}

fn parse_strategy(text: &str) -> Result<Strategy, String> {
    match text {
        "latest" => Ok(Strategy::Latest),
        "compatible" => Ok(Strategy::Compatible),
        "lockfile" => Ok(Strategy::Lockfile),
        _ => Err("expected latest, compatible or lockfile".to_owned()),
    }
}

fn parse_requirement(text: &str) -> Result<RequirementStyle, String> {
    match text {
        "bump" => Ok(RequirementStyle::Bump),
        "if-needed" => Ok(RequirementStyle::IfNeeded),
        _ => Err("expected bump or if-needed".to_owned()),
    }
}

fn parse_pins(text: &str) -> Result<Pins, String> {
    match text {
        "upgrade" => Ok(Pins::Upgrade),
        "keep" => Ok(Pins::Keep),
        _ => Err("expected upgrade or keep".to_owned()),
    }
}

/// Reads `3d`, `12h`, `1d 12h`, and `0`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    crate::config::parse_duration(text).map_err(|_| "expected a duration like 3d, 12h or 30m".to_owned())
}
