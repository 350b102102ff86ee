//! What a requirement becomes for a release, in the form that a person gave it.
//!
//! The laws: the result admits the release; no lower bound gets lower; no comparator is lost or added; operators, precision,
//! spacing and order stay; `*` and open `>=` and `>` stay; build metadata is not written; a pre-release is written in full. A
//! form that cannot be kept under these laws is [`FormLost`].

use std::cmp::Ordering;

use semver::{Comparator, Op, Version};

use super::spelling::{self, Part, Spelled};
use crate::config::RequirementStyle;
use crate::model::Requirement;

/// What becomes of a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rewrite {
    /// It stays as it is, and admits the release.
    Keep,
    /// This is the new text.
    To(String),
}

/// There is no text of the same form that admits the release without a lower bound getting lower.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{requirement:?} cannot be rewritten for {target} in the same form")]
pub struct FormLost {
    /// The requirement as written.
    pub requirement: String,
    /// The release.
    pub target: Version,
}

/// What `requirement` becomes for `target`.
///
/// `Bump` moves the numbers of caret, tilde, `=` and wildcard comparators to the release, as precisely as they are
/// written, and opens upper bounds that are in the way. `IfNeeded` changes only what does not admit the release.
pub fn rewrite(requirement: &Requirement, target: &Version, style: RequirementStyle) -> Result<Rewrite, FormLost> {
    let lost = || FormLost { requirement: requirement.as_str().to_owned(), target: target.clone() };
    let admitted = requirement.admits(target);
    if admitted && (requirement.comparators().is_empty() || style == RequirementStyle::IfNeeded) {
        return Ok(Rewrite::Keep);
    }
    let spelled = spelling::read(requirement).ok_or_else(lost)?;
    if spelled.iter().any(|spelled| is_above(spelled.comparator, target)) {
        return Err(lost());
    }
    let attempts: &[Effort] = match style {
        RequirementStyle::Bump => &[Effort::Name],
        RequirementStyle::IfNeeded => &[Effort::Open, Effort::Name],
    };
    for effort in attempts {
        let Some(text) = write(requirement.as_str(), &spelled, target, *effort) else { continue };
        if Requirement::parse(&text).is_ok_and(|written| written.admits(target)) {
            return Ok(Rewrite::To(text));
        }
    }
    if admitted { Ok(Rewrite::Keep) } else { Err(lost()) }
}

/// How much of a requirement is rewritten.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// What does not admit the release.
    Open,
    /// Also everything that can name the release.
    Name,
}

/// Whether a lower bound is above the release, so that it would have to get lower.
fn is_above(comparator: &Comparator, target: &Version) -> bool {
    let bound = compare(target, comparator);
    match comparator.op {
        Op::Less | Op::LessEq => false,
        // `>1.2` begins at 1.3.0: what is equal as far as it is written is not admitted.
        Op::Greater => bound != Ordering::Greater,
        _ => bound == Ordering::Less,
    }
}

/// Where the release stands relative to what is written, as far as it is written. A pre-release of a version that is not
/// written in full stands below it.
fn compare(target: &Version, comparator: &Comparator) -> Ordering {
    let numbers = target.major.cmp(&comparator.major);
    let Some(minor) = comparator.minor else { return numbers.then_with(|| below_partial(target, &[0, 0])) };
    let numbers = numbers.then(target.minor.cmp(&minor));
    let Some(patch) = comparator.patch else { return numbers.then_with(|| below_partial(target, &[0])) };
    numbers.then(target.patch.cmp(&patch)).then_with(|| target.pre.cmp(&comparator.pre))
}

/// `2.0.0-rc.1` is below `2`, `2.1.0-rc.1` and `2.0.1` are not.
fn below_partial(target: &Version, zeros: &[u64]) -> Ordering {
    let rest = [target.minor, target.patch];
    if !target.pre.is_empty() && rest.ends_with(zeros) { Ordering::Less } else { Ordering::Equal }
}

