//! A sealed world: a registry on loopback, bare repositories, a clean environment, a fixed time, and the real program.

#![expect(clippy::disallowed_methods, reason = "the real program is started, in an environment made from ours")]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use depbot::forge::local::{CheckState, LocalForge};
use depbot::forge::{Forge, RepoRef};
use depbot::journal::{EventId, Journal};
use depbot::model::{BranchName, Event, EventBody, Outcome, PullRequest, RepoName, RepositorySummary, RunSummary};
use jiff::Timestamp;

use crate::support::git_repo::{Origin, git};
use crate::support::package::Package;
use crate::support::registry::TestRegistry;

/// The time of every run.
pub(crate) const NOW: &str = "2026-06-01T12:00:00Z";

/// What is before every fleet of [`World::fleet`]: what is verified decides, and one quick command verifies.
pub(crate) const DEFAULTS: &str = "merge-when = \"verified\"\nverify = [\"cargo check --quiet --locked\"]\n";

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) registry: TestRegistry,
}

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("depbot-e2e-").tempdir().expect("a temporary folder");
        let world = Self { folder, registry: TestRegistry::start() };
        for name in ["home", "cargo", "forge"] {
            std::fs::create_dir(world.path(name)).expect("a new folder");
        }
        world.write("cargo/config.toml", &world.registry.cargo_config());
        world
    }

    /// A path in this world.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Publishes releases of empty libraries.
    pub(crate) fn publish(&self, releases: &[(&str, &str)]) {
        for (name, version) in releases {
            self.registry.publish(Package::new(name, version));
        }
    }

    /// A bare repository `forge/NAME.git` with these files, locked to the releases that there are now.
    pub(crate) fn repo(&self, name: &str, files: &[(&str, &str)]) -> Origin {
        let origin = Origin::empty(&self.path("forge"), &format!("{name}.git"));
        origin.commit(files);
        self.cargo(&origin.checkout(), &["generate-lockfile", "--quiet"]);
        origin.commit(&[]);
        origin
    }

    /// A repository of one library with these dependencies, in the words of a manifest.
    pub(crate) fn package(&self, name: &str, dependencies: &str) -> Origin {
        self.repo(name, &[("Cargo.toml", &manifest(name, dependencies)), ("src/lib.rs", "")])
    }

    /// A repository that was made before.
    pub(crate) fn origin(&self, name: &str) -> PathBuf {
        self.path(&format!("forge/{name}.git"))
    }

    /// What git says about a repository.
    pub(crate) fn git(&self, repo: &str, arguments: &[&str]) -> String {
        git(&self.origin(repo), arguments)
    }

    /// A file on a branch or tag.
    pub(crate) fn show(&self, repo: &str, reference: &str, file: &str) -> String {
        self.git(repo, &["show", &format!("{reference}:{file}")])
    }

    /// The locked version of a crate on a branch.
    pub(crate) fn locked(&self, repo: &str, branch: &str, krate: &str) -> Vec<String> {
        let lock = self.show(repo, branch, "Cargo.lock");
        let package = format!("name = \"{krate}\"");
        let lines = lock.lines().zip(lock.lines().skip(1));
        lines
            .filter(|(name, _)| *name == package)
            .map(|(_, version)| version.trim_start_matches("version = ").trim_matches('"').to_owned())
            .collect()
    }

    /// Every reference of every repository, less those that the forge keeps for itself.
    pub(crate) fn refs(&self) -> BTreeMap<String, String> {
        let mut refs = BTreeMap::new();
        for repo in self.repositories() {
            let listed = self.git(&repo, &["for-each-ref", "--format=%(refname) %(objectname)"]);
            for (name, commit) in listed.lines().filter_map(|line| line.split_once(' ')) {
                refs.insert(format!("{repo} {name}"), commit.to_owned());
            }
        }
        refs
    }

    fn repositories(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("forge")).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        names.filter_map(|name| name.strip_suffix(".git").map(str::to_owned)).collect()
    }

    /// Writes `repos.toml` with the usual defaults and these repositories, each with its own settings.
    pub(crate) fn fleet(&self, repositories: &[(&str, &str)]) {
        self.fleet_with(DEFAULTS, repositories);
    }

    /// Writes `repos.toml` with these defaults.
    pub(crate) fn fleet_with(&self, defaults: &str, repositories: &[(&str, &str)]) {
        let mut text = format!("[fleet]\nforge = \"local\"\n\n[defaults]\n{defaults}\n");
        for (name, settings) in repositories {
            text.push_str(&format!("[[repo]]\nurl = \"forge/{name}.git\"\n{settings}\n"));
        }
        self.write("repos.toml", &text);
    }

    /// The program, ready to start in this world.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_depbot"));
        self.seal(command.args(arguments));
        command
    }

    /// Runs the program.
    pub(crate) fn depbot(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Runs the program, which must end with this code.
    pub(crate) fn run(&self, arguments: &[&str], code: i32) -> Ran {
        let ran = self.depbot(arguments);
        assert_eq!(ran.code, Some(code), "depbot {arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran
    }

    /// `depbot upgrade --all`, which must end with this code; answers with what its journal says it came to.
    pub(crate) fn upgrade(&self, code: i32) -> RunSummary {
        self.run(&["upgrade", "--all"], code);
        self.summary()
    }

    /// Runs cargo in this world.
    pub(crate) fn cargo(&self, folder: &Path, arguments: &[&str]) {
        let mut command = Command::new("cargo");
        self.seal(command.args(arguments)).current_dir(folder);
        let ran = Ran::of(&mut command);
        assert_eq!(ran.code, Some(0), "cargo {arguments:?}: {}", ran.stderr);
    }

    fn seal<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let ours = |name: &str| std::env::var_os(name);
        let rustup = ours("RUSTUP_HOME")
            .unwrap_or_else(|| std::env::home_dir().unwrap_or_default().join(".rustup").into_os_string());
        command
            .env_clear()
            .env("PATH", path())
            .env("HOME", self.path("home"))
            .env("CARGO_HOME", self.path("cargo"))
            .env("RUSTUP_HOME", rustup)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("DEPBOT_NOW", NOW)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
    }

    /// The journal.
    pub(crate) fn journal(&self) -> Journal {
        Journal::open(&self.path(".depbot/journal.sqlite")).expect("a journal")
    }

    /// Every event, oldest first.
    pub(crate) fn events(&self) -> Vec<Event> {
        let events = self.journal().events_after(EventId(0), usize::MAX).expect("events");
        events.into_iter().map(|(_, event)| event).collect()
    }

    /// What became of pull requests, as `REPO #1 opened`.
    pub(crate) fn changes(&self) -> Vec<String> {
        let change = |event: Event| match event.body {
            EventBody::PullRequestChanged { repo, number, change, .. } => Some(format!("{repo} {number} {change:?}")),
            _ => None,
        };
        self.events().into_iter().filter_map(change).collect()
    }

    /// What the newest upgrade came to.
    pub(crate) fn summary(&self) -> RunSummary {
        let journal = self.journal();
        let newest = journal.latest_run(None).expect("runs").expect("a run");
        journal.summary(&newest.run).expect("events").expect("a run")
    }

    /// The pull requests of a repository, oldest first.
    pub(crate) fn pull_requests(&self, repo: &str) -> Vec<PullRequest> {
        let forge = self.forge();
        let mut found = block_on(forge.pull_requests(&self.repo_ref(repo), "")).expect("pull requests");
        found.reverse();
        found
    }

    /// The pull requests of a repository as `#1 merged depbot/routine: title`.
    pub(crate) fn pull_request_lines(&self, repo: &str) -> Vec<String> {
        let line = |it: PullRequest| format!("{} {} {}: {}", it.number, it.state, it.head, it.title);
        self.pull_requests(repo).into_iter().map(line).collect()
    }

    /// The comments on a pull request.
    pub(crate) fn comments(&self, repo: &str, of: &PullRequest) -> Vec<String> {
        let forge = self.forge();
        let comments = block_on(forge.comments(&self.repo_ref(repo), of.number)).expect("comments");
        comments.into_iter().map(|comment| comment.text).collect()
    }

    /// Says what a check of the forge says about the head of a pull request.
    pub(crate) fn record_check(&self, repo: &str, of: &PullRequest, state: CheckState) {
        block_on(self.forge().record_check(&self.repo_ref(repo), &of.head_commit, "ci", state)).expect("a check");
    }

    fn forge(&self) -> LocalForge {
        LocalForge::new(now)
    }

    fn repo_ref(&self, repo: &str) -> RepoRef {
        RepoRef { name: RepoName::new(repo).expect("a repository name"), url: self.origin(repo).display().to_string() }
    }

    /// The newest commit of a branch; `None` when there is no such branch.
    pub(crate) fn head(&self, repo: &str, branch: &str) -> Option<String> {
        BranchName::new(branch).expect("a branch name");
        self.refs().get(&format!("{repo} refs/heads/{branch}")).cloned()
    }
}

