//! The body of a pull request: what moves, the proof, what was left out and why, how to say no.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use semver::Version;

use super::escape::{cell, code_span, counted, fence, markdown};
use super::hold;
use super::marker::BODY_LIMIT;
use super::notes;
use super::reason::ReasonGroup;
use crate::model::{
    Bump, CommandRun, CrateName, Edit, Lane, Outcome, Phase, PullRequestNumber, Refusal, Rejection, RepoName,
    Settlement, TreeId,
};

/// Longer lists are collapsed.
const LONG: usize = 8;
/// Room for what stands in a pull request beside this text, in characters: the marker, and what people add.
const ROOM_BESIDE: usize = 12_000;

/// Everything that a body says.
#[derive(Clone, Debug, PartialEq)]
pub struct BodyFacts {
    /// The repository.
    pub repo: RepoName,
    /// What it carries.
    pub lane: Lane,
    /// What moves.
    pub updates: Vec<BodyUpdate>,
    /// Dependencies of which newer releases were not taken; those without a refusal are passed over.
    pub left_out: Vec<Settlement>,
    /// The commands that passed, in order.
    pub runs: Vec<CommandRun>,
    /// The compiler that was used, as it calls itself.
    pub toolchain: String,
    /// The tree that was verified.
    pub tree: TreeId,
    /// Tests that fail before and after.
    pub red_before: Vec<String>,
    /// What else changes in the lock, one line each.
    pub lock_changes: Vec<String>,
    /// The pull request that this one is on top of.
    pub stacked_on: Option<PullRequestNumber>,
    /// Who merges it and when, one sentence: [`super::merge_line`].
    pub merge_line: String,
    /// When it is written.
    pub now: Timestamp,
}

/// One update of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyUpdate {
    /// The package.
    pub krate: CrateName,
    /// Before.
    pub from: Version,
    /// After.
    pub to: Version,
    /// How far that is.
    pub bump: Bump,
    /// When it was published, where the source says so.
    pub published: Option<Timestamp>,
    /// Where it comes from.
    pub origin: Origin,
    /// The changes in manifests; none when only the lock moves.
    pub edits: Vec<Edit>,
    /// What is known about the package beside its versions.
    pub facts: Option<UpdateFacts>,
}

/// What a package says about itself; none of it is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateFacts {
    /// The URL of its source.
    pub repository: Option<String>,
    /// The URL of its documentation.
    pub documentation: Option<String>,
    /// What its changelog says about the versions of the update; Markdown.
    pub changelog: Option<String>,
}

/// Where an update comes from, as far as links need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// crates.io, so that crates.io and docs.rs have pages for it.
    CratesIo,
    /// Elsewhere; for people.
    Other(String),
}

