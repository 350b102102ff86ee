//! From a set of choices to a tree: edited manifests, a lock that holds what was chosen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::survey::SurveyedWorkspace;
use crate::isolate::{Choice, Level};
use crate::manifest::{self, EditError};
use crate::model::{CrateName, Dependency, Edit, EditField, RepoPath, Site, Source, Unit, UnitKind, Update};
use crate::verify::{LockTarget, Relock};

/// What is to be done to the files of one repository for a set of choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recipe {
    /// For each manifest, its edits.
    pub(super) edits: BTreeMap<RepoPath, Vec<Edit>>,
    /// For each workspace folder whose lock moves, how.
    pub(super) locks: BTreeMap<RepoPath, Relock>,
}

/// Where locked packages go, by name and version.
type Moves = BTreeMap<(CrateName, semver::Version), semver::Version>;

/// The recipe for `choices`; where two choices change the same place, the later one counts.
pub(super) fn recipe(units: &[Unit], choices: &[Choice], workspaces: &[SurveyedWorkspace]) -> Recipe {
    let mut edits: BTreeMap<(RepoPath, Site, EditField), Edit> = BTreeMap::new();
    let mut targets: BTreeMap<RepoPath, Moves> = BTreeMap::new();
    let mut refreshed: BTreeSet<RepoPath> = BTreeSet::new();
    for unit in choices.iter().filter_map(|choice| Some((units.get(choice.unit.0)?, choice.level))) {
        let (unit, level) = unit;
        let moved = targets.entry(unit.workspace.clone()).or_default();
        if unit.kind == UnitKind::LockRefresh {
            refreshed.insert(unit.workspace.clone());
        }
        for update in updates_at(unit, level) {
            if is_locked(update, &unit.workspace, workspaces) {
                moved.insert((update.krate.clone(), update.from.clone()), update.to.clone());
            }
            for edit in &update.edits {
                edits.insert((edit.site.manifest.clone(), edit.site.clone(), edit.field), edit.clone());
            }
        }
    }
    for surveyed in workspaces.iter().filter(|surveyed| refreshed.contains(&surveyed.workspace.root)) {
        hold_declared(surveyed, targets.entry(surveyed.workspace.root.clone()).or_default());
    }
    let mut by_manifest: BTreeMap<RepoPath, Vec<Edit>> = BTreeMap::new();
    for ((manifest, ..), edit) in edits {
        by_manifest.entry(manifest).or_default().push(edit);
    }
    let locks = locks(targets, &refreshed, &by_manifest, workspaces);
    Recipe { edits: by_manifest, locks }
}

/// Whether a lock comes to hold an update: what no member inherits is written and never resolved.
fn is_locked(update: &Update, workspace: &RepoPath, workspaces: &[SurveyedWorkspace]) -> bool {
    let surveyed = workspaces.iter().find(|surveyed| surveyed.workspace.root == *workspace);
    let unused = surveyed.map(|surveyed| surveyed.workspace.unused.as_slice()).unwrap_or_default();
    let is_unused = |edit: &Edit| edit.site.table == ["workspace", "dependencies"] && unused.contains(&edit.site.key);
    update.edits.is_empty() || !update.edits.iter().all(is_unused)
}

/// The recipe for edits alone: locks follow, and nothing else moves.
pub(super) fn recipe_of(edits: &[Edit], workspaces: &[SurveyedWorkspace]) -> Recipe {
    let mut by_manifest: BTreeMap<RepoPath, Vec<Edit>> = BTreeMap::new();
    for edit in edits {
        by_manifest.entry(edit.site.manifest.clone()).or_default().push(edit.clone());
    }
    let locks = locks(BTreeMap::new(), &BTreeSet::new(), &by_manifest, workspaces);
    Recipe { edits: by_manifest, locks }
}

/// The updates of a unit at a level.
pub(super) fn updates_at(unit: &Unit, level: Level) -> &[Update] {
    match level {
        Level::Target => unit.updates(),
        Level::Fallback => &unit.fallback,
    }
}

fn locks(
    targets: BTreeMap<RepoPath, Moves>,
    refreshed: &BTreeSet<RepoPath>,
    edits: &BTreeMap<RepoPath, Vec<Edit>>,
    workspaces: &[SurveyedWorkspace],
) -> BTreeMap<RepoPath, Relock> {
    let mut locks: BTreeMap<RepoPath, Relock> = targets
        .into_iter()
        .map(|(workspace, updates)| {
            let refresh = refreshed.contains(&workspace);
            let target = |((krate, from), to)| LockTarget { krate, from: Some(from), to };
            let targets = updates.into_iter().map(target).collect();
            (workspace, Relock { targets, refresh })
        })
        .collect();
    for surveyed in workspaces {
        let edited = |folder: &RepoPath| edits.keys().any(|manifest| manifest.parent() == *folder);
        let own = surveyed.workspace.members.iter().any(|member| edited(&member.manifest.parent()));
        let read = surveyed.workspace.reads.iter().any(edited);
        if own || (read && surveyed.workspace.lockfile.is_some()) {
            let unchanged = || Relock { targets: Vec::new(), refresh: false };
            locks.entry(surveyed.workspace.root.clone()).or_insert_with(unchanged);
        }
    }
    locks
}

/// Keeps the declared dependencies of a workspace that do not move where they are: that they stay was decided, and a
/// refresh of the rest of the lock must not decide otherwise.
fn hold_declared(surveyed: &SurveyedWorkspace, moves: &mut Moves) {
    let Some(lock) = &surveyed.lock else { return };
    let registry = |dependency: &&Dependency| matches!(dependency.source, Source::Registry(_));
    for dependency in surveyed.workspace.dependencies.iter().filter(registry) {
        if let Some(locked) = lock.locked_version(&surveyed.workspace, dependency) {
            moves.entry((dependency.krate.clone(), locked.clone())).or_insert(locked);
        }
    }
}

/// The manifests of a recipe, edited: path and new bytes. `read` gives a manifest as it is.
pub(super) fn edited_manifests(
    recipe: &Recipe,
    read: impl Fn(&RepoPath) -> Result<Vec<u8>, String>,
) -> Result<BTreeMap<RepoPath, Vec<u8>>, String> {
    recipe
        .edits
        .iter()
        .map(|(manifest, edits)| {
            let bytes = read(manifest)?;
            let edits: Vec<&Edit> = edits.iter().collect();
            let edited = manifest::apply(&bytes, &edits).map_err(|error: EditError| format!("{manifest}: {error}"))?;
            Ok((manifest.clone(), edited))
        })
        .collect()
}

/// A workspace folder inside a checkout.
pub(super) fn folder(root: &Path, workspace: &RepoPath) -> std::path::PathBuf {
    if workspace.as_str().is_empty() { root.to_owned() } else { root.join(workspace.as_str()) }
}

/// The path of a workspace's lock.
pub(super) fn lock_path(workspace: &RepoPath) -> RepoPath {
    workspace.join("Cargo.lock").unwrap_or_else(RepoPath::root)
}
