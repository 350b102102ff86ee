//! Which manifests of a repository form which workspace, by cargo's rules.
//!
//! A folder belongs to the nearest workspace above it that does not exclude it, if that has it as a member; cargo refuses
//! to work in a folder that does not, so such packages (fixtures, templates) are left alone. What no workspace is above of
//! is a workspace of its own. Rules: the Cargo book, "Workspaces".

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::assemble::{self, ancestors};
use super::members::{self, Membership};
use super::package::Manifest;
use super::{Discovery, Files, ManifestProblem, OUTPUT_FOLDERS};
use crate::model::RepoPath;

/// Folders whose packages are the material of tests and generators: input that must stay as it is, locks included.
const FIXTURE_FOLDERS: [&str; 8] =
    ["fixture", "fixtures", "snapshots", "template", "templates", "test-data", "test_data", "testdata"];

/// Folders of tests: a package right in it or one level below is one that people work on if it has a lock; what lies
/// deeper is a fixture, and those of tools around cargo have locks too.
const TEST_FOLDERS: [&str; 2] = ["test", "tests"];

/// Folders of examples: those with a lock are packages that people work on.
const EXAMPLE_FOLDERS: [&str; 2] = ["example", "examples"];

/// Folders of copies of other people's packages, which come with their locks.
const COPY_FOLDERS: [&str; 1] = ["vendor"];

/// Reads every workspace of a repository. Nothing in it is an error: what cannot be read is a problem of its workspace.
pub fn discover(files: &Files) -> Discovery {
    let catalog = Catalog::new(files);
    let mut survey = Survey { catalog: &catalog, claimed: BTreeSet::new(), discovery: Discovery::default() };
    let folders = catalog.own_folders();
    for folder in &folders {
        survey.root(folder);
    }
    for folder in &folders {
        survey.lone(folder);
    }
    let mut discovery = survey.discovery;
    discovery.workspaces.sort_by(|left, right| left.root.cmp(&right.root));
    discovery.problems.sort();
    discovery.problems.dedup();
    discovery
}

/// Every manifest of a repository by its folder, each read when it is first asked for.
pub(super) struct Catalog<'f> {
    pub(super) files: &'f Files,
    manifests: BTreeMap<RepoPath, OnceCell<Result<Manifest, ManifestProblem>>>,
}

impl<'f> Catalog<'f> {
    fn new(files: &'f Files) -> Self {
        let manifests = files.keys().filter(|path| path.file_name() == "Cargo.toml");
        Self { files, manifests: manifests.map(|path| (path.parent(), OnceCell::new())).collect() }
    }

    /// The manifest of a folder; `None` where there is none.
    pub(super) fn get(&self, folder: &RepoPath) -> Option<Result<&Manifest, &ManifestProblem>> {
        let cell = self.manifests.get(folder)?;
        let path = folder.join("Cargo.toml")?;
        let bytes = self.files.get(&path)?;
        Some(cell.get_or_init(|| Manifest::read(&path, bytes)).as_ref())
    }

    /// Every folder with a manifest.
    pub(super) fn folders(&self) -> impl Iterator<Item = &RepoPath> {
        self.manifests.keys()
    }

    pub(super) fn has_lock(&self, folder: &RepoPath) -> bool {
        folder.join("Cargo.lock").is_some_and(|lock| self.files.contains_key(&lock))
    }

    /// The folders that may be a workspace by themselves, the outer ones first.
    fn own_folders(&self) -> Vec<RepoPath> {
        let own = |folder: &&RepoPath| !is_material(folder, self.has_lock(folder));
        let mut folders: Vec<RepoPath> = self.folders().filter(own).cloned().collect();
        folders.sort_by_key(|folder| (ancestors(folder).count(), folder.clone()));
        folders
    }

    /// The root of the workspace that cargo looks for this folder in.
    pub(super) fn governor(&self, folder: &RepoPath) -> Governor<'_> {
        for above in ancestors(folder).skip(1) {
            match self.get(&above) {
                None => {}
                Some(Err(_)) => return Governor::Unreadable,
                Some(Ok(manifest)) if manifest.workspace.is_some() && !members::excludes(manifest, folder) => {
                    return Governor::Root(manifest);
                }
                Some(Ok(_)) => {}
            }
        }
        Governor::None
    }
}

