//! From edited manifests to a lock that holds exactly what was planned, with as few calls of cargo as it takes.
//!
//! One `cargo update` with all targets does most: unlocked together, they may move even where releases pin each other.
//! What it moved too far (a release may be too young for the plan) is then set precisely: with `--precise` where it is
//! one package, with [`Pins`] where there are several.

use std::path::Path;

use cargo_metadata::{Metadata, MetadataCommand};
use semver::Version;

use super::Toolbox;
use super::lock::{Lock, LockedPackage};
use super::pins::Pins;
use super::resolver;
use crate::model::{CrateName, Failure, is_compatible};
use crate::process::ProcessError;

/// A version that the lock must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockTarget {
    /// The package.
    pub krate: CrateName,
    /// The locked version that it replaces; `None` when that is not known.
    pub from: Option<Version>,
    /// The version wanted.
    pub to: Version,
}

/// What a lock is to become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relock {
    /// The versions it must hold.
    pub targets: Vec<LockTarget>,
    /// Whether everything else moves too, as far as the requirements allow.
    pub refresh: bool,
}

/// A lock that holds what was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relocked {
    /// The text of `Cargo.lock` before; `None` when there was none.
    pub before: Option<String>,
    /// Its text now.
    pub after: String,
}

/// Why there is no such lock. The folder is left as cargo left it: the caller throws the changes away.
#[derive(Debug, thiserror::Error)]
pub enum RelockError {
    /// Cargo does not resolve the dependencies to what is wanted.
    #[error("the dependencies do not resolve: {}", .0.excerpt)]
    Unresolvable(Failure),
    /// Cargo cannot be run.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The lock cannot be read or written.
    #[error("the lock of {folder} cannot be used: {error}")]
    Lock {
        /// The workspace folder.
        folder: String,
        /// The reason.
        #[source]
        error: std::io::Error,
    },
    /// What cargo says about the workspace cannot be read.
    #[error("the answer of cargo metadata cannot be read: {0}")]
    Metadata(#[source] cargo_metadata::Error),
}

/// Brings the lock of a workspace folder in step with its manifests, so that it holds the targets, proves that it
/// resolves with all features, and downloads what it holds.
///
/// Without targets and without a refresh, a lock that is in step is only proved: this is how an untouched tree is made
/// ready. A folder without a lock gets one.
pub async fn relock(toolbox: &Toolbox, folder: &Path, request: &Relock) -> Result<Relocked, RelockError> {
    let bench = Locksmith { toolbox, folder };
    let before = bench.lock()?;
    let untouched = before.text.is_some() && request.targets.is_empty() && !request.refresh;
    if !untouched || bench.prove(&[]).await.is_err() {
        bench.approach(&before, request).await?;
        bench.settle(&request.targets).await?;
        bench.prove(&request.targets).await?;
    }
    let after = bench.lock()?.text.unwrap_or_default();
    Ok(Relocked { before: before.text, after })
}

/// How the locked package is found that moves for a target.
type Finder = for<'a> fn(&'a Lock, &'a LockTarget) -> Option<&'a LockedPackage>;

/// Who works on the lock of one folder.
struct Locksmith<'a> {
    toolbox: &'a Toolbox,
    folder: &'a Path,
}

