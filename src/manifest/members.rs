//! Which packages a workspace has: those it names, and those that path dependencies reach.

use std::collections::{BTreeMap, BTreeSet};

use globset::GlobBuilder;

use super::ManifestProblem;
use super::assemble::configured_patch_folders;
use super::declare::Entry;
use super::discover::{Catalog, Governor};
use super::package::Manifest;
use crate::model::{RepoPath, Source};

/// The packages of one workspace.
#[derive(Default)]
pub(super) struct Membership {
    /// The folders of its packages.
    pub(super) folders: BTreeSet<RepoPath>,
    /// The folders of packages of other workspaces that path dependencies reach.
    pub(super) reads: Vec<RepoPath>,
    /// Why cargo refuses the workspace; empty when it does not.
    pub(super) problems: Vec<ManifestProblem>,
}

/// Whether the root's `exclude` keeps a folder out: named below `exclude` and not below `members`. Neither is a glob here.
pub(super) fn excludes(root: &Manifest, folder: &RepoPath) -> bool {
    let Some(workspace) = &root.workspace else { return false };
    let base = root.folder();
    let below = |path: &str| base.join(path).is_some_and(|path| folder.is_within(&path));
    workspace.exclude.iter().any(|path| below(path)) && !workspace.members.iter().any(|(path, _)| below(path))
}

/// The packages of the workspace with this root.
pub(super) fn of(catalog: &Catalog<'_>, root: &Manifest) -> Membership {
    let mut search = Search::new(catalog, root);
    if root.package.is_some() {
        search.queue.push((root.folder(), Reached::ByName { line: None }));
    }
    for (pattern, line) in root.workspace.iter().flat_map(|workspace| &workspace.members) {
        search.named(pattern, *line);
    }
    search.run();
    search.check_default_members();
    search.finish()
}

/// The package of a root without a workspace.
pub(super) fn alone(catalog: &Catalog<'_>, root: &Manifest) -> Membership {
    let mut search = Search::new(catalog, root);
    search.queue.push((root.folder(), Reached::ByName { line: None }));
    search.run();
    search.finish()
}

/// How a folder came to be looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// `members` names it, in this line of the root; the root itself has none.
    ByName { line: Option<usize> },
    /// A path dependency of a package.
    ByPath,
}

struct Search<'s> {
    catalog: &'s Catalog<'s>,
    root: &'s Manifest,
    queue: Vec<(RepoPath, Reached)>,
    reads: BTreeSet<RepoPath>,
    membership: Membership,
}

impl<'s> Search<'s> {
    fn new(catalog: &'s Catalog<'s>, root: &'s Manifest) -> Self {
        Self { catalog, root, queue: Vec::new(), reads: BTreeSet::new(), membership: Membership::default() }
    }

    /// Takes up what an entry of `members` names.
    fn named(&mut self, pattern: &str, line: usize) {
        let folders = expand(self.catalog, &self.root.folder(), pattern);
        if folders.is_empty() {
            self.problem(Some(line), format!("the member {pattern:?} is not there"));
        }
        self.queue.extend(folders.into_iter().map(|folder| (folder, Reached::ByName { line: Some(line) })));
    }

    fn run(&mut self) {
        while let Some((folder, reached)) = self.queue.pop() {
            if self.membership.folders.contains(&folder) || excludes(self.root, &folder) && folder != self.root.folder()
            {
                self.read_if_path(folder, reached);
                continue;
            }
            match (self.catalog.get(&folder), reached) {
                (Some(Ok(manifest)), _) => self.package(folder, manifest, reached),
                (Some(Err(problem)), _) => {
                    self.membership.problems.push(problem.clone());
                    self.membership.folders.insert(folder);
                }
                (None, Reached::ByName { line }) => {
                    self.problem(line, format!("the member {folder} has no Cargo.toml"));
                }
                // Outside of the repository's files, as submodules are: cargo will say so if it is missing.
                (None, Reached::ByPath) => {}
            }
        }
    }

    fn package(&mut self, folder: RepoPath, manifest: &'s Manifest, reached: Reached) {
        let refusal = if folder == self.root.folder() { None } else { self.refusal(&folder, manifest, reached) };
        match (reached, refusal) {
            (reached, Some(message)) => {
                let line = match reached {
                    Reached::ByName { line } => line,
                    Reached::ByPath => None,
                };
                self.problem(line, message);
            }
            (Reached::ByPath, None) if !self.joins_by_path(&folder, manifest) => {
                self.reads.insert(folder);
            }
            (Reached::ByName { .. } | Reached::ByPath, None) => {
                let paths = path_folders(manifest, Some(self.root));
                self.queue.extend(paths.into_iter().map(|folder| (folder, Reached::ByPath)));
                self.membership.folders.insert(folder);
            }
        }
    }

    /// Why cargo refuses a workspace with this package in it.
    fn refusal(&self, folder: &RepoPath, manifest: &Manifest, reached: Reached) -> Option<String> {
        let by_name = reached != Reached::ByPath;
        let is_inside = self.root.workspace.is_some() && folder.is_within(&self.root.folder());
        if manifest.workspace.is_some() && (by_name || is_inside) {
            Some(format!("the member {folder} is the root of a workspace itself"))
        } else if manifest.package.is_none() {
            Some(format!("the member {folder} has no [package]"))
        } else if by_name && !is_inside && !self.is_pointed_to(folder, manifest) {
            Some(format!("the member {folder} is not below the root and does not name it as package.workspace"))
        } else {
            None
        }
    }

