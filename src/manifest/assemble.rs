//! From the manifests of one workspace to what it declares as a whole: inheritance, limits, patches.

use std::collections::BTreeMap;

use super::declare::Entry;
use super::document::Document;
use super::package::{Manifest, Package, WorkspaceTable};
use super::{Files, ManifestProblem, Member, Patch, Workspace, patch};
use crate::model::{Dependency, RepoPath, RustVersion, Site};

/// Joins the manifests of a workspace, the root's first. What is wrong with single declarations goes to `problems`.
pub(super) fn workspace(
    files: &Files,
    root: &Manifest,
    members: &[&Manifest],
    reads: Vec<RepoPath>,
    problems: &mut Vec<ManifestProblem>,
) -> Workspace {
    let shared = root.workspace.as_ref();
    let mut inheritance = Inheritance::of(root);
    let mut dependencies = Vec::new();
    let mut found: Vec<Member> = Vec::new();
    problems.extend(root.problems.iter().cloned());
    for manifest in members {
        if manifest.path != root.path {
            problems.extend(manifest.problems.iter().cloned());
        }
        let Some(package) = &manifest.package else { continue };
        let member = member(manifest, package, shared);
        let edition = package.edition.resolve(shared.and_then(|shared| shared.edition.as_ref()));
        let no_legacy = edition.is_some_and(|edition| edition.as_str() >= "2024");
        for entry in &manifest.entries {
            match entry {
                Entry::Own { dependency, legacy: Some(spelling) } if no_legacy => {
                    problems.push(legacy_spelling(dependency, spelling));
                }
                Entry::Own { dependency, .. } => {
                    dependencies.push(Dependency { rust_version: member.rust_version, ..dependency.clone() });
                }
                Entry::Inherited { site, features, default_features, optional } => {
                    let asked = Asked { features, default_features: *default_features, optional: *optional };
                    problems.extend(inheritance.add(site, &asked, member.rust_version));
                }
            }
        }
        found.push(member);
    }
    found.sort_by(|left, right| left.manifest.cmp(&right.manifest));
    let unused = inheritance.unused();
    let mut all = inheritance.finish();
    all.extend(dependencies);
    Workspace {
        root: root.folder(),
        manifest: root.path.clone(),
        lockfile: root.folder().join("Cargo.lock").filter(|lock| files.contains_key(lock)),
        members: found,
        dependencies: all,
        unused,
        patched: root.patches.iter().cloned().chain(configured_patches(files, &root.folder(), problems)).collect(),
        reads,
    }
}

fn member(manifest: &Manifest, package: &Package, shared: Option<&WorkspaceTable>) -> Member {
    let version = package.version.resolve(shared.and_then(|shared| shared.version.as_ref()));
    let publish = package.publish.resolve(shared.and_then(|shared| shared.publish.as_ref()));
    Member {
        manifest: manifest.path.clone(),
        package: package.name.clone(),
        version: version.map(|(version, _)| version.clone()),
        version_site: version.map(|(_, site)| site.clone()),
        rust_version: package.rust_version.resolve(shared.and_then(|shared| shared.rust_version.as_ref())).copied(),
        published: version.is_some() && publish.copied().unwrap_or(true),
    }
}

fn legacy_spelling(dependency: &Dependency, spelling: &str) -> ManifestProblem {
    let key = &dependency.site.key;
    let message = format!("{key}: edition 2024 has no {spelling}: it is written {}", spelling.replace('_', "-"));
    ManifestProblem { manifest: dependency.site.manifest.clone(), line: Some(dependency.site.line), message }
}

/// The entries of `[workspace.dependencies]`, gathering what the members that inherit them ask for.
struct Inheritance {
    order: Vec<Shared>,
    by_key: BTreeMap<String, usize>,
}

struct Shared {
    dependency: Dependency,
    used: bool,
    /// Whether every member that inherits it so far has it as optional.
    all_optional: bool,
}