impl Locksmith<'_> {
    /// One call that brings the lock in step and comes as near to the targets as one call can.
    async fn approach(&self, before: &Lock, request: &Relock) -> Result<(), RelockError> {
        if before.text.is_none() {
            return self.cargo(&["generate-lockfile"]).await;
        }
        if request.refresh {
            return self.cargo(&["update"]).await;
        }
        let pending: Vec<_> = request.targets.iter().filter(|target| !holds(before, target)).collect();
        if let [target] = pending[..]
            && replaced(before, target).is_some()
        {
            match self.set(before, target).await {
                Err(RelockError::Unresolvable(_)) => {}
                done => return done,
            }
        }
        let specs = |fits: &dyn Fn(&LockTarget) -> bool| {
            let targets = pending.iter().filter(|target| fits(target));
            targets.filter_map(|target| Some(spec_of(before, replaced(before, target)?))).collect::<Vec<_>>()
        };
        match self.update(&specs(&|_| true)).await {
            Err(RelockError::Unresolvable(_)) => {
                // One of them may have gone further than planned and into a conflict: one at a time, then.
                self.restore(before)?;
                self.update(&[]).await
            }
            Err(error) => Err(error),
            Ok(()) => {
                let after = self.lock()?;
                let strays = |target: &LockTarget| strays(before, &after, target);
                if !request.targets.iter().any(strays) {
                    return Ok(());
                }
                // What a release that is not wanted brought along must not stay.
                self.restore(before)?;
                match self.pin(&request.targets, replaced).await {
                    Err(RelockError::Unresolvable(_)) => self.update(&specs(&|target| !strays(target))).await,
                    done => done,
                }
            }
        }
    }

    /// Sets precisely what differs, round by round: one target may stand in the way of another.
    async fn settle(&self, targets: &[LockTarget]) -> Result<(), RelockError> {
        let lock = self.lock()?;
        if targets.iter().filter(|target| !holds(&lock, target)).count() > 1 {
            match self.pin(targets, replaced).await {
                // One at a time may go further, and tells which of them is in the way.
                Ok(()) | Err(RelockError::Unresolvable(_)) => {}
                Err(error) => return Err(error),
            }
        }
        for _ in 0..=targets.len() {
            let mut refused = None;
            let mut progress = false;
            for target in targets {
                let lock = self.lock()?;
                if holds(&lock, target) {
                    continue;
                }
                match self.set(&lock, target).await {
                    Ok(()) => progress |= holds(&self.lock()?, target),
                    Err(RelockError::Unresolvable(failure)) => refused = refused.or(Some(failure)),
                    Err(error) => return Err(error),
                }
            }
            let lock = self.lock()?;
            let Some(missing) = targets.iter().find(|target| !holds(&lock, target)) else { return Ok(()) };
            if !progress {
                return Err(RelockError::Unresolvable(refused.unwrap_or_else(|| not_held(missing))));
            }
        }
        let lock = self.lock()?;
        let missing = targets.iter().find(|target| !holds(&lock, target));
        missing.map_or(Ok(()), |target| Err(RelockError::Unresolvable(not_held(target))))
    }

    /// Sets all targets at once, by exact requirements, and lets what `moving` finds for each move. What does not resolve
    /// changes nothing.
    async fn pin(&self, targets: &[LockTarget], moving: Finder) -> Result<(), RelockError> {
        let lock = self.lock()?;
        let pending = targets.iter().filter(|target| !holds(&lock, target));
        let specs: Vec<_> = pending.filter_map(|target| Some(spec_of(&lock, moving(&lock, target)?))).collect();
        let members = self.metadata(&["--no-deps"]).await?;
        let Some(member) = members.packages.first() else { return self.update(&specs).await };
        let pins = Pins::set(member.manifest_path.as_std_path(), &lock, targets);
        let pins = pins.map_err(|error| self.lock_error(error))?;
        let updated = self.update(&specs).await;
        drop(pins);
        match updated {
            // The lock still has the pins as dependencies of that member: this call leaves them out.
            Ok(()) => self.metadata(&["--all-features"]).await.map(|_| ()),
            Err(error) => self.restore(&lock).and(Err(error)),
        }
    }

    /// Moves one package to its target.
    async fn set(&self, lock: &Lock, target: &LockTarget) -> Result<(), RelockError> {
        if let Some(package) = replaced(lock, target) {
            return self.cargo(&["update", "-p", &spec_of(lock, package), "--precise", &target.to.to_string()]).await;
        }
        // Cargo moves all users of a package to a precise version, and some may need what is locked now.
        if others(lock, target).next().is_none() {
            return Err(RelockError::Unresolvable(not_held(target)));
        }
        self.pin(std::slice::from_ref(target), movable).await
    }

    /// Lets these packages move; with none, only what the manifests ask for.
    async fn update(&self, specs: &[String]) -> Result<(), RelockError> {
        let mut arguments = vec!["update"];
        for spec in specs {
            arguments.extend(["-p", spec]);
        }
        if specs.is_empty() {
            arguments.push("--workspace");
        }
        self.cargo(&arguments).await
    }

    /// Proves that the lock resolves as it is, and that the targets are what would be built.
    async fn prove(&self, targets: &[LockTarget]) -> Result<(), RelockError> {
        let metadata = self.metadata(&["--locked", "--all-features"]).await?;
        let missing = targets.iter().find(|target| !is_used(&metadata, target));
        missing.map_or(Ok(()), |target| Err(RelockError::Unresolvable(not_held(target))))
    }

    async fn metadata(&self, options: &[&str]) -> Result<Metadata, RelockError> {
        let answer = self.answer(&[&["metadata", "--format-version", "1"], options].concat()).await?;
        MetadataCommand::parse(String::from_utf8_lossy(&answer)).map_err(RelockError::Metadata)
    }

    async fn cargo(&self, arguments: &[&str]) -> Result<(), RelockError> {
        self.answer(arguments).await.map(|_| ())
    }

    /// What cargo writes to its output.
    async fn answer(&self, arguments: &[&str]) -> Result<Vec<u8>, RelockError> {
        let finished = crate::process::run(self.toolbox.resolving(self.folder, arguments)).await?;
        if finished.status.is_success() {
            return Ok(finished.stdout);
        }
        let names = self.lock().unwrap_or_default().names();
        let command = format!("cargo {}", arguments.join(" "));
        Err(RelockError::Unresolvable(resolver::failure(command, &finished, self.folder, &names)))
    }

    fn lock(&self) -> Result<Lock, RelockError> {
        Lock::read(self.folder).map_err(|error| self.lock_error(error))
    }

    fn restore(&self, lock: &Lock) -> Result<(), RelockError> {
        lock.restore(self.folder).map_err(|error| self.lock_error(error))
    }

    fn lock_error(&self, error: std::io::Error) -> RelockError {
        RelockError::Lock { folder: self.folder.display().to_string(), error }
    }
}

