//! A counted fleet as the values that the page's template shows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use minijinja::{Value, context};

use super::figures::{Counts, Fleet, Repository, Row, Standing, StatusKind, status_detail};
use super::words::{counted, duration, lead, minute, percent, thousands};
use crate::model::{
    Lane, PullRequestState, PullRequestSummary, Rejection, RepositoryStatus, RepositorySummary, RunMode, RunSummary,
    Verdict, VerificationSummary,
};
use crate::reconcile::ReasonGroup;

/// How many crates the table of the whole fleet shows.
const LAGGARDS: usize = 12;
/// How many tasks of one kind are shown before the rest is collapsed.
const TASK_LINES: usize = 5;

/// Everything that the page shows.
pub(super) fn page(summary: &RunSummary, now: Timestamp) -> Value {
    let fleet = Fleet::of(summary);
    context! {
        run => run(summary, now),
        lead => lead(summary, &fleet),
        repositories => repositories_card(summary, &fleet),
        dependencies => dependencies_card(&fleet.counts),
        reasons => reasons_card(&fleet.counts),
        tasks => tasks(&fleet),
        proved => proved(&fleet),
        laggards => laggards(&fleet),
        statuses => fleet.statuses().into_iter().map(|(kind, count)| status(kind, count)).collect::<Vec<_>>(),
        pending => summary.pending.iter().map(ToString::to_string).collect::<Vec<_>>(),
        rows => fleet.repositories.iter().enumerate().map(|(place, one)| repository(place, one)).collect::<Vec<_>>(),
    }
}

fn run(summary: &RunSummary, now: Timestamp) -> Value {
    let ended = match (summary.finished, summary.interrupted) {
        (Some(finished), false) => format!("took {}", between(summary.started, finished)),
        (Some(finished), true) => format!("interrupted after {}", between(summary.started, finished)),
        (None, _) => "has not ended".to_owned(),
    };
    context! {
        id => summary.run.as_str(),
        mode => match summary.mode { RunMode::Plan => "plan", RunMode::Upgrade => "upgrade" },
        started => minute(summary.started),
        ended,
        whole => summary.finished.is_some() && !summary.interrupted,
        written => minute(now),
    }
}

fn between(from: Timestamp, to: Timestamp) -> String {
    duration(to.duration_since(from).unsigned_abs())
}

fn proved(fleet: &Fleet<'_>) -> String {
    match fleet.verifications {
        0 => String::new(),
        trees => format!("{} built and tested in {}.", counted(trees, "tree", "trees"), duration(fleet.verifying)),
    }
}

fn repositories_card(summary: &RunSummary, fleet: &Fleet<'_>) -> Value {
    let total = summary.repositories.len() + summary.pending.len();
    let kinds = fleet.statuses();
    let calm = |kind: &StatusKind| matches!(kind, StatusKind::Merged | StatusKind::UpToDate | StatusKind::Planned);
    let done: usize = kinds.iter().filter(|(kind, _)| calm(kind)).map(|(_, count)| count).sum();
    let mut parts: Vec<Value> =
        kinds.iter().rev().map(|(kind, count)| part(kind.key(), kind.label(), *count, total)).collect();
    if !summary.pending.is_empty() {
        parts.push(part("pending", "not done yet", summary.pending.len(), total));
    }
    let caption = match summary.mode {
        RunMode::Plan => "are planned",
        RunMode::Upgrade => "need nobody",
    };
    context! { done => thousands(done), total => thousands(total), caption, parts }
}

fn dependencies_card(counts: &Counts) -> Value {
    let total = counts.following();
    let parts = [
        ("current", "already newest", counts.current),
        ("merged", "moved in this run", counts.moved),
        ("planned", "proposed", counts.proposed),
        ("behind", "behind", counts.behind),
    ];
    context! {
        percent => percent(counts.newest(), total),
        newest => thousands(counts.newest()),
        total => thousands(total),
        still => counts.still,
        distance => counts.distance.iter().rev().map(|(bump, count)| format!("{} {bump}", thousands(*count)))
            .collect::<Vec<_>>().join(", "),
        late => thousands(counts.distance.values().sum()),
        parts => parts.into_iter().filter(|(_, _, count)| *count > 0)
            .map(|(key, label, count)| part(key, label, count, total)).collect::<Vec<_>>(),
    }
}

