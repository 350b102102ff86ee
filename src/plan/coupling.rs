//! Which updates must move together, found in the data of the releases themselves.
//!
//! Two updates are coupled when
//! - a group of `repos.toml` names both,
//! - the new release of one needs the new version of the other and would not take the old one, or
//! - the release in use of one pins the other exactly (`=x.y.z`), so that the other cannot move alone.

use semver::{Op, Version, VersionReq};

use crate::config::Group;
use crate::model::{CrateName, DependencyKind, Release};

/// One update as coupling sees it.
pub(super) struct Mover<'a> {
    pub(super) krate: &'a CrateName,
    pub(super) from: &'a Version,
    pub(super) to: &'a Release,
    /// The release in use, where the registry has it.
    pub(super) current: Option<&'a Release>,
}

/// Splits `movers` into sets that must move together: each a list of indices, in order.
pub(super) fn couple(movers: &[Mover], groups: &[Group]) -> Vec<Vec<usize>> {
    let mut leader: Vec<usize> = (0..movers.len()).collect();
    for (one, mover) in movers.iter().enumerate() {
        for (two, other) in movers.iter().enumerate() {
            if one != two && (are_grouped(mover, other, groups) || needs(mover, other) || pins(mover, other)) {
                join(&mut leader, one, two);
            }
        }
    }
    sets(&mut leader)
}

fn are_grouped(mover: &Mover, other: &Mover, groups: &[Group]) -> bool {
    groups.iter().any(|group| group.contains(mover.krate.as_str()) && group.contains(other.krate.as_str()))
}

/// Whether the new release of `mover` takes the new version of `other`, and not the one in use.
fn needs(mover: &Mover, other: &Mover) -> bool {
    requirements(mover.to, other.krate)
        .any(|requirement| requirement.matches(&other.to.version) && !requirement.matches(other.from))
}

/// Whether the release in use of `mover` pins `other` to the version in use.
fn pins(mover: &Mover, other: &Mover) -> bool {
    let Some(current) = mover.current else { return false };
    requirements(current, other.krate)
        .any(|requirement| is_exact(requirement) && !requirement.matches(&other.to.version))
}

fn is_exact(requirement: &VersionReq) -> bool {
    requirement.comparators.iter().any(|comparator| comparator.op == Op::Exact && comparator.patch.is_some())
}

/// What a release asks of a crate when it is built as a dependency.
fn requirements<'a>(release: &'a Release, krate: &'a CrateName) -> impl Iterator<Item = &'a VersionReq> {
    release
        .dependencies
        .iter()
        .filter(move |dependency| dependency.kind != DependencyKind::Development && dependency.krate == *krate)
        .map(|dependency| &dependency.requirement)
}

fn leader_of(leader: &mut [usize], mut index: usize) -> usize {
    while leader[index] != index {
        leader[index] = leader[leader[index]];
        index = leader[index];
    }
    index
}

fn join(leader: &mut [usize], one: usize, two: usize) {
    let (one, two) = (leader_of(leader, one), leader_of(leader, two));
    leader[one.max(two)] = one.min(two);
}

fn sets(leader: &mut [usize]) -> Vec<Vec<usize>> {
    let mut sets: Vec<Vec<usize>> = vec![Vec::new(); leader.len()];
    for index in 0..leader.len() {
        let first = leader_of(leader, index);
        sets[first].push(index);
    }
    sets.retain(|set| !set.is_empty());
    sets
}
