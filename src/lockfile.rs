//! Cargo.lock: its packages, what a declaration is locked at, and what differs between two locks.
//!
//! Locks are written by cargo alone; nothing here writes one. Formats 1 to 4 are read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use semver::Version;

use crate::manifest::Workspace;
use crate::model::{CrateName, Dependency, DependencyKind, Source, is_compatible};

/// What a lock holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lockfile {
    /// The format, 1 to 4. A lock that does not say is 1 or 2.
    pub format: u32,
    /// Its packages, in the order of the file.
    pub packages: Vec<LockedPackage>,
    /// Where in `packages` those of each name are.
    by_name: BTreeMap<CrateName, Vec<usize>>,
}

/// A package in a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedPackage {
    /// Its name.
    pub krate: CrateName,
    /// Its version.
    pub version: Version,
    /// Where it comes from, as `registry+URL`, `sparse+URL` or `git+URL?tag=x#commit`; `None` for packages of the workspace
    /// and of folders.
    pub source: Option<String>,
    /// The SHA-256 of its archive, in hexadecimal.
    pub checksum: Option<String>,
    /// What it depends on.
    pub dependencies: Vec<LockedDependency>,
}

/// What a locked package depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedDependency {
    /// The package.
    pub krate: CrateName,
    /// Its version.
    pub version: Version,
    /// Where it comes from, as in [`LockedPackage::source`], but for git without the commit where the lock leaves it out.
    pub source: Option<String>,
}

/// A text that cargo would not read as a lock.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lock cannot be read{}: {message}", line.map_or_else(String::new, |line| format!(" (line {line})")))]
pub struct LockfileError {
    /// The line, counted from 1, where there is one.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

/// Reads a lock of any format.
pub fn parse(text: &str) -> Result<Lockfile, LockfileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let read: cargo_lock::Lockfile = toml::from_str(text).map_err(|error| LockfileError {
        line: error.span().map(|span| 1 + text.bytes().take(span.start).filter(|&byte| byte == b'\n').count()),
        message: error.message().trim().to_owned(),
    })?;
    // The oldest locks have the package of the workspace in a table of its own.
    let packages = read.root.iter().chain(&read.packages).map(package).collect::<Result<Vec<_>, _>>()?;
    Ok(Lockfile::new(read.version.into(), packages))
}

fn package(package: &cargo_lock::Package) -> Result<LockedPackage, LockfileError> {
    let dependency = |dependency: &cargo_lock::Dependency| {
        Ok(LockedDependency {
            krate: name(&dependency.name)?,
            version: dependency.version.clone(),
            source: dependency.source.as_ref().map(ToString::to_string),
        })
    };
    Ok(LockedPackage {
        krate: name(&package.name)?,
        version: package.version.clone(),
        source: package.source.as_ref().map(ToString::to_string),
        checksum: package.checksum.as_ref().map(ToString::to_string),
        dependencies: package.dependencies.iter().map(dependency).collect::<Result<_, _>>()?,
    })
}

fn name(name: &cargo_lock::Name) -> Result<CrateName, LockfileError> {
    CrateName::new(name.as_str()).map_err(|error| LockfileError { line: None, message: error.to_string() })
}

impl Lockfile {
    fn new(format: u32, packages: Vec<LockedPackage>) -> Self {
        let mut by_name: BTreeMap<CrateName, Vec<usize>> = BTreeMap::new();
        for (index, package) in packages.iter().enumerate() {
            by_name.entry(package.krate.clone()).or_default().push(index);
        }
        Self { format, packages, by_name }
    }

    /// The packages of this name, in the order of the file.
    pub fn named<'l>(&'l self, krate: &CrateName) -> impl Iterator<Item = &'l LockedPackage> + use<'l> {
        self.by_name.get(krate).into_iter().flatten().filter_map(|index| self.packages.get(*index))
    }

    /// What `dependency` is locked at.
    ///
    /// Answered by the dependency list of the member that declares it, or of any member for an entry of
    /// `[workspace.dependencies]`. Where that names several versions, those from the declared kind of source come first,
    /// then those that the requirement admits; the highest of them is it. `None` where no locked version fits: the lock
    /// is older than the manifest, or nobody uses the entry.
    pub fn locked_version(&self, workspace: &Workspace, dependency: &Dependency) -> Option<Version> {
        let mut candidates: Vec<&LockedDependency> = Vec::new();
        for member in &workspace.members {
            if dependency.kind == DependencyKind::Workspace || member.manifest == dependency.site.manifest {
                let own = self.named(&member.package).filter(|package| package.source.is_none());
                let wanted =
                    own.flat_map(|package| &package.dependencies).filter(|used| used.krate == dependency.krate);
                candidates.extend(wanted);
            }
        }
        let admitted = |used: &&&LockedDependency| {
            dependency.requirement.as_ref().is_none_or(|requirement| requirement.admits(&used.version))
        };
        let from_source = |used: &&&LockedDependency| comes_from(used.source.as_deref(), &dependency.source);
        let newest =
            |fitting: &mut dyn Iterator<Item = &&LockedDependency>| fitting.map(|used| &used.version).max().cloned();
        newest(&mut candidates.iter().filter(from_source).filter(admitted))
            // A `[patch]` or a source replacement puts another source in the place of the declared one.
            .or_else(|| newest(&mut candidates.iter().filter(admitted)))
    }

    /// The folder-independent identity of every package: name, version and source.
    fn identities(&self) -> BTreeMap<&CrateName, BTreeSet<(&Version, Option<&str>)>> {
        let mut identities: BTreeMap<&CrateName, BTreeSet<(&Version, Option<&str>)>> = BTreeMap::new();
        for package in &self.packages {
            identities.entry(&package.krate).or_default().insert((&package.version, package.source.as_deref()));
        }
        identities
    }
}

