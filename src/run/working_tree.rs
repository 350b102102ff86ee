//! `upgrade --path`: the Cargo workspaces of one working tree, in place, without a forge and without a journal.
//!
//! Candidates are resolved and verified in a shadow of the tree; only what was seen to resolve (and to pass) is copied
//! over the person's manifests and locks, each file replaced as a whole. Killed halfway, the tree still resolves.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::bench::{Place, Shadow};
use super::replace::{self, Change};
use super::repository::settlements_of;
use super::survey::{Outside, Survey, survey};
use super::tree;
use super::verify::{Depth, Ledger, Proved, Prover, Setup};
use crate::config::{Automerge, Settings};
use crate::manifest::{self, Files};
use crate::model::{Failure, Rejection, RepoPath, Settlement, VerificationSummary};
use crate::plan::{self, Proposal, StageFailure};
use crate::policy::{Rules, Selection};
use crate::registry::{self, Registry};
use crate::verify::Toolbox;

/// What is to be done to a working tree.
pub struct WorkingTreeRequest<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// How it is upgraded.
    pub settings: &'a Settings,
    /// The crates.
    pub selection: &'a Selection,
    /// Whether candidates are built and tested, or only resolved.
    pub verify: bool,
    /// Whether anything is changed.
    pub dry_run: bool,
    /// Releases.
    pub registry: &'a Registry,
    /// Cargo.
    pub toolbox: &'a Toolbox,
    /// What cargo's own configuration says.
    pub cargo: &'a registry::Environment,
    /// The clock.
    pub clock: fn() -> Timestamp,
    /// Told what is being done.
    pub tell: &'a (dyn Fn(String) + Send + Sync),
}

/// What became of a working tree.
#[derive(Clone, Debug)]
pub struct WorkingTreeResult {
    /// The folder that was upgraded: the one asked for, or that of the workspace it is a member of.
    pub folder: PathBuf,
    /// What was proposed.
    pub proposal: Proposal,
    /// Every declared dependency.
    pub settlements: Vec<Settlement>,
    /// The files that were changed.
    pub changed: Vec<RepoPath>,
    /// What moved in locks, a line each.
    pub lock_changes: Vec<String>,
    /// What was verified.
    pub verifications: Vec<VerificationSummary>,
    /// The untouched tree's failure, where nothing could be proved because of it.
    pub red_before: Option<Failure>,
}

/// Why a working tree could not be upgraded; nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum WorkingTreeError {
    /// A file or folder cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A stage failed.
    #[error("{0}")]
    Stage(String),
}

impl From<StageFailure> for WorkingTreeError {
    fn from(failure: StageFailure) -> Self {
        Self::Stage(failure.message)
    }
}

/// Upgrades a working tree.
pub async fn upgrade_working_tree(request: WorkingTreeRequest<'_>) -> Result<WorkingTreeResult, WorkingTreeError> {
    let asked = fs::canonicalize(request.folder).map_err(at(request.folder))?;
    let (folder, files) = tree_of(&asked)?;
    let outer: Vec<PathBuf> = folder.ancestors().skip(1).map(Path::to_path_buf).collect();
    let registries = BTreeMap::new();
    let outside = Outside { cargo: request.cargo, folders: &outer, registries: &registries };
    let survey = survey(&files, outside)?;
    (request.tell)("looking up releases".to_owned());
    let releases = request.registry.look_up(survey.queries().collect()).await;
    let settings = settings_of(&request);
    let rules =
        Rules { settings: &settings, holds: &[], selection: request.selection, closed: &[], now: (request.clock)() };
    let mut proposal = plan::propose(None, &survey.facts(), &releases, &Default::default(), &rules, &[]);
    proposal.notes.extend(survey.notes.iter().cloned());
    if request.dry_run || proposal.units.is_empty() {
        let settlements = proposal.settlements.clone();
        return Ok(result(folder, proposal, settlements, Proved::default()));
    }
    let proved = prove(&request, &folder, &files, &survey, &proposal).await?;
    let settlements = match &proved.red_before {
        Some(failure) => {
            let otherwise = Rejection::BrokenBaseline { phase: failure.phase };
            plan::settle(&proposal.settlements, &[], &[], &otherwise)
        }
        None => settlements_of(&proposal, &proved),
    };
    if let Some(last) = proved.lanes.last() {
        let changes = last.tree.changed.iter().map(|(path, new)| Change {
            file: folder.join(path.as_str()),
            old: files.get(path).map(Vec::as_slice).unwrap_or_default(),
            new,
        });
        replace::all(&changes.collect::<Vec<_>>()).map_err(|error| at(&error.file)(error.cause))?;
    }
    Ok(result(folder, proposal, settlements, proved))
}

/// The settings, where lanes mean nothing: without builds, everything is proved at once.
fn settings_of(request: &WorkingTreeRequest<'_>) -> Settings {
    let automerge = if request.verify { request.settings.automerge } else { Automerge::All };
    Settings { automerge, ..request.settings.clone() }
}

