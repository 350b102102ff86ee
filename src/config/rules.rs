//! The holds and groups of `repos.toml`: what people say about crates across repositories.

use jiff::civil::Date;
use semver::VersionReq;

use super::problem::Problem;
use super::repos::{Found, PlacedHold, check_matches};
use super::section::{Entry, Section};
use super::value::{self, Placed};
use super::{Group, Hold, Pattern};

/// Reads one `[[hold]]`; `found` are the repositories that it may name.
pub(super) fn hold(
    mut section: Section<'_>,
    today: Date,
    found: &[Found],
    problems: &mut Vec<Problem>,
) -> Option<PlacedHold> {
    let krate = section.require("crate", r#""openssl""#, problems, value::pattern);
    let versions = section.read("versions", r#"">=0.11""#, problems, value::requirement);
    let repos = section.read("repos", r#"["payments"]"#, problems, value::patterns);
    check_matches(repos.as_deref().unwrap_or_default(), found, problems);
    let owner = section.require("owner", r#""platform""#, problems, value::filled);
    let reason = section.require("reason", r#""FIPS build, see PLAT-411""#, problems, value::filled);
    let until = section.require("until", "2026-12-31", problems, |entry, problems| {
        let until = value::date(entry, problems)?;
        if until < today {
            let name = krate.as_ref().map_or("?", Pattern::as_str);
            let owner = owner.as_deref().unwrap_or("its owner");
            let message = format!("the hold on `{name}` ended on {until}: {owner} has to decide again");
            let help = format!("take the hold out, or let {owner} set a day from {today} on");
            problems.push(Problem::new(entry.span(), message).help(help));
        }
        Some(until)
    });
    section.close(problems);
    let versions = versions.unwrap_or(VersionReq::STAR);
    let hold = Hold { krate: krate?, versions, owner: owner?, reason: reason?, until: until? };
    Some(PlacedHold { hold, repos: repos.map(|repos| repos.into_iter().map(|(pattern, _)| pattern).collect()) })
}

/// Reads every `[[group]]`.
pub(super) fn groups(sections: Vec<Section<'_>>, problems: &mut Vec<Problem>) -> Vec<Group> {
    let mut groups: Vec<Placed<Group>> = Vec::new();
    for mut section in sections {
        let placed = |entry: Entry<'_>, problems: &mut Vec<Problem>| {
            value::filled(entry, problems).map(|name| (name, entry.span()))
        };
        let name = section.require("name", r#""tokio""#, problems, placed);
        let crates = section.require("crates", r#"["tokio", "tokio-*"]"#, problems, value::patterns);
        section.close(problems);
        let Some((name, span)) = name else { continue };
        if let Some((_, first)) = groups.iter().find(|(group, _)| group.name == name) {
            let message = format!("the group `{name}` is there twice");
            let help = "put the crates into one group, or give the second another `name`";
            problems.push(Problem::new(span.clone(), message).help(help).related(first.clone(), "the first"));
        }
        let crates = crates.unwrap_or_default().into_iter().map(|(pattern, _)| pattern).collect();
        groups.push((Group { name, crates }, span));
    }
    groups.into_iter().map(|(group, _)| group).collect()
}