/// Whether a lock holds a target. The version of a git dependency is what its tag holds: cargo has no choice there.
fn holds(lock: &Lock, target: &LockTarget) -> bool {
    let mut packages = lock.named(target.krate.as_str()).peekable();
    let locked = packages.peek().is_some();
    let mut only_git = true;
    let held = packages.any(|package| {
        only_git &= package.is_git();
        is_same(&package.version, &target.to)
    });
    held || (locked && only_git)
}

/// Whether two versions are one release: registries hold a version once, whatever its build metadata.
fn is_same(one: &Version, other: &Version) -> bool {
    one.cmp_precedence(other).is_eq()
}

/// Whether an update went past a target.
fn strays(before: &Lock, after: &Lock, target: &LockTarget) -> bool {
    let moved = |package: &&LockedPackage| !before.packages.contains(*package);
    !holds(after, target) && after.named(target.krate.as_str()).filter(moved).any(|package| package.version > target.to)
}

/// The locked package that a target can take the place of. There is none where only an edited requirement brings the
/// target in: what is locked then may be there for others, and stays for them.
fn replaced<'a>(lock: &'a Lock, target: &'a LockTarget) -> Option<&'a LockedPackage> {
    others(lock, target)
        .find(|package| is_compatible(&package.version, &target.to) || is_compatible(&target.to, &package.version))
}

/// The locked package to move when nothing else has brought the target in: a requirement may be open.
fn movable<'a>(lock: &'a Lock, target: &'a LockTarget) -> Option<&'a LockedPackage> {
    let from = |package: &&LockedPackage| Some(&package.version) == target.from.as_ref();
    replaced(lock, target).or_else(|| others(lock, target).find(from)).or_else(|| others(lock, target).last())
}

/// The locked releases of a target's package beside the one that is wanted.
fn others<'a>(lock: &'a Lock, target: &'a LockTarget) -> impl Iterator<Item = &'a LockedPackage> {
    lock.named(target.krate.as_str()).filter(|package| !is_same(&package.version, &target.to))
}

/// A package id that names one package of a lock.
fn spec_of(lock: &Lock, package: &LockedPackage) -> String {
    let LockedPackage { name, version, source } = package;
    let same = lock.named(name).filter(|other| other.version == *version).count();
    match source {
        Some(source) if same > 1 => {
            let source = source.split('#').next().unwrap_or(source);
            format!("{source}#{name}@{version}")
        }
        _ => format!("{name}@{version}"),
    }
}

fn is_used(metadata: &Metadata, target: &LockTarget) -> bool {
    let mut packages = metadata.packages.iter().filter(|package| *package.name == target.krate.as_str());
    packages.any(|package| {
        let is_git = package.source.as_ref().is_some_and(|source| source.repr.starts_with("git+"));
        is_same(&package.version, &target.to) || is_git
    })
}

/// The failure to hold a target that cargo itself has nothing to say about.
fn not_held(target: &LockTarget) -> Failure {
    let LockTarget { krate, to, .. } = target;
    resolver::own_failure(format!("the lock does not come to hold {krate} {to}"), krate)
}