fn result(folder: PathBuf, proposal: Proposal, settlements: Vec<Settlement>, proved: Proved) -> WorkingTreeResult {
    let last = proved.lanes.into_iter().next_back().map(|proof| proof.tree);
    let (changed, lock_changes) =
        last.map_or_else(Default::default, |tree| (tree.changed.into_keys().collect(), tree.lock_changes));
    WorkingTreeResult {
        folder,
        proposal,
        settlements,
        changed,
        lock_changes,
        verifications: proved.verifications,
        red_before: proved.red_before,
    }
}

async fn prove(
    request: &WorkingTreeRequest<'_>,
    folder: &Path,
    files: &Files,
    survey: &Survey,
    proposal: &Proposal,
) -> Result<Proved, WorkingTreeError> {
    let shadow = Shadow::make(folder, copies(files, survey)).map_err(at(folder))?;
    let toolchain = if request.verify { toolchain(request, folder).await? } else { String::new() };
    let target = match request.toolbox.environment.get("CARGO_TARGET_DIR") {
        Some(target) => folder.join(target),
        None => folder.join("target"),
    };
    let builds = Semaphore::new(1);
    let prover = Prover::new(Setup {
        toolbox: request.toolbox,
        builds: &builds,
        settings: request.settings,
        workspaces: &survey.workspaces,
        units: &proposal.units,
        raises: super::release::Raises::default(),
        place: Place::Shadow(shadow),
        target,
        toolchain,
        ledger: Ledger::Memory,
        tell: request.tell,
        listener: None,
        depth: if request.verify { Depth::Everything } else { Depth::Resolve },
    });
    Ok(prover.prove().await?)
}

async fn toolchain(request: &WorkingTreeRequest<'_>, folder: &Path) -> Result<String, WorkingTreeError> {
    let toolchain = crate::verify::toolchain(request.toolbox, folder).await;
    toolchain.map_err(|error| WorkingTreeError::Stage(error.to_string()))
}

/// The files that a candidate may change: every manifest, and every workspace's lock whether it is there or not.
fn copies(files: &Files, survey: &Survey) -> BTreeMap<RepoPath, Option<Vec<u8>>> {
    let is_manifest = |path: &&RepoPath| matches!(path.file_name(), "Cargo.toml" | "Cargo.lock");
    let mut copies: BTreeMap<RepoPath, Option<Vec<u8>>> =
        files.keys().filter(is_manifest).map(|path| (path.clone(), files.get(path).cloned())).collect();
    for surveyed in &survey.workspaces {
        copies.entry(tree::lock_path(&surveyed.workspace.root)).or_insert(None);
    }
    copies
}

/// The folder to upgrade with its files: the workspace's where `asked` is a member of one further up, and the package's
/// where it is a folder inside of one.
fn tree_of(asked: &Path) -> Result<(PathBuf, Files), WorkingTreeError> {
    let files = files_of(asked)?;
    let has_manifest = files.keys().any(|path| path.file_name() == "Cargo.toml");
    let above = asked.ancestors().skip(1).find(|above| above.join("Cargo.toml").is_file());
    if let (false, Some(above)) = (has_manifest, above) {
        return tree_of(above);
    }
    for above in asked.ancestors().skip(1).filter(|above| above.join("Cargo.toml").is_file()) {
        let Some(inside) = asked.strip_prefix(above).ok().and_then(Path::to_str) else { continue };
        let files = files_of(above)?;
        let is_member = manifest::discover(&files).workspaces.iter().any(|workspace| {
            let is_asked = |member: &manifest::Member| member.manifest.parent().as_str() == inside;
            !workspace.root.is_within(&member_folder(inside)) && workspace.members.iter().any(is_asked)
        });
        if is_member {
            return Ok((above.to_owned(), files));
        }
    }
    Ok((asked.to_owned(), files))
}

fn member_folder(inside: &str) -> RepoPath {
    RepoPath::new(inside).unwrap_or_else(|_| RepoPath::root())
}

/// The files of a folder that matter to cargo, less what git ignores; a lock beside a manifest counts even then.
fn files_of(folder: &Path) -> Result<Files, WorkingTreeError> {
    let mut files = Files::new();
    let walk = WalkBuilder::new(folder)
        .hidden(false)
        .require_git(false)
        .parents(true)
        .filter_entry(|entry| !matches!(entry.file_name().to_str(), Some(".git" | "target" | "node_modules")))
        .build();
    for entry in walk.filter_map(Result::ok) {
        let Some(path) = inside(folder, entry.path()) else { continue };
        if manifest::matters(&path) && entry.file_type().is_some_and(|kind| !kind.is_dir()) {
            files.insert(path, fs::read(entry.path()).map_err(at(entry.path()))?);
        }
    }
    let manifests: Vec<RepoPath> = files.keys().filter(|path| path.file_name() == "Cargo.toml").cloned().collect();
    for lock in manifests.iter().map(|path| tree::lock_path(&path.parent())) {
        let file = folder.join(lock.as_str());
        if !files.contains_key(&lock) && file.is_file() {
            files.insert(lock, fs::read(&file).map_err(at(&file))?);
        }
    }
    Ok(files)
}

fn inside(folder: &Path, path: &Path) -> Option<RepoPath> {
    RepoPath::new(path.strip_prefix(folder).ok()?.to_str()?).ok()
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> WorkingTreeError {
    let path = path.to_owned();
    move |error| WorkingTreeError::Io { path, error }
}