fn reasons_card(counts: &Counts) -> Value {
    let bar = |(group, count): (&ReasonGroup, &usize)| {
        context! { key => group.key(), label => group.title(), count => thousands(*count), width => percent(*count, counts.behind) }
    };
    context! {
        total => thousands(counts.behind),
        bars => counts.reasons.iter().map(bar).collect::<Vec<_>>(),
    }
}
fn part(key: &str, label: &str, count: usize, total: usize) -> Value {
    let share = if total == 0 { 0.0 } else { count as f64 * 100.0 / total as f64 };
    context! { key, label, count => thousands(count), width => format!("{share:.2}") }
}

fn status(kind: StatusKind, count: usize) -> Value {
    context! { key => kind.key(), label => kind.label(), count => thousands(count) }
}

/// What a person has to do, the worst first, by kind.
fn tasks(fleet: &Fleet<'_>) -> Vec<Value> {
    let mut tasks = vec![
        task("failed", "Repository failed", failures(fleet)),
        task("red", "Main branch is red", red_branches(fleet)),
        task("unreadable", "Source unreadable", unreadable_sources(fleet)),
    ];
    for (lane, label) in
        [(Lane::Security, "Security fix"), (Lane::Review, "To decide"), (Lane::Routine, "To be merged")]
    {
        tasks.push(task("waiting", label, open_pull_requests(fleet, lane)));
    }
    tasks.push(task("red", "Needs code changes", breaking(fleet)));
    tasks.into_iter().flatten().collect()
}

fn task(key: &str, label: &str, lines: Vec<Value>) -> Option<Value> {
    let (first, rest) = lines.split_at(lines.len().min(TASK_LINES));
    let task = || context! { key, label, count => lines.len(), first => first.to_vec(), rest => rest.to_vec() };
    (!lines.is_empty()).then(task)
}

/// One cause in many repositories is one line.
fn by_cause(causes: BTreeMap<String, Vec<Value>>) -> Vec<Value> {
    let mut causes: Vec<(String, Vec<Value>)> = causes.into_iter().collect();
    causes.sort_by_key(|(_, repos)| std::cmp::Reverse(repos.len()));
    causes.into_iter().map(|(text, repos)| context! { repos, text }).collect()
}

fn failures(fleet: &Fleet<'_>) -> Vec<Value> {
    let mut causes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for repository in &fleet.repositories {
        if StatusKind::of(&repository.summary.status) == StatusKind::Failed {
            let cause = status_detail(&repository.summary.status);
            causes.entry(cause).or_default().push(repository_link(repository.summary));
        }
    }
    by_cause(causes)
}

fn red_branches(fleet: &Fleet<'_>) -> Vec<Value> {
    let lines = fleet.repositories.iter().filter_map(|repository| match &repository.summary.status {
        RepositoryStatus::RedBefore(failure) => Some(context! {
            repos => vec![repository_link(repository.summary)],
            text => status_detail(&repository.summary.status),
            excerpt => failure.excerpt.lines().next().unwrap_or_default(),
        }),
        RepositoryStatus::Failed { .. }
        | RepositoryStatus::Waiting
        | RepositoryStatus::Merged
        | RepositoryStatus::UpToDate
        | RepositoryStatus::Planned { .. } => None,
    });
    lines.collect()
}

fn unreadable_sources(fleet: &Fleet<'_>) -> Vec<Value> {
    let mut causes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for repository in &fleet.repositories {
        let unreadable = |row: &&Row<'_>| row.standing == Standing::Behind(ReasonGroup::Unreadable);
        let mut reasons: Vec<String> = repository.rows.iter().filter(unreadable).map(Row::reason).collect();
        reasons.sort();
        reasons.dedup();
        for reason in reasons {
            causes.entry(reason).or_default().push(repository_link(repository.summary));
        }
    }
    by_cause(causes)
}