impl Ran {
    fn of(command: &mut Command) -> Self {
        let output = command.output().expect("a program that starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// A manifest of a library.
pub(crate) fn manifest(name: &str, dependencies: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n{dependencies}")
}

/// A repository in a summary.
pub(crate) fn repository<'a>(summary: &'a RunSummary, name: &str) -> &'a RepositorySummary {
    let found = summary.repositories.iter().find(|it| it.repo.as_str() == name);
    found.unwrap_or_else(|| panic!("the summary has no {name}"))
}

/// How a repository's dependencies ended, one line each.
pub(crate) fn outcomes(summary: &RunSummary, name: &str) -> Vec<String> {
    let refused = |refused: &[depbot::model::Refusal]| {
        let one = |it: &depbot::model::Refusal| match &it.version {
            Some(version) => format!(" [{version}: {}]", it.rejection),
            None => format!(" [{}]", it.rejection),
        };
        refused.iter().map(one).collect::<String>()
    };
    let outcome = |outcome: &Outcome| match outcome {
        Outcome::Updated { to, lane, refused: more } => format!("to {to} in {lane}{}", refused(more)),
        Outcome::UpToDate => "up to date".to_owned(),
        Outcome::NotUpdated { refused: more } => format!("not updated{}", refused(more)),
    };
    repository(summary, name).settlements.iter().map(|it| format!("{} {}", it.krate, outcome(&it.outcome))).collect()
}

/// Our `PATH`, behind the toolchain's own programs: rustup's stand-ins cost more time than most of what is tested.
fn path() -> &'static OsStr {
    static PATH: OnceLock<OsString> = OnceLock::new();
    PATH.get_or_init(|| {
        let sysroot = Ran::of(Command::new("rustc").args(["--print", "sysroot"])).stdout;
        let ours = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(Path::new(sysroot.trim()).join("bin")).chain(std::env::split_paths(&ours));
        std::env::join_paths(folders).expect("folders without a colon")
    })
}

fn now() -> Timestamp {
    NOW.parse().expect("a time")
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}