/// What a member adds to an entry that it inherits.
struct Asked<'a> {
    features: &'a [String],
    default_features: Option<bool>,
    optional: bool,
}

impl Inheritance {
    fn of(root: &Manifest) -> Self {
        let dependencies = root.shared.iter().filter_map(|entry| match entry {
            Entry::Own { dependency, .. } => Some(dependency.clone()),
            Entry::Inherited { .. } => None,
        });
        let order: Vec<Shared> =
            dependencies.map(|dependency| Shared { dependency, used: false, all_optional: true }).collect();
        let by_key =
            order.iter().enumerate().map(|(index, shared)| (shared.dependency.site.key.clone(), index)).collect();
        Self { order, by_key }
    }

    /// Adds what the entry at `site` asks for; a problem where the workspace has no such entry.
    fn add(&mut self, site: &Site, asked: &Asked<'_>, rust_version: Option<RustVersion>) -> Option<ManifestProblem> {
        let Some(shared) = self.by_key.get(&site.key).and_then(|index| self.order.get_mut(*index)) else {
            let message = format!("{}: [workspace.dependencies] has no such entry that can be read", site.key);
            return Some(ManifestProblem { manifest: site.manifest.clone(), line: Some(site.line), message });
        };
        let dependency = &mut shared.dependency;
        for feature in asked.features {
            if !dependency.features.contains(feature) {
                dependency.features.push(feature.clone());
            }
        }
        dependency.default_features |= asked.default_features == Some(true);
        dependency.rust_version = match (dependency.rust_version, rust_version) {
            (Some(left), Some(right)) => Some(if left.satisfies(&right) { right } else { left }),
            (left, right) => left.or(right),
        };
        shared.used = true;
        shared.all_optional &= asked.optional;
        None
    }

    fn unused(&self) -> Vec<String> {
        self.order.iter().filter(|shared| !shared.used).map(|shared| shared.dependency.site.key.clone()).collect()
    }

    fn finish(self) -> Vec<Dependency> {
        let finished =
            |shared: Shared| Dependency { optional: shared.used && shared.all_optional, ..shared.dependency };
        self.order.into_iter().map(finished).collect()
    }
}

/// `[patch]` in cargo's configuration of the folder and those above it, as far as the repository has them.
fn configured_patches(files: &Files, folder: &RepoPath, problems: &mut Vec<ManifestProblem>) -> Vec<Patch> {
    let mut patches = Vec::new();
    for (path, document) in configurations(files, folder) {
        patches.extend(patch::read(&document, path, problems));
    }
    patches
}

/// Folders inside the repository that configured patches point to. Cargo resolves them from the folder that holds
/// `.cargo`.
pub(super) fn configured_patch_folders(files: &Files, folder: &RepoPath) -> Vec<RepoPath> {
    let folders = |path: &RepoPath, document: &Document<'_>| {
        let base = path.parent().parent();
        patch::paths(document).iter().filter_map(|path| base.join(path)).collect::<Vec<_>>()
    };
    configurations(files, folder).iter().flat_map(|(path, document)| folders(path, document)).collect()
}

/// The readable configurations that apply in `folder`, the nearest first; `config` hides `config.toml`, as in cargo.
fn configurations<'f>(files: &'f Files, folder: &RepoPath) -> Vec<(&'f RepoPath, Document<'f>)> {
    let mut found = Vec::new();
    for folder in ancestors(folder) {
        let at = |name: &str| files.get_key_value(&folder.join(name)?);
        let Some((path, bytes)) = at(".cargo/config").or_else(|| at(".cargo/config.toml")) else { continue };
        found.extend(Document::parse(bytes).ok().map(|document| (path, document)));
    }
    found
}

/// The folder and those above it, up to the repository's root.
pub(super) fn ancestors(folder: &RepoPath) -> impl Iterator<Item = RepoPath> {
    let up = |folder: &RepoPath| (!folder.as_str().is_empty()).then(|| folder.parent());
    std::iter::successors(Some(folder.clone()), up)
}