/// Releases that were tried and break a repository, whether a lower one could be taken or not.
fn breaking(fleet: &Fleet<'_>) -> Vec<Value> {
    let mut causes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for repository in &fleet.repositories {
        let refusals = repository.rows.iter().flat_map(|row| row.refused.iter().map(move |refusal| (row, refusal)));
        let mut found: Vec<String> = refusals
            .filter(|(_, refusal)| matches!(refusal.rejection, Rejection::Culprit { .. }))
            .map(|(row, refusal)| format!("{} {refusal}", row.krate))
            .collect();
        found.sort();
        found.dedup();
        for cause in found {
            causes.entry(cause).or_default().push(repository_link(repository.summary));
        }
    }
    by_cause(causes)
}

fn open_pull_requests(fleet: &Fleet<'_>, lane: Lane) -> Vec<Value> {
    let mut lines = Vec::new();
    for repository in &fleet.repositories {
        let open = repository.pull_requests(PullRequestState::Open).filter(|pull_request| pull_request.lane == lane);
        lines.extend(open.map(|pull_request| {
            let wait = pull_request.waits_for.as_ref().map(|wait| format!("waits for {wait}"));
            context! {
                repos => vec![repository_link(repository.summary)], text => wait.unwrap_or_default(),
                pull_request => pull_request_value(pull_request),
            }
        }));
    }
    lines
}

fn repository_link(summary: &RepositorySummary) -> Value {
    context! { name => summary.repo.as_str(), anchor => anchor(summary) }
}

fn anchor(summary: &RepositorySummary) -> String {
    format!("repo-{}", summary.repo)
}

fn laggards(fleet: &Fleet<'_>) -> Vec<Value> {
    let laggards = fleet.laggards();
    let shared = laggards.iter().filter(|one| one.repositories.len() > 1).take(LAGGARDS);
    shared
        .map(|one| {
            let names: Vec<&str> = one.repositories.iter().copied().collect();
            context! {
                krate => one.krate.as_str(), latest => one.latest.map(ToString::to_string), key => one.group.key(),
                group => one.group.title(), example => if one.group == ReasonGroup::Breaks { "" } else { one.example.as_str() }, count => names.len(),
                share => percent(names.len(), fleet.repositories.len()),
                names => names.iter().take(6).map(|name| (*name).to_owned()).collect::<Vec<_>>(),
                more => names.len().saturating_sub(6),
            }
        })
        .collect()
}

fn repository(place: usize, repository: &Repository<'_>) -> Value {
    let summary = repository.summary;
    let counts = &repository.counts;
    let kind = StatusKind::of(&summary.status);
    let moving = counts.moved + counts.proposed;
    let total = counts.following();
    let failure = match &summary.status {
        RepositoryStatus::RedBefore(failure) => failure.excerpt.as_str(),
        RepositoryStatus::Failed { .. }
        | RepositoryStatus::Waiting
        | RepositoryStatus::Merged
        | RepositoryStatus::UpToDate
        | RepositoryStatus::Planned { .. } => "",
    };
    let (moves, behind): (Vec<&Row<'_>>, Vec<&Row<'_>>) = repository
        .rows
        .iter()
        .filter(|row| !matches!(row.standing, Standing::Current | Standing::Still))
        .partition(|row| row.to.is_some());
    let named = |standing| {
        let rows = repository.rows.iter().filter(move |row| row.standing == standing);
        rows.map(|row| format!("{} {}", row.krate, version(row.current))).collect::<Vec<_>>()
    };
    context! {
        place, name => summary.repo.as_str(), anchor => anchor(summary), url => &summary.url, link => link(&summary.url),
        key => kind.key(), label => kind.label(), detail => status_detail(&summary.status), failure,
        wave => summary.wave, base => summary.base.as_ref().map(|commit| commit.short().to_owned()),
        took => if summary.took.is_zero() { String::new() } else { duration(summary.took) }, seconds => summary.took.as_secs(), released => summary.released.as_deref(),
        notes => &summary.notes, moving, behind_count => counts.behind, total, newest => counts.newest(),
        parts => vec![
            part("current", "newest", counts.newest(), total),
            part("planned", "proposed", counts.proposed, total),
            part("behind", "behind", counts.behind, total),
        ],
        pull_requests => summary.pull_requests.iter().map(pull_request_value).collect::<Vec<_>>(),
        moves => moves.into_iter().map(row_value).collect::<Vec<_>>(),
        behind => behind_groups(&behind),
        verifications => summary.verifications.iter().map(verification).collect::<Vec<_>>(),
        current => named(Standing::Current), still => named(Standing::Still),
    }
}