/// The body, without the marker. Where it would be too long, the changelogs are cut first.
pub fn body(facts: &BodyFacts) -> String {
    let before =
        [introduction(facts), updates_table(facts), manifest_edits(facts), lock_changes(facts), evidence(facts)];
    let after = [culprits(facts), left_out(facts), saying_no(facts)];
    let length: usize = before.iter().chain(&after).map(|section| section.chars().count() + 2).sum();
    let changelogs = notes::changelogs(&facts.updates, BODY_LIMIT.saturating_sub(ROOM_BESIDE + length));
    let sections = before.into_iter().chain([changelogs]).chain(after);
    sections.filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn introduction(facts: &BodyFacts) -> String {
    let lane = match facts.lane {
        Lane::Security => "Fixes for published advisories.",
        Lane::Routine => "Routine updates: each within what this repository lets merge without a person.",
        Lane::Review => "Updates that a person decides on.",
    };
    let mut text = lane.to_owned();
    if facts.updates.is_empty() {
        text.push_str(" Only `Cargo.lock` changes, within the requirements of the manifests.");
    }
    if let Some(number) = facts.stacked_on {
        write(&mut text, format_args!("\n\nOn top of {number}, and verified on top of it: merge that one first."));
    }
    if !facts.merge_line.is_empty() {
        write(&mut text, format_args!("\n\n{}", markdown(&facts.merge_line)));
    }
    text
}

fn updates_table(facts: &BodyFacts) -> String {
    if facts.updates.is_empty() {
        return String::new();
    }
    let mut table = "| Crate | From | To | Bump | Published | See |\n|:--|:--|:--|:--|:--|:--|".to_owned();
    for update in &facts.updates {
        let bump = match update.bump {
            Bump::Major => "**major**".to_owned(),
            Bump::Minor | Bump::Patch => update.bump.to_string(),
        };
        let name = match &update.origin {
            Origin::CratesIo => format!("[{0}](https://crates.io/crates/{0}/{1})", update.krate, update.to),
            Origin::Other(_) => update.krate.to_string(),
        };
        let age = update.published.map_or("unknown".to_owned(), |published| age(published, facts.now));
        let cells = [name, update.from.to_string(), format!("**{}**", update.to), bump, age, notes::links(update)];
        write(&mut table, format_args!("\n| {} |", cells.map(|text| cell(&text)).join(" | ")));
    }
    table
}

fn manifest_edits(facts: &BodyFacts) -> String {
    let edits: Vec<String> = facts
        .updates
        .iter()
        .flat_map(|update| &update.edits)
        .map(|edit| {
            let place = format!("{}:{}", edit.site.manifest, edit.site.line);
            format!("{} {} → {}", code_span(&place), code_span(&edit.from), code_span(&edit.to))
        })
        .collect();
    match edits.len() {
        0 => String::new(),
        count => {
            let summary = format!("{} in manifests", counted(count, "change", "changes"));
            details(&summary, &bullets(edits.into_iter()))
        }
    }
}

fn lock_changes(facts: &BodyFacts) -> String {
    match facts.lock_changes.len() {
        0 => String::new(),
        count => {
            let summary = format!("{} in Cargo.lock", counted(count, "change", "changes"));
            details(&summary, &fence(&facts.lock_changes.join("\n")))
        }
    }
}

fn evidence(facts: &BodyFacts) -> String {
    let mut text = "### Verified\n".to_owned();
    if facts.runs.is_empty() {
        text.push_str("\nNo command is configured that would prove it: resolved only.\n");
    }
    for run in &facts.runs {
        let result = match run.phase {
            Phase::Test if !facts.red_before.is_empty() => "broke nothing that passed before, in",
            Phase::Resolve | Phase::Check | Phase::Test => "passed in",
        };
        write(&mut text, format_args!("\n- {} {result} {}", code_span(&run.command), duration(run.took)));
    }
    write(&mut text, format_args!("\n\nTree {} with {}.", code_span(facts.tree.as_str()), markdown(&facts.toolchain)));
    if facts.red_before.is_empty() {
        return text;
    }
    let intro = format!(
        "\n\n{} without this change as well and {} not counted:\n",
        counted(facts.red_before.len(), "test fails", "tests fail"),
        if facts.red_before.len() == 1 { "is" } else { "are" },
    );
    let list = bullets(facts.red_before.iter().map(|test| code_span(test)));
    text + &intro + &collapsed_if_long(facts.red_before.len(), "The tests", &list)
}

/// Those that break it come first and with the compiler's own words.
fn culprits(facts: &BodyFacts) -> String {
    let mut seen: Vec<(&CrateName, &Refusal)> = Vec::new();
    let mut text = String::new();
    for (settlement, refusal) in refusals(facts) {
        let (Rejection::Culprit { excerpt, .. } | Rejection::BlockedBy { excerpt, .. }) = &refusal.rejection else {
            continue;
        };
        if seen.contains(&(&settlement.krate, refusal)) {
            continue;
        }
        seen.push((&settlement.krate, refusal));
        let version = refusal.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        let summary = format!("{}{version}: {}", settlement.krate, html(&refusal.rejection.to_string()));
        write(&mut text, format_args!("\n\n{}", details(&summary, &fence(excerpt))));
    }
    if text.is_empty() { text } else { format!("### Tried, and does not work{text}") }
}

fn left_out(facts: &BodyFacts) -> String {
    let mut groups: BTreeMap<ReasonGroup, Vec<String>> = BTreeMap::new();
    for settlement in &facts.left_out {
        let is_listed = |refusal: &&Refusal| {
            let has_excerpt = matches!(refusal.rejection, Rejection::Culprit { .. } | Rejection::BlockedBy { .. });
            !has_excerpt && !ReasonGroup::of(&refusal.rejection).is_ordinary()
        };
        let mut by_group: BTreeMap<ReasonGroup, Vec<&Refusal>> = BTreeMap::new();
        for refusal in refused(settlement).iter().filter(is_listed) {
            by_group.entry(ReasonGroup::of(&refusal.rejection)).or_default().push(refusal);
        }
        for (group, refusals) in by_group {
            let lines = groups.entry(group).or_default();
            lines.extend(Some(left_out_line(settlement, &refusals)).filter(|line| !lines.contains(line)));
        }
    }
    if groups.is_empty() {
        return String::new();
    }
    let mut text = "### Left out".to_owned();
    for (group, lines) in groups {
        let title = format!("{} ({})", group.title(), lines.len());
        let list = bullets(lines.iter().cloned());
        let section = match lines.len() > LONG {
            true => details(&title, &list),
            false => format!("{title}:\n\n{list}"),
        };
        write(&mut text, format_args!("\n\n{section}"));
    }
    text
}

/// A crate's newest release that has a reason of one group, and how many older ones have one as well.
fn left_out_line(settlement: &Settlement, refusals: &[&Refusal]) -> String {
    let (krate, newest) = (&settlement.krate, refusals[0]);
    let version = newest.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let older = match refusals.len() - 1 {
        0 => String::new(),
        count => format!(" (and {})", counted(count, "older release", "older releases")),
    };
    format!("**{krate}**{version}: {}{older}", markdown(&newest.rejection.to_string()))
}

fn saying_no(facts: &BodyFacts) -> String {
    let closing = "Close this pull request and depbot does not propose these versions again. Push to its branch and depbot \
                   leaves it to you.";
    if facts.updates.is_empty() {
        return format!("---\n\n{closing}");
    }
    let holds = hold::holds(&facts.updates, &facts.repo, facts.now);
    let intro = "Paste what applies into `repos.toml`, with who decides and why:";
    let block = format!("{intro}\n\n```toml\n{holds}\n```");
    format!("---\n\n{closing}\n\n{}", details("Hold these versions for a while", &block))
}

fn refusals(facts: &BodyFacts) -> impl Iterator<Item = (&Settlement, &Refusal)> {
    facts.left_out.iter().flat_map(|settlement| refused(settlement).iter().map(move |refusal| (settlement, refusal)))
}

/// The newer releases that were not taken, newest first.
fn refused(settlement: &Settlement) -> &[Refusal] {
    match &settlement.outcome {
        Outcome::Updated { refused, .. } | Outcome::NotUpdated { refused } => refused,
        Outcome::UpToDate => &[],
    }
}

fn bullets(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
}

fn collapsed_if_long(count: usize, summary: &str, list: &str) -> String {
    if count > LONG { format!("\n{}", details(summary, list)) } else { format!("\n{list}") }
}

/// `summary` is HTML, `block` Markdown.
pub(super) fn details(summary: &str, block: &str) -> String {
    format!("<details><summary>{summary}</summary>\n\n{block}\n\n</details>")
}

/// Words inside an HTML element: Markdown does not apply there, mentions do.
pub(super) fn html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace(['\n', '\r'], " ");
    escaped.replace('@', "@\u{200b}").replace('#', "#\u{200b}")
}

/// `today`, `1 day ago`, `12 days ago`.
fn age(published: Timestamp, now: Timestamp) -> String {
    match now.duration_since(published).as_hours() / 24 {
        ..=0 => "today".to_owned(),
        1 => "1 day ago".to_owned(),
        days => format!("{days} days ago"),
    }
}

fn duration(took: std::time::Duration) -> String {
    match took.as_secs() {
        0 => format!("{} ms", took.as_millis()),
        seconds @ 1..60 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

fn write(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a String cannot fail");
}
