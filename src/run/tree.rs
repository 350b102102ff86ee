//! From a set of choices to a tree: edited manifests, a lock that holds what was chosen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::survey::SurveyedWorkspace;
use crate::isolate::{Choice, Level};
use crate::manifest::{self, EditError};
use crate::model::{CrateName, Edit, EditField, RepoPath, Site, Unit, UnitKind, Update};
use crate::verify::{LockTarget, Relock};

/// What is to be done to the files of one repository for a set of choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recipe {
    /// For each manifest, its edits.
    pub(super) edits: BTreeMap<RepoPath, Vec<Edit>>,
    /// For each workspace folder whose lock moves, how.
    pub(super) locks: BTreeMap<RepoPath, Relock>,
}

/// The recipe for `choices`; where two choices change the same place, the later one counts.
pub(super) fn recipe(units: &[Unit], choices: &[Choice], raises: &[Edit], workspaces: &[SurveyedWorkspace]) -> Recipe {
    let mut edits: BTreeMap<(RepoPath, Site, EditField), Edit> = BTreeMap::new();
    let mut targets: BTreeMap<RepoPath, BTreeMap<(CrateName, semver::Version), Update>> = BTreeMap::new();
    let mut refreshed: BTreeSet<RepoPath> = BTreeSet::new();
    for unit in choices.iter().filter_map(|choice| Some((units.get(choice.unit.0)?, choice.level))) {
        let (unit, level) = unit;
        let moved = targets.entry(unit.workspace.clone()).or_default();
        if unit.kind == UnitKind::LockRefresh {
            refreshed.insert(unit.workspace.clone());
        }
        for update in updates_at(unit, level) {
            moved.insert((update.krate.clone(), update.from.clone()), update.clone());
            for edit in &update.edits {
                edits.insert((edit.site.manifest.clone(), edit.site.clone(), edit.field), edit.clone());
            }
        }
    }
    if !choices.is_empty() {
        for edit in raises {
            edits.insert((edit.site.manifest.clone(), edit.site.clone(), edit.field), edit.clone());
        }
    }
    let mut by_manifest: BTreeMap<RepoPath, Vec<Edit>> = BTreeMap::new();
    for ((manifest, ..), edit) in edits {
        by_manifest.entry(manifest).or_default().push(edit);
    }
    let locks = locks(targets, &refreshed, &by_manifest, workspaces);
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
    targets: BTreeMap<RepoPath, BTreeMap<(CrateName, semver::Version), Update>>,
    refreshed: &BTreeSet<RepoPath>,
    edits: &BTreeMap<RepoPath, Vec<Edit>>,
    workspaces: &[SurveyedWorkspace],
) -> BTreeMap<RepoPath, Relock> {
    let mut locks: BTreeMap<RepoPath, Relock> = targets
        .into_iter()
        .map(|(workspace, updates)| {
            let refresh = refreshed.contains(&workspace);
            let targets = updates.into_values().map(target).collect();
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

fn target(update: Update) -> LockTarget {
    LockTarget { krate: update.krate, from: Some(update.from), to: update.to }
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