/// What stands above a folder.
pub(super) enum Governor<'c> {
    /// No workspace: the folder is its own.
    None,
    /// The workspace with this root.
    Root(&'c Manifest),
    /// A manifest that cannot be read, so that nobody knows.
    Unreadable,
}

struct Survey<'c> {
    catalog: &'c Catalog<'c>,
    /// Folders that belong to a workspace, a failed one included.
    claimed: BTreeSet<RepoPath>,
    discovery: Discovery,
}

impl Survey<'_> {
    /// The workspace whose root this folder is, if it is one.
    fn root(&mut self, folder: &RepoPath) {
        let Some(Ok(root)) = self.catalog.get(folder) else { return };
        if root.workspace.is_none() {
            return;
        }
        let membership = members::of(self.catalog, root);
        self.claimed.insert(folder.clone());
        self.claimed.extend(membership.folders.iter().cloned());
        self.finish(root, membership);
    }

    /// The lone package in this folder, if it is one.
    fn lone(&mut self, folder: &RepoPath) {
        if self.claimed.contains(folder) {
            return;
        }
        let governor = self.catalog.governor(folder);
        match (self.catalog.get(folder), governor) {
            (None, _) | (Some(_), Governor::Unreadable) => {}
            (Some(Err(problem)), Governor::None) => self.discovery.problems.push(problem.clone()),
            (Some(Err(_)), Governor::Root(_)) => {}
            (Some(Ok(manifest)), governor) => self.lone_package(manifest, &governor),
        }
    }

    fn lone_package(&mut self, manifest: &Manifest, governor: &Governor<'_>) {
        let pointer = manifest.package.as_ref().and_then(|package| package.workspace.as_ref());
        if let Some((path, line)) = pointer {
            let message = format!("package.workspace is {path:?}, which does not have it as a member");
            self.problem(manifest, Some(*line), message);
            return;
        }
        match governor {
            Governor::None => {
                let membership = members::alone(self.catalog, manifest);
                self.claimed.insert(manifest.folder());
                self.finish(manifest, membership);
            }
            Governor::Root(root)
                if self.catalog.has_lock(&manifest.folder()) && !is_material(&manifest.folder(), false) =>
            {
                let message = format!("it has a lock, but {} neither has it as a member nor excludes it", root.path);
                self.problem(manifest, None, message);
            }
            Governor::Root(_) | Governor::Unreadable => {}
        }
    }

    fn finish(&mut self, root: &Manifest, membership: Membership) {
        if !membership.problems.is_empty() {
            self.discovery.problems.extend(membership.problems);
            return;
        }
        let found = membership.folders.iter().filter_map(|folder| self.catalog.get(folder)?.ok());
        let manifests: Vec<&Manifest> = found.collect();
        let problems = &mut self.discovery.problems;
        let workspace = assemble::workspace(self.catalog.files, root, &manifests, membership.reads, problems);
        self.discovery.workspaces.push(workspace);
    }

    fn problem(&mut self, manifest: &Manifest, line: Option<usize>, message: String) {
        self.discovery.problems.push(ManifestProblem { manifest: manifest.path.clone(), line, message });
    }
}

/// Whether a folder holds material that no workspace claims, by where it lies.
fn is_material(folder: &RepoPath, has_lock: bool) -> bool {
    let parts: Vec<&str> = folder.as_str().split('/').collect();
    parts.iter().enumerate().any(|(index, part)| {
        let depth = parts.len() - index - 1;
        OUTPUT_FOLDERS.contains(part)
            || COPY_FOLDERS.contains(part)
            || FIXTURE_FOLDERS.contains(part)
            || TEST_FOLDERS.contains(part) && !(has_lock && depth <= 1)
            || EXAMPLE_FOLDERS.contains(part) && !has_lock
    })
}
