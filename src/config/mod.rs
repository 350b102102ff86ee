//! `repos.toml`: from text to checked values, all problems at once.

mod choice;
mod duration;
mod location;
mod pattern;
mod problem;
mod read;
mod repos;
mod rules;
#[expect(dead_code, reason = "its types describe repos.toml, nothing is read into them")]
mod schema;
mod section;
mod settings;
mod suggest;
mod value;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use semver::VersionReq;

pub use location::masked;
pub use pattern::{Pattern, PatternError};
pub use problem::{Problem, line_column};
pub use read::parse;
pub(crate) use schema::Closed;
pub use schema::json_schema;

use crate::model::{BranchName, RegistryName, RepoName};

/// A checked `repos.toml`: defaults merged into every repository, holds and groups given to those they concern.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which forge.
    pub forge: ForgeConfig,
    /// Registries beside those of each repository's own cargo configuration.
    pub registries: BTreeMap<RegistryName, String>,
    /// The repositories, in the order of the file.
    pub repos: Vec<RepoConfig>,
}

/// Where pull requests live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgeConfig {
    /// github.com or a GitHub Enterprise Server.
    GitHub {
        /// The REST API's base URL.
        api_url: String,
    },
    /// Bare repositories on this machine, their pull requests beside them.
    Local,
}

/// One repository with everything that applies to it.
#[derive(Clone, Debug)]
pub struct RepoConfig {
    /// Its short name.
    pub name: RepoName,
    /// Where it is cloned from: https, ssh, `file://` or a plain path.
    pub url: String,
    /// Its main branch; `None` for the forge's default.
    pub branch: Option<BranchName>,
    /// What follows a merge.
    pub release: ReleaseMode,
    /// How it is upgraded.
    pub settings: Settings,
    /// The holds that concern it.
    pub holds: Vec<Hold>,
    /// The groups of crates that move together.
    pub groups: Vec<Group>,
}

/// How a repository is upgraded: `[defaults]`, overridden by its `[[repo]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How far releases are followed.
    pub strategy: Strategy,
    /// When a requirement is rewritten.
    pub requirement: RequirementStyle,
    /// Whether requirements that a person closed may be opened.
    pub pins: Pins,
    /// How old a release must be; not for the fleet's own crates.
    pub cooldown: Duration,
    /// Whether `package.rust-version` limits what is taken.
    pub msrv: bool,
    /// The commands that prove a tree, in order.
    pub verify: Vec<String>,
    /// The time limit for each of them.
    pub verify_timeout: Duration,
    /// What counts as passing.
    pub baseline: Baseline,
    /// Whether code runs in a sandbox.
    pub sandbox: Sandbox,
    /// Whether the commands may reach the network.
    pub network: bool,
    /// The largest bump that may be merged without a person.
    pub automerge: Automerge,
    /// What a merge waits for.
    pub merge_when: MergeWhen,
    /// How the forge merges.
    pub merge_method: MergeMethod,
    /// Labels of its pull requests.
    pub labels: Vec<String>,
    /// Who is asked when a person is needed.
    pub reviewers: Vec<String>,
}

/// How far releases are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// To the newest.
    Latest,
    /// To the newest compatible one.
    Compatible,
    /// As far as the manifests allow; they are never edited.
    Lockfile,
}

/// When a requirement is rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequirementStyle {
    /// Always: it names the tested version, as precisely as it is written.
    Bump,
    /// Only when it does not admit the new version.
    IfNeeded,
}

/// Whether requirements with `=`, `<`, `<=` or a wildcard may be opened for releases that they do not admit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pins {
    /// They are.
    Upgrade,
    /// They stay.
    Keep,
}

/// What counts as passing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// Nothing that was green turns red.
    Compare,
    /// Everything is green.
    Strict,
}

/// Whether code runs in a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sandbox {
    /// In the best one this machine has.
    Auto,
    /// In a full one, or not at all.
    Require,
    /// Without.
    Off,
}

/// The largest bump that may be merged without a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Automerge {
    /// None.
    Off,
    /// Patch releases.
    Patch,
    /// Compatible releases.
    Minor,
    /// Everything.
    All,
}

/// What a merge waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeWhen {
    /// The forge's checks, of which there is at least one.
    Checks,
    /// Nothing but depbot's own verdict.
    Verified,
}

/// How the forge merges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeMethod {
    /// One commit with the whole change.
    Squash,
    /// A merge commit.
    Merge,
    /// The branch's commits on top of the base.
    Rebase,
}

/// What follows a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseMode {
    /// Nothing: a service.
    None,
    /// depbot tags the next version.
    Tag,
    /// Somebody else publishes; depbot waits for the registry.
    Registry,
}

/// An expiring decision of a person not to take some versions.
#[derive(Clone, Debug)]
pub struct Hold {
    /// Which crates.
    pub krate: Pattern,
    /// Which versions of them.
    pub versions: VersionReq,
    /// Who decided.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day it applies.
    pub until: Date,
}

/// Crates that are tried and shipped together.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Which crates.
    pub crates: Vec<Pattern>,
}

/// Reads a duration as people write it: `3d`, `30m`, `1d 12h`, or `0`; says what is wrong otherwise.
pub fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    if text.trim() == "0" { Ok(Duration::ZERO) } else { duration::parse(text) }
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            strategy: Strategy::Latest,
            requirement: RequirementStyle::Bump,
            pins: Pins::Upgrade,
            cooldown: DAY * 3,
            msrv: true,
            verify: vec![
                "cargo check --workspace --all-targets --locked".to_owned(),
                "cargo test --workspace --locked".to_owned(),
            ],
            verify_timeout: Duration::from_secs(30 * 60),
            baseline: Baseline::Compare,
            sandbox: Sandbox::Auto,
            network: false,
            automerge: Automerge::Minor,
            merge_when: MergeWhen::Checks,
            merge_method: MergeMethod::Squash,
            labels: vec!["dependencies".to_owned()],
            reviewers: Vec::new(),
        }
    }
}

impl Group {
    /// Whether a crate of this name is in it.
    pub fn contains(&self, krate: &str) -> bool {
        self.crates.iter().any(|pattern| pattern.matches(krate))
    }
}
