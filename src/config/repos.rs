//! The repositories of `repos.toml`: each by itself, all against each other, and what is said about them elsewhere.

use std::collections::BTreeMap;
use std::ops::Range;

use super::location::{Location, masked};
use super::problem::Problem;
use super::section::{Entry, Section};
use super::settings::settings;
use super::suggest::{nearest, one_of};
use super::value::{self, Placed};
use super::{Group, Hold, Pattern, ReleaseMode, RepoConfig, Settings};
use crate::model::{BranchName, RepoName};

/// A `[[repo]]` as far as it could be read.
pub(super) struct Found {
    /// What clones it.
    url: Option<Placed<String>>,
    /// The same for every spelling of its URL.
    identity: Option<String>,
    name: Option<Placed<RepoName>>,
    branch: Option<BranchName>,
    release: ReleaseMode,
    settings: Settings,
}

/// A hold, and which repositories it concerns.
pub(super) struct PlacedHold {
    /// The hold.
    pub(super) hold: Hold,
    /// Their names; `None` for all.
    pub(super) repos: Option<Vec<Pattern>>,
}

/// Reads one `[[repo]]`.
pub(super) fn repo(mut section: Section<'_>, defaults: &Settings, problems: &mut Vec<Problem>) -> Found {
    let url = section.require("url", r#""https://github.com/acme/payments""#, problems, value::repository);
    let has_name = section.has("name");
    let name = section.read("name", r#""payments""#, problems, |entry: Entry<'_>, problems| {
        value::name(entry, RepoName::new, problems).map(|name| (name, entry.span()))
    });
    let branch = section.read("branch", r#""main""#, problems, value::branch);
    let release = section.read("release", r#""none""#, problems, value::choice).unwrap_or(ReleaseMode::None);
    let settings = settings(&mut section, defaults, problems);
    section.close(problems);
    let (url, location) = match url {
        Some(((url, location), span)) => (Some((url, span)), Some(location)),
        None => (None, None),
    };
    let default_name = match (&url, &location) {
        (Some((_, span)), Some(location)) if !has_name => named_after(location, span, problems),
        _ => None,
    };
    let identity = location.map(|location| location.identity);
    Found { url, identity, name: name.or(default_name), branch, release, settings }
}

/// The name of a repository that has none of its own.
fn named_after(location: &Location, url: &Range<usize>, problems: &mut Vec<Problem>) -> Option<Placed<RepoName>> {
    match RepoName::new(location.name.as_str()) {
        Ok(name) => Some((name, url.clone())),
        Err(error) => {
            let help = "add a `name` of letters, digits, `-`, `_` and `.`";
            problems.push(Problem::new(url.clone(), masked(&error.to_string())).help(help));
            None
        }
    }
}

/// Says which repositories are there twice, by URL or else by name.
pub(super) fn check_unique(repos: &[Found], problems: &mut Vec<Problem>) {
    let mut urls = BTreeMap::new();
    let mut names = BTreeMap::new();
    for found in repos {
        if let (Some(identity), Some((_, span))) = (&found.identity, &found.url) {
            if let Some(first) = urls.get(identity) {
                let problem = Problem::new(span.clone(), "this repository is there twice");
                problems.push(problem.help("take one of the two out").related(Clone::clone(first), "the first"));
                continue;
            }
            urls.insert(identity, span.clone());
        }
        let Some((name, span)) = &found.name else { continue };
        let folded = name.as_str().to_lowercase();
        if let Some(first) = names.get(&folded) {
            let problem = Problem::new(span.clone(), format!("two repositories have the name `{name}`"));
            let help = "give one of them another name, like `name = \"payments-eu\"`";
            problems.push(problem.help(help).related(Clone::clone(first), "the first"));
            continue;
        }
        names.insert(folded, span.clone());
    }
}

/// Says which of a hold's patterns match no repository. As long as one has no name, or there is none, nobody knows.
pub(super) fn check_matches(wanted: &[Placed<Pattern>], repos: &[Found], problems: &mut Vec<Problem>) {
    let names: Option<Vec<&str>> =
        repos.iter().map(|found| found.name.as_ref().map(|(name, _)| name.as_str())).collect();
    let Some(names) = names.filter(|names| !names.is_empty()) else { return };
    for (pattern, span) in wanted.iter().filter(|(pattern, _)| !names.iter().any(|name| pattern.matches(name))) {
        let text = pattern.as_str();
        let help = match nearest(text, &names) {
            Some(near) => format!("did you mean {near:?}?"),
            None if names.len() > 12 => "write the `name` of a [[repo]], or the last part of its URL".to_owned(),
            None => format!("the repositories are {}", one_of(names.iter().map(|name| format!("{name:?}")))),
        };
        problems.push(Problem::new(span.clone(), format!("{text:?} matches no repository")).help(help));
    }
}

/// The repositories that could be read, each with what is said about it elsewhere.
pub(super) fn finish(repos: Vec<Found>, holds: &[PlacedHold], groups: &[Group]) -> Vec<RepoConfig> {
    let mut finished = Vec::new();
    for found in repos {
        let (Some((url, _)), Some((name, _))) = (found.url, found.name) else { continue };
        let concerns = |wanted: &Option<Vec<Pattern>>| match wanted {
            None => true,
            Some(patterns) => patterns.iter().any(|pattern| pattern.matches(name.as_str())),
        };
        let holds = holds.iter().filter(|placed| concerns(&placed.repos)).map(|placed| placed.hold.clone()).collect();
        let Found { branch, release, settings, .. } = found;
        finished.push(RepoConfig { name, url, branch, release, settings, holds, groups: groups.to_vec() });
    }
    finished
}