/// Whether `<` admits the release, by semver's reading: `<1.2` admits no pre-release of 1.2.0.
fn is_below(target: &Version, comparator: &Comparator) -> bool {
    let floor = Version { pre: comparator.pre.clone(), ..Version::new(comparator.major, 0, 0) };
    let floor = Version { minor: comparator.minor.unwrap_or(0), patch: comparator.patch.unwrap_or(0), ..floor };
    let release = Version::new(target.major, target.minor, target.patch);
    if comparator.patch.is_some() { target.cmp_precedence(&floor).is_lt() } else { release < floor }
}

/// The requirement with its versions exchanged; `None` where one cannot be written in its form, or where none changes.
fn write(text: &str, spelled: &[Spelled<'_>], target: &Version, effort: Effort) -> Option<String> {
    let mut result = String::with_capacity(text.len() + 8);
    let mut done = 0;
    let mut changes = false;
    for part in spelled {
        let written = &text[part.version.clone()];
        let version = replacement(text, part, target, effort)?;
        changes |= version.as_deref().is_some_and(|version| version != written);
        result.push_str(&text[done..part.version.start]);
        result.push_str(version.as_deref().unwrap_or(written));
        done = part.build.end;
    }
    result.push_str(&text[done..]);
    changes.then_some(result)
}

/// The version to write in a comparator; inside, `None` where it stays; outside, where its form would be lost.
fn replacement(text: &str, spelled: &Spelled<'_>, target: &Version, effort: Effort) -> Option<Option<String>> {
    let comparator = spelled.comparator;
    match comparator.op {
        Op::Caret | Op::Tilde | Op::Exact | Op::Wildcard => {
            let stays = effort == Effort::Open && comparator.matches(target);
            if stays { Some(None) } else { named(spelled, target).map(Some) }
        }
        Op::GreaterEq if comparator.matches(target) => Some(None),
        // semver admits a pre-release only where one of the same version is written.
        Op::GreaterEq if !target.pre.is_empty() => named(spelled, target).map(Some),
        Op::GreaterEq | Op::Greater => Some(None),
        Op::Less if is_below(target, comparator) => Some(None),
        Op::Less => above(spelled, &text[spelled.pre.clone()], target).map(Some),
        Op::LessEq if compare(target, comparator) != Ordering::Greater => Some(None),
        Op::LessEq => named(spelled, target).map(Some),
        // semver's list of operators is open; one that is not known here has no form to keep.
        _ => None,
    }
}

/// The release as precisely as the comparator is written; a pre-release in full.
fn named(spelled: &Spelled<'_>, target: &Version) -> Option<String> {
    let starred = spelled.parts.iter().any(|part| matches!(part, Part::Star(_)));
    match (target.pre.is_empty(), starred) {
        (true, _) => Some(numbers(&spelled.parts, [target.major, target.minor, target.patch])),
        (false, true) => None,
        (false, false) => Some(format!("{}.{}.{}-{}", target.major, target.minor, target.patch, target.pre)),
    }
}

/// The lowest upper bound above the release that moves at the same place as the one written: `<1.2.0` ends at a minor,
/// so that it becomes `<1.6.0` for 1.5.2; `<1.3.4` ends at a patch and becomes `<1.5.3`.
fn above(spelled: &Spelled<'_>, pre: &str, target: &Version) -> Option<String> {
    let written = |part: &Part| matches!(part, Part::Number(number) if *number > 0);
    let place = match spelled.parts.iter().rposition(written) {
        Some(place) => place,
        None => spelled.parts.iter().rposition(|part| matches!(part, Part::Number(_)))?,
    };
    let mut bound = [target.major, target.minor, target.patch];
    bound[place] = bound[place].checked_add(1)?;
    bound[place + 1..].fill(0);
    let mut text = numbers(&spelled.parts, bound);
    if !pre.is_empty() {
        text.push('-');
        text.push_str(pre);
    }
    Some(text)
}

fn numbers(parts: &[Part], numbers: [u64; 3]) -> String {
    let mut text = String::new();
    for (part, number) in parts.iter().zip(numbers) {
        if !text.is_empty() {
            text.push('.');
        }
        match part {
            Part::Number(_) => text.push_str(&number.to_string()),
            Part::Star(star) => text.push(*star),
        }
    }
    text
}