    /// Whether a package names this workspace as its own.
    fn is_pointed_to(&self, folder: &RepoPath, manifest: &Manifest) -> bool {
        let pointer = manifest.package.as_ref().and_then(|package| package.workspace.as_ref());
        pointer.is_some_and(|(path, _)| folder.join(path) == Some(self.root.folder()))
    }

    /// Whether a package that a path dependency reaches belongs to this workspace.
    fn joins_by_path(&self, folder: &RepoPath, manifest: &Manifest) -> bool {
        if self.root.workspace.is_none() || manifest.workspace.is_some() {
            return false;
        }
        let pointer = manifest.package.as_ref().and_then(|package| package.workspace.as_ref());
        match (pointer, self.catalog.governor(folder)) {
            (Some(_), _) => self.is_pointed_to(folder, manifest),
            (None, Governor::Root(root)) => root.path == self.root.path,
            (None, Governor::None | Governor::Unreadable) => false,
        }
    }

    fn read_if_path(&mut self, folder: RepoPath, reached: Reached) {
        if reached == Reached::ByPath && !self.membership.folders.contains(&folder) {
            self.reads.insert(folder);
        }
    }

    fn check_default_members(&mut self) {
        let Some(workspace) = &self.root.workspace else { return };
        for (pattern, line) in &workspace.default_members {
            if expand(self.catalog, &self.root.folder(), pattern).is_empty() {
                self.problem(Some(*line), format!("the default member {pattern:?} is not there"));
            }
        }
        // A virtual workspace without a single package is refused by cargo too, but harms nobody.
    }

    fn finish(mut self) -> Membership {
        let base = self.root.folder();
        let patched = self.root.patch_paths.iter().filter_map(|path| base.join(path));
        let configured = configured_patch_folders(self.catalog.files, &base);
        let start = self.reads.iter().cloned().chain(patched).chain(configured);
        self.membership.reads = foreign(self.catalog, start.collect(), &self.membership.folders);
        self.membership
    }

    fn problem(&mut self, line: Option<usize>, message: String) {
        self.membership.problems.push(ManifestProblem { manifest: self.root.path.clone(), line, message });
    }
}

/// The packages of other workspaces among `start`, and those that their path dependencies reach.
fn foreign(catalog: &Catalog<'_>, start: Vec<RepoPath>, own: &BTreeSet<RepoPath>) -> Vec<RepoPath> {
    let mut found = BTreeSet::new();
    let mut queue = start;
    while let Some(folder) = queue.pop() {
        if own.contains(&folder) || found.contains(&folder) {
            continue;
        }
        let Some(Ok(manifest)) = catalog.get(&folder) else { continue };
        let root = match catalog.governor(&folder) {
            _ if manifest.workspace.is_some() => Some(manifest),
            Governor::Root(root) => Some(root),
            Governor::None | Governor::Unreadable => None,
        };
        queue.extend(path_folders(manifest, root));
        found.insert(folder);
    }
    found.into_iter().collect()
}

/// The folders that a package's path dependencies name, inherited ones included, as far as they are in the repository.
fn path_folders(manifest: &Manifest, root: Option<&Manifest>) -> Vec<RepoPath> {
    let path = |entry: &Entry| match entry {
        Entry::Own { dependency, .. } => match &dependency.source {
            Source::Path(path) => Some((dependency.site.key.clone(), path.clone())),
            Source::Registry(_) | Source::Git { .. } => None,
        },
        Entry::Inherited { .. } => None,
    };
    let shared: BTreeMap<String, String> = root.iter().flat_map(|root| &root.shared).filter_map(path).collect();
    let folder_of = |entry: &Entry| match entry {
        Entry::Own { .. } => manifest.folder().join(&path(entry)?.1),
        Entry::Inherited { site, .. } => root?.folder().join(shared.get(&site.key)?),
    };
    manifest.entries.iter().filter_map(folder_of).collect()
}

/// The folders with a manifest that an entry of `members` names.
fn expand(catalog: &Catalog<'_>, base: &RepoPath, pattern: &str) -> Vec<RepoPath> {
    if !pattern.contains(['*', '?', '[']) {
        return base.join(pattern).filter(|folder| catalog.get(folder).is_some()).into_iter().collect();
    }
    let Some(matcher) = matcher(base, pattern) else { return Vec::new() };
    catalog.folders().filter(|folder| matcher.is_match(folder.as_str())).cloned().collect()
}

/// A glob of `members` over folders of the repository; `*` stays within one part of a path.
fn matcher(base: &RepoPath, pattern: &str) -> Option<globset::GlobMatcher> {
    let mut base = base.clone();
    let mut rest: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." if rest.is_empty() => base = base.join("..")?,
            _ => rest.push(part),
        }
    }
    let base = base.as_str().split('/').filter(|part| !part.is_empty()).map(globset::escape);
    let glob = base.chain(rest.into_iter().map(str::to_owned)).collect::<Vec<_>>().join("/");
    GlobBuilder::new(&glob)
        .literal_separator(true)
        .backslash_escape(false)
        .build()
        .ok()
        .map(|glob| glob.compile_matcher())
}