/// Whether a locked source is of the kind that the manifest declares.
fn comes_from(locked: Option<&str>, declared: &Source) -> bool {
    match (locked, declared) {
        (None, Source::Path(_)) => true,
        (Some(locked), Source::Registry(_)) => locked.starts_with("registry+") || locked.starts_with("sparse+"),
        (Some(locked), Source::Git { .. }) => locked.starts_with("git+"),
        (None, Source::Registry(_) | Source::Git { .. }) | (Some(_), Source::Path(_)) => false,
    }
}

/// A package that is in both locks, at another version or another commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The package.
    pub krate: CrateName,
    /// Its version in the old lock.
    pub from: Version,
    /// Its version in the new lock; the same as `from` where only the source moved, as for a git branch.
    pub to: Version,
    /// The sources, where they differ.
    pub sources: Option<(Option<String>, Option<String>)>,
}

/// What differs between two locks. Each list is ordered by name and version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockDifference {
    /// What moved.
    pub moved: Vec<Moved>,
    /// What is new.
    pub added: Vec<(CrateName, Version)>,
    /// What is gone.
    pub removed: Vec<(CrateName, Version)>,
    /// Crates that the new lock holds at more versions than the old one, with these versions.
    pub duplicated: Vec<(CrateName, Vec<Version>)>,
}

/// What `new` changes in `old`. Of a crate at several versions, a compatible one is what a version moved to, before any
/// other.
pub fn difference(old: &Lockfile, new: &Lockfile) -> LockDifference {
    let mut difference = LockDifference::default();
    let (before, after) = (old.identities(), new.identities());
    let names: BTreeSet<&CrateName> = before.keys().chain(after.keys()).copied().collect();
    let none = BTreeSet::new();
    for krate in names {
        let before = before.get(krate).unwrap_or(&none);
        let after = after.get(krate).unwrap_or(&none);
        difference.compare(krate, before, after);
    }
    difference
}

type Identity<'l> = (&'l Version, Option<&'l str>);

impl LockDifference {
    /// Whether the two locks hold the same packages.
    pub fn is_empty(&self) -> bool {
        self.moved.is_empty() && self.added.is_empty() && self.removed.is_empty()
    }

    fn compare(&mut self, krate: &CrateName, before: &BTreeSet<Identity<'_>>, after: &BTreeSet<Identity<'_>>) {
        let mut gone: Vec<Identity<'_>> = before.difference(after).copied().collect();
        let mut come: Vec<Identity<'_>> = after.difference(before).copied().collect();
        let first = self.moved.len();
        self.pair(krate, &mut gone, &mut come, is_compatible);
        self.pair(krate, &mut gone, &mut come, |_, _| true);
        self.moved[first..].sort_by(|left, right| left.from.cmp(&right.from));
        self.removed.extend(gone.iter().map(|(version, _)| (krate.clone(), (*version).clone())));
        self.added.extend(come.iter().map(|(version, _)| (krate.clone(), (*version).clone())));
        if after.len() > before.len().max(1) {
            self.duplicated.push((krate.clone(), after.iter().map(|(version, _)| (*version).clone()).collect()));
        }
    }

    /// Takes out of both lists what fits each other.
    fn pair(
        &mut self,
        krate: &CrateName,
        gone: &mut Vec<Identity<'_>>,
        come: &mut Vec<Identity<'_>>,
        fits: impl Fn(&Version, &Version) -> bool,
    ) {
        gone.retain(|(from, from_source)| {
            let Some(index) = come.iter().position(|(to, _)| fits(from, to)) else { return true };
            let (to, to_source) = come.remove(index);
            let owned = |source: Option<&str>| source.map(str::to_owned);
            self.moved.push(Moved {
                krate: krate.clone(),
                from: (*from).clone(),
                to: to.clone(),
                sources: (*from_source != to_source).then(|| (owned(*from_source), owned(to_source))),
            });
            false
        });
    }
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commit = |source: &Option<String>| {
            let (_, commit) = source.as_deref()?.split_once('#')?;
            Some(format!(" ({})", commit.get(..10).unwrap_or(commit)))
        };
        let (from, to) = self.sources.as_ref().map_or((None, None), |(from, to)| (commit(from), commit(to)));
        let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
        write!(f, "{} {}{from} → {}{to}", self.krate, self.from, self.to)
    }
}

impl fmt::Display for LockDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moved = self.moved.iter().map(ToString::to_string);
        let added = self.added.iter().map(|(krate, version)| format!("{krate} {version} added"));
        let removed = self.removed.iter().map(|(krate, version)| format!("{krate} {version} removed"));
        let lines: Vec<String> = moved.chain(added).chain(removed).collect();
        if lines.is_empty() {
            return f.write_str("nothing");
        }
        f.write_str(&lines.join("\n"))
    }
}