fn behind_groups(rows: &[&Row<'_>]) -> Vec<Value> {
    let mut groups: BTreeMap<ReasonGroup, Vec<Value>> = BTreeMap::new();
    for row in rows {
        if let Standing::Behind(group) = row.standing {
            groups.entry(group).or_default().push(row_value(row));
        }
    }
    let group =
        |(group, rows): (ReasonGroup, Vec<Value>)| context! { key => group.key(), title => group.title(), rows };
    groups.into_iter().map(group).collect()
}

fn row_value(row: &Row<'_>) -> Value {
    let chief = row.chief();
    let excerpt = chief.and_then(|refusal| excerpt_of(&refusal.rejection));
    let others = row.refused.iter().filter(|refusal| Some(*refusal) != chief).map(ToString::to_string);
    let lane = match row.standing {
        Standing::Proposed(lane) | Standing::Moved(lane) => lane.as_str(),
        Standing::Behind(_) | Standing::Current | Standing::Still => "",
    };
    let bump = row.current.zip(row.to).map(|(from, to)| crate::model::Bump::between(from, to)).or(row.distance());
    context! {
        krate => row.krate.as_str(), workspace => row.workspace.as_str(), current => version(row.current),
        latest => version(row.latest), to => version(row.to), lane, reason => row.reason(), excerpt,
        bump => bump.map(|bump| bump.to_string()).unwrap_or_default(), others => others.collect::<Vec<_>>(),
        sites => row.sites.iter().map(|one| format!("{}:{}", one.site.manifest, one.site.line)).collect::<Vec<_>>(),
    }
}

fn excerpt_of(rejection: &Rejection) -> Option<&str> {
    let (Rejection::Culprit { excerpt, .. } | Rejection::BlockedBy { excerpt, .. }) = rejection else { return None };
    Some(excerpt)
}

fn version(version: Option<&semver::Version>) -> String {
    version.map(ToString::to_string).unwrap_or_default()
}

fn pull_request_value(pull_request: &PullRequestSummary) -> Value {
    context! {
        number => pull_request.number.to_string(), lane => pull_request.lane.as_str(), title => &pull_request.title,
        url => &pull_request.url, link => link(&pull_request.url), state => pull_request.state.as_str(),
        waits_for => pull_request.waits_for.as_deref(),
    }
}

/// Only what a browser fetches safely is a link; a command of the local forge is shown as code.
fn link(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

fn verification(verification: &VerificationSummary) -> Value {
    let (passes, phase, command, excerpt, tests, runs) = match &verification.verdict {
        Verdict::Pass { runs, red_before } => {
            let lines: Vec<String> =
                runs.iter().map(|run| format!("{} ({})", run.command, duration(run.took))).collect();
            (true, "", String::new(), String::new(), red_before.clone(), lines)
        }
        Verdict::Fail(failure) => {
            let command = match failure.timed_out {
                Some(limit) => format!("{} (over the limit of {})", failure.command, duration(limit)),
                None => failure.command.clone(),
            };
            (false, failure.phase.as_str(), command, failure.excerpt.clone(), failure.tests.clone(), Vec::new())
        }
    };
    context! {
        passes, phase, command, excerpt, tests, runs, took => duration(verification.took),
        units => &verification.units, toolchain => &verification.toolchain,
        tree => verification.tree.as_ref().map(|tree| tree.as_str()[..10].to_owned()),
    }
}
