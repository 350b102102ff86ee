//! From a set of choices to a checkout that holds it: edited manifests, and locks that resolve.

use std::collections::BTreeMap;

use super::{Ledger, Prover, Tree, failed};
use crate::config::Settings;
use crate::isolate::Choice;
use crate::lockfile;
use crate::model::{Edit, Failure, Lane, RepoPath, TreeId};
use crate::plan::StageFailure;
use crate::run::survey::SurveyedWorkspace;
use crate::run::tree::{self, Recipe};
use crate::verify::{self, RelockError, Toolbox};

impl Prover<'_> {
    /// Makes the checkout hold `choices`; the failure is that they do not resolve.
    pub(super) async fn resolve(&mut self, choices: &[Choice]) -> Result<Result<Tree, Failure>, StageFailure> {
        if let Some((standing, tree)) = &self.state.standing
            && standing == choices
        {
            return Ok(Ok(tree.clone()));
        }
        if let Some((unresolved, failure)) = &self.state.unresolved
            && unresolved == choices
        {
            return Ok(Err(failure.clone()));
        }
        (self.setup.tell)(format!("resolving {}", self.describe(choices)));
        self.set_back()?;
        let recipe = tree::recipe(self.setup.units, choices, self.setup.workspaces);
        let mut changed = BTreeMap::new();
        let mut lock_changes = match self.apply(&recipe, &mut changed).await? {
            Ok(lock_changes) => lock_changes,
            Err(failure) => {
                self.state.unresolved = Some((choices.to_vec(), failure.clone()));
                return Ok(Err(failure));
            }
        };
        let raises = self.raises_of(choices);
        if changed.keys().any(|path| self.is_kept(path)) && !raises.is_empty() {
            match self.apply(&tree::recipe_of(raises, self.setup.workspaces), &mut changed).await? {
                Ok(more) => lock_changes.extend(more),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        let built = self.tree_id(&changed)?;
        changed.retain(|path, _| self.is_kept(path));
        let id = self.tree_id(&changed)?;
        let affected = recipe.locks.keys().cloned().collect();
        let tree = Tree { id, built, changed, lock_changes, affected };
        self.state.standing = Some((choices.to_vec(), tree.clone()));
        Ok(Ok(tree))
    }

    /// The next versions for a tree with these choices.
    fn raises_of(&self, choices: &[Choice]) -> &[Edit] {
        let is_reviewed = choices.iter().any(|choice| self.setup.units[choice.unit.0].lane == Lane::Review);
        if is_reviewed { &self.setup.raises.minor } else { &self.setup.raises.patch }
    }

    /// Edits the manifests of the checkout as it is now, and brings its locks in step; what differs goes to `changed`.
    async fn apply(
        &self,
        recipe: &Recipe,
        changed: &mut BTreeMap<RepoPath, Vec<u8>>,
    ) -> Result<Result<Vec<String>, Failure>, StageFailure> {
        let edited = tree::edited_manifests(recipe, |path| {
            self.setup.place.read(path)?.ok_or_else(|| format!("{path} is not there"))
        })
        .map_err(failed)?;
        self.setup.place.write(&edited).map_err(failed)?;
        changed.extend(edited);
        self.relock(recipe, changed).await
    }

    pub(super) async fn relock(
        &self,
        recipe: &Recipe,
        changed: &mut BTreeMap<RepoPath, Vec<u8>>,
    ) -> Result<Result<Vec<String>, Failure>, StageFailure> {
        let mut lock_changes = Vec::new();
        for (workspace, request) in &recipe.locks {
            let folder = tree::folder(self.setup.place.root(), workspace);
            let relocked = match verify::relock(&self.toolbox, &folder, request).await {
                Ok(relocked) => relocked,
                Err(RelockError::Unresolvable(failure)) => return Ok(Err(failure)),
                Err(error) => return Err(failed(error.to_string())),
            };
            let path = tree::lock_path(workspace);
            if relocked.before.as_ref() == Some(&relocked.after) {
                continue;
            }
            if self.is_kept(&path) {
                lock_changes.extend(lock_difference(relocked.before.as_deref().unwrap_or_default(), &relocked.after));
            }
            changed.insert(path, relocked.after.into_bytes());
        }
        Ok(Ok(lock_changes))
    }

    /// Whether a changed file belongs to the repository: not so the lock of a workspace that keeps none.
    pub(super) fn is_kept(&self, path: &RepoPath) -> bool {
        let unkept = |surveyed: &&SurveyedWorkspace| surveyed.workspace.lockfile.is_none();
        !self.setup.workspaces.iter().filter(unkept).any(|surveyed| tree::lock_path(&surveyed.workspace.root) == *path)
    }

    pub(super) fn set_back(&mut self) -> Result<(), StageFailure> {
        self.state.standing = None;
        self.setup.place.reset().map_err(failed)
    }

    pub(super) fn tree_id(&self, changed: &BTreeMap<RepoPath, Vec<u8>>) -> Result<Option<TreeId>, StageFailure> {
        match &self.setup.ledger {
            Ledger::Memory => Ok(None),
            Ledger::Journal { mirror, base, .. } => {
                mirror.tree_with(base, changed).map(Some).map_err(|error| failed(error.to_string()))
            }
        }
    }
}

/// Cargo, told which Rust versions the rest of a lock may need: those of the workspace, as for declared dependencies.
///
/// The key is `resolver.incompatible-rust-versions` of cargo's configuration.
pub(super) fn resolving_toolbox(toolbox: &Toolbox, settings: &Settings) -> Toolbox {
    let mut toolbox = toolbox.clone();
    let choice = if settings.msrv { "fallback" } else { "allow" };
    toolbox.environment.insert("CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS".to_owned(), choice.to_owned());
    toolbox
}

/// What moved between two locks, a line each.
pub(in crate::run) fn lock_difference(before: &str, after: &str) -> Vec<String> {
    match (lockfile::parse(before), lockfile::parse(after)) {
        (Ok(before), Ok(after)) => {
            lockfile::difference(&before, &after).to_string().lines().map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}
