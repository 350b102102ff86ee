//! The report as Markdown, short enough for the summary of a CI job.

use std::fmt::Write as _;

use super::figures::{Fleet, Repository, StatusKind, status_detail};
use super::words::{counted, duration, lead, percent};
use crate::model::{PullRequestState, PullRequestSummary, RepositoryStatus, RunSummary};
use crate::reconcile::{ReasonGroup, cell, code_span, markdown as plain};

/// More repositories than this are counted, not listed. GitHub cuts a job's summary at 1 MiB.
const ROWS: usize = 150;
const LAGGARDS: usize = 10;

/// The run: one paragraph, what needs a person, a table of repositories, what stays behind and why.
pub fn markdown(summary: &RunSummary) -> String {
    let fleet = Fleet::of(summary);
    let sections =
        [heading(summary, &fleet), table(&fleet), reasons(&fleet), laggards(&fleet), calm(&fleet), pending(summary)];
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    sections.join("\n\n") + "\n"
}

fn heading(summary: &RunSummary, fleet: &Fleet<'_>) -> String {
    let share = percent(fleet.counts.newest(), fleet.counts.following());
    let interrupted = if summary.interrupted { " **The run was interrupted.**" } else { "" };
    format!(
        "## depbot: {share} % at the newest release\n\n{}{interrupted}\n\nRun {}.",
        lead(summary, fleet),
        code_span(summary.run.as_str())
    )
}

/// Every repository in which something happened or has to.
fn table(fleet: &Fleet<'_>) -> String {
    let busy: Vec<&Repository<'_>> = fleet.repositories.iter().filter(|one| !is_calm(one)).collect();
    if busy.is_empty() {
        return String::new();
    }
    let mut text =
        "| Repository | Status | Pull requests | Moves | Behind | Took |\n|:--|:--|:--|--:|--:|--:|".to_owned();
    for repository in busy.iter().take(ROWS) {
        let summary = repository.summary;
        let label = StatusKind::of(&summary.status).label();
        let status = match status_detail(&summary.status) {
            detail if detail.is_empty() => label.to_owned(),
            detail => format!("**{label}**: {}", plain(&detail)),
        };
        let pull_requests: Vec<String> = summary.pull_requests.iter().map(pull_request).collect();
        let counts = &repository.counts;
        let cells = [
            plain(summary.repo.as_str()),
            status,
            pull_requests.join("<br>"),
            number(counts.moved + counts.proposed),
            number(counts.behind),
            duration(summary.took),
        ];
        write(&mut text, format_args!("\n| {} |", cells.map(|one| cell(&one)).join(" | ")));
    }
    match busy.len().saturating_sub(ROWS) {
        0 => text,
        more => text + &format!("\n\nand {more} more."),
    }
}

fn pull_request(pull_request: &PullRequestSummary) -> String {
    let url = &pull_request.url;
    let is_link = url.starts_with("https://") && !url.contains(|c: char| c.is_whitespace() || "()<>\"|\\".contains(c));
    let number = match is_link {
        true => format!("[{}]({url})", pull_request.number),
        false => format!("#\u{200b}{}", pull_request.number.0),
    };
    match (pull_request.state, &pull_request.waits_for) {
        (PullRequestState::Open, Some(wait)) => format!("{number} {}, waits for {}", pull_request.lane, plain(wait)),
        (state, _) => format!("{number} {} {state}", pull_request.lane),
    }
}

fn reasons(fleet: &Fleet<'_>) -> String {
    if fleet.counts.reasons.is_empty() {
        return String::new();
    }
    let lines = fleet.counts.reasons.iter().map(|(group, count)| format!("| {} | {count} |", group.title()));
    let lines: Vec<String> = lines.collect();
    format!("### Why the rest stays behind\n\n| Reason | Dependencies |\n|:--|--:|\n{}", lines.join("\n"))
}

fn laggards(fleet: &Fleet<'_>) -> String {
    let laggards = fleet.laggards();
    let lines = laggards.iter().filter(|one| one.repositories.len() > 1).take(LAGGARDS).map(|one| {
        let is_said_already = one.group == ReasonGroup::Breaks;
        let why = if is_said_already { one.group.title().to_owned() } else { plain(&one.example) };
        let latest = one.latest.map(ToString::to_string).unwrap_or_default();
        format!("| {} | {latest} | {} | {} |", one.krate, cell(&why), one.repositories.len())
    });
    let lines: Vec<String> = lines.collect();
    match lines.is_empty() {
        true => String::new(),
        false => format!(
            "### Behind in several repositories\n\n| Crate | Newest | Why | Repositories |\n|:--|:--|:--|--:|\n{}",
            lines.join("\n")
        ),
    }
}

fn calm(fleet: &Fleet<'_>) -> String {
    let names: Vec<String> =
        fleet.repositories.iter().filter(|one| is_calm(one)).map(|one| plain(one.summary.repo.as_str())).collect();
    match names.len() {
        0 => String::new(),
        count => {
            let title = format!("{} with nothing to do", counted(count, "repository", "repositories"));
            format!("<details><summary>{title}</summary>\n\n{}\n\n</details>", names.join(", "))
        }
    }
}

fn pending(summary: &RunSummary) -> String {
    let names: Vec<String> = summary.pending.iter().map(|repo| plain(repo.as_str())).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("**Not done yet:** {}", names.join(", ")),
    }
}

fn is_calm(repository: &Repository<'_>) -> bool {
    repository.summary.status == RepositoryStatus::UpToDate && repository.counts.behind == 0
}

/// Nothing is easier to overlook than a column of zeros.
fn number(count: usize) -> String {
    if count == 0 { String::new() } else { count.to_string() }
}

fn write(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a String cannot fail");
}
